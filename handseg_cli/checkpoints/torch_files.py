"""The weights in files written by `torch.save`, of any version since 0.2.

`torch.load(weights_only=True)` refuses the files of training frameworks, which hold classes of theirs, and lets a
file claim any amount of memory. Here nothing is called, and no tensor takes more than the file has.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from handseg_cli.checkpoints.pickled import HarmfulError, Storage, Stored, read
from handseg_cli.errors import CheckpointError

PICKLE_LIMIT = 64 << 20  # bytes of names and shapes
MAGIC = 0x1950A86A20F9469CFC6C  # what files begin with that are no zip
VERSION = 1001
WITHIN = ("state_dict", "model_state_dict", "model", "network", "net")  # where files of a training keep the weights
KINDS = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}

ReadStorage = Callable[[Storage], bytes]


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read the weights of a file by their names; CheckpointError where it has none, is damaged or means harm."""
    try:
        with path.open("rb") as file:
            if zipfile.is_zipfile(file):
                return of_zip(file)
            file.seek(0)
            return of_old(file)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: there is no such file; check the path") from error
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror or error}); check its permissions") from error
    except HarmfulError as error:
        raise CheckpointError(
            f"{path}: {error}; it is no checkpoint: delete it, and trust nothing it came with"
        ) from error
    except (ValueError, RuntimeError, EOFError, struct.error, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path}: no weights can be read ({error}); copy or download it again") from error


def of_zip(file: BinaryIO) -> dict[str, Tensor]:
    """Read a zip file: a pickle, and beside it a member for each storage."""
    with zipfile.ZipFile(file) as archive:
        # All lies in a folder with a name of its own.
        members = {each.filename.partition("/")[2]: each for each in archive.infolist()}

        def member(name: str, limit: int) -> bytes:
            found = members.get(name)
            if found is None or found.compress_type != zipfile.ZIP_STORED or found.file_size > limit:
                raise ValueError(f"its member {name} is missing, or not as torch.save writes it")
            return archive.read(found)

        if "byteorder" in members and member("byteorder", 16) != b"little":
            raise ValueError("its numbers are big-endian")
        content = read(io.BytesIO(member("data.pkl", PICKLE_LIMIT))).content
        return tensors(weights_in(content), lambda each: member(f"data/{each.key}", size(each)), file)


def of_old(file: BinaryIO) -> dict[str, Tensor]:
    """Read a file of a version before 1.6: pickles, the last of them with the keys of the storages, and these."""
    if file.read(2) != b"\x80\x02" or file.seek(0) or read(file).content != MAGIC:
        raise ValueError("it is no file of torch.save")
    version, system = read(file).content, read(file).content
    if version != VERSION or not isinstance(system, dict) or system.get("little_endian") is not True:
        raise ValueError("its numbers are big-endian, or it is of a version before 0.2")
    content, storages = read(file)
    keys = read(file).content
    places = {}
    for key in keys if isinstance(keys, list) else ():
        each = storages.get(key) if isinstance(key, str) else None
        if each is None or struct.unpack("<q", file.read(8)) != (each.length,):
            raise ValueError("a storage has another length than it should")
        places[key] = file.tell()
        file.seek(size(each), os.SEEK_CUR)
    if file.tell() > os.fstat(file.fileno()).st_size:
        raise ValueError("it is cut off")

    def row(each: Storage) -> bytes:
        if each.key not in places:
            raise ValueError(f"its storage {each.key} is missing")
        file.seek(places[each.key])
        return file.read(size(each))

    return tensors(weights_in(content), row, file)


def weights_in(content: object) -> dict[str, Stored]:
    """Return the tensors of a state dict, be it the whole content of a file or one of its entries."""
    if not isinstance(content, dict):
        raise ValueError("it holds no state dict; where it holds a whole module, save its state_dict()")
    held = next((content[name] for name in WITHIN if isinstance(content.get(name), dict)), content)
    found = {name: each for name, each in held.items() if isinstance(name, str) and isinstance(each, Stored)}
    if not found:
        raise ValueError("it holds no state dict")
    return found


def tensors(wanted: dict[str, Stored], row: ReadStorage, file: BinaryIO) -> dict[str, Tensor]:
    """Read tensors that `row` has the bytes of, after a look at whether the file can have them all."""
    storages = {each.storage for each in wanted.values()}
    if sum(map(size, storages)) > os.fstat(file.fileno()).st_size:
        raise ValueError("it is cut off")
    rows = {each: numbers(each, row(each)) for each in storages}
    # Views, not copies: thousands of tensors may share a storage.
    return {name: rows[each.storage].as_strided(each.shape, each.stride, each.offset) for name, each in wanted.items()}


def numbers(storage: Storage, data: bytes) -> Tensor:
    """Return the bytes of a storage as a row of numbers."""
    if len(data) != size(storage):
        raise ValueError("it is cut off")
    kind = KINDS[storage.kind]
    return torch.frombuffer(bytearray(data), dtype=kind) if data else torch.empty(0, dtype=kind)


def size(storage: Storage) -> int:
    """Return how many bytes a storage takes."""
    if storage.kind not in KINDS:
        raise ValueError(f"it holds a {storage.kind}, which no net has")
    return storage.length * KINDS[storage.kind].itemsize
