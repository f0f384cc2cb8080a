"""No archive takes more of the disk, of memory or of time than its limits, whatever it says of itself."""

from __future__ import annotations

import bz2
import gzip
import os
import time
import tracemalloc
from pathlib import Path

import pytest

from handseg_cli.errors import DownloadError
from handseg_cli.io.archives import LIMITS, Limits, unpack
from handseg_cli.io.members import PIECE
from tests.tiny.archives import everything
from tests.tiny.forged import END, FINE, Zip, deflated, quoting, tar

ZEROS = bytes(10 << 20)
BOMBS = {
    "zip": Zip().add(b"a", ZEROS, deflated(ZEROS)).whole(),
    "zip that lies": Zip().add(b"a", ZEROS, deflated(ZEROS), size=100).whole(),
    "zip of members in each other": quoting(40, 1 << 18),
    "tar.gz": gzip.compress(tar(b"a", ZEROS) + END),
    "tar.gz of what is left out": gzip.compress(tar(b"._a", ZEROS) + END),
    "tar.gz of records": gzip.compress((tar(b"g", bytes(1 << 20), kind=b"g") * 5 + tar(b"a/", kind=b"5")) * 10 + END),
    "tar.gz that goes on": gzip.compress(FINE + bytes(20 << 20)),
    "tar.bz2": bz2.compress(tar(b"a", ZEROS) + END),
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_stopped_before_it_has_written_much(home: Path, data: bytes) -> None:
    (home / "set").write_bytes(data)
    most = max(LIMITS.excused, LIMITS.ratio * len(data))

    def watch(done: int, whole: int) -> None:
        assert sum(len(content) for _, content in everything(home).values()) <= most + PIECE + whole

    start = time.perf_counter()
    with pytest.raises(DownloadError, match="damaged"):
        unpack(home / "set", home / "raw", report=watch)
    assert time.perf_counter() - start < 2
    assert [path.name for path in home.iterdir()] == ["set"]


@pytest.mark.parametrize(
    ("limits", "fits"),
    [
        (Limits(), True),
        (Limits(members=3, total=3000, one=1500), True),
        (Limits(members=2), False),
        (Limits(total=2999), False),
        (Limits(one=1499), False),
        (Limits(ratio=0, excused=2999), False),
        (Limits(ratio=0, excused=3000), True),
    ],
)
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_limit_is_what_just_fits(home: Path, kind: str, limits: Limits, fits: bool) -> None:
    tree = {b"a": bytes(1500), b"b": bytes(1400), b"c": bytes(100)}
    made = Zip()
    for name, data in tree.items():
        made.add(name, data, deflated(data))
    blocks = b"".join(tar(name, data) for name, data in tree.items())
    (home / "set").write_bytes(made.whole() if kind == "zip" else gzip.compress(blocks + END))
    try:
        unpack(home / "set", home / "raw", limits=limits)
    except DownloadError:
        assert not fits
    assert (home / "raw").exists() == fits


# --- memory ----------------------------------------------------------------------------------------------------


def peak_of(archive: Path, folder: Path) -> int:
    """Return the bytes that Python holds at most while it unpacks."""
    tracemalloc.start()
    try:
        unpack(archive, folder)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["deflated zip", "stored zip", "tar", "tar.gz"])
def test_a_large_member_takes_little_memory(home: Path, kind: str) -> None:
    large = os.urandom(1 << 16) * 192
    packed = {"deflated zip": deflated(large), "stored zip": None}
    is_zip = kind in packed
    blocks = b"" if is_zip else tar(b"large", large) + END
    made = Zip().add(b"large", large, packed[kind]).whole() if is_zip else blocks
    (home / "set").write_bytes(gzip.compress(made, 1) if kind == "tar.gz" else made)
    assert peak_of(home / "set", home / "raw") < 8 << 20
    assert (home / "raw" / "large").read_bytes() == large


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_many_members_take_no_more_memory_than_few(home: Path, kind: str) -> None:
    peaks = []
    for count in (1000, 2000):
        # Nothing is written of these, which is faster; the names are read all the same.
        names = [b"%d/._%s" % (number, b"n" * 80) for number in range(count)]
        made = Zip().add(b"file")
        for name in names if kind == "zip" else ():
            made.add(name, b"d" * 1200)
        blocks = b"".join([tar(b"file"), *(tar(name, b"d" * 1000) for name in names), END])
        (home / "set").write_bytes(made.whole() if kind == "zip" else blocks)
        peaks.append(peak_of(home / "set", home / str(count)))
    assert peaks[1] < peaks[0] + (1 << 18)
