"""Stamps: read back as written, never from what is not ours, and fresh only for the same photo and settings."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handseg_cli.errors import ImageError
from handseg_cli.io import jpeg, png
from handseg_cli.predict.stamps import Source, Stamp, is_fresh, look, parse_stamp, read_stable, read_stamp

STAMP = Stamp("mask", "0123456789abcdef", {"threshold": 0.1, "crf": False}, Source(10, 20, "aa"))
WORDS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.floats(0, 1), st.integers(0), st.integers(), st.text())
def test_a_stamp_is_read_as_it_was_written(threshold: float, size: int, mtime_ns: int, model: str) -> None:
    stamp = Stamp("cutout", model, {"threshold": threshold, "size": 384}, Source(size, mtime_ns, "f" * 32))
    assert parse_stamp(str(stamp)) == stamp


@given(st.text() | WORDS.map(json.dumps) | st.text().map(lambda text: str(STAMP)[: len(text)]))
def test_what_is_no_stamp_is_none(text: str) -> None:
    assert parse_stamp(text) is None


@pytest.mark.parametrize("size", ["Infinity", "NaN", "null", "[]", '"many"'])
def test_a_stamp_with_a_senseless_number_is_none(size: str) -> None:
    assert parse_stamp(str(STAMP).replace('"size":10', f'"size":{size}')) is None


def test_stamps_are_found_in_png_and_jpeg(tmp_path: Path) -> None:
    (tmp_path / "a.jpg.png").write_bytes(png.encode_grey(np.zeros((4, 4), np.uint8), 1, {"handseg": str(STAMP)}))
    (tmp_path / "a.jpg.overlay.jpg").write_bytes(jpeg.encode(np.zeros((4, 4, 3), np.uint8), f"handseg {STAMP}"))
    assert read_stamp(tmp_path / "a.jpg.png") == STAMP
    assert read_stamp(tmp_path / "a.jpg.overlay.jpg") == STAMP
    assert read_stamp(tmp_path / "gone.png") is None


@pytest.mark.parametrize(
    ("wanted", "fresh"),
    [
        (STAMP, True),
        (replace(STAMP, input=Source(10, 20, "")), True),
        (replace(STAMP, input=Source(10, 99, "aa")), True),
        (replace(STAMP, input=Source(10, 99, "bb")), False),
        (replace(STAMP, input=Source(11, 20, "bb")), False),
        (replace(STAMP, model="other"), False),
        (replace(STAMP, kind="probability"), False),
        (replace(STAMP, settings={"threshold": 0.2, "crf": False}), False),
    ],
)
def test_fresh_is_the_same_photo_model_and_settings(wanted: Stamp, fresh: bool) -> None:
    assert is_fresh(STAMP, wanted) is fresh


def test_a_photo_is_known_by_size_time_and_content(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"photo")
    os.utime(path, ns=(1, 123456789))
    assert look(path) == Source(5, 123456789, "")
    data, source = read_stable(path)
    assert (data, source.size, source.mtime_ns, len(source.hash)) == (b"photo", 5, 123456789, 64)
    with pytest.raises(ImageError, match="does not exist"):
        look(tmp_path / "gone.jpg")
