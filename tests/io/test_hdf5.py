"""The prepared file: what goes in comes out, in any process, and nothing that is damaged is believed."""

from __future__ import annotations

import hashlib
import multiprocessing
import pickle
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from handseg_cli.errors import DatasetError
from handseg_cli.io.encoded import Encoded, encode_jpeg
from handseg_cli.io.hdf5 import Reader, Writer, write
from handseg_cli.io.layout import Header
from handseg_cli.io.parts import pack, read_part, to_bytes
from handseg_cli.io.png import encode_grey

HEADER = Header("fake", "sides", ("background", "left"), 512, seed=1234, licence="ünknown", reasons=("a: is empty",))


def sample(number: int, size: tuple[int, int] = (24, 35)) -> Encoded:
    rng = np.random.default_rng(number)
    image = np.full((*size, 3), rng.integers(0, 256, 3), np.uint8)
    sides = rng.integers(0, 4, size, dtype=np.uint8)
    return Encoded(
        key=f"film{number % 3}/ü{number}",
        image=encode_jpeg(image),
        size=size,
        original=(720, 1280),
        mask=encode_grey((sides > 0).astype(np.uint8) * np.uint8(255), 1),
        sides=encode_grey(sides) if number % 2 else b"",
        joints=rng.normal(size=(21, 3)).astype("<f4").tobytes() if number % 4 else b"",
        valid=bytes([1, 0, 1]),
        hands=("left", "right", "both", "")[number % 4],
        group=f"film{number % 3}",
        split=("train", "val", "test")[number % 3],
    )


@pytest.fixture
def samples() -> list[Encoded]:
    return [sample(number) for number in range(12)]


@pytest.fixture
def file(samples: list[Encoded], tmp_path: Path) -> Path:
    write(tmp_path / "a.h5", HEADER, samples)
    return tmp_path / "a.h5"


def test_what_goes_in_comes_out(file: Path, samples: list[Encoded]) -> None:
    with Reader(file) as reader:
        assert [reader.encoded(at) for at in range(len(reader))] == samples
        assert replace(reader.header, digest="") == HEADER
        assert reader.groups() == [each.group for each in samples]
        assert list(reader.indices("val")) == [1, 4, 7, 10]
        reader.verify()


def test_a_sample_is_decoded(file: Path) -> None:
    with Reader(file) as reader:
        found = reader[-1]
    assert found.mask is not None
    assert found.sides is not None
    assert found.joints is not None
    assert found.valid is not None
    assert (found.image.shape, found.joints.shape, found.points) == ((24, 35, 3), (21, 3), None)
    assert np.array_equal(found.mask > 0, found.sides > 0)
    assert list(found.valid) == [True, False, True]


def test_equal_samples_make_equal_files(file: Path, samples: list[Encoded], tmp_path: Path) -> None:
    time.sleep(1.02 - time.time() % 1)  # HDF5 counts time in seconds: wait for the next
    write(tmp_path / "b.h5", HEADER, samples)
    assert (tmp_path / "b.h5").read_bytes() == file.read_bytes()


def test_parts_make_the_same_file_as_the_whole(file: Path, samples: list[Encoded], tmp_path: Path) -> None:
    parts = [pack(samples[:5]), pack([]), pack(samples[5:])]
    sizes = pack(samples).head.totals
    with Reader(file) as reader, (tmp_path / "b.h5").open("w+b") as stream:
        writer = Writer(stream, reader.header, 12, sizes)
        for number, part in enumerate(parts):
            (tmp_path / f"{number}").write_bytes(to_bytes(part))
            writer.add(read_part(tmp_path / f"{number}"))
        writer.finish()
    assert (tmp_path / "b.h5").read_bytes() == file.read_bytes()


def test_the_digest_depends_on_every_value(samples: list[Encoded], tmp_path: Path) -> None:
    changes: list[dict[str, Any]] = [
        {"key": "x"},
        {"split": "test"},
        {"hands": "right"},
        {"original": (1, 1)},
        {"mask": b""},
    ]
    digests = {write(tmp_path / "b.h5", HEADER, [replace(samples[0], **change)]).digest for change in changes}
    assert len(digests) == len(changes)


def test_others_can_read_it_with_hdf5_alone(file: Path, samples: list[Encoded]) -> None:
    with h5py.File(file) as opened:
        begin, end = opened["image_offsets"][3:5]
        assert opened["image"][begin:end].tobytes() == samples[3].image
        assert opened["joints"].shape == (21 * 9, 3)
        assert opened.attrs["dataset"] == b"fake"


def test_a_reader_opens_nothing_before_it_is_asked(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "none.h5")
    with pytest.raises(DatasetError, match="is not there"):
        len(reader)


def digest_in_child(reader: Reader) -> str:
    return hashlib.sha256(b"".join(reader[at].image.tobytes() for at in range(len(reader)))).hexdigest()


def answer(reader: Reader, line: Any) -> None:
    line.send(digest_in_child(reader))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_an_open_reader_serves_forked_processes_and_threads_at_once(file: Path) -> None:
    reader, context = Reader(file), multiprocessing.get_context("fork")
    expected = digest_in_child(reader)
    lines = [context.Pipe() for _ in range(3)]
    children = [context.Process(target=answer, args=(reader, its)) for _, its in lines]
    for child in children:
        child.start()
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(digest_in_child, [reader] * 8)) == {expected}
    assert {ours.recv() for ours, _ in lines} == {expected}
    for child in children:
        child.join()


def test_an_open_reader_can_be_sent(file: Path) -> None:
    reader = Reader(file)
    assert len(reader) == 12
    assert digest_in_child(pickle.loads(pickle.dumps(reader))) == digest_in_child(reader)


@pytest.mark.parametrize("index", [12, -13, 10**20])
def test_no_other_samples_than_there_are(file: Path, index: int) -> None:
    with Reader(file) as reader, pytest.raises(IndexError):
        reader[index]


def alter(path: Path, name: str, value: object, at: int | None = None) -> None:
    """Change one number of an array, or an attribute."""
    with h5py.File(path, "r+") as opened:
        if at is None:
            opened.attrs[name] = value
        else:
            opened[name][at] = value


def replace_array(path: Path, name: str, **how: Any) -> None:
    with h5py.File(path, "r+") as opened:
        del opened[name]
        opened.create_dataset(name, **how)


def refused(path: Path, words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        read_all(path)


def read_all(path: Path) -> None:
    with Reader(path) as reader:
        for at in range(len(reader)):
            reader[at]


def test_a_later_format_says_so(file: Path) -> None:
    alter(file, "version", 7)
    refused(file, "is of format 7 and this handseg reads 1")


@pytest.mark.parametrize("end", [0, 7, 100, 2000, -2000, -1])
def test_a_file_that_is_cut_off_is_refused(file: Path, end: int) -> None:
    file.write_bytes(file.read_bytes()[:end])
    refused(file, "no prepared file")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("image_offsets", 2**63),
        ("image_offsets", 0),
        ("key_offsets", 10**6),
        ("split", 9),
        ("hands", 4),
        ("size", 2**31),
    ],
)
def test_numbers_that_lead_astray_are_refused(file: Path, name: str, value: int) -> None:
    alter(file, name, value, at=3)
    refused(file, "prepare the dataset again")


@pytest.mark.parametrize(
    "how",
    [
        {"shape": (2**50,), "dtype": "u1", "chunks": (2**20,)},
        {"shape": (2**50,), "dtype": "u1", "external": [("/etc/passwd", 0, h5py.h5f.UNLIMITED)]},
        {"data": np.zeros(100, "u1"), "compression": "gzip"},
        {"data": np.zeros(100, "f8")},
        {"data": np.zeros((10, 10), "u1")},
        {"data": h5py.Empty("u1")},
        {"shape": (2**40,), "dtype": "u1"},
        {"data": ["text"] * 3},
    ],
)
def test_arrays_of_another_kind_are_refused(file: Path, how: dict[str, Any]) -> None:
    replace_array(file, "image", **how)
    refused(file, "no prepared file")


def test_links_out_of_the_file_are_not_followed(file: Path, tmp_path: Path) -> None:
    (tmp_path / "b.h5").write_bytes(file.read_bytes())
    for link in (h5py.ExternalLink(str(tmp_path / "b.h5"), "/image"), h5py.SoftLink("/image")):
        with h5py.File(file, "r+") as opened:
            del opened["image"]
            opened["image"] = link
        refused(file, "its image is no array")


def test_attributes_of_another_kind_are_refused(file: Path) -> None:
    alter(file, "licence", np.zeros(2**12))
    refused(file, "its attribute licence is of another kind")


def test_a_flipped_byte_is_noticed(file: Path) -> None:
    with Reader(file) as reader:
        start = reader._open()[1].regions["valid"].start
    data = bytearray(file.read_bytes())
    data[start] ^= 1
    file.write_bytes(data)
    with Reader(file) as reader, pytest.raises(DatasetError, match="another digest"):
        reader.verify()


READ_ALL = """
import resource, sys
from pathlib import Path
from handseg_cli.errors import DatasetError
from handseg_cli.io.hdf5 import Reader
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
refused = 0
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        with Reader(path) as reader:
            reader.header, reader.indices("val")
            for at in range(min(len(reader), 20)):
                reader[at]
    except DatasetError:
        refused += 1
# Not by getrusage: on Linux its peak is at least that of the process which has started this one.
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(refused, int(status["VmHWM"].split()[0]) >> 10)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="Linux tells the peak of a process")
def test_damage_anywhere_neither_crashes_nor_takes_much_memory(file: Path, tmp_path: Path) -> None:
    whole, rng = file.read_bytes(), random.Random(5)
    folder = tmp_path / "mutants"
    folder.mkdir()
    for number in range(300):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 2, 8))):
            place = (
                rng.randrange(len(data)) if number % 3 else rng.choice((rng.randrange(450), -rng.randrange(1, 5000)))
            )
            data[place] = rng.randrange(256)
        (folder / f"{number:03}.h5").write_bytes(data[: rng.randrange(len(data))] if number % 10 == 0 else data)
    done = subprocess.run([sys.executable, "-c", READ_ALL, folder], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    refusals, megabytes = map(int, done.stdout.split())
    assert refusals > 100
    assert megabytes < 500
