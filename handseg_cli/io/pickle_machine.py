"""The machine that a pickle is a program for, less all that could import or call.

Python's own reader calls whatever a file names, so a file from elsewhere could run anything. This one only makes
numbers, texts, lists, tuples, dicts and sets; a `Meaning` says what the few names that it knows stand for.
"""

from __future__ import annotations

import ast
import os
import struct
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

import numpy as np

UTF_8 = ("utf-8", "surrogatepass")
PYTHON_2 = "latin-1"  # text and bytes were one in Python 2; one letter a byte loses nothing
KEYS = (str, bytes, int, float, type(None), np.generic)  # hashing tuples in tuples may take for ever
SIZED = (str, bytes, bytearray, list, tuple)


class Name(NamedTuple):
    """What a pickle would have Python import."""

    module: str
    attribute: str


class Meaning(NamedTuple):
    """What one kind of pickle may hold beside plain data; each part may end the reading with a ValueError."""

    name: Callable[[Name], Name]  # allows a name, maybe by a newer one
    makers: dict[Name, Callable[..., object]]  # make what calls of these names stand for
    reference: Callable[[object], object]  # finds what lies outside the pickle
    unknown: Callable[[str], object]  # is told what has no meaning here, and returns what stands in its place


class Unfinished:
    """Something of which the rest follows, and the numbers that it is remembered under."""

    def __init__(self, finish: Callable[..., object]) -> None:
        self.finish = finish
        self.keys: list[int] = []


class _Machine:
    def __init__(self, file: BinaryIO, meaning: Meaning) -> None:
        start = file.tell()
        self.file = file
        self.size = file.seek(0, os.SEEK_END)
        file.seek(start)
        self.meaning = meaning
        self.stack: list[object] = []
        self.outer: list[list[object]] = []  # the stacks below the marks
        self.memo: dict[int, object] = {}
        self.unfinished = 0
        self.spare = 4 * self.size  # what calls may still copy; good files have a content pass through two at most

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

    def number(self, count: int) -> int:
        """Read an integer of so many bytes."""
        return int.from_bytes(self.take(count), "little")

    def behind(self, count: int) -> bytes:
        """Read the bytes that follow their length, an integer of so many bytes."""
        return self.take(self.number(count))

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

    def is_key(self, thing: object) -> bool:
        """Tell whether a dict or set may have this as its key."""
        if not isinstance(thing, KEYS):
            self.meaning.unknown("a key is neither text nor number")
            return False
        return True

    def pairs(self, items: list[object]) -> dict[object, object]:
        """Return keys and values, in turns, as a dict."""
        return {key: value for key, value in zip(items[::2], items[1::2], strict=True) if self.is_key(key)}

    def extend(self, items: list[object]) -> None:
        """Put values into the list or set on the top of the stack."""
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, set):
            target.update(filter(self.is_key, items))
        else:
            self.meaning.unknown("it adds to what is no list")

    def update(self, items: list[object]) -> None:
        """Put keys and values into the dict on the top of the stack."""
        target = self.stack[-1]
        if isinstance(target, dict):
            target.update(self.pairs(items))
        else:
            self.meaning.unknown("it sets items of what is no dict")

    def name(self, module: object, attribute: object) -> Name:
        """Return what the meaning calls a name."""
        if not isinstance(module, str) or not isinstance(attribute, str):
            raise ValueError("a name is no text")
        return self.meaning.name(Name(module, attribute))

    def instance(self, _: object) -> None:
        """Put what stands for an object on the stack, whatever it was to be made of."""
        self.push(self.meaning.unknown("it holds an object"))

    def make(self) -> None:
        """Make what a name and its arguments stand for."""
        name, arguments = self.last(2)
        if isinstance(name, Name) and name in self.meaning.makers:
            made = self.called(self.meaning.makers[name], arguments)
            self.unfinished += isinstance(made, Unfinished)
        else:
            made = self.meaning.unknown("it calls what stands for nothing")
        self.push(made)

    def build(self) -> None:
        """Finish a value with its state, wherever it is remembered."""
        target, state = self.last(2)
        if isinstance(target, Unfinished):
            made = self.called(target.finish, state)
            self.unfinished -= 1
            self.memo.update(dict.fromkeys(target.keys, made))
            self.push(made)
        else:
            self.meaning.unknown("it sets the state of what has none")
            self.push(target)

    def called(self, maker: Callable[..., object], arguments: object) -> object:
        """Let a meaning make something; many calls on one content that is remembered would fill the memory."""
        if not isinstance(arguments, tuple):
            raise ValueError("arguments are damaged")
        for each in arguments:
            if isinstance(each, SIZED):
                self.spare -= len(each)
        if self.spare < 0:
            raise ValueError("it makes more than it can hold")
        return maker(*arguments)


def follow(file: BinaryIO, meaning: Meaning, steps: int) -> object:
    """Read one pickle of protocol 0 to 5, to just behind its end; ValueError where it is damaged or not allowed."""
    # A stack that runs out, a text that is no number, arguments that do not fit: all damage.
    try:
        return _Machine(file, meaning).run(steps)
    except (TypeError, LookupError, SyntaxError, OverflowError, MemoryError) as error:
        raise ValueError(f"it is damaged: {error}") from error


def _text_of_line(line: str) -> str:
    quote = line[:1]
    # What is code rather than a text has quotes within that no backslash guards.
    within = line[1:-1].replace(r"\\", "").replace("\\" + quote, "")
    if quote not in ("'", '"') or len(line) < 2 or line[-1] != quote or quote in within:
        raise ValueError("a text lacks its quotes")
    value: bytes = ast.literal_eval("b" + line)
    return value.decode(PYTHON_2)


def _int_of_line(line: str) -> int | bool:
    return line == "01" if line in ("00", "01") else int(line.removesuffix("L"))


# The names and numbers of the codes are those of Python's own module `pickletools`. LONG4 is left out: to hash or to
# multiply numbers of more than 255 bytes may take for ever.
ACTIONS: dict[bytes, Callable[[_Machine], object]] = {
    b"\x80": lambda m: m.take(1),  # PROTO
    b"\x95": lambda m: m.take(8),  # FRAME
    b"(": _Machine.mark,
    b"0": lambda m: m.stack.pop() if m.stack else m.marked(),  # POP
    b"1": _Machine.marked,  # POP_MARK
    b"2": lambda m: m.push(m.stack[-1]),  # DUP
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"I": lambda m: m.push(_int_of_line(m.line())),
    b"L": lambda m: m.push(_int_of_line(m.line())),
    b"J": lambda m: m.push(int.from_bytes(m.take(4), "little", signed=True)),
    b"K": lambda m: m.push(m.take(1)[0]),
    b"M": lambda m: m.push(m.number(2)),
    b"\x8a": lambda m: m.push(int.from_bytes(m.behind(1), "little", signed=True)),
    b"F": lambda m: m.push(float(m.line())),
    b"G": lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
    b"S": lambda m: m.push(_text_of_line(m.line())),
    b"T": lambda m: m.push(m.behind(4).decode(PYTHON_2)),
    b"U": lambda m: m.push(m.behind(1).decode(PYTHON_2)),
    b"V": lambda m: m.push(m.line().encode(PYTHON_2).decode("raw-unicode-escape")),
    b"X": lambda m: m.push(m.behind(4).decode(*UTF_8)),
    b"\x8c": lambda m: m.push(m.behind(1).decode(*UTF_8)),
    b"\x8d": lambda m: m.push(m.behind(8).decode(*UTF_8)),
    b"B": lambda m: m.push(m.behind(4)),
    b"C": lambda m: m.push(m.behind(1)),
    b"\x8e": lambda m: m.push(m.behind(8)),
    b"\x96": lambda m: m.push(bytearray(m.behind(8))),
    b"]": lambda m: m.push([]),
    b"}": lambda m: m.push({}),
    b")": lambda m: m.push(()),
    b"\x8f": lambda m: m.push(set()),
    b"l": lambda m: m.push(m.marked()),
    b"d": lambda m: m.push(m.pairs(m.marked())),
    b"t": lambda m: m.push(tuple(m.marked())),
    b"\x85": lambda m: m.push(m.last(1)),
    b"\x86": lambda m: m.push(m.last(2)),
    b"\x87": lambda m: m.push(m.last(3)),
    b"\x91": lambda m: m.push(frozenset(filter(m.is_key, m.marked()))),
    b"a": lambda m: m.extend([m.stack.pop()]),
    b"e": lambda m: m.extend(m.marked()),
    b"\x90": lambda m: m.extend(m.marked()),
    b"s": lambda m: m.update([*m.last(2)]),
    b"u": lambda m: m.update(m.marked()),
    b"g": lambda m: m.push(m.memo[int(m.line())]),
    b"h": lambda m: m.push(m.memo[m.take(1)[0]]),
    b"j": lambda m: m.push(m.memo[m.number(4)]),
    b"p": lambda m: m.store(int(m.line())),
    b"q": lambda m: m.store(m.take(1)[0]),
    b"r": lambda m: m.store(m.number(4)),
    b"\x94": lambda m: m.store(len(m.memo)),  # MEMOIZE
    b"c": lambda m: m.push(m.name(m.line(), m.line())),
    b"\x93": lambda m: m.push(m.name(*m.last(2))),
    b"R": _Machine.make,
    b"b": _Machine.build,
    b"\x81": lambda m: m.instance(m.last(2)),  # NEWOBJ
    b"\x92": lambda m: m.instance(m.last(3)),  # NEWOBJ_EX
    b"o": lambda m: m.instance(m.marked()),  # OBJ
    b"i": lambda m: m.instance((m.name(m.line(), m.line()), m.marked())),  # INST
    b"Q": lambda m: m.push(m.meaning.reference(m.stack.pop())),  # BINPERSID
}
