"""Reads mutated photos of all formats with `read_photo` and prints what became of them.

Every mutant is read in a child process under a time limit, so that a crash of a decoder or an endless loop is seen
and not suffered. `python data_scripts/fuzz_images.py --count 2000 --seed 0`; the exit code is 1 after any crash,
any text on standard error, or any photo that takes more than the limit.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import random
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from handseg_cli.errors import ImageError
from handseg_cli.io.images import read_photo, sniff

LIMIT_S = 10.0
MAX_PIXELS = 100_000_000

# How formats write a width.
FIELDS: tuple[tuple[int, Literal["big", "little"]], ...] = ((2, "big"), (2, "little"), (4, "big"), (4, "little"))

Mutation = Callable[[bytearray, random.Random], None]


def photos() -> dict[str, bytes]:
    """Generate one small photo for each format and mode."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (9, 12, 3), np.uint8)
    rgb = Image.fromarray(noise).resize((160, 120), Image.Resampling.BICUBIC)
    rgba = rgb.convert("RGBA")
    rgba.putalpha(rgb.convert("L"))
    deep = Image.fromarray(rng.integers(0, 65536, (60, 80), np.uint16))
    real = Image.fromarray(rng.random((60, 80), np.float32))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "maker"
    second = rgb.rotate(180)
    made = {
        "jpeg": _save(rgb, "JPEG", exif=exif),
        "jpeg grey": _save(rgb.convert("L"), "JPEG"),
        "jpeg cmyk": _save(rgb.convert("CMYK"), "JPEG"),
        "jpeg progressive": _save(rgb, "JPEG", progressive=True, icc_profile=bytes(3000), comment=b"hello"),
        "mpo": _save(rgb, "MPO", save_all=True, append_images=[second]),
        "png": _save(rgb, "PNG", exif=exif),
        "png 1": _save(rgb.convert("1"), "PNG"),
        "png la": _save(rgba.convert("LA"), "PNG"),
        "png palette": _save(rgb.convert("P"), "PNG", transparency=bytes(range(0, 256, 2))),
        "png rgba": _save(rgba, "PNG", icc_profile=bytes(3000)),
        "png 16": _save(deep, "PNG"),
        "apng": _save(rgb, "PNG", save_all=True, append_images=[second]),
        "webp": _save(rgb, "WEBP", exif=exif),
        "webp lossless": _save(rgba, "WEBP", lossless=True),
        "webp animated": _save(rgb, "WEBP", save_all=True, append_images=[second]),
        "tiff": _save(rgb, "TIFF", exif=exif),
        "tiff 16": _save(deep, "TIFF"),
        "tiff float": _save(real, "TIFF"),
        "tiff cmyk": _save(rgb.convert("CMYK"), "TIFF", compression="tiff_lzw"),
        "tiff jpeg": _save(rgb, "TIFF", compression="jpeg"),
        "tiff deflate": _save(rgba, "TIFF", compression="tiff_deflate"),
        "tiff fax": _save(rgb.convert("1"), "TIFF", compression="group4"),
        "tiff big": _save(rgb, "TIFF", big_tiff=True),
        "bmp": _save(rgb, "BMP"),
        "bmp palette": _save(rgb.convert("P"), "BMP"),
        "gif": _save(rgb, "GIF"),
        "gif animated": _save(rgb, "GIF", save_all=True, append_images=[second], transparency=3),
        "avif": _save(rgb, "AVIF", speed=10),
    }
    return made | _heic(rgb)


def _save(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _heic(image: Image.Image) -> dict[str, bytes]:
    try:
        import pillow_heif
    except ImportError:
        return {}
    stream = io.BytesIO()
    pillow_heif.from_pillow(image).save(stream)
    return {"heic": stream.getvalue()}


def flip_bits(data: bytearray, rng: random.Random) -> None:
    """Flip 1 to 32 bits anywhere."""
    for _ in range(2 ** rng.randrange(6)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def spoil_header(data: bytearray, rng: random.Random) -> None:
    """Set 1 to 8 of the bytes after the magic ones to extreme values."""
    for _ in range(2 ** rng.randrange(4)):
        data[rng.randrange(4, min(len(data), 400))] = rng.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF, rng.randrange(256)))


def truncate(data: bytearray, rng: random.Random) -> None:
    """Cut the end off, anywhere."""
    del data[rng.randrange(len(data)) :]


def swap_segments(data: bytearray, rng: random.Random) -> None:
    """Let two stretches after the magic bytes change places."""
    a, b, c, d = sorted(rng.randrange(4, len(data)) for _ in range(4))
    data[:] = data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def repeat_segment(data: bytearray, rng: random.Random) -> None:
    """Write one stretch up to 2,000 times."""
    at = rng.randrange(4, len(data))
    piece = data[at : at + 2 ** rng.randrange(1, 11)]
    data[at:at] = piece * rng.choice((1, 10, 100, 2000))


def blank_segment(data: bytearray, rng: random.Random) -> None:
    """Fill a stretch with one byte."""
    at, length = rng.randrange(4, len(data)), 2 ** rng.randrange(1, 11)
    data[at : at + length] = bytes([rng.choice((0, 0xFF, 0x80))]) * len(data[at : at + length])


def claim_size(data: bytearray, rng: random.Random) -> None:
    """Claim a huge size wherever the true width or height may stand."""
    huge = rng.choice((0, 1, 9_000, 16_383, 30_000, 65_535, 2**31 - 1, 2**32 - 1))
    for side in (160, 120, 80, 60):
        for length, order in FIELDS:
            at = bytes(data[:400]).find(side.to_bytes(length, order))
            if at >= 0 and rng.random() < 0.6:
                data[at : at + length] = min(huge, 256**length - 1).to_bytes(length, order)


def take_other_magic(data: bytearray, rng: random.Random) -> None:
    """Begin as another format does."""
    magics = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8 ", b"II*\0", b"MM\0*", b"II+\0", b"GIF89a")
    magic = rng.choice((*magics, b"BM", b"\0\0\0\x18ftypavif\0\0\0\0mif1", b"\0\0\0\x18ftypheic\0\0\0\0mif1"))
    data[: len(magic)] = magic


def repair_checksums(data: bytearray) -> None:
    """Make the checksums of a PNG's chunks right, lest they catch every mutation before the decoder sees it."""
    at = 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        data[end : end + 4] = zlib.crc32(data[at + 4 : end]).to_bytes(4, "big") if end + 4 <= len(data) else b""
        at = end + 4


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits,
    spoil_header,
    truncate,
    swap_segments,
    repeat_segment,
    blank_segment,
    claim_size,
    take_other_magic,
)


def mutant(seeds: dict[str, bytes], seed: int, index: int) -> tuple[str, str, bytes]:
    """Make one photo and one mutation of it: its format, the mutation's name, the bytes."""
    rng = random.Random(f"{seed} {index}")
    name = sorted(seeds)[index % len(seeds)]
    data = bytearray(seeds[name])
    mutate = MUTATIONS[index // len(seeds) % len(MUTATIONS)]
    mutate(data, rng)
    if "png" in name:
        repair_checksums(data)
    return name, mutate.__name__, bytes(data)


def serve(pipe: Connection, errors: str) -> None:
    """Read the photos that come through a pipe, and answer with what became of each."""
    os.dup2(os.open(errors, os.O_WRONLY | os.O_APPEND), 2)
    while True:
        data, pixels = pipe.recv()
        try:
            photo = read_photo(data, "mutant", max_pixels=MAX_PIXELS, pixels=pixels)
            height, width = photo.size if pixels is None else photo.image.shape[:2]
            sound = photo.image.dtype == np.uint8 and photo.image.shape == (height, width, 3) and height * width > 0
            pipe.send("read" if sound else "crash: shape")
        except ImageError as error:
            pipe.send(f"refused: {type(error.__cause__).__name__}")
        except BaseException as error:
            pipe.send(f"crash: {type(error).__name__}: {error}")


class Reader:
    """A child process that reads photos, replaced when it dies or hangs."""

    def __init__(self, errors: str) -> None:
        self.errors = errors
        self._start()

    def _start(self) -> None:
        self.pipe, there = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=serve, args=(there, self.errors), daemon=True)
        self.process.start()
        there.close()

    def read(self, data: bytes, pixels: int | None) -> str:
        """Tell what became of a photo."""
        self.pipe.send((data, pixels))
        try:
            if self.pipe.poll(LIMIT_S):
                return str(self.pipe.recv())
            outcome = "slow"
        except EOFError:
            outcome = "crash: the process died"
        self.process.kill()
        self.process.join()
        self._start()
        return outcome


def main() -> int:
    """Print a table of outcomes, and each photo that crashed or was slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="write the photos that crashed or were slow to this folder")
    options = parser.parse_args()
    seeds = photos()
    outcomes: Counter[tuple[str, str]] = Counter()
    slowest, failures = (0.0, ""), 0
    with tempfile.NamedTemporaryFile() as errors:
        reader = Reader(errors.name)
        for index in range(options.count):
            name, mutation, data = mutant(seeds, options.seed, index)
            started = time.perf_counter()
            outcome = reader.read(data, (None, 147_456, 1000)[index % 3])
            slowest = max(slowest, (time.perf_counter() - started, f"{index} {name} {mutation}"))
            outcomes[name, outcome.partition(":")[0]] += 1
            outcomes["all", outcome] += 1
            if outcome.startswith(("crash", "slow")):
                failures += 1
                print(f"{index} {name} {mutation} ({sniff(data[:64])}, {len(data)} bytes): {outcome}")
                if options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / f"{options.seed}-{index}").write_bytes(data)
        said = Path(errors.name).read_bytes()
    report(outcomes, seeds)
    print(f"slowest: {slowest[0]:.2f} s ({slowest[1]}); on standard error: {len(said)} bytes {said[:300]!r}")
    return 1 if failures or said else 0


def report(outcomes: Counter[tuple[str, str]], seeds: dict[str, bytes]) -> None:
    """Print how many photos of each format were read, refused, crashed or slow, and why they were refused."""
    print(f"{'':20}{'read':>8}{'refused':>8}{'crash':>8}{'slow':>8}")
    for name in sorted(seeds):
        print(f"{name:20}" + "".join(f"{outcomes[name, what]:8}" for what in ("read", "refused", "crash", "slow")))
    for (name, outcome), count in outcomes.most_common():
        if name == "all":
            print(f"{count:8} {outcome}")


if __name__ == "__main__":
    sys.exit(main())
