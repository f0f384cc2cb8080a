"""Score maps as tensors are those of the original, which NumPy makes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from handseg_cli.pose.score_maps import SIGMA, judged, targets
from handseg_cli.tasks.score_maps import score_maps


@pytest.mark.parametrize(("size", "pool"), [(256, 1), (256, 8), (64, 1), (64, 2)])
def test_they_are_those_of_numpy(size: int, pool: int) -> None:
    rng = np.random.default_rng(size)
    points = rng.uniform(-20, size + 20, (2, 21, 2)).astype(np.float32)
    visible = rng.random((2, 21)) < 0.7
    kept = np.stack([judged(*each, size) for each in zip(points, visible, strict=True)])
    made = score_maps(torch.from_numpy(points), torch.from_numpy(kept), size, pool)
    for at in range(2):
        wanted = targets(points[at], visible[at], size, SIGMA * size / 256, pool)
        assert np.allclose(made[at], wanted, atol=1e-5)


def test_a_point_that_is_no_number_has_an_empty_map() -> None:
    points, kept = torch.full((1, 21, 2), torch.nan), torch.zeros(1, 21, dtype=torch.bool)
    assert not score_maps(points, kept, 32).any()
