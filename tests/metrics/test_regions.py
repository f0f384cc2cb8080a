import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from handseg_cli.metrics.regions import dice, iou

Mask = NDArray[np.uint8]
PAIRS = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda shape: st.tuples(*[arrays(np.uint8, shape, elements=st.sampled_from([0, 1, 255]))] * 2)
)


@given(PAIRS)
def test_iou_is_a_count_over_pixels_either_way_round(pair: tuple[Mask, Mask]) -> None:
    cells = list(zip(*(mask.ravel().tolist() for mask in pair), strict=True))
    either = sum(1 for a, b in cells if a or b)
    both = sum(1 for a, b in cells if a and b)
    assert iou(*pair) == pytest.approx(both / either if either else 1.0)
    assert iou(*pair) == iou(*reversed(pair))


@given(PAIRS)
def test_dice_follows_from_iou(pair: tuple[Mask, Mask]) -> None:
    assert dice(*pair) == pytest.approx(2 * iou(*pair) / (1 + iou(*pair)))
