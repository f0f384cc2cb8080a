"""What the tests of downloads share: a web server that misbehaves, and what a killed run leaves."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from handseg_cli.io import download
from handseg_cli.io import web as web_of_io
from handseg_cli.io.partial import Origin, open_part

if TYPE_CHECKING:
    from tests.tiny.server import Server


@pytest.fixture(scope="session")
def tiny_server() -> ModuleType:
    """Return the module tests/tiny/server.py, which tests cannot import: they are no package."""
    path = Path(__file__).parents[1] / "tiny" / "server.py"
    specification = importlib.util.spec_from_file_location("tiny_server", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["tiny_server"] = module  # its dataclasses look there
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def web(tiny_server: ModuleType) -> Iterator[Server]:
    """Return a server on 127.0.0.1 for all tests; each serves files at addresses of its own."""
    with pytest.MonkeyPatch.context() as patch, tiny_server.Server() as server:
        patch.setenv("no_proxy", "127.0.0.1")
        yield server


@pytest.fixture(scope="session")
def impatient() -> Iterator[None]:
    """Make downloads try again at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(download, "BACKOFF_S", 0.0)
        patch.setattr(web_of_io, "STALL_S", 0.3)
        yield


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return where a file is to be, in a folder that is not there yet."""
    return tmp_path / "raw" / "file.zip"


@pytest.fixture
def begin_part() -> Callable[[Path, bytes, Origin], None]:
    """Return what leaves some bytes of a file, and where they are from, as a run does that is killed."""

    def begin(target: Path, data: bytes, origin: Origin) -> None:
        with open_part(target) as part:
            part.begin(origin)
            part.put(0, data)

    return begin
