"""Pictures that are read whole or not at all."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from handseg_cli.synth.looks.picture_files import read_picture


@pytest.fixture(params=[".jpg", ".png", ".webp"])
def picture(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"a{request.param}"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 256, (64, 48, 3), np.uint8))
    return path


def there(image: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    assert image is not None
    return image


def test_a_whole_picture_is_read_as_opencv_does(picture: Path) -> None:
    for flags in (cv2.IMREAD_COLOR, cv2.IMREAD_GRAYSCALE, cv2.IMREAD_REDUCED_COLOR_2):
        expected = cv2.imread(str(picture), flags)
        assert expected is not None
        assert np.array_equal(there(read_picture(picture, flags)), expected)


def test_what_follows_a_picture_does_no_harm(picture: Path) -> None:
    before = there(read_picture(picture, cv2.IMREAD_COLOR))
    picture.write_bytes(picture.read_bytes() + bytes(1000))
    assert np.array_equal(there(read_picture(picture, cv2.IMREAD_COLOR)), before)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.6, 0.999])
def test_a_picture_that_is_cut_off_is_not_read(share: float, picture: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = picture.read_bytes()
    picture.write_bytes(data[: int(len(data) * share)])
    assert read_picture(picture, cv2.IMREAD_COLOR) is None
    assert capfd.readouterr().err == ""


def test_what_is_no_picture_or_not_there_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    (tmp_path / "b.jpg").mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        assert read_picture(tmp_path / name, cv2.IMREAD_COLOR) is None
