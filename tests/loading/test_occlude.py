"""Things in front of hands."""

from __future__ import annotations

import numpy as np

from handseg_cli.loading.occlude import THINGS, occluded
from handseg_cli.sample import Sample


def test_what_is_hidden_is_no_hand_and_all_else_is_untouched() -> None:
    hand = np.full((64, 64), 1, np.uint8)
    image = np.full((64, 64, 3), 7, np.uint8)
    hidden = 0
    for seed in range(20):
        made = occluded(Sample("a", image, hand, sides=hand, parts=hand), np.random.default_rng(seed))
        assert made.mask is not None
        assert made.sides is not None
        assert made.parts is not None
        assert np.array_equal(made.mask, made.sides)
        assert np.array_equal(made.mask, made.parts)
        assert (made.image[made.mask == 1] == 7).all()
        hidden += int((made.mask == 0).sum())
    assert 0 < hidden < 20 * 64 * 64 / 3


def test_what_is_not_judged_stays_so() -> None:
    sample = Sample("a", np.zeros((64, 64, 3), np.uint8), np.full((64, 64), 255, np.uint8))
    for seed in range(5):
        made = occluded(sample, np.random.default_rng(seed))
        assert made.mask is not None
        assert (made.mask == 255).all()


def test_no_hand_is_shown_as_a_thing() -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[:, :40] = 1
    sample = Sample("a", np.where(mask, 255, 0)[..., None].repeat(3, 2).astype(np.uint8), mask)
    for seed in range(10):
        shown, usable = THINGS[0](sample, np.random.default_rng(seed))
        assert (shown[usable > 0] == 0).all()
        assert (usable > 0).sum() == (mask == 0).sum()
