"""Pickles of strangers: plain data come out as they went in, everything else is refused and nothing runs."""

from __future__ import annotations

import os
import pickle
import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handseg_cli.errors import DatasetError
from handseg_cli.io.pickles import load

keys = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary())
plain = st.recursive(
    st.one_of(keys, st.complex_numbers(allow_nan=False), st.sets(keys), st.frozensets(keys)),
    lambda inner: st.one_of(
        st.lists(inner),
        st.dictionaries(keys, inner),
        st.tuples(inner),
        st.tuples(inner, inner),
        st.tuples(*[inner] * 4),
    ),
    max_leaves=20,
)
protocols = pytest.mark.parametrize("protocol", range(6))

# What Python 2 writes with protocol 0 for {"xyz": numpy.array([1.0, 2.0])}.
PYTHON_2 = (
    b"(dp0\nS'xyz'\np1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n(I0\ntp4\nS'b'\np5\ntp6\nRp7\n"
    b"(I1\n(I2\ntp8\ncnumpy\ndtype\np9\n(S'f8'\np10\nI0\nI1\ntp11\nRp12\n(I3\nS'<'\np13\nNNNI-1\nI-1\nI0\ntp14\nbI00\n"
    b"S'\\x00\\x00\\x00\\x00\\x00\\x00\\xf0?\\x00\\x00\\x00\\x00\\x00\\x00\\x00@'\np15\ntp16\nbs."
)


def loaded(folder: Path, data: bytes, **bounds: int) -> Any:
    path = folder / "a.pickle"
    path.write_bytes(data)
    return load(path, **bounds)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pickles")


@given(thing=plain, protocol=st.integers(0, 5))
def test_plain_data_come_out_as_they_went_in(folder: Path, thing: object, protocol: int) -> None:
    found = loaded(folder, pickle.dumps(thing, protocol))
    assert found == thing
    assert type(found) is type(thing)


@protocols
@pytest.mark.parametrize("kind", ["<f8", ">f4", "i4", "u1", "?", "c16", "<i8", "f2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_come_out_as_they_went_in(folder: Path, kind: str, order: Any, protocol: int) -> None:
    array = np.arange(6).reshape(2, 3).astype(kind, order=order)
    found = loaded(folder, pickle.dumps({"one": array, "again": array, "none": array[:0]}, protocol))
    assert np.array_equal(found["one"], array)
    assert found["one"].dtype == array.dtype
    assert found["again"] is found["one"]
    assert found["none"].shape == (0, 3)
    assert not found["one"].flags.writeable


@protocols
def test_single_numbers_of_numpy_come_out(folder: Path, protocol: int) -> None:
    found = loaded(folder, pickle.dumps({np.int64(7): np.float32(2.5)}, protocol))
    assert found == {7: 2.5}


def test_what_python_2_wrote_is_read(folder: Path) -> None:
    assert loaded(folder, PYTHON_2)["xyz"].tolist() == [1, 2]
    assert loaded(folder, b"\x80\x02}q\x00U\x02\xe9aq\x01K\x05s.") == {"\xe9a": 5}


class Shouts:
    """Makes a file when Python's own reader loads it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@protocols
def test_nothing_is_run(tmp_path: Path, protocol: int) -> None:
    data = pickle.dumps({0: Shouts(tmp_path / "run")}, protocol)
    with pytest.raises(DatasetError, match=r"a\.pickle: .*mkdir, which is not plain data"):
        loaded(tmp_path, data)
    assert not (tmp_path / "run").exists()


ENCODED = b"c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R"  # the text under number 0 as bytes
HOSTILE = {
    "a function without a call": b"cbuiltins\neval\n.",
    "a class of numpy called": b"cnumpy\nndarray\n(I9999999999\nttR.",
    "a method": b"\x80\x04\x8c\x08builtins\x8c\x09bytes.hex\x93.",
    "an object of a class": b"\x80\x02cnumpy\nndarray\n)\x81.",
    "an instance": b"(ios\nsystem\n.",
    "a persistent thing": b"Pabc\n.",
    "an extension": b"\x80\x02\x82\x01.",
    "bytes of a number": b"cbuiltins\nbytes\n(I99999999999\ntR.",
    "a bytearray of a number": b"cbuiltins\nbytearray\n(I99999999999\ntR.",
    "bytes that it does not have": b"\x8e" + struct.pack("<Q", 1 << 40) + b"a.",
    "text that it does not have": b"X" + struct.pack("<I", 1 << 31) + b"a.",
    "a number that it does not have": b"\x8a\xffa.",
    "a number too long to read": b"L" + b"9" * 5000 + b"L\n.",
    "a number that takes long to hash": b"}\x8b" + struct.pack("<I", 300) + b"\x7f" * 300 + b"Ns.",
    "a key that takes for ever to hash": b"}" + b")" + b"2\x86" * 60 + b"Ns.",
    "a member that takes for ever to hash": b"(" + b")" + b"2\x86" * 60 + b"\x91.",
    "a list as a key": b"}]Ns.",
    "an array of objects": pickle.dumps(np.array([None, 1], object)),
    "an array of records": pickle.dumps(np.zeros(2, [("a", "f4")])),
    "an array of texts": pickle.dumps(np.array(["a", "b"])),
    "an array of dates": pickle.dumps(np.array(["2020-01-01"], "M8[D]")),
    "an array with too few bytes": pickle.dumps(np.zeros((2, 3), "u1"), 2).replace(
        b"K\x02K\x03\x86", b"K\x02K\x09\x86"
    ),
    "an array without content": pickle.dumps(np.zeros(3), 2).rpartition(b"(K\x01")[0] + b".",
    "texts as code": b"S[].__class__\n.",
    "texts as a sum": b"S'a'+'b'\n.",
    "texts as an endless sum": b"S" + b"+".join([b"'a'"] * 50_000) + b"\n.",
    "a text without an end": b"S'a\\'\n.",
    "half a quote": b"S'\n.",
    "a thing elsewhere": b"K\x01Q.",
    "many bytes of one text": b"(X" + struct.pack("<I", 10**6) + b"a" * 10**6 + b"q\x000" + ENCODED * 1000 + b"l.",
    "many sets of one list": b"(](" + b"N" * 10**5 + b"eq\x000" + b"cbuiltins\nset\nh\x00\x85R" * 1000 + b"l.",
    "an empty stack": b"0.",
    "an end without data": b".",
    "no mark": b"Nt.",
    "an open mark": b"(N.",
    "too few for a pair": b"N\x86.",
    "a key without a value": b"(Nd.",
    "items of a number": b"K\x01(NNu.",
    "values added to a number": b"K\x01(Ne.",
    "state for a list": b"]}b.",
    "something never stored": b"h\x07.",
    "nothing": b"",
    "a picture": b"\x89PNG\r\n\x1a\n",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_plain_data_is_refused_by_the_name_of_its_file(tmp_path: Path, what: str) -> None:
    with pytest.raises(DatasetError, match=r"a\.pickle: is no pickle of plain data and arrays \(.+\); fetch it again"):
        loaded(tmp_path, HOSTILE[what])


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_refused_takes_no_more_than_some_times_its_size(tmp_path: Path, what: str) -> None:
    tracemalloc.start()
    with pytest.raises(DatasetError):
        loaded(tmp_path, HOSTILE[what])
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1e6 + 20 * len(HOSTILE[what])


@pytest.mark.parametrize("text", ["", "'", '"', "\\", "\\'", "'\\\\", "\\\\'\"", "\n\t\0\x7f", "a"])
def test_texts_of_python_2_come_out_whatever_quotes_they_hold(folder: Path, text: str) -> None:
    assert loaded(folder, f"S{text!r}\n.".encode()) == text


@given(data=st.binary(max_size=60))
def test_any_bytes_are_data_or_refused(folder: Path, data: bytes) -> None:
    with suppress(DatasetError):
        loaded(folder, data)


WHOLE = pickle.dumps({0: {"xyz": np.zeros((2, 3)), "K": [1, 2.5, "a", b"b"]}}, 2)


@given(at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_damage_is_data_or_refused(folder: Path, at: int, byte: int) -> None:
    for data in (WHOLE[:at], WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :]):
        with suppress(DatasetError):
            loaded(folder, data)


def test_size_and_steps_have_a_limit(tmp_path: Path) -> None:
    assert loaded(tmp_path, b"(" + b"]" * 90 + b"l.", steps=100)
    with pytest.raises(DatasetError, match="more than 100 steps"):
        loaded(tmp_path, b"(" + b"]" * 100 + b"l.", steps=100)
    with pytest.raises(DatasetError, match="larger than the 1 MiB"):
        loaded(tmp_path, bytes((1 << 20) + 1), limit=1 << 20)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"none\.pickle: is missing"):
        load(tmp_path / "none.pickle")
    with pytest.raises(DatasetError, match="cannot be read"):
        load(tmp_path)
