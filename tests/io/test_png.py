from __future__ import annotations

import io
import struct
import zlib
from typing import Any, Literal

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from isal import isal_zlib
from numpy.typing import NDArray
from PIL import Image

from handseg_cli.io.png import HEAD, SIDE_COLOURS, encode_grey, encode_palette, encode_rgba, texts_of

Array = NDArray[Any]
SIDES = st.integers(1, 40)


def by_pillow(data: bytes) -> Array:
    return np.asarray(Image.open(io.BytesIO(data)))


def by_opencv(data: bytes) -> Array:
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    return np.asarray(decoded)


@given(st.tuples(SIDES, SIDES).flatmap(lambda shape: arrays(np.uint8, shape)))
def test_grey_decodes_exactly_in_pillow_and_opencv(picture: Array) -> None:
    data = encode_grey(picture)
    assert np.array_equal(by_pillow(data), picture)
    assert np.array_equal(by_opencv(data), picture)


@given(st.tuples(SIDES, SIDES).flatmap(lambda shape: arrays(np.bool_, shape)), st.sampled_from([1, 8]))
def test_masks_decode_exactly_in_pillow_and_opencv(hands: Array, bits: Literal[1, 8]) -> None:
    mask = np.where(hands, np.uint8(255), np.uint8(0))
    data = encode_grey(mask, bits)
    assert np.array_equal(by_pillow(data), hands if bits == 1 else mask)
    assert np.array_equal(by_opencv(data), mask)


@given(st.tuples(SIDES, SIDES).flatmap(lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 3))))
@settings(max_examples=50)
def test_a_palette_keeps_the_numbers_and_shows_their_colours(numbers: Array) -> None:
    data = encode_palette(numbers, SIDE_COLOURS, {"handseg": "a"})
    assert np.array_equal(by_pillow(data), numbers)
    assert np.array_equal(by_opencv(data)[..., ::-1], np.array(SIDE_COLOURS)[numbers])
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.info["handseg"] == "a"


@given(st.tuples(SIDES, SIDES).flatmap(lambda shape: arrays(np.uint8, (*shape, 4))))
@settings(max_examples=50)
def test_rgba_decodes_exactly_in_pillow_and_opencv(picture: Array) -> None:
    data = encode_rgba(picture)
    assert np.array_equal(by_pillow(data), picture)
    assert np.array_equal(by_opencv(data), picture[..., [2, 1, 0, 3]])


@pytest.mark.parametrize("shape", [(1, 1), (1, 4001), (4001, 1), (720, 1280)])
def test_large_and_thin_pictures_decode_exactly(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert np.array_equal(by_pillow(encode_grey(picture)), picture)
    assert np.array_equal(by_pillow(encode_grey(picture, smooth=True)), picture)
    assert np.array_equal(by_pillow(encode_grey(picture, 1)), picture > 127)
    assert np.array_equal(by_pillow(encode_rgba(np.dstack([picture] * 4))), np.dstack([picture] * 4))


def test_views_of_larger_arrays_are_encoded() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 4), np.uint8)
    assert np.array_equal(by_pillow(encode_grey(picture[::2, ::-1, 1])), picture[::2, ::-1, 1])
    assert np.array_equal(by_pillow(encode_rgba(picture[::2, ::-1])), picture[::2, ::-1])


def test_mask_is_grey_and_has_the_asked_bits() -> None:
    mask = np.zeros((9, 17), np.uint8)
    assert Image.open(io.BytesIO(encode_grey(mask))).mode == "L"
    assert Image.open(io.BytesIO(encode_grey(mask, 1))).mode == "1"


def test_soft_maps_and_masks_stay_small() -> None:
    y, x = np.mgrid[0:720, 0:1280]
    soft = (255 / (1 + np.exp((np.hypot(x - 640, y - 360) - 200) / 20))).astype(np.uint8)
    mask = np.where(soft > 127, np.uint8(255), np.uint8(0))
    assert len(encode_grey(mask)) < 6_000
    unfiltered = np.pad(soft, ((0, 0), (1, 0)))
    assert len(encode_grey(soft, smooth=True)) < 0.85 * len(isal_zlib.compress(unfiltered, 1))


def test_texts_come_back_before_the_pixels() -> None:
    data = encode_grey(np.zeros((3, 3), np.uint8), text={"handseg": '{"kind": "mask"}', "b": "é"})
    assert texts_of(data) == {"handseg": '{"kind": "mask"}', "b": "é"}
    assert Image.open(io.BytesIO(data)).info == {"handseg": '{"kind": "mask"}', "b": "é"}


def test_text_that_latin_1_cannot_hold_is_escaped() -> None:
    assert texts_of(encode_rgba(np.zeros((3, 3, 4), np.uint8), text={"name": "手\0"})) == {"name": "\\u624b"}


def test_texts_of_another_writer_are_read() -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Software", "someone's")
    stream = io.BytesIO()
    Image.new("L", (3, 3)).save(stream, "png", pnginfo=info)
    assert texts_of(stream.getvalue()) == {"Software": "someone's"}


@given(data=st.binary(max_size=200), cut=st.integers(0, 200), sound_start=st.booleans())
def test_text_of_garbage_is_read_without_an_error(data: bytes, cut: int, sound_start: bool) -> None:
    whole = encode_grey(np.zeros((3, 3), np.uint8), text={"handseg": "{}"})
    assert texts_of((whole[:cut] if sound_start else b"") + data) in ({}, {"handseg": "{}"})


def test_text_with_a_wrong_checksum_is_no_text() -> None:
    whole = bytearray(encode_grey(np.zeros((3, 3), np.uint8), text={"handseg": "{}"}))
    whole[whole.index(b"{}")] ^= 1
    assert texts_of(bytes(whole)) == {}


def test_huge_text_is_not_read() -> None:
    body = b"handseg\0" + bytes(1 << 20)
    chunk = struct.pack(">I", len(body)) + b"tEXt" + body + struct.pack(">I", zlib.crc32(b"tEXt" + body))
    whole = encode_grey(np.zeros((3, 3), np.uint8))
    assert texts_of((whole[:33] + chunk + whole[33:])[:HEAD]) == {}
