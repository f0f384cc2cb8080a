"""The third system's weights by the names and shapes of its authors, drawn by chance, and files that hold them."""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

Weights = dict[str, NDArray[np.float32]]
Shapes = dict[str, tuple[int, ...]]


def convolutions(name: str, widths: tuple[int, ...], side: int = 3, first: int = 1) -> Shapes:
    pairs = enumerate(pairwise(widths), first)
    return {f"{name}_{number}": (side, side, inputs, outputs) for number, (inputs, outputs) in pairs}


def pairs(name: str, widths: tuple[int, ...]) -> Shapes:
    found: Shapes = {}
    for number, (inputs, outputs) in enumerate(pairwise(widths)):
        found |= convolutions(f"{name}_{number}", (inputs, outputs, outputs))
    return found


TRUNK = convolutions("conv1", (3, 64, 64)) | convolutions("conv2", (64, 128, 128))
TRUNK |= convolutions("conv3", (128, 256, 256, 256, 256))
HANDSEGNET = TRUNK | convolutions("conv4", (256, 512, 512, 512, 512)) | convolutions("conv5", (512, 512, 128))
HANDSEGNET |= convolutions("conv6", (128, 512, 2), 1)
POSENET = TRUNK | convolutions("conv4", (256, 512, 512, 256, 256, 256, 256, 128))
POSENET |= convolutions("conv5", (128, 512, 21), 1)
for stage in ("conv6", "conv7"):
    POSENET |= convolutions(stage, (149, 128, 128, 128, 128, 128), 7) | convolutions(stage, (128, 128, 21), 1, first=6)
PRIOR = pairs("conv_pose", (21, 32, 64, 128)) | {"fc_rel0": (2050, 512), "fc_rel1": (512, 512), "fc_xyz": (512, 63)}
NARROW = PRIOR | {"fc_bottleneck": (512, 30), "fc_xyz": (30, 63)}
VIEWPOINT = pairs("conv_vp", (21, 64, 128, 256)) | {"fc_vp0": (4098, 256), "fc_vp1": (256, 128)}
VIEWPOINT |= {f"fc_vp_{axis}": (128, 1) for axis in ("ux", "uy", "uz")}


def drawn(scope: str, shapes: Shapes, seed: int = 0) -> Weights:
    """Draw the weights of one net, so that what goes in as about 1 comes out as about 1."""
    rng = np.random.default_rng(seed)
    found: Weights = {}
    for name, shape in shapes.items():
        scale = np.float32((2 / np.prod(shape[:-1])) ** 0.5)
        found[f"{scope}/{name}/weights"] = rng.standard_normal(shape, np.float32) * scale
        found[f"{scope}/{name}/biases"] = rng.standard_normal(shape[-1], np.float32) * np.float32(0.1)
    return found


def lifting(seed: int = 0) -> Weights:
    """Draw the weights of the two nets that lift."""
    return drawn("PosePrior", PRIOR, seed) | drawn("ViewpointNet", VIEWPOINT, seed + 1)


def ported(weights: Weights) -> dict[str, torch.Tensor]:
    """Return weights as the port to PyTorch has them."""
    found = {}
    for name, each in weights.items():
        _, layer, leaf = name.split("/")
        order = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[each.ndim]
        plain = np.ascontiguousarray(each.transpose(order))
        found[f"{layer}.{'weight' if leaf == 'weights' else 'bias'}"] = torch.from_numpy(plain)
    return found


def python_2(weights: Weights) -> bytes:
    """Return what Python 2 writes of a dict with protocol 2: it has one kind of string, for texts and for bytes."""
    return b"\x80\x02}(" + b"".join(text(name) + array(each) for name, each in weights.items()) + b"u."


def text(name: str) -> bytes:
    return b"U" + bytes([len(name)]) + name.encode("ascii")


def array(values: NDArray[np.float32]) -> bytes:
    shape = b"(" + b"".join(b"J" + struct.pack("<i", side) for side in values.shape) + b"t"
    blank = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\x01btR"
    kind = b"cnumpy\ndtype\n(U\x02f4K\0K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    content = values.astype("<f4").tobytes()
    return blank + b"(K\x01" + shape + kind + b"\x89T" + struct.pack("<i", len(content)) + content + b"tb"
