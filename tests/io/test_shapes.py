"""At which size a net sees a photo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handseg_cli.io.shapes import net_shape

sides = st.integers(1, 20_000)


@given(sides, sides, st.sampled_from([32, 128, 384, 1000]), st.sampled_from([8, 32]))
def test_the_net_sees_bounded_multiples_of_the_stride(height: int, width: int, side: int, stride: int) -> None:
    shape = net_shape((height, width), side, stride)
    for edge in shape:
        assert edge % stride == 0
        assert stride <= edge <= 4 * side
    assert shape[0] * shape[1] <= (side + 2 * stride) ** 2


@given(st.integers(200, 5000), st.floats(0.33, 3))
def test_the_net_sees_about_size_squared_pixels_of_the_same_aspect(height: int, aspect: float) -> None:
    size = (height, round(height * aspect))
    shape = net_shape(size, 384)
    assert shape[0] * shape[1] == pytest.approx(384**2, rel=0.15)
    assert shape[1] / shape[0] == pytest.approx(size[1] / size[0], rel=0.16)


@given(sides, sides)
def test_a_turned_photo_gets_the_turned_shape(height: int, width: int) -> None:
    assert net_shape((height, width), 384) == net_shape((width, height), 384)[::-1]


def test_720p_is_seen_at_288_by_512() -> None:
    assert net_shape((720, 1280), 384) == (288, 512)


@given(sides, sides)
def test_squashed_every_photo_is_a_square(height: int, width: int) -> None:
    assert net_shape((height, width), 256, 8, "squash") == (256, 256)
