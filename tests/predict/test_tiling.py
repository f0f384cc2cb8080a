from __future__ import annotations

import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handseg_cli.predict.tiling import BATCH, MOST_TILES, SIDE, blend, segment_tiled, stitch, tiles
from handseg_cli.sample import Image, Mask

sizes = st.integers(1, 90)


def red(parts: Sequence[Image]) -> list[Mask]:
    """A net that looks at one pixel at a time."""
    return [part[..., 0] for part in parts]


def photo(height: int, width: int) -> Image:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@settings(deadline=None)
@given(sizes, sizes, st.integers(1, 40), st.integers(1, 64))
@example(41, 40, 40, 64)
def test_parts_of_a_photo_stitch_to_the_photo(height: int, width: int, side: int, most: int) -> None:
    image = photo(height, width)[..., 0]
    plan = tiles(height, width, side, most)
    assert np.array_equal(
        stitch([image[tile.window].astype(np.float32) for tile in plan], plan, (height, width)), image
    )


@settings(deadline=None)
@given(sizes, sizes, st.integers(1, 40), st.integers(1, 64))
def test_tiles_cover_every_pixel_with_weights_that_add_up_to_one(height: int, width: int, side: int, most: int) -> None:
    total = np.zeros((height, width))
    plan = tiles(height, width, side, most)
    for tile in plan:
        total[tile.window] += tile.rows[:, None] * tile.columns
    assert np.allclose(total, 1, atol=1e-5)
    assert len(plan) <= most


@given(st.integers(1, 200_000), st.integers(1, 2_000))
@settings(deadline=None, max_examples=30)
def test_tiles_share_one_shape_and_stay_inside(height: int, width: int) -> None:
    plan = tiles(height, width)
    assert {(len(tile.rows), len(tile.columns)) for tile in plan} == {(len(plan[0].rows), len(plan[0].columns))}
    assert min(tile.top for tile in plan) == min(tile.left for tile in plan) == 0
    assert max(tile.window[0].stop for tile in plan) == height
    assert max(tile.window[1].stop for tile in plan) == width


def test_neighbours_overlap_by_a_quarter_at_least() -> None:
    tops = sorted({tile.top for tile in tiles(5000, 100, side=1000)})
    assert max(np.diff(tops)) <= 750


def test_a_hundred_megapixels_take_few_tiles() -> None:
    assert 32 <= len(tiles(8_660, 11_547)) <= MOST_TILES


def test_a_photo_no_larger_than_a_tile_is_not_looked_at_again() -> None:
    whole = photo(SIDE, 40)[..., 1]
    assert np.array_equal(segment_tiled(red, photo(SIDE, 40), whole), whole)


@pytest.mark.parametrize("size", [(1500, 1100), (300, 3001), (2600, 200), (1025, 1025)])
def test_tiled_equals_whole_for_a_pointwise_net(size: tuple[int, int]) -> None:
    image = photo(*size)
    assert np.array_equal(segment_tiled(red, image, image[..., 0]), image[..., 0])


def test_the_net_gets_few_tiles_at_a_time() -> None:
    seen: list[int] = []

    def counted(parts: Sequence[Image]) -> list[Mask]:
        seen.append(len(parts))
        return red(parts)

    image = photo(2500, 2500)
    segment_tiled(counted, image, image[..., 0])
    assert max(seen) == BATCH
    assert sum(seen) == len(tiles(2500, 2500))


def test_a_small_hand_that_only_a_tile_sees_is_found() -> None:
    image = np.zeros((3000, 4000, 3), np.uint8)
    image[500:540, 700:740] = 230
    found = segment_tiled(red, image, np.full((3000, 4000), 20, np.uint8))
    assert found[500:540, 700:740].min() > 127
    assert (found > 127).sum() == 40 * 40


def test_a_big_hand_that_no_tile_sees_is_kept() -> None:
    whole = np.zeros((3000, 4000), np.uint8)
    whole[400:2600, 500:3500] = 240
    found = segment_tiled(red, np.full((3000, 4000, 3), 50, np.uint8), whole)
    assert (found[600:2400, 700:3300] > 127).mean() > 0.99


def test_the_whole_counts_less_the_more_a_tile_is_enlarged() -> None:
    no, yes = np.zeros((4, 4), np.uint8), np.full((4, 4), 200, np.uint8)
    assert blend(no + 9, yes, zoom=2).mean() < blend(no + 9, yes, zoom=8).mean()
    assert blend(no, no, zoom=3).max() < 0.5


def test_memory_is_that_of_one_row_of_tiles() -> None:
    image = np.zeros((9000, 3000, 3), np.uint8)
    whole = np.zeros((9000, 3000), np.uint8)
    tracemalloc.start()
    segment_tiled(red, image, whole)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < whole.nbytes + 60e6
