"""The contact sheet of training pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handseg_cli.about.augmented import drawn, rows_of, write_augmented
from handseg_cli.about.show import show
from handseg_cli.config import PrepareConfig, ShowConfig
from handseg_cli.datasets.prepare import prepare
from handseg_cli.errors import ConfigError, OutputError
from handseg_cli.loading.recipe import Recipe
from handseg_cli.loading.transforms import steps
from handseg_cli.sample import Sample
from tests.tiny import folder as tiny


@pytest.fixture
def file(tmp_path: Path) -> Path:
    tiny.build(tmp_path / "raw")
    prepare(PrepareConfig(("folder",), raw=tmp_path / "raw", output=tmp_path, workers=1, quiet=True))
    return tmp_path / "folder.h5"


def test_show_writes_the_sheet(file: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    said = show(ShowConfig(str(file), sheet=sheet, augmented=True, cutouts=tmp_path / "raw"))
    assert f"{sheet}, 6 photos" in said
    with Image.open(sheet) as picture:
        assert picture.width > 6 * 256
        assert picture.height > 15 * 256


def test_every_step_has_a_row_and_does_something(file: Path) -> None:
    sample = Sample(
        "a", np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8), np.eye(90, 120, dtype=np.uint8)
    )
    recipe = Recipe(64)
    rows = rows_of([sample], recipe)
    assert set(steps(recipe)) < set(rows)
    (plain,) = rows["whole"]
    assert not [name for name in steps(recipe) if np.array_equal(rows[name][0].image, plain.image)]


def test_the_sheet_is_the_same_every_time(file: Path, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_augmented(file, tmp_path / name, Recipe(64))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_what_is_not_judged_is_dark_and_the_picture_itself_stays() -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30], mask[:, 35:] = 1, 255
    image = np.full((40, 40, 3), 200, np.uint8)
    picture = drawn(Sample("a", image, mask))
    assert picture[:, 35:].max() < 100
    assert (picture[20, 20] == 200).all()
    assert (picture[10, 10] != 200).any()
    assert (image == 200).all()


def test_wrong_options_are_refused(file: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--sheet"):
        ShowConfig(str(file), augmented=True)
    with pytest.raises(ConfigError, match="--augmented"):
        ShowConfig(str(file), sheet=tmp_path / "a.png", cutouts=tmp_path)
    with pytest.raises(OutputError, match=r"\.png"):
        write_augmented(file, tmp_path / "a.jpg", Recipe())


def test_arms_and_sides_are_outlined_where_they_are_known() -> None:
    sides, arms, image = np.zeros((40, 60), np.uint8), np.zeros((40, 60), np.uint8), np.full((40, 60, 3), 90, np.uint8)
    sides[10:30, 5:20], sides[10:30, 40:55] = 1, 2
    arms[10:30, 22:38] = 255
    mask = (sides > 0).astype(np.uint8)
    told, untold = drawn(Sample("a", image, mask, sides, arms=arms)), drawn(Sample("a", image, mask))
    left, arm, right = (told[20, column].tolist() for column in (5, 22, 40))
    assert left != right != arm != left
    assert (untold[20, 5] == untold[20, 40]).all()
    assert (untold[20, 22] == 90).all()
