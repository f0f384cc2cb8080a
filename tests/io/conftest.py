"""A web server that misbehaves, what a killed run leaves, and a folder in which no archive may change a thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handseg_cli.io import download
from handseg_cli.io import web as web_of_io
from handseg_cli.io.partial import Origin, open_part
from tests.tiny.server import Server


@pytest.fixture(scope="session")
def web() -> Iterator[Server]:
    """Return a server on 127.0.0.1 for all tests; each serves files at addresses of its own."""
    with pytest.MonkeyPatch.context() as patch, Server() as server:
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


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in a folder, which is the current one and in which nothing may change."""
    (tmp_path / "home").mkdir()
    (tmp_path / "canary").write_bytes(b"alive")
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"
