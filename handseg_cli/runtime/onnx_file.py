"""ONNX files as bytes: bounded, refused if they point at other files, and their metadata without any runtime."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from handseg_cli.errors import CheckpointError

LIMIT = 1 << 30  # bytes; the embedded model has 8 MB
METADATA_FIELD = 14  # ModelProto.metadata_props in onnx.proto


def read_model(path: Path) -> bytes:
    """Read an ONNX file that keeps all its weights within itself."""
    data = read_bounded(path)
    # A weight outside the file is named under the key "location", eight bytes after their length. Were it followed,
    # a stranger's model could open any file of this machine; some runtimes go along with that.
    if b"\x08location" in data or b"\x00location" in data:
        raise CheckpointError(f"{path}: keeps weights in another file; export it again as one file")
    return data


def read_bounded(path: Path) -> bytes:
    """Read a whole file of weights, if it is a regular file of sensible size."""
    try:
        if not path.is_file():
            raise CheckpointError(f"{path}: there is no such file; give the path of an .onnx or .safetensors file")
        if path.stat().st_size > LIMIT:
            raise CheckpointError(f"{path}: is larger than {LIMIT >> 20} MiB, which no model of ours is")
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error


def metadata(data: bytes) -> dict[str, str]:
    """Read the metadata of an ONNX model; raise ValueError if the bytes are none."""
    pairs = (dict(fields(entry)) for number, entry in fields(data) if number == METADATA_FIELD)
    return {pair.get(1, b"").decode(): pair.get(2, b"").decode() for pair in pairs}


def fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Walk over a protobuf message and yield number and bytes of each length-delimited field (wire type 2)."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            _, at = varint(data, at)
            continue
        if kind not in (1, 2, 5):
            raise ValueError("no protobuf message")
        length, at = varint(data, at) if kind == 2 else (8 if kind == 1 else 4, at)
        if at + length > len(data):
            raise ValueError("cut short")
        if kind == 2:
            yield key >> 3, data[at : at + length]
        at += length


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Read a protobuf varint; return the number and where it ends."""
    value = 0
    for place, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("no protobuf message")
