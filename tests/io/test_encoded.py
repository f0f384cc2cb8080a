"""Samples as bytes: masks come back exactly, and nothing that is damaged or hostile is decoded."""

from __future__ import annotations

import hashlib
import io
import struct
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from handseg_cli.errors import DatasetError
from handseg_cli.io.encoded import (
    COLUMNS,
    Encoded,
    decode,
    decode_depth,
    decode_grey,
    decode_jpeg,
    digest_of,
    encode_depth,
    encode_jpeg,
    from_cells,
    has_many_scans,
)
from handseg_cli.io.png import encode_grey

SIZE = (24, 35)


def sample() -> Encoded:
    """Return a sample with all that a sample may have."""
    rng = np.random.default_rng(0)
    sides = rng.integers(0, 4, SIZE, dtype=np.uint8)
    return Encoded(
        key="film/ü",
        image=encode_jpeg(np.full((*SIZE, 3), 90, np.uint8)),
        size=SIZE,
        original=(720, 1280),
        mask=encode_grey((sides > 0).astype(np.uint8) * np.uint8(255), 1),
        sides=encode_grey(sides),
        parts=encode_grey(sides * np.uint8(11)),
        joints=rng.normal(size=(21, 3)).astype("<f4").tobytes(),
        points=rng.normal(size=(21, 2)).astype("<f4").tobytes(),
        valid=bytes([1, 0, 1]),
        camera=np.eye(3, dtype="<f4").tobytes(),
        depth=encode_depth(rng.uniform(200, 900, SIZE).astype(np.float32)),
        hands="both",
        group="film",
        split="val",
    )


def test_cells_hold_all_of_a_sample() -> None:
    assert from_cells(sample().cells()) == sample()


def test_a_sample_is_decoded() -> None:
    found = decode(sample())
    assert found.image.shape == (*SIZE, 3)
    assert found.mask is not None
    assert found.sides is not None
    assert found.parts is not None
    assert found.points is not None
    assert found.valid is not None
    assert found.camera is not None
    assert found.depth is not None
    assert np.array_equal(found.mask > 0, found.sides > 0)
    assert np.array_equal(found.parts, found.sides * 11)
    assert (found.points.shape, found.points.flags.writeable) == ((21, 2), True)
    assert list(found.valid) == [True, False, True]
    assert np.array_equal(found.camera, np.eye(3))
    assert found.depth.shape == SIZE
    assert found.depth.min() >= 200


def test_bytes_that_move_from_one_cell_to_the_next_change_the_digest() -> None:
    assert digest_of({"key": b"ab", "group": b"c"}) != digest_of({"key": b"a", "group": b"bc"})


def test_files_made_before_there_was_depth_keep_their_digest() -> None:
    cells = replace(sample(), depth=b"").cells()
    before = [cells[column.name] for column in COLUMNS if column.name != "depth"]
    told = b"".join(struct.pack("<Q", len(cell)) + cell for cell in before)
    assert digest_of(cells) == hashlib.sha256(told).digest()
    assert digest_of(sample().cells()) != digest_of(cells)


def test_a_photo_that_no_jpeg_can_hold_is_refused() -> None:
    with pytest.raises(DatasetError, match="--size"):
        encode_jpeg(np.zeros((1, 65_501, 3), np.uint8))


def jpeg(**how: Any) -> bytes:
    stream = io.BytesIO()
    photo = Pillow.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8))
    photo.save(stream, "JPEG", **how)
    return stream.getvalue()


@pytest.mark.parametrize(
    "how", [{}, {"progressive": True}, {"comment": b"x" * 999, "exif": b"Exif\0\0" + b"\xff\xda" * 200}]
)
def test_photos_of_cameras_are_decoded(how: dict[str, Any]) -> None:
    assert decode_jpeg(jpeg(**how), (40, 50)).shape == (40, 50, 3)


def test_scans_without_end_are_refused() -> None:
    data = jpeg(progressive=True)
    last = data.rindex(b"\xff\xda")
    many = data[:last] + data[last:-2] * 200 + data[-2:]
    assert has_many_scans(many)
    with pytest.raises(DatasetError, match="scans"):
        decode_jpeg(many, (40, 50))


def changed_cells() -> list[Encoded]:
    one = sample()
    photo = bytearray(one.image)
    photo[len(photo) // 2 :] = b""
    bomb = encode_grey(np.zeros((4000, 4000), np.uint8), 1)
    huge = bomb[:16] + struct.pack(">II", *one.size[::-1]) + bomb[24:]
    return [
        replace(one, image=b""),
        replace(one, image=bytes(photo)),
        replace(one, image=b"\xff\xd8\xff"),
        replace(one, image=encode_jpeg(np.zeros((9, 9, 3), np.uint8))),
        replace(one, size=(2**20, 2**20)),
        replace(one, size=(0, 5)),
        replace(one, mask=one.mask[:45]),
        replace(one, mask=bomb),
        replace(one, mask=huge),
        replace(one, sides=encode_grey(np.zeros(one.size, np.uint8), smooth=True)),
        replace(one, parts=b"no PNG"),
        replace(one, joints=bytes(8)),
        replace(one, camera=bytes(24)),
        replace(one, depth=one.parts),
        replace(one, depth=one.depth[:-40]),
        replace(one, mask=one.depth),
    ]


@pytest.mark.parametrize("which", range(16))
def test_cells_that_cannot_be_decoded_are_refused(which: int) -> None:
    with pytest.raises(DatasetError, match="prepare the dataset again"):
        decode(changed_cells()[which])


@pytest.mark.parametrize("bits", [1, 8])
@pytest.mark.parametrize("size", [(1, 1), (3, 8), (7, 9), (300, 513)])
def test_masks_come_back(bits: Any, size: tuple[int, int]) -> None:
    mask = np.random.default_rng(1).integers(0, 2, size, dtype=np.uint8) * np.uint8(255)
    assert np.array_equal(decode_grey(encode_grey(mask, bits), size), mask)


@pytest.mark.parametrize("size", [(1, 1), (3, 8), (300, 513)])
def test_depth_comes_back_to_a_tenth_of_a_millimetre(size: tuple[int, int]) -> None:
    depth = np.random.default_rng(2).uniform(0.1, 6500, size).astype(np.float32)
    data = encode_depth(depth)
    assert np.abs(decode_depth(data, size) - depth).max() <= 0.0505
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    assert np.array_equal(picture, np.round(decode_depth(data, size) * 10))


def test_nothing_is_no_depth_and_what_is_far_is_as_far_as_can_be_told() -> None:
    depth = np.array([[np.inf, 1e9, 6553.5, 100, np.nan]], np.float32)
    assert decode_depth(encode_depth(depth), (1, 5)).tolist() == [[np.inf, 6553.5, 6553.5, 100, np.inf]]
