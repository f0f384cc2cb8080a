from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handseg_cli.datasets.raw import find_root, list_pairs, list_photos, read_image, read_levels
from handseg_cli.errors import DatasetError, ImageError

SIZE = (4, 6)


def grey(values: list[int], mode: str = "L") -> Image.Image:
    """Make a picture of 4 x 6 pixels whose columns go through the values."""
    row = np.resize(np.array(values, np.uint8), SIZE[1])
    return Image.fromarray(np.tile(row, (SIZE[0], 1))).convert(mode)


def row_of(path: Path, *, indices: bool = False) -> list[int]:
    values: list[int] = read_levels(path, "hof", SIZE, indices=indices).values[0].tolist()
    return values


def mask_of(picture: Image.Image, path: Path, least: int | None = None, kind: str = "PNG") -> list[int]:
    picture.save(path, kind)
    row: list[int] = read_levels(path, "hof", SIZE).mask(least)[0].tolist()
    return row


@pytest.mark.parametrize("values", [[0, 255], [0, 1], [0, 38], [7, 200]])
def test_of_two_values_the_brighter_is_hand(tmp_path: Path, values: list[int]) -> None:
    assert mask_of(grey(values), tmp_path / "a.png") == [0, 255] * 3


def test_of_many_values_those_from_128_on_are_hand(tmp_path: Path) -> None:
    assert mask_of(grey([0, 37, 127, 128, 216, 255]), tmp_path / "a.png") == [0, 0, 0, 255, 255, 255]


def test_an_empty_mask_is_empty_and_a_full_one_full(tmp_path: Path) -> None:
    assert mask_of(grey([0]), tmp_path / "a.png") == [0] * 6
    assert mask_of(grey([255]), tmp_path / "b.png") == [255] * 6


def test_a_dataset_may_set_its_own_border(tmp_path: Path) -> None:
    assert mask_of(grey([0, 19, 20, 100, 200, 255]), tmp_path / "a.png", 20) == [0, 0, 255, 255, 255, 255]


def test_the_noise_of_a_jpeg_is_no_hand_whatever_its_name(tmp_path: Path) -> None:
    picture = Image.fromarray(np.tile(np.array([0, 0, 0, 255, 255, 255], np.uint8), (4, 1)))
    assert mask_of(picture, tmp_path / "a.png", 20, "JPEG") == [0, 0, 0, 255, 255, 255]
    assert read_levels(tmp_path / "a.png", "hof", SIZE).lossy


def test_a_hand_of_any_colour_counts(tmp_path: Path) -> None:
    colours = np.zeros((*SIZE, 3), np.uint8)
    colours[:, 1], colours[:, 3], colours[:, 5] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    assert mask_of(Image.fromarray(colours), tmp_path / "a.png") == [0, 255] * 3


def test_what_is_transparent_is_no_hand(tmp_path: Path) -> None:
    colours = np.full((*SIZE, 4), 255, np.uint8)
    colours[:, ::2, 3] = 0
    assert mask_of(Image.fromarray(colours), tmp_path / "a.png") == [0, 255] * 3


@pytest.mark.parametrize("mode", ["1", "LA", "RGB", "RGBA", "I;16"])
def test_a_mask_may_be_of_any_mode(tmp_path: Path, mode: str) -> None:
    picture = grey([0, 255]) if mode == "I;16" else grey([0, 255], mode)
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)
    assert mask_of(picture, tmp_path / "a.png") == [0, 255] * 3


def test_a_palette_is_read_by_colour_or_by_number(tmp_path: Path) -> None:
    picture = Image.fromarray(np.tile(np.array([0, 1], np.uint8), (4, 3)))
    picture.putpalette([0, 0, 0, 1, 1, 1])
    picture.save(tmp_path / "dark.png")
    picture.putpalette([0, 0, 0, 128, 0, 0])
    picture.save(tmp_path / "red.png")
    assert row_of(tmp_path / "dark.png", indices=True) == row_of(tmp_path / "red.png", indices=True) == [0, 1] * 3
    assert row_of(tmp_path / "red.png") == [0, 128] * 3


def test_a_mask_at_another_scale_is_fitted_to_its_photo(tmp_path: Path) -> None:
    grey([0, 255]).save(tmp_path / "a.png")
    mask = read_levels(tmp_path / "a.png", "hof", (8, 12)).mask()
    assert mask[0].tolist() == [0, 0, 255, 255] * 3


def test_a_mask_of_another_shape_is_refused(tmp_path: Path) -> None:
    grey([0, 255]).save(tmp_path / "a.png")
    with pytest.raises(DatasetError, match=r"a\.png: has 6 x 4 pixels and its photo 4 x 6"):
        read_levels(tmp_path / "a.png", "hof", (6, 4))


def test_a_mask_cut_short_is_refused_by_name(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 60), np.uint8)).save(stream, "PNG")
    (tmp_path / "a.png").write_bytes(stream.getvalue()[:-900])
    with pytest.raises(ImageError, match=r"a\.png: its PNG data is damaged"):
        read_levels(tmp_path / "a.png", "hof", (40, 60))


def test_a_gif_named_jpg_is_read_by_what_it_is(tmp_path: Path) -> None:
    Image.new("RGB", (6, 4), (200, 0, 0)).save(tmp_path / "216.jpg", "GIF")
    assert read_image(tmp_path / "216.jpg", "hof")[0, 0].tolist() == [200, 0, 0]


def test_a_missing_photo_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"a\.jpg: is missing; run `handseg download hof` again"):
        read_image(tmp_path / "a.jpg", "hof")


def test_photos_are_listed_as_text_is_sorted(tmp_path: Path) -> None:
    for name in ("2.jpg", "10.jpg", "1.jpg", "100.JPG", ".DS_Store", "._1.jpg", "Thumbs.db"):
        (tmp_path / name).touch()
    assert list_photos(tmp_path, "hof") == ["1.jpg", "10.jpg", "100.JPG", "2.jpg"]


def test_a_mask_without_photo_keeps_its_place(tmp_path: Path) -> None:
    for name in ("photos/1.jpg", "photos/3.jpg", "masks/1.png", "masks/2.png", "masks/3.png", "masks/.DS_Store"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    pairs = list_pairs(tmp_path / "photos", tmp_path / "masks", "hof")
    assert [(photo.name, mask.name) for photo, mask in pairs] == [(f"{n}.jpg", f"{n}.png") for n in (1, 2, 3)]


def test_the_root_may_lie_in_any_of_its_places(tmp_path: Path) -> None:
    (tmp_path / "a" / "b" / "mark").mkdir(parents=True)
    for raw in (tmp_path, tmp_path / "a", tmp_path / "a" / "b"):
        assert find_root(raw, ("a/b", "b"), ("other", "mark"), "hof") == tmp_path / "a" / "b"
    with pytest.raises(DatasetError, match="mark: is missing"):
        find_root(tmp_path / "c", ("a/b",), ("mark",), "hof")


def test_what_the_system_refuses_is_explained(tmp_path: Path) -> None:
    (tmp_path / "photos").touch()
    (tmp_path / "a.jpg").mkdir()
    with pytest.raises(DatasetError, match=r"photos: cannot be read \(Not a directory\); check"):
        list_photos(tmp_path / "photos", "hof")
    with pytest.raises(DatasetError, match=r"a\.jpg: is a folder"):
        read_image(tmp_path / "a.jpg", "hof")
    with pytest.raises(DatasetError, match=r"cannot be read \(File name too long\)"):
        read_image(tmp_path / ("a" * 300), "hof")
