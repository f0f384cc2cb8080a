from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from handseg_cli.errors import OutputError
from handseg_cli.io.jpeg import HEAD, comment_of, encode, stripped


def picture() -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    y, x = np.mgrid[0:40, 0:60]
    return np.stack([x * 4, y * 6, x + y], -1).astype(np.uint8)


def test_photo_comes_back_nearly_the_same() -> None:
    decoded = np.asarray(Image.open(io.BytesIO(encode(picture()))))
    assert np.abs(decoded.astype(int) - picture()).max() < 12


def test_thin_coloured_lines_stay_crisp() -> None:
    lines = np.zeros((40, 60, 3), np.uint8)
    lines[::4] = (0, 255, 200)
    decoded = np.asarray(Image.open(io.BytesIO(encode(lines)))).astype(int)
    assert np.abs(decoded - lines).mean() < 5


def test_lower_quality_makes_a_smaller_file() -> None:
    assert len(encode(picture(), quality=30)) < len(encode(picture(), quality=95))


@given(st.text(max_size=300))
def test_comments_come_back(comment: str) -> None:
    comment = comment.encode(errors="ignore").decode()
    assert comment_of(encode(picture(), comment)) == comment


def test_long_comment_is_cut_and_all_of_it_in_the_head() -> None:
    assert comment_of(encode(picture(), "a" * 100_000)[:HEAD]) == "a" * 65_000


def test_comment_is_what_other_programs_read() -> None:
    assert Image.open(io.BytesIO(encode(picture(), "handseg {}"))).info["comment"] == b"handseg {}"


@given(st.binary(max_size=100), st.booleans())
def test_comment_of_garbage_is_text(data: bytes, begins_as_jpeg: bool) -> None:
    assert isinstance(comment_of((b"\xff\xd8\xff" if begins_as_jpeg else b"") + data), str)


def test_files_without_a_comment_have_none() -> None:
    png = io.BytesIO()
    Image.new("L", (3, 3)).save(png, "png")
    assert [comment_of(data) for data in (encode(picture()), png.getvalue(), b"")] == [""] * 3


def photo(mode: str = "RGB", **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture()).convert(mode).save(stream, "JPEG", **options)
    return stream.getvalue()


def noted(**options: Any) -> bytes:
    """Return a photo with the place where it was taken, a comment, a colour profile and a second photo at its end."""
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "Acme Camera"
    return photo(exif=exif, comment=b"my flat", icc_profile=b"profile" * 20_000, **options) + photo() + b"trailer"


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"optimize": True}])
def test_a_stripped_photo_has_its_pixels_and_no_notes(options: dict[str, Any]) -> None:
    data = stripped(noted(**options))
    assert data == photo(**options)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_what_colours_depend_on_stays(mode: str) -> None:
    assert stripped(photo(mode, comment=b"x")) == photo(mode)


def test_previews_and_filled_bytes_go() -> None:
    whole = photo()
    preview = b"\xff\xe0\0\x10JFXX\0" + bytes(9)
    assert stripped(whole[:20] + preview + b"\xff\xff" + whole[20:]) == whole


@pytest.mark.parametrize("cut", [0, 1, 2, 10, 25, 300, -1, -2])
def test_a_photo_that_is_cut_off_is_not_stripped(cut: int) -> None:
    assert stripped(photo()[:cut]) is None


@given(st.integers(2, 1000), st.integers(0, 255))
def test_a_damaged_photo_is_stripped_to_something_shorter_or_not_at_all(at: int, value: int) -> None:
    data = bytearray(noted())
    data[at] = value
    assert len(stripped(bytes(data)) or b"") < len(data)


def test_side_that_jpeg_cannot_hold_is_refused() -> None:
    with pytest.raises(OutputError, match="--kind"):
        encode(np.zeros((1, 70_000, 3), np.uint8))
