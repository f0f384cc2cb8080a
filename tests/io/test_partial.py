"""Unfinished files outlive their process, and one run at a time has them."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from handseg_cli.errors import DownloadError, OutputError
from handseg_cli.io import files
from handseg_cli.io.download import fetch
from handseg_cli.io.files import PART, part_of
from handseg_cli.io.partial import Origin, open_part

if TYPE_CHECKING:
    from tests.tiny.server import Server

    Begin = Callable[[Path, bytes, Origin], None]

pytestmark = pytest.mark.usefixtures("impatient")

DATA = random.Random(5).randbytes(200_000)


def test_an_unfinished_file_has_a_name_that_other_verbs_leave_alone(target: Path, begin_part: Begin) -> None:
    begin_part(target, b"x", Origin("https://example.org"))
    names = [path.name for path in target.parent.iterdir()]
    assert len(names) == 2
    assert all(name.startswith(".") and name.endswith(PART) for name in names)


def test_without_locks_the_next_run_goes_on_all_the_same(
    web: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "fcntl", None)
    served = web.served(DATA, always=web.fault(cut=0))
    url = web.serve(served, web.fault(cut=150_000))
    with pytest.raises(DownloadError):
        fetch(url, target)
    served.always = web.fault()
    fetch(url, target)
    assert target.read_bytes() == DATA
    assert served.ranges_asked[-1] > 0


def test_an_unfinished_file_that_somebody_removes_is_missed(web: Server, target: Path) -> None:
    def remove(done: int, of: int) -> None:
        part_of(target).unlink(missing_ok=True)

    with pytest.raises(OutputError, match="somebody has removed"):
        fetch(web.serve(web.served(DATA)), target, report=remove)
    assert not target.exists()


def test_bytes_that_differ_from_those_there_are_not_put(target: Path) -> None:
    with open_part(target) as part:
        assert part.put(0, b"abcdef")
        assert part.put(3, b"defghi")
        assert not part.put(6, b"gxxxxx")
        assert part.path.read_bytes() == b"abcdefghi"


def test_two_claims_on_one_file_are_told_apart(target: Path) -> None:
    with open_part(target), pytest.raises(DownloadError, match="another run is fetching it"):
        open_part(target)
    assert list(target.parent.iterdir()) == []
