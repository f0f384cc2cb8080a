"""The pose net tells where its maps point."""

from __future__ import annotations

import torch

from handseg_cli.models.handpose import HandPose, means, shape


def test_a_sharp_score_map_tells_the_middle_of_its_pixel_and_the_value_there() -> None:
    scores, values = torch.zeros(1, 2, 4, 6), torch.arange(48.0).view(1, 2, 4, 6)
    scores[0, 0, 1, 2], scores[0, 1, 3, 5] = 99, 99
    points, deep = means(scores, values)
    # Of four pixels of the window each, whose numbers are those of their middles.
    assert points[0].tolist() == [[2 * 4 + 1.5, 1 * 4 + 1.5], [5 * 4 + 1.5, 3 * 4 + 1.5]]
    assert deep[0].tolist() == [8, 47]


def test_a_net_that_knows_nothing_points_at_the_middle_of_the_window() -> None:
    net = HandPose(width=8).eval()
    torch.nn.init.zeros_(net.get_parameter("maps.1.weight"))
    with torch.inference_mode():
        points = net(torch.rand(1, 3, 64, 96))["points"]
    assert torch.allclose(points, torch.tensor([47.5, 31.5]))


def test_maps_come_from_half_precision_unharmed() -> None:
    scores = torch.zeros(1, 1, 48, 48, dtype=torch.bfloat16)
    scores[0, 0, 47, 1] = 20
    points, _ = means(scores, torch.zeros_like(scores))
    assert points.dtype == torch.float32
    assert torch.allclose(points, torch.tensor([5.5, 189.5]), atol=0.01)


def test_how_a_hand_is_held_does_not_depend_on_where_and_how_large_it_is() -> None:
    points, depths = torch.rand(2, 21, 2) * 90, torch.rand(2, 21)
    held = shape(points, depths)
    assert torch.allclose(shape(points * 2 + 40, depths * 2), held, atol=1e-4)
    assert not torch.allclose(shape(points * torch.tensor([-1.0, 1]), depths), held, atol=0.1)  # in a mirror
