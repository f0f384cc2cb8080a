"""Archives made by hand to do harm: each is refused, soon, and whatever was there before is all that is there after."""

from __future__ import annotations

import bz2
import gzip
import os
import stat
import struct
import time
import tracemalloc
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handseg_cli.errors import DownloadError
from handseg_cli.io.archives import LIMITS, MARKS, Limits, unpack
from handseg_cli.io.members import PIECE

END = bytes(1024)
OUTSIDE = Path("/tmp/handseg-evil")  # where absolute names point
WIDE = 0xFFFFFFFF


def tar(name: bytes, data: bytes = b"", kind: bytes = b"0", size: bytes = b"", link: bytes = b"") -> bytes:
    """Return the blocks of one member; `size` is the field as it is to stand there."""
    start = name[:100].ljust(100, b"\0") + b"0006777\0" + bytes(16) + (size or b"%011o\0" % len(data)) + bytes(12)
    end = kind + link.ljust(100, b"\0") + b"ustar\x0000" + bytes(247)
    checksum = b"%06o\0 " % (sum(start) + sum(end) + 8 * ord(" "))
    return start + checksum + end + data + bytes(-len(data) % 512)


def pax(key: bytes, value: bytes) -> bytes:
    """Return a record about the next member."""
    rest = b" %s=%s\n" % (key, value)
    length = next(length for length in range(5000) if length == len(b"%d" % length) + len(rest))
    return tar(b"pax", b"%d%s" % (length, rest), b"x")


def deflated(data: bytes) -> bytes:
    engine = zlib.compressobj(9, wbits=-15)
    return engine.compress(data) + engine.flush()


def local(name: bytes, data: bytes, packed: bytes) -> bytes:
    """Return what stands before a deflated member of a zip."""
    fields = (0x14, 0, 8, 0, 0, zlib.crc32(data), len(packed), len(data), len(name), 0)
    return struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + name


class Zip:
    """A zip in the making, whose directory may say anything."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.directory = bytearray()
        self.count = 0

    def add(self, name: bytes, data: bytes = b"x", packed: bytes | None = None, **told: int) -> Zip:
        """Add a member, stored unless its packed bytes are given; fields that are told are put in the directory."""
        say = {"method": 0 if packed is None else 8, "flags": 0, "crc": zlib.crc32(data), "size": len(data), "mode": 0}
        body = data if packed is None else packed
        say |= {"length": len(body), "place": len(self.data), "place64": 0, **told}
        extra = struct.pack("<2HQ", 1, 8, say["place64"]) if say["place64"] else b""
        start = (0x314, 20, say["flags"], say["method"], 0, 0, say["crc"], say["length"], say["size"])
        end = (len(name), len(extra), 0, 0, 0, say["mode"] << 16, say["place"])
        self.directory += struct.pack("<4s6H3L5H2L", b"PK\1\2", *start, *end) + name + extra
        self.data += local(name, b"", b"") + body
        self.count += 1
        return self

    def whole(self, count: int = 0, length: int = 0) -> bytes:
        """Return all bytes; the last record may lie about the directory."""
        count = count or self.count
        fields = (0, 0, count, count, length or len(self.directory), len(self.data), 0)
        return bytes(self.data + self.directory) + struct.pack("<4s4H2LH", b"PK\5\6", *fields)

    def wide(self, place: int = 0, mark: bytes = b"PK\6\6") -> bytes:
        """Return all bytes with a last record that refers to one of 64 bits; that may be said to be elsewhere."""
        end = len(self.data) + len(self.directory)
        fields = (44, 45, 45, 0, 0, self.count, self.count, len(self.directory), len(self.data))
        record = struct.pack("<4sQ2H2L4Q", mark, *fields) + struct.pack("<4sLQL", b"PK\6\7", 0, place or end, 1)
        return (
            bytes(self.data + self.directory)
            + record
            + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, WIDE, WIDE, 0)
        )


def quoting(count: int, size: int) -> bytes:
    """Return a zip bomb of overlapping members: each holds the next one, quoted (Fifield, WOOT 2019)."""
    bomb, data = Zip(), bytes(size)
    packed = deflated(data)
    ends = []
    for number in range(count):
        name = b"%03d" % number
        header = local(name, data, packed)
        ends.append((name, zlib.crc32(data), len(data), len(packed), len(header) + len(packed)))
        data = header + data
        packed = b"\0" + struct.pack("<2H", len(header), len(header) ^ 0xFFFF) + header + packed
    whole = packed[5:]
    for name, crc, long, length, end in ends:
        bomb.add(name, b"", b"", crc=crc, size=long, length=length, place=len(whole) - end)
    bomb.data = bytearray(whole)
    return bomb.whole()


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
FINE = tar(b"fine", b"fine")
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


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return what is below a folder: kinds, modes and bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        found[str(path.relative_to(folder))] = (mode, path.read_bytes() if stat.S_ISREG(mode) else b"")
    return found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in a folder, which is the current one and in which nothing may change."""
    (tmp_path / "home").mkdir()
    (tmp_path / "canary").write_bytes(b"alive")
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


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
