from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handseg_cli.datasets.folder import Folder
from handseg_cli.errors import DatasetError, ImageError
from tests.tiny import folder as tiny


def photo(path: Path, size: tuple[int, int] = (20, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size[::-1], "salmon").save(path)
    return path


def mask(path: Path, size: tuple[int, int] = (20, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(size, 255, np.uint8)).save(path)
    return path


def keys(folder: Path) -> list[str]:
    return [entry.key for entry in Folder().find(folder)]


def failure(folder: Path) -> str:
    """Return what the first sample that cannot be read says."""
    for entry in Folder().find(folder):
        try:
            Folder().read(entry)
        except (DatasetError, ImageError) as error:
            return str(error)
    return ""


def test_masks_of_every_tool_show_the_same_hands(whole: Path) -> None:
    rng = np.random.default_rng(0)
    samples = [Folder().read(entry) for entry in Folder().find(whole)]
    assert [sample.key for sample in samples] == ["anna/00", "anna/01", "ben/02", "ben/03", "cleo/04", "cleo/05"]
    assert [sample.group for sample in samples] == ["anna", "anna", "ben", "ben", "cleo", "cleo"]
    for sample in samples:
        _, hand = tiny.scene(rng)
        assert sample.mask is not None
        np.testing.assert_array_equal(sample.mask, hand * np.uint8(255))


def test_masks_of_predict_are_found_beside_their_photos(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    mask(tmp_path / "a.jpg.png")
    photo(tmp_path / "a.jpg.overlay.jpg")
    photo(tmp_path / "a.jpg.probability.png")
    photo(tmp_path / "p" / "b.png")
    mask(tmp_path / "p" / "b.png.png")
    photo(tmp_path / "p" / "not yet labelled.jpg")
    assert keys(tmp_path) == ["a", "p/b"]
    assert [Folder().read(entry).group for entry in Folder().find(tmp_path)] == ["a", "p"]


def test_folders_of_splits_are_splits_and_no_groups(tmp_path: Path) -> None:
    for name in ("train/images/p/a", "valid/images/b", "images/Test/q/c", "images/training day/d"):
        photo(tmp_path / f"{name}.jpg")
        mask(tmp_path / f"{name.replace('images', 'masks')}.png")
    found = {entry.key: (entry.split, entry.group) for entry in Folder().find(tmp_path)}
    expected = {"train/p/a": ("train", "p"), "valid/b": ("val", "valid/b"), "Test/q/c": ("test", "q")}
    assert found == {**expected, "training day/d": ("", "training day")}


def test_a_photo_without_mask_fails_alone_and_says_where_to_put_it(tmp_path: Path) -> None:
    photo(tmp_path / "images" / "a.jpg")
    photo(tmp_path / "images" / "b.jpg")
    mask(tmp_path / "masks" / "b.png")
    assert keys(tmp_path) == ["a", "b"]
    assert failure(tmp_path) == (
        f"{tmp_path}/images/a.jpg: has no mask; put a.png or a.jpg.png into {tmp_path}/masks, or remove the photo"
    )


def test_photos_of_one_stem_need_masks_of_their_own(tmp_path: Path) -> None:
    photo(tmp_path / "images" / "a.jpg")
    photo(tmp_path / "images" / "a.png")
    mask(tmp_path / "masks" / "a.png")
    with pytest.raises(DatasetError, match="no mask of any"):
        keys(tmp_path)
    mask(tmp_path / "masks" / "a.jpg.png")
    assert keys(tmp_path) == ["a.jpg", "a.png"]
    assert "images/a.png: shares its stem with another photo; name its mask a.png.png" in failure(tmp_path)
    mask(tmp_path / "masks" / "a.png.png")
    assert failure(tmp_path) == ""


def test_two_masks_for_a_photo_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        photo(tmp_path / "images" / f"{name}.jpg")
        mask(tmp_path / "masks" / f"{name}.png")
    mask(tmp_path / "masks" / "b.bmp")
    assert "has several masks" in failure(tmp_path)
    assert "b.bmp, b.png" in failure(tmp_path)


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    photo(tmp_path / "images" / "a.jpg")
    mask(tmp_path / "masks" / "a.png", (30, 20))
    assert "is for 20 x 30 pixels but the photo has 30 x 20; its EXIF turns the photo" in failure(tmp_path)


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_a_broken_mask_is_named(data: bytes, tmp_path: Path) -> None:
    photo(tmp_path / "images" / "a.jpg")
    mask(tmp_path / "masks" / "a.png").write_bytes(data)
    assert failure(tmp_path).startswith(f"{tmp_path}/masks/a.png: ")


def test_links_in_circles_end(tmp_path: Path) -> None:
    photo(tmp_path / "images" / "a.jpg")
    mask(tmp_path / "masks" / "a.png")
    (tmp_path / "images" / "again").symlink_to(tmp_path / "images")
    assert keys(tmp_path) == ["a"]


def test_linked_folders_are_entered(tmp_path: Path) -> None:
    photo(tmp_path / "elsewhere" / "a.jpg")
    mask(tmp_path / "raw" / "masks" / "a.png")
    (tmp_path / "raw" / "images").symlink_to(tmp_path / "elsewhere")
    assert keys(tmp_path / "raw") == ["a"]


@pytest.mark.parametrize("name", ["empty", "missing", "file", "photos"])
def test_a_wrong_folder_tells_what_was_expected(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    photo(tmp_path / "photos" / "a.jpg")
    with pytest.raises(DatasetError, match=rf"{name}: .*images/ and masks/ .* \(a.jpg, a.jpg.png\)"):
        keys(tmp_path / name)
