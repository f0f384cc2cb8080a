"""What cameras note is read where it makes sense, and garbage is none."""

from __future__ import annotations

import io
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from handseg_cli.io.exif import read_focal, read_orientation
from handseg_cli.io.images import read_photo

STARTS = [b"", b"II*\0", b"MM\0*", b"II*\0\x08\0\0\0\xff\xff"]


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_is_found_in_both_byte_orders(order: str) -> None:
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "IH", 8, 2)
    tags = struct.pack(order + "HHIHH", 0x0110, 3, 1, 5, 0) + struct.pack(order + "HHIHH", 0x0112, 3, 1, 7, 0)
    assert read_orientation(b"Exif\0\0" + start + tags) == read_orientation(start + tags) == 7
    assert read_orientation(start + tags.replace(struct.pack(order + "H", 7), struct.pack(order + "H", 9))) == 1


@given(st.binary(max_size=80), st.sampled_from(STARTS))
def test_orientation_of_garbage_is_1_to_8(garbage: bytes, start: bytes) -> None:
    assert 1 <= read_orientation(start + garbage) <= 8


@given(st.binary(max_size=80), st.sampled_from(STARTS))
def test_a_focal_length_of_garbage_is_none_or_some(garbage: bytes, start: bytes) -> None:
    assert 0 <= read_focal(start + garbage, (300, 400)) < math.inf


def noted(**notes: int) -> bytes:
    """Return the EXIF, as Pillow writes it, of a camera that notes a focal length as on film, and perhaps a size."""
    exif = Image.Exif()
    names = {"focal": 0xA405, "width": 0xA002, "height": 0xA003}
    exif.get_ifd(0x8769).update({names[name]: value for name, value in notes.items()})
    return exif.tobytes()


def test_a_lens_as_long_as_the_films_diagonal_sees_so_many_pixels() -> None:
    # 43.27 mm; one of 27, as phones have, is as much shorter.
    assert read_focal(noted(focal=27), (3000, 4000)) == pytest.approx(5000 * 27 / 43.267, rel=1e-4)
    assert read_focal(noted(focal=27), (4000, 3000)) == read_focal(noted(focal=27), (3000, 4000))


def test_a_photo_that_was_scaled_keeps_its_view_and_one_that_was_cropped_has_none() -> None:
    notes = noted(focal=27, width=4000, height=3000)
    assert read_focal(notes, (768, 1024)) == pytest.approx(1280 * 27 / 43.267, rel=1e-4)
    assert read_focal(notes, (1000, 1000)) == 0


def test_a_photo_knows_the_focal_length_at_its_full_size() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (800, 600)).save(stream, "jpeg", exif=noted(focal=27))
    photo = read_photo(stream.getvalue(), "a.jpg", max_pixels=10**6, pixels=1000)
    assert photo.image.shape[1] == 100
    assert photo.focal == pytest.approx(1000 * 27 / 43.267, rel=1e-4)


def test_a_photo_without_notes_has_no_focal_length() -> None:
    assert read_focal(b"", (3, 4)) == read_focal(noted(width=4, height=3), (3, 4)) == 0
