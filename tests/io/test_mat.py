"""MATLAB files: the same as SciPy reads, and nothing but DatasetError from what is damaged."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zlib
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from handseg_cli.errors import DatasetError
from handseg_cli.io.mat import MOST_BYTES, Elements, Header, Room, array_of, load

RNG = np.random.default_rng(0)
FRAMES = [{"frame": number, "left": RNG.normal(size=(4, 2)), "name": f"a{number}"} for number in range(3)]
CLASSES = ("f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")


def saved(value: object, compressed: bool = False) -> bytes:
    stream = io.BytesIO()
    savemat(stream, {"other": "aside", "value": value}, do_compression=compressed)
    return stream.getvalue()


def element(kind: int, content: bytes, order: str = "<") -> bytes:
    """Return an element with its tag, filled up to eight bytes."""
    return struct.pack(f"{order}II", kind, len(content)) + content + bytes(-len(content) % 8)


def file_of(*elements: bytes, order: str = "<", version: int = 0x0100) -> bytes:
    mark = struct.pack(f"{order}HH", version, 0x4D49)
    return b"MATLAB 5.0 MAT-file".ljust(124) + mark + b"".join(elements)


def array(kind: int, shape: tuple[int, ...], *content: bytes, name: bytes = b"value", order: str = "<") -> bytes:
    """Return a matrix with the class and the shape that are given, whatever its content says."""
    head = element(6, struct.pack(f"{order}II", kind, 0), order)
    sides = element(5, struct.pack(f"{order}{len(shape)}i", *shape), order)
    return element(14, head + sides + element(1, name, order) + b"".join(content), order)


def alike(mine: Any, theirs: Any) -> bool:
    """Tell whether arrays, and all arrays within them, have the same type, shape and values."""
    if mine.shape != theirs.shape or mine.dtype.newbyteorder("=") != theirs.dtype.newbyteorder("="):
        return False
    if mine.dtype.names:
        return all(alike(mine[name], theirs[name]) for name in mine.dtype.names)
    if mine.dtype == object:
        return all(alike(*pair) for pair in zip(mine.ravel(), theirs.ravel(), strict=True))
    return np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f")


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    "value",
    [
        *(RNG.integers(0, 100, (3, 2)).astype(name) for name in CLASSES),
        *(np.zeros(shape) for shape in ((0, 0), (0, 3), (1, 1), (2, 3, 4))),
        np.array([np.nan, -np.inf, 1e-300]),
        np.array([[True, False], [False, False]]),
        *("", "a", "four", "hände ✋", np.array(["ab", "cd"]), np.array([["ab"], ["c"]])),
        np.array([[1.5, "text"], [np.zeros((0, 0)), np.arange(3)]], object),
        {"empty": np.zeros((0, 0)), "inner": {"deep": {"deeper": 3.5}, "cells": np.array([1, "b"], object)}},
        np.array([tuple(frame.values()) for frame in FRAMES], [(name, object) for name in FRAMES[0]]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_scipy_writes_is_read_as_scipy_reads_it(value: object, compressed: bool) -> None:
    data = saved(value, compressed)
    mine, theirs = load(data, ["value"]), loadmat(io.BytesIO(data), mat_dtype=True)
    assert list(mine) == ["value"]
    assert alike(mine["value"], theirs["value"])


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_orders_of_bytes_are_read(order: str) -> None:
    number = array(6, (1, 2), element(4, struct.pack(f"{order}HH", 258, 7), order), order=order)
    text = array(4, (1, 2), element(4, struct.pack(f"{order}HH", 0x48, 0x20AC), order), name=b"text", order=order)
    found = load(file_of(number, text, order=order), ["value", "text"])
    assert found["value"].tolist() == [[258.0, 7.0]]
    assert found["value"].dtype == np.float64
    assert found["text"].tolist() == ["H€"]


def test_only_what_is_named_is_decoded() -> None:
    foreign = array(5, (9, 9), name=b"sparse")
    number = array(9, (1, 1), element(2, b"\7"))
    assert load(file_of(foreign, number), ["value"])["value"].item() == 7
    assert load(file_of(foreign, number), ["nobody"]) == {}


COMPLEX = 0x0800
DOUBLE = element(9, struct.pack("<d", 1))
FIRST, EDGES = 120, (0, 1, 2, 4, 5, 6, 9, 14, 15, 127, 128, 255)
FIELDS = element(5, struct.pack("<i", 4))
NESTED = array(1, (1, 1), name=b"")


def nested(depth: int) -> bytes:
    inner = array(6, (1, 1), DOUBLE)
    for _ in range(depth):
        inner = array(1, (1, 1), inner)
    return inner


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no MATLAB file"),
        (b"\x89HDF\r\n\x1a\n" * 30, "no MATLAB file"),
        (file_of(version=0x0200), "save it with -v7"),
        (file_of(array(6, (1, 1), DOUBLE))[:-1], "cut off"),
        (file_of(array(6, (1, 2), DOUBLE)), "other numbers"),
        (file_of(array(6, (2**31 - 1,) * 32, DOUBLE)), "other numbers"),
        (file_of(array(8, (1, 1), DOUBLE)), "other numbers"),
        (file_of(array(6, (1, -1), DOUBLE)), "no shape"),
        (file_of(array(6, (1,), DOUBLE)), "no shape"),
        (file_of(array(1, (2**31 - 1, 2**31 - 1))), "cut off"),
        (file_of(array(2, (2**31 - 1, 1), FIELDS, element(1, b"a\0\0\0"))), "cut off"),
        (file_of(array(2, (2**31 - 1, 1), FIELDS, element(1, b""))), "cut off"),
        (file_of(array(2, (1, 1), FIELDS, element(1, b"a\0\0\0a\0\0\0"), NESTED, NESTED)), "two fields"),
        (file_of(array(2, (1, 1), element(5, bytes(4)), element(1, b"a"))), "its fields"),
        (file_of(array(4, (1, 3), element(16, b"\xff\xfe\xfd"))), "cannot be read"),
        (file_of(array(4, (1, 3), element(16, b"ab"))), "another length"),
        (file_of(array(3, (1, 1), DOUBLE)), "an object"),
        (file_of(element(14, element(6, struct.pack("<II", 17, 0)) + element(1, b"value"))), "an object"),
        (file_of(array(16, (1, 1), DOUBLE)), "a function"),
        (file_of(array(5, (1, 1), DOUBLE)), "a sparse matrix"),
        (file_of(array(6 | COMPLEX, (1, 1), DOUBLE, DOUBLE)), "complex"),
        (file_of(nested(40)), "deep in each other"),
        (file_of(element(15, zlib.compress(b"abc" * 99)[:-9])), "cut off"),
        (file_of(element(15, b"abcdefgh")), "compressed data is damaged"),
        (file_of(element(5, b"abcd")), "where a variable should be"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        load(data, ["value"])


def test_a_bomb_is_let_out_no_further_than_there_is_room() -> None:
    with pytest.raises(DatasetError, match="more comes out of it"):
        load(file_of(element(15, zlib.compress(bytes(MOST_BYTES + 1), 1))), ["value"])


def test_arrays_are_counted() -> None:
    body = Elements(memoryview(element(14, b"") * 9), "<", Room(arrays=8))
    with pytest.raises(DatasetError, match="more comes out of it"):
        array_of(Header(1, 0, (3, 3), ""), body, 0)


def test_damage_is_met_by_our_error_alone_at_once_and_in_little_memory(
    request: pytest.FixtureRequest,
) -> None:
    value = np.array([tuple(frame.values()) for frame in FRAMES], [(name, object) for name in FRAMES[0]])
    whole = [saved(value, compressed) for compressed in (False, True)]
    slowest = 0.0
    request.addfinalizer(tracemalloc.stop)
    tracemalloc.start()
    for number in range(3000):
        data = bytearray(whole[number % 2])
        for at in RNG.integers(FIRST, len(data), RNG.integers(0, 4)):
            data[at] = RNG.choice(EDGES) if number % 3 else RNG.integers(256)
        del data[len(data) if number % 4 else RNG.integers(len(data)) :]
        before = time.thread_time()
        with suppress(DatasetError):
            load(bytes(data), ["value"])
        slowest = max(slowest, time.thread_time() - before)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    assert slowest < 0.05
