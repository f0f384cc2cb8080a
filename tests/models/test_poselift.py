"""The nets that lift joints to three dimensions, against the same nets in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from handseg_cli.checkpoints.foreign import filled
from handseg_cli.checkpoints.import_hand3d import converted
from handseg_cli.models.poselift import VARIANTS, PoseLift, mirrored, rotation
from tests.tiny import tensorflow
from tests.tiny.hand3d import NARROW, PRIOR, Shapes, drawn, lifting

SIDES = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # a left hand and a right one


@pytest.fixture
def score_maps() -> Tensor:
    torch.manual_seed(0)
    return torch.rand(2, 21, 32, 32)


def channels_last(maps: Tensor) -> tensorflow.Array:
    return maps.permute(1, 2, 0).double().numpy()


def test_the_whole_chain_says_what_the_published_nets_say(score_maps: Tensor) -> None:
    weights = lifting()
    tensors, card = converted({name: torch.from_numpy(each) for name, each in weights.items()})
    with torch.inference_mode():
        outputs = filled(card, tensors)(score_maps, SIDES)
    for number, mirror in enumerate(([1, 1, 1], [1, 1, -1])):
        maps, side = channels_last(score_maps[number]), SIDES[number].double().numpy()
        joints, turn = tensorflow.prior(weights, maps, side), tensorflow.viewpoint(weights, maps, side)
        assert np.abs(outputs["canonical"][number].numpy() - joints).max() < 1e-4
        assert np.abs(outputs["rotation"][number].numpy() - turn).max() < 1e-4
        assert np.abs(outputs["joints"][number].numpy() - joints * mirror @ turn).max() < 1e-4


@pytest.mark.parametrize("shapes", [PRIOR, NARROW])
def test_without_a_viewpoint_joints_are_told_as_they_are(score_maps: Tensor, shapes: Shapes) -> None:
    weights = drawn("PosePrior", shapes)
    tensors, card = converted({name: torch.from_numpy(each) for name, each in weights.items()})
    with torch.inference_mode():
        outputs = filled(card, tensors)(score_maps, SIDES)
    assert outputs.keys() == {"joints"}
    wanted = tensorflow.prior(weights, channels_last(score_maps[1]), SIDES[1].double().numpy())
    assert np.abs(outputs["joints"][1].numpy() - wanted).max() < 1e-4


def test_the_side_is_seen(score_maps: Tensor) -> None:
    net = PoseLift().eval()
    same = score_maps[:1].expand(2, -1, -1, -1)
    for each in (net.prior, net.viewpoint):
        one, other = each(same, SIDES)
        assert not torch.allclose(one, other)


@pytest.mark.parametrize("axis", [(0.3, -0.2, 0.9), (3, 1, -2), (0, 0, np.pi), (1e-3, 0, 0), (0, 0, 0)])
def test_rotations_are_about_their_axis_by_its_length(axis: tuple[float, float, float]) -> None:
    found = rotation(torch.tensor([axis], dtype=torch.float32))[0]
    assert np.abs(found.numpy() - tensorflow.rodrigues(np.array(axis))).max() < 1e-5
    assert torch.allclose(found @ found.T, torch.eye(3), atol=1e-5)


def test_a_quarter_turn_about_z_brings_x_to_y_for_columns() -> None:
    turn = rotation(torch.tensor([[0, 0, torch.pi / 2]]))[0]
    assert torch.allclose(turn @ torch.tensor([1.0, 0, 0]), torch.tensor([0.0, 1, 0]), atol=1e-6)


def test_no_turn_has_a_gradient() -> None:
    axes = torch.zeros(1, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(rotation(axes)[0, 0, 1], axes)
    assert torch.isfinite(gradient).all()


def test_only_right_hands_are_mirrored() -> None:
    joints = torch.ones(3, 21, 3)
    sides = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    assert mirrored(joints, sides)[:, 5].tolist() == [[1, 1, 1], [1, 1, -1], [1, 1, 1]]


@pytest.mark.parametrize("variant", VARIANTS)
def test_chance_drops_numbers_in_training_alone(score_maps: Tensor, variant: str) -> None:
    net = PoseLift(variant)
    one, other = (net.train()(score_maps, SIDES)["joints"] for _ in range(2))
    assert not torch.allclose(one, other)
    one, other = (net.eval()(score_maps, SIDES)["joints"] for _ in range(2))
    assert torch.equal(one, other)


def test_so_much_is_dropped_as_published() -> None:
    net = PoseLift().train()
    dropout = (net.get_submodule(name) for name in ("prior.dense.fc_rel0_dropout", "viewpoint.dense.fc_vp1_dropout"))
    shares = [float((each(torch.ones(100_000)) == 0).float().mean()) for each in dropout]
    assert shares == pytest.approx([0.2, 0.25], abs=0.01)


def test_parts_have_as_many_parameters_as_published() -> None:
    net = PoseLift()
    assert sum(each.numel() for each in net.prior.parameters()) == 1_637_279
    assert sum(each.numel() for each in net.viewpoint.parameters()) == 2_238_403


def test_bones_are_told_with_the_joints_that_they_lead_to(score_maps: Tensor) -> None:
    outputs = PoseLift("local").eval()(score_maps, SIDES)
    assert outputs["bones"].shape == outputs["joints"].shape == (2, 21, 3)
    assert not outputs["joints"][:, 0].any()


def test_another_variant_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="variant is 'global'; it is one of proposed, direct"):
        PoseLift("global")


def test_onnx_says_the_same_of_any_number_of_hands(export: Any, score_maps: Tensor) -> None:
    net, hands = PoseLift().eval(), torch.export.Dim("hands")
    run = export(net, (score_maps, SIDES), ({0: hands}, {0: hands}))
    maps, sides = torch.rand(5, 21, 32, 32), torch.eye(2)[torch.tensor([0, 1, 1, 0, 1])]
    with torch.inference_mode():
        wanted = net(maps, sides)
    for name, found in zip(wanted, run(maps, sides), strict=True):
        assert np.abs(found - wanted[name].numpy()).max() < 1e-5, name
