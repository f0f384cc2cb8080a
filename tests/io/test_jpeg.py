from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from handseg_cli.errors import OutputError
from handseg_cli.io.jpeg import encode, read_comment


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
    from tempfile import TemporaryDirectory

    comment = comment.encode(errors="ignore").decode()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.jpg"
        path.write_bytes(encode(picture(), comment))
        assert read_comment(path) == comment


def test_long_comment_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encode(picture(), "a" * 100_000))
    assert read_comment(path) == "a" * 65_000


def test_comment_is_what_other_programs_read() -> None:
    assert Image.open(io.BytesIO(encode(picture(), "handseg {}"))).info["comment"] == b"handseg {}"


@given(st.binary(max_size=100), st.booleans())
def test_comment_of_garbage_is_text(data: bytes, begins_as_jpeg: bool) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.jpg"
        path.write_bytes((b"\xff\xd8\xff" if begins_as_jpeg else b"") + data)
        assert isinstance(read_comment(path), str)


def test_files_without_a_comment_have_none(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(encode(picture()))
    Image.new("L", (3, 3)).save(tmp_path / "b.png")
    assert [read_comment(tmp_path / name) for name in ("a.jpg", "b.png", "gone.jpg", ".")] == [""] * 4


def test_side_that_jpeg_cannot_hold_is_refused() -> None:
    with pytest.raises(OutputError, match="--kind"):
        encode(np.zeros((1, 70_000, 3), np.uint8))
