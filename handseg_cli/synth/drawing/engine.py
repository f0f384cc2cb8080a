"""What draws scenes: OpenGL where there is some, NumPy elsewhere; one for each process, opened when first wanted."""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from typing import Literal, Protocol

from handseg_cli.errors import DeviceError
from handseg_cli.synth.drawing.engine_numpy import NumpyEngine
from handseg_cli.synth.drawing.soup import Soup
from handseg_cli.synth.surface import Camera, Drawing, Lights, Surface

Choice = Literal["auto", "gl", "numpy"]


class Engine(Protocol):
    """Something that draws; `note` says why it is not a faster one, and what to do, in one sentence, or nothing."""

    note: str

    @property
    def name(self) -> Literal["gl", "numpy"]:
        """What it draws with."""
        ...

    def draw(self, surfaces: Sequence[Surface], camera: Camera, lights: Lights) -> Drawing:
        """Draw surfaces as a camera sees them under soft and sharp lights."""
        ...

    def drawn(self, soup: Soup, camera: Camera, lights: Lights) -> Drawing:
        """Draw a soup made for the same camera and lights."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


# Keyed by process: what a parent has opened is of no use to its children.
_opened: dict[tuple[int, Choice], Engine] = {}


def open_engine(name: Choice = "auto") -> Engine:
    """Return this process's engine of the given kind; DeviceError where OpenGL is asked for and there is none."""
    process = os.getpid()
    if (process, name) not in _opened:
        engine = _engine(name)
        _opened[process, name] = engine
        atexit.register(_close, process, name)
    return _opened[process, name]


def _engine(name: Choice) -> Engine:
    if name == "numpy":
        return NumpyEngine()
    if name == "auto":
        try:
            return open_engine("gl")
        except DeviceError as error:
            return NumpyEngine(f"drawing takes several times as long without OpenGL; {error}")
    try:
        from handseg_cli.synth.drawing.engine_gl import GlEngine
    except ImportError as error:
        raise DeviceError("moderngl is not installed: pip install 'handseg[synth]'") from error
    if any(isinstance(engine, GlEngine) and not engine.forks for engine in _opened.values()):
        raise DeviceError("this process was forked off one that draws with OpenGL already; let the workers alone draw")
    return GlEngine()


def _close(process: int, name: Choice) -> None:
    if process == os.getpid() and (process, name) in _opened:
        engine = _opened.pop((process, name))
        if engine not in _opened.values():
            engine.close()
