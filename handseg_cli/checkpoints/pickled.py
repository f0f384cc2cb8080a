"""What the pickles in PyTorch's files mean, read without a call of anything that a file names.

Tensors come out as descriptions of where their numbers lie, and whatever is no plain data, such as the classes that
training frameworks leave behind, as things without meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from handseg_cli.io.pickle_machine import Meaning, Name, follow

STEPS = 4_000_000  # a checkpoint of the first system with the state of its optimizer takes some 30 000


class HarmfulError(ValueError):
    """A pickle names what only those name who mean harm."""


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


class Pickle(NamedTuple):
    """What a pickle holds, and all the storages that it refers to, by their keys."""

    content: object
    storages: dict[str, Storage]


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


def read(file: BinaryIO) -> Pickle:
    """Read one pickle of protocol 0 to 5, to just behind its end; ValueError where it is damaged or means harm."""
    storages: dict[str, Storage] = {}

    def refer(reference: object) -> Storage:
        found = storage(reference)
        storages[found.key] = found
        return found

    return Pickle(follow(file, Meaning(harmless, MAKERS, refer, lambda _: Inert()), STEPS), storages)


def harmless(name: Name) -> Name:
    """Return the name that a pickle would import; HarmfulError where that can only mean harm."""
    module, attribute = name
    runs = module in ("builtins", "__builtin__", "io", "_io") and attribute in HARMFUL_NAMES
    if runs or module.partition(".")[0] in HARMFUL:
        raise HarmfulError(f"opened by other programs, it would run {module}.{attribute}")
    return name


def stored(storage: object, offset: object, shape: object, stride: object, *_: object) -> Stored:
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


def filled(items: object = ()) -> dict[str, object]:
    """Return the dict of a list of pairs, as Python 2 wrote ordered ones; only texts lead to what we look for."""
    if not isinstance(items, list | tuple):
        raise ValueError("a dict is damaged")
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in items):
        raise ValueError("a dict is damaged")
    return {key: value for key, value in items if isinstance(key, str)}


MAKERS: dict[Name, Callable[..., object]] = {
    Name("torch._utils", "_rebuild_tensor"): stored,
    Name("torch._utils", "_rebuild_tensor_v2"): stored,
    Name("torch._utils", "_rebuild_parameter"): lambda tensor, *_: tensor,
    Name("collections", "OrderedDict"): filled,
}
