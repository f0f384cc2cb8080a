"""What is said and drawn of a prepared file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from handseg_cli.about.prepared import prepared, write_sheet
from handseg_cli.errors import DatasetError, OutputError
from handseg_cli.io.encoded import Encoded, encode_jpeg
from handseg_cli.io.hdf5 import write
from handseg_cli.io.layout import Header
from handseg_cli.io.png import encode_grey

SIZE = (60, 80)


def sample(number: int) -> Encoded:
    mask = np.zeros(SIZE, np.uint8)
    mask[10:50, 20:60] = 255
    points = np.array([[40, 30], [-1e9, np.nan]], "<f4").tobytes()
    split = ("train", "test")[number % 2]
    png = encode_grey(mask, 1)
    photo = encode_jpeg(np.full((*SIZE, 3), 200, np.uint8))
    return Encoded(f"v/{number}", photo, SIZE, SIZE, png, points=points, group=f"v{number % 3}", split=split)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write(tmp_path / "a.h5", Header("fake", "hand", licence="CC0"), [sample(number) for number in range(10)])
    return tmp_path / "a.h5"


def test_counts_and_attributes_are_shown(file: Path) -> None:
    (row,) = prepared(file)
    assert row["samples"] == 10
    assert row["hands"] == "33.3% of the pixels, and none in 0 of 10 samples looked at"
    assert row["splits"] == {"train": "5 samples, 3 groups", "test": "5 samples, 3 groups"}
    assert row["holds"] == ["key", "group", "image", "mask", "points"]
    assert (row["dataset"], row["labels"], row["licence"]) == ("fake", "hand", "CC0")


def test_the_sheet_shows_every_hand_tinted(file: Path, tmp_path: Path) -> None:
    assert write_sheet(file, tmp_path / "sheet.png", count=6) == 6
    with Pillow.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    greens = (pixels[..., 1] - pixels[..., 0] > 40).mean()
    assert 0.1 < greens < 0.5


def test_a_sheet_is_a_png(file: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.png"):
        write_sheet(file, tmp_path / "sheet.jpg")


def test_another_file_is_told_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "b.h5").write_text("no")
    with pytest.raises(DatasetError, match="no prepared file"):
        prepared(tmp_path / "b.h5")
