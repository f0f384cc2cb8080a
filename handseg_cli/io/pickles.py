"""Pickles of plain data: numbers, texts, bytes, lists, tuples, dicts, sets and NumPy arrays of numbers, nothing else.

Nothing that a file says is called or imported, and no array is made ready for more bytes than the file has.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

import numpy as np

from handseg_cli.errors import DatasetError
from handseg_cli.io.pickle_machine import KEYS, PYTHON_2, Meaning, Name, Unfinished, follow

LIMIT = 1 << 30  # bytes
# A step makes one object of some hundred bytes at most. The 41 258 x 3 arrays of RHD take 4 million steps.
STEPS = 12_000_000
NUMBERS = re.compile(r"[<>=|]?(?:[biufc][0-9]{1,2}|\?)")

# What Python 2 and NumPy 1 called modules.
RENAMED = {
    "__builtin__": "builtins",
    "numpy.core.multiarray": "numpy._core.multiarray",
    "numpy.core.numeric": "numpy._core.numeric",
}


def load(path: Path, limit: int = LIMIT, steps: int = STEPS) -> object:
    """Read a pickle of protocol 0 to 5 and of at most `limit` bytes; its arrays cannot be written to."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > limit:
                raise DatasetError(f"{path}: is larger than the {limit >> 20} MiB that annotations may have")
            return follow(file, PLAIN, steps)
    except FileNotFoundError as error:
        raise DatasetError(f"{path}: is missing; check the path or fetch it again") from error
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}); check its permissions and its disk") from error
    except ValueError as error:
        raise DatasetError(f"{path}: is no pickle of plain data and arrays ({error}); fetch it again") from error


def _allowed(name: Name) -> Name:
    found = Name(RENAMED.get(name.module, name.module), name.attribute)
    if found != ARRAY and found not in MAKERS:
        raise ValueError(f"it names {name.module}.{name.attribute}, which is not plain data")
    return found


def _refused(what: str) -> NoReturn:
    raise ValueError(what)


def _kind(code: object, align: object = False, copy: object = True) -> Unfinished:
    if not isinstance(code, str) or not NUMBERS.fullmatch(code):
        raise ValueError("a dtype is not one of numbers")
    return Unfinished(partial(_kind_of_state, code))


def _kind_of_state(code: str, version: object, order: object, *rest: object) -> object:
    if rest[:3] != (None, None, None) or (order != "<" and order != ">" and order != "|"):
        raise ValueError("a dtype is not one of numbers")
    return np.dtype(code).newbyteorder(order)


def _blank(kind: object, shape: object, code: object) -> Unfinished:
    if kind != ARRAY:
        raise ValueError("an array is of another class")
    return Unfinished(_array_of_state)


def _array_of_state(version: object, shape: object, kind: object, transposed: object, content: object) -> object:
    return _array(content, kind, shape, "F" if transposed else "C")


def _array(content: object, kind: object, shape: object, order: object) -> object:
    content = content.encode(PYTHON_2) if isinstance(content, str) else content
    if not isinstance(content, bytes | bytearray) or not isinstance(kind, np.dtype) or not isinstance(shape, tuple):
        raise ValueError("an array is not one of numbers")
    if len(shape) > 32 or not all(type(side) is int and side >= 0 for side in shape):
        raise ValueError("the shape of an array is damaged")
    if math.prod(shape) * kind.itemsize != len(content):
        raise ValueError(f"an array of shape {shape} has {len(content)} bytes")
    array = np.frombuffer(content, kind) if content else np.empty(0, kind)
    array.flags.writeable = False
    return array.reshape(shape, order="C" if order == "C" else "F")


def _scalar(kind: object, content: object) -> object:
    array = _array(content, kind, (), "C")
    return array[()] if isinstance(array, np.ndarray) else None


def _encoded(text: object, encoding: object) -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ValueError("bytes are not written as text")
    return text.encode(PYTHON_2)


def _bytearray(content: object = b"", encoding: object = None) -> bytearray:
    if encoding is None and not isinstance(content, bytes):
        raise ValueError("bytes are not written as bytes")
    return bytearray(content if isinstance(content, bytes) else _encoded(content, encoding))


def _items(items: object) -> list[object] | tuple[object, ...]:
    if not isinstance(items, list | tuple) or not all(isinstance(item, KEYS) for item in items):
        raise ValueError("a set is not written as a list of numbers and texts")
    return items


def _complex(real: object, imaginary: object) -> complex:
    if not isinstance(real, float) or not isinstance(imaginary, float):
        raise ValueError("a complex number is not of two numbers")
    return complex(real, imaginary)


ARRAY = Name("numpy", "ndarray")
MAKERS: dict[Name, Callable[..., object]] = {
    Name("numpy", "dtype"): _kind,
    Name("numpy._core.multiarray", "_reconstruct"): _blank,
    Name("numpy._core.multiarray", "scalar"): _scalar,
    Name("numpy._core.numeric", "_frombuffer"): _array,
    Name("_codecs", "encode"): _encoded,
    Name("builtins", "bytes"): lambda: b"",
    Name("builtins", "bytearray"): _bytearray,
    Name("builtins", "complex"): _complex,
    Name("builtins", "set"): lambda items=(): set(_items(items)),
    Name("builtins", "frozenset"): lambda items=(): frozenset(_items(items)),
}
PLAIN = Meaning(_allowed, MAKERS, lambda _: _refused("it refers to what lies outside it"), _refused)
