"""Weights of the third system, Zimmermann & Brox (ICCV 2017), for `handsegnet`, `posenet` and `poselift`.

The authors' are pickles of NumPy arrays by TensorFlow's names, often of several nets. A port to PyTorch has the same
names without those of the nets, in a file each, and PosePrior and Viewpoint, one net here, in two.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from handseg_cli.checkpoints.build import blank_card, build
from handseg_cli.errors import CheckpointError, DatasetError
from handseg_cli.io.pickles import load

# What the authors call the nets, and the net of ours that each is of or in.
SCOPES = {"HandSegNet": "handsegnet", "PoseNet2D": "posenet", "PosePrior": "poselift", "ViewpointNet": "poselift"}
# A layer that none of the nets below has.
SIGNS = {"posenet": "conv7_7", "handsegnet": "conv6_2", "poselift": "fc_xyz"}
LEAVES = {"weights": "weight", "biases": "bias"}
SUFFIXES = (".pickle", ".pkl")
HALVES = {"poseprior": "viewpoint", "viewpoint": "poseprior"}  # files of the port


def is_pickle(path: Path) -> bool:
    """Tell whether a file is a pickle by itself, by its name; that may end with "#" and the net that is wanted."""
    return split(path)[0].suffix.lower() in SUFFIXES


def split(path: Path) -> tuple[Path, str]:
    """Return the file of a path and the net that is wanted of it, "" if none is named."""
    name, _, net = path.name.rpartition("#")
    return (path.with_name(name), net) if name and not path.exists() else (path, "")


def read_pickle(path: Path) -> dict[str, Tensor]:
    """Read the weights of one net by TensorFlow's names; CheckpointError where it is not told which."""
    file, wanted = split(path)
    if file.stem.startswith("lifting-local"):
        raise CheckpointError(
            f"{file}: how its numbers stand for bones is not known; lifting-proposed.pickle is better"
        )
    try:
        content = load(file)
    except DatasetError as error:
        raise CheckpointError(str(error)) from error
    arrays = {name: each for name, each in content.items() if scope(name)} if isinstance(content, dict) else {}
    nets = sorted({SCOPES[scope(name)] for name in arrays})
    if wanted not in ("", *nets) or not nets:
        raise CheckpointError(f"{file}: has no {wanted or 'net that is known'}; it has {', '.join(nets) or 'none'}")
    if not wanted and len(nets) > 1:
        raise CheckpointError(f"{file}: has {' and '.join(nets)}; say which by {file}#{nets[0]}")
    return {name: tensor(file, each) for name, each in arrays.items() if SCOPES[scope(name)] == (wanted or nets[0])}


def scope(name: object) -> str:
    """Return which of the authors' nets a name is of, "" if of none."""
    begin = name.partition("/")[0] if isinstance(name, str) else ""
    return begin if begin in SCOPES else ""


def tensor(path: Path, array: object) -> Tensor:
    """Return an array of a file as float32."""
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        raise CheckpointError(f"{path}: holds something else among its weights; download it again")
    return torch.from_numpy(array.astype(np.float32))


def other_half(path: Path) -> Path | None:
    """Return the file that has the rest of the net that the port keeps in two; None of other files."""
    stem, _, suffixes = path.name.partition(".")
    return path.with_name(f"{HALVES[stem.lower()]}.{suffixes}") if stem.lower() in HALVES else None


def recognises(tensors: dict[str, Tensor]) -> bool:
    """Tell whether weights are those of such a net, or of half of one, by their names."""
    layers = {layer(name) for name in tensors}
    return net_of(layers) != "" or not layers.isdisjoint(("conv_pose_0_1", "conv_vp_0_1"))


def layer(name: str) -> str:
    """Return the layer that a weight is of: conv1_1 of HandSegNet/conv1_1/weights and of conv1_1.weight."""
    return name.split("/")[1] if scope(name) and "/" in name else name.partition(".")[0]


def net_of(layers: set[str]) -> str:
    """Return the net of ours that layers are of, "" if of none."""
    return next((net for net, sign in SIGNS.items() if sign in layers), "")


def converted(tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the weights by our names, and their card."""
    net = net_of({layer(name) for name in tensors})
    if not net:
        raise CheckpointError("it is only half of poselift, which takes PosePrior and may take Viewpoint")
    plain = dict(plainly(name, each) if scope(name) else (name, each) for name, each in tensors.items())
    card = blank_card(net, {})
    if net == "poselift":
        plain, card["arguments"] = variant(plain)
    with torch.device("meta"):
        ours = {".".join(name.split(".")[-2:]): name for name in build(card).state_dict()}
    return {ours.get(name, name): each for name, each in plain.items()}, card


def plainly(name: str, each: Tensor) -> tuple[str, Tensor]:
    """Return a weight by the name that it has in the port and as PyTorch keeps it: channels of the output first."""
    leaf = name.rpartition("/")[2]
    order = {4: (3, 2, 0, 1), 2: (1, 0)}.get(each.ndim)
    return f"{layer(name)}.{LEAVES.get(leaf, leaf)}", each.permute(order).contiguous() if order else each


def variant(plain: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the weights of a `poselift`, and the arguments that it is built with."""
    layers = {layer(name) for name in plain}
    if any(each.startswith("fc_vp") for each in layers):
        return plain, {}
    narrow = [each for each in layers if not each.startswith(("conv_pose_", "fc_rel", "fc_xyz"))]
    if len(narrow) != 1:
        return plain, {"variant": "direct"}
    # Nothing but its place tells what the layer before the last is called.
    renamed = {name.replace(narrow[0], "fc_bottleneck", 1): each for name, each in plain.items()}
    width = renamed.get("fc_bottleneck.bias", torch.empty(0)).numel()
    return renamed, {"variant": "bottleneck", "bottleneck": width}
