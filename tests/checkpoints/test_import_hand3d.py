"""Weights of the third system."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from handseg_cli.checkpoints.foreign import load_any, read_foreign
from handseg_cli.checkpoints.import_hand3d import converted
from handseg_cli.errors import CheckpointError
from tests.tiny import tensorflow
from tests.tiny.hand3d import HANDSEGNET, NARROW, POSENET, PRIOR, VIEWPOINT, Weights, drawn, lifting, ported, python_2

CONTAINERS: dict[str, Callable[[Weights], bytes]] = {
    "Python 2": python_2,
    "protocol 2": lambda weights: pickle.dumps(weights, 2),
    "protocol 4": lambda weights: pickle.dumps(weights, 4),
}


@pytest.fixture(scope="module")
def lifted() -> Weights:
    return lifting()


def write(path: Path, weights: Weights, container: str = "protocol 4") -> Path:
    path.write_bytes(CONTAINERS[container](weights))
    return path


def same(one: nn.Module, other: nn.Module) -> bool:
    """Tell whether two nets have the same weights."""
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(each, theirs[name]) for name, each in ours.items())


def test_what_is_written_is_what_pickles_are(lifted: Weights) -> None:
    few = {name: each for name, each in lifted.items() if "fc_vp_u" in name}
    read: dict[str, Any] = pickle.loads(python_2(few), encoding="latin1")
    assert all(np.array_equal(read[name], each) for name, each in few.items())


@pytest.mark.parametrize("container", CONTAINERS)
def test_published_lifting_nets_say_what_they_said(lifted: Weights, tmp_path: Path, container: str) -> None:
    model, card = load_any(write(tmp_path / "lifting-proposed.pickle", lifted, container))
    assert (card["model"], card["task"], card["arguments"]) == ("poselift", "lifting", {})
    maps, side = np.random.default_rng(0).random((32, 32, 21)), np.array([0.0, 1.0])
    seen = torch.from_numpy(maps).permute(2, 0, 1)[None].float(), torch.from_numpy(side)[None].float()
    wanted = tensorflow.prior(lifted, maps, side) * [1, 1, -1] @ tensorflow.viewpoint(lifted, maps, side)
    assert np.abs(model(*seen)["joints"][0].detach().numpy() - wanted).max() < 1e-4


@pytest.mark.parametrize(
    ("net", "scope", "shapes"), [("handsegnet", "HandSegNet", HANDSEGNET), ("posenet", "PoseNet2D", POSENET)]
)
def test_published_and_ported_are_one_net(net: str, scope: str, shapes: Any, tmp_path: Path) -> None:
    weights = drawn(scope, shapes)
    torch.save(ported(weights), tmp_path / f"{net}.pth.tar")
    one, card = load_any(write(tmp_path / f"{net}-rhd.pickle", weights))
    other, again = load_any(tmp_path / f"{net}.pth.tar")
    assert same(one, other)
    assert card["model"] == again["model"] == net
    assert card["training"] == {"imported_from": f"{net}-rhd.pickle"}


def test_kernels_and_layers_are_turned_round(lifted: Weights) -> None:
    ours, _ = converted({name: torch.from_numpy(each) for name, each in lifted.items()})
    kernel, layer = lifted["PosePrior/conv_pose_0_1/weights"], lifted["ViewpointNet/fc_vp0/weights"]
    assert ours["prior.convolutions.conv_pose_0_1.weight"][5, 2, 0, 1] == kernel[0, 1, 2, 5]
    assert ours["viewpoint.dense.fc_vp0.weight"][7, 4000] == layer[4000, 7]


def test_of_several_nets_one_is_named(lifted: Weights, tmp_path: Path) -> None:
    path = write(
        tmp_path / "posenet3d.pickle", drawn("PoseNet2D", POSENET) | lifted | {"global_step": np.ones(1, np.float32)}
    )
    with pytest.raises(CheckpointError, match=r"has poselift and posenet; say which by \S+posenet3d\.pickle#poselift"):
        load_any(path)
    model, card = load_any(path.with_name("posenet3d.pickle#poselift"))
    assert same(model, load_any(write(tmp_path / "lifting.pickle", lifted))[0])
    assert card["training"] == {"imported_from": "posenet3d.pickle#poselift"}
    assert read_foreign(path.with_name("posenet3d.pickle#posenet"))[1]["model"] == "posenet"
    with pytest.raises(CheckpointError, match=r"has no handsegnet; it has poselift, posenet"):
        load_any(path.with_name("posenet3d.pickle#handsegnet"))


def test_a_file_may_have_that_sign_in_its_name(lifted: Weights, tmp_path: Path) -> None:
    assert load_any(write(tmp_path / "lifting#2.pickle", lifted))[1]["model"] == "poselift"


def test_without_a_viewpoint_joints_are_told_directly(tmp_path: Path) -> None:
    _, card = load_any(write(tmp_path / "lifting-direct.pickle", drawn("PosePrior", PRIOR)))
    assert card["arguments"] == {"variant": "direct"}


@pytest.mark.parametrize("name", ["fc_bottleneck", "fc_whatever"])
def test_a_bottleneck_is_known_by_its_place(name: str, tmp_path: Path) -> None:
    weights = drawn("PosePrior", NARROW)
    renamed = {each.replace("fc_bottleneck", name): array for each, array in weights.items()}
    model, card = load_any(write(tmp_path / "lifting-bottleneck.pickle", renamed))
    assert card["arguments"] == {"variant": "bottleneck", "bottleneck": 30}
    assert model.get_parameter("prior.dense.fc_bottleneck.weight").shape == (30, 512)


def test_a_bottleneck_without_numbers_is_refused(tmp_path: Path) -> None:
    weights = drawn("PosePrior", PRIOR) | {"PosePrior/fc_more/biases": np.zeros((), np.float32)}
    with pytest.raises(CheckpointError, match=r"a\.pickle: .*fc_bottleneck"):
        load_any(write(tmp_path / "a.pickle", weights))


def test_what_local_weights_mean_is_not_guessed(tmp_path: Path) -> None:
    path = write(tmp_path / "lifting-local_w_xyz_loss.pickle", drawn("PosePrior", PRIOR))
    with pytest.raises(CheckpointError, match=r"stand for bones is not known; lifting-proposed\.pickle is better"):
        load_any(path)


@pytest.mark.parametrize("given", ["poseprior.pth.tar", "viewpoint.pth.tar"])
def test_halves_of_the_port_are_found_beside_each_other(lifted: Weights, tmp_path: Path, given: str) -> None:
    for name, scope in (("poseprior", "PosePrior"), ("viewpoint", "ViewpointNet")):
        half = {each: array for each, array in lifted.items() if each.startswith(scope)}
        torch.save(ported(half), tmp_path / f"{name}.pth.tar")
    model, card = load_any(tmp_path / given)
    assert same(model, load_any(write(tmp_path / "lifting.pickle", lifted))[0])
    assert card["arguments"] == {}


def test_a_half_alone_is_refused(tmp_path: Path) -> None:
    half = drawn("ViewpointNet", VIEWPOINT)
    with pytest.raises(CheckpointError, match=r"lifting\.pickle: it is only half of poselift"):
        load_any(write(tmp_path / "lifting.pickle", half))
    torch.save(ported(half), tmp_path / "viewpoint.pth.tar")
    with pytest.raises(CheckpointError, match=r"poseprior\.pth\.tar: there is no such file"):
        load_any(tmp_path / "viewpoint.pth.tar")


class Shouts:
    """Makes a folder when Python's own reader loads it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_nothing_is_run(lifted: Weights, tmp_path: Path) -> None:
    data = pickle.dumps(lifted | {"PosePrior/fc_xyz/weights": Shouts(tmp_path / "run")})
    (tmp_path / "a.pickle").write_bytes(data)
    with pytest.raises(CheckpointError, match=r"a\.pickle: .*mkdir, which is not plain data"):
        load_any(tmp_path / "a.pickle")
    assert not (tmp_path / "run").exists()


CHANGES: list[tuple[str, object, str]] = [
    ("PosePrior/fc_xyz/weights", np.zeros((512, 60), np.float32), r"fc_xyz\.weight is \(60, 512\), not \(63, 512\)"),
    ("PosePrior/fc_xyz/weights", np.zeros(3, np.float32), r"fc_xyz\.weight is \(3,\), not \(63, 512\)"),
    ("PosePrior/fc_xyz/weights", np.float32(1), "holds something else among its weights"),
    ("PosePrior/fc_xyz/weights", np.zeros((512, 63), np.int32), "holds something else among its weights"),
    ("PosePrior/fc_xyz/biases", np.full(63, np.nan, np.float32), "numbers that are none"),
    ("PosePrior/fc_more/weights", np.zeros((9, 9), np.float32), r"first fc_more\.weight"),
    ("PosePrior/fc_more/biases", np.zeros((), np.float32), r"first fc_more\.bias"),
    ("PosePrior/", np.zeros(9, np.float32), "missing or too many"),
    ("PosePrior", np.zeros(9, np.float32), "missing or too many"),
]


@pytest.mark.parametrize(("name", "change", "reason"), CHANGES)
def test_a_net_of_another_shape_is_refused(
    lifted: Weights, tmp_path: Path, name: str, change: Any, reason: str
) -> None:
    with pytest.raises(CheckpointError, match=rf"a\.pickle: .*{reason}"):
        load_any(write(tmp_path / "a.pickle", lifted | {name: change}))


@pytest.mark.parametrize("content", [[1, 2], {}, {"conv1_1/weights": np.zeros(3)}, {1: 2}])
def test_a_pickle_of_something_else_is_refused(tmp_path: Path, content: object) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(CheckpointError, match=r"a\.pkl: has no net that is known; it has none"):
        load_any(tmp_path / "a.pkl")


@pytest.mark.parametrize("data", [b"", b"\x80\x02}", b"PK\3\4"])
def test_a_damaged_pickle_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.pickle").write_bytes(data)
    with pytest.raises(CheckpointError, match=r"a\.pickle: is no pickle of plain data"):
        load_any(tmp_path / "a.pickle")


def test_a_missing_weight_is_named(lifted: Weights) -> None:
    tensors: dict[str, Tensor] = {name: torch.from_numpy(each) for name, each in lifted.items()}
    del tensors["PosePrior/fc_rel1/biases"]
    ours, _ = converted(tensors)
    assert "prior.dense.fc_rel1.bias" not in ours
    assert len(ours) == len(tensors)
