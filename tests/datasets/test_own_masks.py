from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handseg_cli.datasets.own_masks import read_mask

HAND = np.zeros((20, 30), bool)
HAND[5:15, 8:20] = True


def rgba(hand: tuple[int, ...], rest: tuple[int, ...]) -> Callable[[], Image.Image]:
    return lambda: Image.fromarray(np.where(HAND[..., None], np.array(hand, np.uint8), np.array(rest, np.uint8)))


def grey(hand: int, kind: type[np.generic] = np.uint8) -> Callable[[], Image.Image]:
    return lambda: Image.fromarray((HAND * hand).astype(kind))


def indexed(**more: int) -> Image.Image:
    image = Image.fromarray(HAND.astype(np.uint8) * 3).convert("L").convert("P")
    image.putpalette([0, 0, 0, *(9, 9, 9) * 2, 0, 128, 0])
    image.info.update(more)
    return image


@pytest.mark.parametrize(
    "picture",
    [
        grey(255),
        grey(1),
        grey(7),
        grey(1, np.uint16),
        grey(65535, np.uint16),
        lambda: Image.fromarray(HAND),
        indexed,
        rgba((0, 0, 1), (0, 0, 0)),
        rgba((200, 0, 0, 255), (0, 0, 0, 255)),
        rgba((200, 0, 0, 255), (255, 255, 255, 0)),
        rgba((200, 0, 0, 90), (0, 0, 0, 0)),
        rgba((0, 0, 0, 255), (0, 0, 0, 0)),
    ],
)
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_whatever_is_not_black_or_transparent_is_a_hand(
    picture: Callable[[], Image.Image], suffix: str, tmp_path: Path
) -> None:
    picture().save(tmp_path / f"mask{suffix}")
    np.testing.assert_array_equal(read_mask(tmp_path / f"mask{suffix}"), HAND * np.uint8(255))


def test_masks_of_floats_are_read(tmp_path: Path) -> None:
    grey(1, np.float32)().save(tmp_path / "mask.tif")
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.tif"), HAND * np.uint8(255))


def test_soft_masks_count_from_half_on(tmp_path: Path) -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    Image.fromarray(ramp).save(tmp_path / "mask.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png"), np.where(ramp >= 128, 255, 0))


def test_opaque_black_is_no_hand(tmp_path: Path) -> None:
    Image.new("RGBA", (30, 20), (0, 0, 0, 255)).save(tmp_path / "mask.png")
    assert not read_mask(tmp_path / "mask.png").any()


def test_noise_of_jpeg_is_no_hand(tmp_path: Path) -> None:
    blurred = np.where(HAND, 200, 40).astype(np.uint8)
    Image.fromarray(blurred).save(tmp_path / "mask.jpg", quality=95)
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.jpg"), HAND * np.uint8(255))
