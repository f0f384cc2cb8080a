"""Which nets tell joints: our own, the chain of the third system, and none that is for something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from handseg_cli.checkpoints.build import blank_card, build
from handseg_cli.checkpoints.store import save
from handseg_cli.checkpoints.weights import Weights
from handseg_cli.config import NetConfig, PredictConfig
from handseg_cli.errors import CheckpointError, ConfigError
from handseg_cli.export.hub import hand_segmentor
from handseg_cli.models.handpose import HandPose
from handseg_cli.predict.opening import sinks_of
from handseg_cli.predict.pose_nets import find_pose_nets, open_poses
from handseg_cli.predict.posers import Hand3d
from handseg_cli.predict.predictor import open_predictor
from tests.tiny import hand3d, red_hands
from tests.tiny.red_hands import photo


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with nets that find what is red, a handpose that answers a constant, and a hand3d in chain/."""
    folder = tmp_path_factory.mktemp("nets")
    red_hands.build(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save(folder / "constant.safetensors", constant(), blank_card("handpose", {"width": 16}))
        (folder / "chain").mkdir()
        for name in ("posenet", "poselift"):
            card = blank_card(name, {}) | {"root": "wrist"}
            save(folder / "chain" / f"{name}.safetensors", build(card), card)
    return folder


def constant() -> HandPose:
    """Return a net that sees all joints in the middle of the window, 5 pixels deep, of a right hand."""
    net = HandPose(width=16)
    with torch.no_grad():
        last, answers = net.get_submodule("maps.1"), net.get_submodule("answers.2")
        for layer in (last, answers):
            layer.get_parameter("weight").zero_()
            layer.get_parameter("bias").zero_()
        last.get_parameter("bias")[21:] = 5 / 32
        answers.get_parameter("bias")[:] = torch.tensor([4.0, 3.0])
    return net


def nets(folder: Path, model: str, **settings: Any) -> NetConfig:
    return NetConfig(str(folder / model), **settings)


def test_our_net_answers_what_its_last_layer_says(folder: Path) -> None:
    predictor = open_poses(find_pose_nets(nets(folder, "constant.safetensors"), str(folder / "finder.onnx")))
    (pose,) = predictor(photo((60, 80))).poses or ()
    # The middle of a window of 128 is half a pixel before its pixel 64, where the middle of the box is.
    scale = 128 / 50
    assert np.allclose(pose.points, np.array([59.5, 79.5]) - 0.5 / scale, atol=1e-3)
    assert (pose.hand.side, pose.hand.certainty) == ("right", round(1 / (1 + np.exp(-4)), 4))
    assert pose.hand.confidence == round(1 / (1 + np.exp(-3)), 4)


def test_the_chain_runs_on_what_another_net_finds(folder: Path) -> None:
    found = find_pose_nets(nets(folder, "chain"), str(folder / "finder.onnx"))
    poses = open_poses(found)(photo((60, 80), (200, 100))).poses or ()
    assert (found.model.name, len(poses)) == ("chain", 2)
    for pose in poses:
        left, top, right, bottom = pose.hand.box
        assert (pose.points > np.array([left, top]) - 40).all()
        assert (pose.points < np.array([right, bottom]) + 40).all()
        assert np.isfinite(pose.joints).all()
        assert pose.hand.side == ""


def test_the_published_pickles_run_as_they_are(folder: Path, tmp_path: Path) -> None:
    weights = {"posenet-rhd-stb": hand3d.drawn("PoseNet2D", hand3d.POSENET), "lifting-proposed": hand3d.lifting()}
    for name, each in weights.items():
        (tmp_path / f"{name}.pickle").write_bytes(hand3d.python_2(each))
    predictor = open_poses(find_pose_nets(NetConfig(str(tmp_path)), str(folder / "finder.onnx")))
    assert isinstance(predictor.poser, Hand3d)
    assert predictor.poser.palm
    (pose,) = predictor(photo((60, 80))).poses or ()
    assert np.isfinite(pose.joints).all()


def test_a_net_of_joints_marks_no_hands(folder: Path) -> None:
    for name in ("constant.safetensors", "pose.onnx", "chain/posenet.safetensors"):
        with pytest.raises(CheckpointError, match="is no net for hands; it "):
            open_predictor(nets(folder, name))
        with pytest.raises(CheckpointError, match="is no net for hands; it "):
            sinks_of(PredictConfig(str(folder / name), paths=(Path("a.jpg"),)))
    with pytest.raises(CheckpointError, match=r"constant\.safetensors: is no net for hands; it tells the joints"):
        hand_segmentor(weights=str(folder / "constant.safetensors"))


def test_a_net_of_masks_tells_no_joints(folder: Path) -> None:
    with pytest.raises(CheckpointError, match="finder: is no net for pose; it marks the pixels of hands"):
        find_pose_nets(nets(folder, "finder.onnx"))
    with pytest.raises(CheckpointError, match="pose: is no net for hands"):
        find_pose_nets(nets(folder, "pose.onnx"), str(folder / "pose.onnx"))


def test_a_part_of_the_chain_is_told_to_be_one(folder: Path) -> None:
    with pytest.raises(CheckpointError, match="posenet: is no net for pose; it is a part of hand3d"):
        find_pose_nets(nets(folder, "chain/posenet.safetensors"))


def test_without_a_model_the_embedded_ones_find_hands_and_joints() -> None:
    found = find_pose_nets(NetConfig())
    assert isinstance(found.model, Weights)
    assert found.finder is not None
    assert (found.model.name, found.finder.name) == ("handpose", "lite")


def test_the_chain_runs_in_pytorch_alone(folder: Path) -> None:
    with pytest.raises(ConfigError, match="leave out --runtime onnx"):
        find_pose_nets(nets(folder, "chain", runtime="onnx"))


def test_nets_in_the_wrong_place_of_a_chain_are_refused(folder: Path, tmp_path: Path) -> None:
    for name, net in (("posenet", "poselift"), ("poselift", "posenet")):
        (tmp_path / f"{name}.safetensors").symlink_to(folder / "chain" / f"{net}.safetensors")
    with pytest.raises(CheckpointError, match="is no net for keypoints"):
        open_poses(find_pose_nets(NetConfig(str(tmp_path)), str(folder / "finder.onnx")))
