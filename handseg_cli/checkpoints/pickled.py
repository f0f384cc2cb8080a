"""Reads the pickles in PyTorch's files without Python's own reader, which calls whatever a file names.

This one calls nothing. Numbers, texts, lists and dicts come out as they are, tensors as descriptions of where their
numbers lie, and anything else, such as the classes that training frameworks leave behind, as things without meaning.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

STEPS = 4_000_000  # a checkpoint of the first system with the state of its optimizer takes some 30 000


class HarmfulError(ValueError):
    """A pickle names what only those name who mean harm."""


class Name(NamedTuple):
    """What a pickle would have Python import: a module and what is in it."""

    module: str
    attribute: str


class Inert:
    """Stands for an object that nobody needs."""


@dataclass(frozen=True)
class Storage:
    """A row of numbers somewhere else in the file: the name of their type in torch, their key, and how many."""

    kind: str
    key: str
    length: int


@dataclass(frozen=True)
class Stored:
    """A tensor whose numbers lie in a storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


TENSORS = {Name("torch._utils", "_rebuild_tensor"), Name("torch._utils", "_rebuild_tensor_v2")}
PARAMETER = Name("torch._utils", "_rebuild_parameter")
DICT = Name("collections", "OrderedDict")

# No checkpoint has a use for these. They would stay without meaning like all the rest, but whoever has sent such a
# file means harm, and that had better be said.
HARMFUL = {
    "os",
    "posix",
    "nt",
    "subprocess",
    "commands",
    "pty",
    "sys",
    "runpy",
    "ctypes",
    "socket",
    "shutil",
    "importlib",
}
HARMFUL_NAMES = {"eval", "exec", "compile", "__import__", "open"}


class Machine:
    """The machine that a pickle is a program for, less all that could import or call."""

    def __init__(self) -> None:
        self.stack: list[object] = []
        self.outer: list[list[object]] = []  # the stacks below the marks
        self.memo: dict[object, object] = {}
        self.storages: dict[str, Storage] = {}

    def push(self, thing: object) -> None:
        """Put a value on the stack."""
        self.stack.append(thing)

    def last(self) -> object:
        """Take the top off the stack."""
        return self.stack.pop()

    def mark(self) -> None:
        """Begin a list of values."""
        self.outer.append(self.stack)
        self.stack = []

    def marked(self) -> list[object]:
        """Take the values since the last mark off the stack."""
        items, self.stack = self.stack, self.outer.pop()
        return items

    def top(self, count: int) -> tuple[object, ...]:
        """Take so many values off the stack, as a tuple."""
        items = tuple(self.stack[-count:])
        if len(items) < count:
            raise ValueError("a value is missing")
        del self.stack[-count:]
        return items

    def extend(self, items: list[object]) -> None:
        """Put values into the list on the top of the stack."""
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(items)

    def update(self, items: list[object]) -> None:
        """Put keys and values, in turns, into the dict on the top of the stack."""
        target = self.stack[-1]
        if isinstance(target, dict):
            target.update(pairs(items))

    def store(self, key: object) -> None:
        """Remember the top of the stack under a number."""
        self.memo[key] = self.stack[-1]

    def refer(self, reference: object) -> None:
        """Put the storage that a reference names on the stack."""
        found = storage(reference)
        self.storages[found.key] = found
        self.stack.append(found)

    def inert(self, _: object) -> None:
        """Put an object without meaning on the stack, whatever it was to be made of."""
        self.stack.append(Inert())


class Pickle(NamedTuple):
    """What a pickle holds, and all the storages that it refers to, by their keys."""

    content: object
    storages: dict[str, Storage]


def read(file: BinaryIO) -> Pickle:
    """Read one pickle of protocol 0 to 5, to just behind its end; ValueError where it is damaged or means harm."""
    machine = Machine()
    # A stack that runs out and arguments that do not fit are damage like any other.
    try:
        for step, (code, argument, _) in enumerate(pickletools.genops(file)):
            if step > STEPS:
                raise ValueError(f"it takes more than {STEPS:,} steps")
            if code.name in PLAIN:
                machine.stack.append(argument)
            elif code.name in ACTIONS:
                ACTIONS[code.name](machine, argument)
            elif code.name not in IGNORED:
                raise ValueError(f"it has a code of another kind, {code.name}")
        if machine.outer:
            raise ValueError("it is cut off")
        return Pickle(machine.last(), machine.storages)
    except (LookupError, TypeError, OverflowError, MemoryError) as error:
        raise ValueError(f"it is damaged ({error})") from error


def named(module: object, attribute: object) -> Name:
    """Return the name that a pickle would import; HarmfulError where that can only mean harm."""
    if not isinstance(module, str) or not isinstance(attribute, str):
        raise ValueError("a name is no text")
    runs = module in ("builtins", "__builtin__", "io", "_io") and attribute in HARMFUL_NAMES
    if runs or module.partition(".")[0] in HARMFUL:
        raise HarmfulError(f"opened by other programs, it would run {module}.{attribute}")
    return Name(module, attribute)


def made(name: object, arguments: object) -> object:
    """Return what a call stands for: a tensor, a dict, or nothing of meaning."""
    if not isinstance(name, Name) or not isinstance(arguments, tuple):
        return Inert()
    if name in TENSORS:
        return stored(*arguments[:4])
    if name == PARAMETER:
        return arguments[0]
    return filled(*arguments) if name == DICT else Inert()


def stored(storage: object, offset: object, shape: object, stride: object) -> Stored:
    """Return a tensor of a storage, if it lies within it and no number of it is used twice."""
    if not isinstance(storage, Storage) or type(offset) is not int or offset < 0:
        raise ValueError("a tensor has no storage")
    sides, steps = whole_numbers(shape), whole_numbers(stride)
    if len(sides) != len(steps) or len(sides) > 8:
        raise ValueError("the shape of a tensor is damaged")
    numbers, end = 1, offset
    for side, step in zip(sides, steps, strict=True):
        numbers *= side
        end += max(0, side - 1) * step
    if numbers > storage.length or (numbers and end >= storage.length):
        raise ValueError(f"a tensor of shape {sides} has {storage.length} numbers")
    return Stored(storage, offset, sides, steps)


def whole_numbers(values: object) -> tuple[int, ...]:
    """Return a tuple of numbers from 0 on; ValueError for anything else."""
    if not isinstance(values, tuple) or not all(type(value) is int and 0 <= value < 2**48 for value in values):
        raise ValueError("the shape of a tensor is damaged")
    return values


def storage(reference: object) -> Storage:
    """Return the storage that a tuple of "storage", type, key, place and length refers to."""
    if not isinstance(reference, tuple) or len(reference) not in (5, 6) or reference[0] != "storage":
        raise ValueError("it refers to what is no storage")
    kind, key, length, view = reference[1], reference[2], reference[4], reference[5:]
    if not isinstance(kind, Name) or not isinstance(key, str) or type(length) is not int:
        raise ValueError("a storage is damaged")
    whole_numbers((length,))
    if view not in ((), (None,)):
        raise ValueError("a storage is a part of another, which no checkpoint of ours is")
    return Storage(kind.attribute, key, length)


def pairs(items: list[object]) -> dict[object, object]:
    """Return keys and values as a dict; a key that is neither text nor number leads to nothing we look for."""
    found = zip(items[::2], items[1::2], strict=True)
    return {key: value for key, value in found if isinstance(key, str | int | float)}


def filled(items: object = ()) -> dict[object, object]:
    """Return the dict of a list of pairs, as Python 2 wrote ordered ones."""
    if not isinstance(items, list | tuple) or not all(isinstance(pair, list | tuple) for pair in items):
        raise ValueError("a dict is damaged")
    return pairs([part for pair in items for part in pair])


# The names of the codes are those of Python's own module `pickletools`, which splits a pickle into them.
IGNORED = {"PROTO", "FRAME", "STOP"}
PLAIN = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
ACTIONS: dict[str, Callable[[Machine, object], object]] = {
    "NONE": lambda m, _: m.push(None),
    "NEWTRUE": lambda m, _: m.push(True),
    "NEWFALSE": lambda m, _: m.push(False),
    "EMPTY_LIST": lambda m, _: m.push([]),
    "EMPTY_DICT": lambda m, _: m.push({}),
    "EMPTY_TUPLE": lambda m, _: m.push(()),
    "EMPTY_SET": lambda m, _: m.push(Inert()),
    "MARK": lambda m, _: m.mark(),
    "POP": lambda m, _: m.last() if m.stack else m.marked(),
    "POP_MARK": lambda m, _: m.marked(),
    "DUP": lambda m, _: m.push(m.stack[-1]),
    "LIST": lambda m, _: m.push(m.marked()),
    "DICT": lambda m, _: m.push(pairs(m.marked())),
    "TUPLE": lambda m, _: m.push(tuple(m.marked())),
    "TUPLE1": lambda m, _: m.push(m.top(1)),
    "TUPLE2": lambda m, _: m.push(m.top(2)),
    "TUPLE3": lambda m, _: m.push(m.top(3)),
    "FROZENSET": lambda m, _: m.inert(m.marked()),
    "APPEND": lambda m, _: m.extend([m.last()]),
    "APPENDS": lambda m, _: m.extend(m.marked()),
    "ADDITEMS": lambda m, _: m.extend(m.marked()),
    "SETITEM": lambda m, _: m.update(list(m.top(2))),
    "SETITEMS": lambda m, _: m.update(m.marked()),
    "GET": lambda m, key: m.push(m.memo[key]),
    "BINGET": lambda m, key: m.push(m.memo[key]),
    "LONG_BINGET": lambda m, key: m.push(m.memo[key]),
    "PUT": lambda m, key: m.store(key),
    "BINPUT": lambda m, key: m.store(key),
    "LONG_BINPUT": lambda m, key: m.store(key),
    "MEMOIZE": lambda m, _: m.store(len(m.memo)),
    "GLOBAL": lambda m, names: m.push(named(*str(names).split(" ", 1))),
    "STACK_GLOBAL": lambda m, _: m.push(named(*m.top(2))),
    "REDUCE": lambda m, _: m.push(made(*m.top(2))),
    "NEWOBJ": lambda m, _: m.inert(m.top(2)),
    "NEWOBJ_EX": lambda m, _: m.inert(m.top(3)),
    "OBJ": lambda m, _: m.inert(m.marked()),
    "INST": lambda m, names: m.inert((m.marked(), named(*str(names).split(" ", 1)))),
    "BUILD": lambda m, _: m.last(),  # the state of an object: what we need has none
    "BINPERSID": lambda m, _: m.refer(m.last()),
}
