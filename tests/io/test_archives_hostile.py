"""Archives made by hand to do harm: each is refused, and whatever was there before is all that is there after."""

from __future__ import annotations

import gzip
import os
import stat
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handseg_cli.errors import DownloadError
from handseg_cli.io.archives import MARKS, Limits, unpack
from tests.tiny.archives import everything
from tests.tiny.forged import END, FINE, WIDE, Zip, deflated, pax, tar

OUTSIDE = Path("/tmp/handseg-evil")  # where absolute names point
NAMES = {
    "parent": b"../evil",
    "parent inside": b"a/../../evil",
    "parent that comes back": b"a/../b",
    "parent at the end": b"a/..",
    "absolute": os.fsencode(OUTSIDE),
    "many slashes": b"//evil",
    "drive": b"C:/evil",
    "drive without a slash": b"c:evil",
    "drive inside": b"a/D:evil",
    "backslash": b"..\\evil",
    "share": b"\\\\server\\evil",
    "NUL": b"a\0.txt",
    "escape": b"a\x1b[2Jb",
    "line end": b"a\nb",
    "delete": b"a\x7fb",
    "long part": b"n" * 256,
    "long path": b"/".join([b"n" * 200] * 6),
    "deep": b"d/" * 70 + b"e",
    "forged mark": MARKS.encode() + b"/set.json",
    "forged mark in capitals": MARKS.upper().encode() + b"/set.json",
    "no name": b"",
    "only dots": b"./.",
    "folder with bytes": b"a/",
}
TARS = {
    "link": tar(b"a", kind=b"2", link=b"/etc/passwd"),
    "link, then a file through it": tar(b"a", kind=b"2", link=b"..") + tar(b"a/evil", b"x"),
    "link that macOS would add": tar(b"._a", kind=b"2", link=b".."),
    "hard link": tar(b"a", kind=b"1", link=b"../../canary"),
    "character device": tar(b"a", kind=b"3"),
    "block device": tar(b"a", kind=b"4"),
    "pipe": tar(b"a", kind=b"6"),
    "file with holes": tar(b"a", b"x", kind=b"S"),
    "file with holes by record": pax(b"GNU.sparse.major", b"1") + tar(b"a", b"x"),
    "unknown kind": tar(b"a", kind=b"Z"),
    "same name twice": tar(b"a", b"1") + tar(b"a", b"2"),
    "same name in other words": tar(b"a", b"1") + tar(b"./a", b"2"),
    "file in a file": tar(b"a", b"1") + tar(b"a/b", b"2"),
    "file over a folder": tar(b"a/b", b"1") + tar(b"a", b"2"),
    "folder over a file": tar(b"a", b"1") + tar(b"a", kind=b"5"),
    "negative size": tar(b"a", b"x", size=b"\xff" * 12),
    "signed size": tar(b"a", b"x", size=b"-0000000777\0"),
    "huge size": tar(b"a", b"x", size=b"\x80" + b"\xff" * 11),
    "huge size by record": pax(b"size", b"9" * 19) + tar(b"a", b"x"),
    "negative size by record": pax(b"size", b"-512") + tar(b"a", b"x"),
    "huge record": tar(b"L", b"n" * (2 << 20), kind=b"L") + tar(b"a", b"x"),
    "record that says it is huge": tar(b"x", kind=b"x", size=b"\x80" + b"\0" * 5 + b"\xff" * 6),
    "record that never ends": tar(b"x", b"0 a=b\n", kind=b"x") + tar(b"a", b"x"),
    "record of a wrong length": tar(b"x", b"99 a=b\n", kind=b"x") + tar(b"a", b"x"),
    "record without a length": tar(b"x", b"1" * 5000, kind=b"x") + tar(b"a", b"x"),
    "record of nothing": tar(b"x", b" =\n", kind=b"x") + tar(b"a", b"x"),
    "records without end": pax(b"a", b"b") * 50 + tar(b"a", b"x"),
    "record with a name that leaves": pax(b"path", b"../evil") + tar(b"a", b"x"),
    "long name that leaves": tar(b"L", b"a/" * 60 + b"../" * 61 + b"evil\0", kind=b"L") + tar(b"a", b"x"),
    "name that is no text": tar(b"\xff\xfe", b"x"),
    "wrong header": tar(b"a", b"x").replace(b"0006777", b"0006776"),
    "second tar behind the first": tar(b"a", b"x") + END + tar(b"b", b"x"),
    "too many members": b"".join(tar(b"a%d" % number, kind=b"5") for number in range(50)),
}
LINK = stat.S_IFLNK | 0o777
ZIPS = {
    "link": Zip().add(b"a", b"/etc/passwd", mode=LINK),
    "link with a slash": Zip().add(b"a/", b"", mode=LINK),
    "device": Zip().add(b"a", mode=stat.S_IFCHR),
    "pipe": Zip().add(b"a", mode=stat.S_IFIFO),
    "socket": Zip().add(b"a", mode=stat.S_IFSOCK),
    "encrypted": Zip().add(b"a", flags=1),
    "strongly encrypted": Zip().add(b"a", flags=0x40),
    "encrypted directory": Zip().add(b"a", flags=0x2000),
    "unknown compression": Zip().add(b"a", method=9),
    "same name twice": Zip().add(b"a", b"1").add(b"a", b"2"),
    "file in a file": Zip().add(b"a", b"1").add(b"a/b", b"2"),
    "file over a folder": Zip().add(b"a/b", b"1").add(b"a", b"2"),
    "name that is no text": Zip().add(b"\xff\xfe", flags=0x800),
    "wrong checksum": Zip().add(b"a", crc=1),
    "wrong checksum of deflated bytes": Zip().add(b"a", b"x" * 99, deflated(b"x" * 99), crc=1),
    "smaller than it says": Zip().add(b"a", size=2),
    "larger than it says": Zip().add(b"a", b"x" * 99, deflated(b"x" * 99), size=2),
    "bytes behind the deflated ones": Zip().add(b"a", b"x" * 99, deflated(b"x" * 99) + b"more"),
    "deflated bytes cut": Zip().add(b"a", b"x" * 99, deflated(b"x" * 99)[:-1]),
    "no deflated bytes": Zip().add(b"a", b"", b""),
    "nonsense for deflated bytes": Zip().add(b"a", b"x", b"\xff" * 50),
    "other name before the bytes": Zip().add(b"b").add(b"c", place=0),
    "place outside": Zip().add(b"a", place=10_000),
    "place in the middle": Zip().add(b"a", place=1),
    "place that no file has": Zip().add(b"a", place=WIDE, place64=1 << 63),
}
FINE_ZIP = Zip().add(b"fine.txt", b"fine")
OTHERS = {
    "zip: NUL in a name": Zip().add(b"a\0b").whole(),
    "zip: directory outside": FINE_ZIP.whole(length=10_000),
    "zip: directory that ends in a member": FINE_ZIP.whole(length=20),
    "zip: directory of fewer members than it says": FINE_ZIP.whole(count=3),
    "zip: last record of 64 bits outside": FINE_ZIP.wide(place=10_000),
    "zip: last record of 64 bits nowhere": FINE_ZIP.wide(place=1 << 63),
    "zip: last record of 64 bits elsewhere": FINE_ZIP.wide(place=1),
    "zip: last record of another kind": FINE_ZIP.wide(mark=b"PK\6\5"),
    "zip: no directory": FINE_ZIP.whole()[:-22],
    "zip: nothing": Zip().whole(),
    "tar: no end": FINE,
    "tar: no member": END,
    "tar: no file": tar(b"a", kind=b"5") + END,
    "nothing": b"",
    "a page": b"<html>quota exceeded</html>",
    "xz": b"\xfd7zXZ\0" + bytes(600),
    "gzip of no tar": gzip.compress(b"x" * 2000),
    "gzip with a wrong checksum": gzip.compress(FINE + END)[:-8] + bytes(8),
    "gzip with garbage behind": gzip.compress(FINE + END) + b"garbage",
    "nonsense for gzip": b"\x1f\x8b\x08" + b"\xff" * 600,
    "nonsense for bzip2": b"BZh9" + b"\xff" * 600,
}
CASES = {
    **{f"zip, name: {what}": Zip().add(b"fine").add(name).whole() for what, name in NAMES.items()},
    **{f"tar, name: {what}": FINE + pax(b"path", name) + tar(name, b"x") + END for what, name in NAMES.items()},
    **{f"tar: {what}": FINE + data + END for what, data in TARS.items()},
    **{f"zip: {what}": made.whole() for what, made in ZIPS.items()},
    **OTHERS,
}


@pytest.mark.parametrize("data", CASES.values(), ids=CASES.keys())
def test_a_hostile_archive_is_refused_and_changes_nothing(home: Path, data: bytes) -> None:
    (home / "set").write_bytes(data)
    for there in (False, True):
        if there:
            (home / "raw" / "a").mkdir(parents=True)
            (home / "raw" / "a" / "mine").write_bytes(b"precious")
        before = everything(home.parent)
        message = r"^[^\n\x1b]*set: is damaged \([^\n\x1b]+\); delete it and run the download again$"
        with pytest.raises(DownloadError, match=message):
            unpack(home / "set", home / "raw", limits=Limits(members=40))
        assert everything(home.parent) == before
        assert not OUTSIDE.exists()


def test_a_zip_whose_end_needs_64_bits_comes_out(home: Path) -> None:
    (home / "set").write_bytes(Zip().add(b"a", b"1").add(b"b", b"2").wide())
    unpack(home / "set", home / "raw")
    assert [(home / "raw" / name).read_bytes() for name in "ab"] == [b"1", b"2"]


def test_names_that_are_one_to_the_disk_collide(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What macOS and Windows do; here both files are there.
    (home / "set").write_bytes(tar(b"x/Hand", b"1") + tar(b"x/hand", b"2") + END)
    unpack(home / "set", home / "raw")
    assert sorted(path.name for path in (home / "raw" / "x").iterdir()) == ["Hand", "hand"]
    real = os.open

    def folding(path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        name = Path(path).with_name(Path(path).name.casefold()) if flags & os.O_EXCL else path
        return real(name, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", folding)
    with pytest.raises(DownloadError, match="x/hand is in it twice"):
        unpack(home / "set", home / "other")
    assert not (home / "other").exists()


# --- any names, any bytes --------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    ["..", ".", "", "a", "A", "b", "C:", "\\", "\0", "\n", "._x", "é", "n" * 300, MARKS, "__MACOSX"]
)
ANY_NAME = st.one_of(st.lists(PIECES, max_size=6).map("/".join), st.lists(PIECES, max_size=4).map("".join), st.text())


@given(names=st.lists(ANY_NAME, min_size=1, max_size=4), as_zip=st.booleans())
def test_every_file_lies_inside_its_target(names: list[str], as_zip: bool) -> None:
    with TemporaryDirectory() as place:
        unpack_names(Path(place) / "home", names, as_zip)


def unpack_names(home: Path, names: list[str], as_zip: bool) -> None:
    """Unpack an archive with such names; see that all there is lies in its target, or that nothing has changed."""
    home.mkdir()
    (home.parent / "canary").write_bytes(b"alive")
    coded = [name.encode("utf-8", "surrogatepass") for name in names]
    made = Zip()
    for name in coded:
        made.add(name, flags=0x800)
    blocks = b"".join(pax(b"path", name) + tar(name, b"x") for name in coded)
    (home / "set").write_bytes(made.whole() if as_zip else blocks + END)
    before = everything(home.parent)
    try:
        unpack(home / "set", home / "raw")
    except DownloadError:
        assert everything(home.parent) == before
        return
    after = everything(home.parent)
    new = set(after) - set(before)
    assert {name: after[name] for name in before} == before
    assert all(name == "home/raw" or name.startswith("home/raw/") for name in new)
    assert all(stat.S_ISREG(after[name][0]) or stat.S_ISDIR(after[name][0]) for name in new)


@settings(max_examples=150)
@given(
    kind=st.sampled_from(["zip", "tar", "tar.gz"]),
    changes=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_any_change_is_refused_or_stays_inside(kind: str, changes: list[tuple[int, int]]) -> None:
    blocks = pax(b"path", b"x/y") + tar(b"y", b"hand" * 100) + FINE + END
    made = Zip().add(b"x/y", b"hand" * 100, deflated(b"hand" * 100))
    made.add(b"z", place=WIDE, place64=len(made.data))
    data = bytearray({"zip": made.whole(), "tar": blocks, "tar.gz": gzip.compress(blocks)}[kind])
    for place, value in changes:
        data[place % len(data)] = value
    with TemporaryDirectory() as name:
        home = Path(name)
        (home / "set").write_bytes(data)
        try:
            unpack(home / "set", home / "raw")
        except DownloadError:
            assert [path.name for path in home.iterdir()] == ["set"]
        else:
            assert {path.name for path in home.iterdir()} == {"set", "raw"}
