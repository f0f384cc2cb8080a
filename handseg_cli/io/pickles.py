"""Pickles of plain data: numbers, texts, bytes, lists, tuples, dicts, sets and NumPy arrays of numbers, nothing else.

Python's own reader calls whatever a file names, so a file from elsewhere could run anything. This one calls nothing:
the few names that arrays are made of are recognised, and any other ends the reading.
"""

from __future__ import annotations

import ast
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from handseg_cli.errors import DatasetError
from handseg_cli.io.pickle_names import PYTHON_2, Unfinished, checked_keys, make, recognised

LIMIT = 1 << 30  # bytes
# A step makes one object of some hundred bytes at most. The 41 258 x 3 arrays of RHD take 4 million steps.
STEPS = 12_000_000


class _Reader:
    """The machine that a pickle is a program for, less all that could import or call."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file = file
        self.size = size
        self.stack: list[object] = []
        self.outer: list[list[object]] = []  # the stacks below the marks
        self.memo: dict[int, object] = {}
        self.unfinished = 0

    def run(self, steps: int) -> object:
        """Follow the pickle to its end and return what it holds."""
        read, actions = self.file.read, ACTIONS
        for _ in range(steps):
            code = read(1)
            if code == b".":
                break
            action = actions.get(code)
            if action is None:
                raise ValueError(f"code {code!r} is not of plain data" if code else "it is cut off")
            action(self)
        else:
            raise ValueError(f"it takes more than {steps:,} steps")
        if self.unfinished or self.outer:
            raise ValueError("it is cut off")
        return self.stack.pop()

    def take(self, count: int) -> bytes:
        """Read exactly so many bytes; nothing is made ready for more than the file can have."""
        if count > 65536 and count > self.size - self.file.tell():
            raise ValueError("it is cut off")
        data = self.file.read(count)
        if len(data) != count:
            raise ValueError("it is cut off")
        return data

    def number(self, form: str) -> int:
        """Read an integer as `struct` packs it."""
        (value,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return int(value)

    def line(self) -> str:
        """Read a line without its end."""
        line = self.file.readline()
        if not line.endswith(b"\n"):
            raise ValueError("it is cut off")
        return line[:-1].decode(PYTHON_2)

    def push(self, thing: object) -> None:
        """Put a value on the stack."""
        self.stack.append(thing)

    def mark(self) -> None:
        """Begin a list of values."""
        self.outer.append(self.stack)
        self.stack = []

    def marked(self) -> list[object]:
        """Take the values since the last mark off the stack."""
        items, self.stack = self.stack, self.outer.pop()
        return items

    def last(self, count: int) -> tuple[object, ...]:
        """Take so many values off the stack."""
        items = tuple(self.stack[-count:])
        if len(items) < count:
            raise ValueError("a value is missing")
        del self.stack[-count:]
        return items

    def store(self, key: int) -> None:
        """Remember the top of the stack under a number."""
        top = self.memo[key] = self.stack[-1]
        if isinstance(top, Unfinished):
            top.keys.append(key)

    def extend(self, items: list[object]) -> None:
        """Put values into the list or set on the top of the stack."""
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, set):
            target.update(checked_keys(items))
        else:
            raise ValueError("it adds to what is no list")

    def update(self, items: list[object]) -> None:
        """Put keys and values, in turns, into the dict on the top of the stack."""
        target = self.stack[-1]
        if not isinstance(target, dict):
            raise ValueError("it sets items of what is no dict")
        target.update(_pairs(items))

    def make(self) -> None:
        """Make what a recognised name and its arguments stand for."""
        made = make(*self.last(2))
        self.unfinished += isinstance(made, Unfinished)
        self.push(made)

    def build(self) -> None:
        """Finish an array with its content, or a dtype with its byte order, wherever it is remembered."""
        target, state = self.last(2)
        if not isinstance(target, Unfinished):
            raise ValueError("it sets the state of what is no array")
        made = target.finish(state)
        self.unfinished -= 1
        self.memo.update(dict.fromkeys(target.keys, made))
        self.push(made)


def load(path: Path, limit: int = LIMIT, steps: int = STEPS) -> object:
    """Read a pickle of protocol 0 to 5 and of at most `limit` bytes; its arrays cannot be written to."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > limit:
                raise DatasetError(f"{path}: is larger than the {limit >> 20} MiB that annotations may have")
            return _Reader(file, size).run(steps)
    except FileNotFoundError as error:
        raise DatasetError(f"{path}: is missing; check the path or fetch it again") from error
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}); check its permissions and its disk") from error
    # A stack that runs out, a key that cannot be one, a text that is no number, arguments that do not fit: all damage.
    except (ValueError, TypeError, LookupError, struct.error, SyntaxError, OverflowError, MemoryError) as error:
        raise DatasetError(f"{path}: is no pickle of plain data and arrays ({error}); fetch it again") from error


def _pairs(items: list[object]) -> dict[object, object]:
    return dict(zip(checked_keys(items[::2]), items[1::2], strict=True))


def _text_as_string(line: str) -> str:
    if line[:1] not in ("'", '"'):
        raise ValueError("a text lacks its quotes")
    value = ast.literal_eval("b" + line)
    if not isinstance(value, bytes):
        raise ValueError("a text is none")
    return value.decode(PYTHON_2)


def _int_of_line(line: str) -> int | bool:
    return line == "01" if line in ("00", "01") else int(line.removesuffix("L"))


# The names and numbers of the codes are those of Python's own module `pickletools`.
ACTIONS: dict[bytes, Callable[[_Reader], object]] = {
    b"\x80": lambda r: r.take(1),  # PROTO
    b"\x95": lambda r: r.take(8),  # FRAME
    b"(": _Reader.mark,
    b"0": lambda r: r.stack.pop() if r.stack else r.marked(),  # POP
    b"1": _Reader.marked,  # POP_MARK
    b"2": lambda r: r.push(r.stack[-1]),  # DUP
    b"N": lambda r: r.push(None),
    b"\x88": lambda r: r.push(True),
    b"\x89": lambda r: r.push(False),
    b"I": lambda r: r.push(_int_of_line(r.line())),
    b"L": lambda r: r.push(_int_of_line(r.line())),
    b"J": lambda r: r.push(r.number("<i")),
    b"K": lambda r: r.push(r.take(1)[0]),
    b"M": lambda r: r.push(r.number("<H")),
    b"\x8a": lambda r: r.push(int.from_bytes(r.take(r.number("<B")), "little", signed=True)),
    b"\x8b": lambda r: r.push(int.from_bytes(r.take(r.number("<I")), "little", signed=True)),
    b"F": lambda r: r.push(float(r.line())),
    b"G": lambda r: r.push(struct.unpack(">d", r.take(8))[0]),
    b"S": lambda r: r.push(_text_as_string(r.line())),
    b"T": lambda r: r.push(r.take(r.number("<I")).decode(PYTHON_2)),
    b"U": lambda r: r.push(r.take(r.number("<B")).decode(PYTHON_2)),
    b"V": lambda r: r.push(r.line().encode(PYTHON_2).decode("raw-unicode-escape")),
    b"X": lambda r: r.push(r.take(r.number("<I")).decode("utf-8", "surrogatepass")),
    b"\x8c": lambda r: r.push(r.take(r.number("<B")).decode("utf-8", "surrogatepass")),
    b"\x8d": lambda r: r.push(r.take(r.number("<Q")).decode("utf-8", "surrogatepass")),
    b"B": lambda r: r.push(r.take(r.number("<I"))),
    b"C": lambda r: r.push(r.take(r.number("<B"))),
    b"\x8e": lambda r: r.push(r.take(r.number("<Q"))),
    b"\x96": lambda r: r.push(bytearray(r.take(r.number("<Q")))),
    b"]": lambda r: r.push([]),
    b"}": lambda r: r.push({}),
    b")": lambda r: r.push(()),
    b"\x8f": lambda r: r.push(set()),
    b"l": lambda r: r.push(r.marked()),
    b"d": lambda r: r.push(_pairs(r.marked())),
    b"t": lambda r: r.push(tuple(r.marked())),
    b"\x85": lambda r: r.push(r.last(1)),
    b"\x86": lambda r: r.push(r.last(2)),
    b"\x87": lambda r: r.push(r.last(3)),
    b"\x91": lambda r: r.push(frozenset(checked_keys(r.marked()))),
    b"a": lambda r: r.extend([r.stack.pop()]),
    b"e": lambda r: r.extend(r.marked()),
    b"\x90": lambda r: r.extend(r.marked()),
    b"s": lambda r: r.update(list(r.last(2))),
    b"u": lambda r: r.update(r.marked()),
    b"g": lambda r: r.push(r.memo[int(r.line())]),
    b"h": lambda r: r.push(r.memo[r.take(1)[0]]),
    b"j": lambda r: r.push(r.memo[r.number("<I")]),
    b"p": lambda r: r.store(int(r.line())),
    b"q": lambda r: r.store(r.take(1)[0]),
    b"r": lambda r: r.store(r.number("<I")),
    b"\x94": lambda r: r.store(len(r.memo)),  # MEMOIZE
    b"c": lambda r: r.push(recognised(r.line(), r.line())),
    b"\x93": lambda r: r.push(recognised(*r.last(2))),
    b"R": _Reader.make,
    b"b": _Reader.build,
}
