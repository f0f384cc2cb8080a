"""The few names that pickles of plain data hold, for NumPy arrays and for sets and bytes, and what is made of them.

Nothing that a file says is called or imported, and no array is made ready for more bytes than the file has.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

NUMBERS = re.compile(r"[<>=|]?(?:[biufc][0-9]{1,2}|\?)")

# What Python 2 and NumPy 1 called modules.
RENAMED = {
    "__builtin__": "builtins",
    "numpy.core.multiarray": "numpy._core.multiarray",
    "numpy.core.numeric": "numpy._core.numeric",
}
# Text and bytes were one in Python 2; one letter a byte loses nothing.
PYTHON_2 = "latin-1"


class Name(NamedTuple):
    """What a pickle would have Python import."""

    module: str
    attribute: str


class Unfinished:
    """An array, or a dtype by its code, of which the rest follows; and the numbers that it is remembered under."""

    def __init__(self, code: str | None) -> None:
        self.code = code
        self.keys: list[int] = []

    def finish(self, state: object) -> object:
        """Return the array or dtype that it becomes with its state."""
        if not isinstance(state, tuple):
            raise ValueError("the state of an array is damaged")
        return _array_of_state(*state) if self.code is None else _kind_of_state(self.code, *state)


def recognised(module: object, attribute: object) -> Name:
    """Return a name that stands for plain data; ValueError for any other."""
    if not isinstance(module, str) or not isinstance(attribute, str):
        raise ValueError("a name is no text")
    name = Name(RENAMED.get(module, module), attribute)
    if name != ARRAY and name not in MAKERS:
        raise ValueError(f"it names {module}.{attribute}, which is not plain data")
    return name


def make(name: object, arguments: object) -> object:
    """Make what a recognised name and its arguments stand for."""
    if not isinstance(name, Name) or not isinstance(arguments, tuple) or name not in MAKERS:
        raise ValueError("it calls what is no name")
    return MAKERS[name](*arguments)


def checked_keys(items: list[object]) -> list[object]:
    """Return what may be keys of a dict or in a set: hashing tuples in tuples may take for ever."""
    if not all(item is None or isinstance(item, str | bytes | int | float | np.generic) for item in items):
        raise ValueError("a key is neither text nor number")
    return items


def _kind(code: object, align: object = False, copy: object = True) -> Unfinished:
    if not isinstance(code, str) or not NUMBERS.fullmatch(code):
        raise ValueError("a dtype is not one of numbers")
    return Unfinished(code)


def _kind_of_state(code: str, version: object, order: object, *rest: object) -> object:
    if rest[:3] != (None, None, None) or (order != "<" and order != ">" and order != "|"):
        raise ValueError("a dtype is not one of numbers")
    return np.dtype(code).newbyteorder(order)


def _blank(kind: object, shape: object, code: object) -> Unfinished:
    if kind != ARRAY:
        raise ValueError("an array is of another class")
    return Unfinished(None)


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


def _items(items: object) -> list[object]:
    if not isinstance(items, list | tuple):
        raise ValueError("a set is not written as a list")
    return checked_keys(list(items))


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
