"""The third system's nets as TensorFlow runs them, in NumPy and pixel by pixel, on weights by the authors' names.

Maps are (H, W, C) here, as there.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tests.tiny.hand3d import Weights

Array = NDArray[np.float64]


def leaky(x: Array) -> Array:
    return np.where(x > 0, x, 0.01 * x)


def padding(size: int, side: int, stride: int) -> tuple[int, int]:
    """Return how many pixels SAME adds before and after."""
    windows = math.ceil(size / stride)
    lacking = max((windows - 1) * stride + side - size, 0)
    return lacking // 2, lacking - lacking // 2


def same(x: Array, kernel: Array, bias: Array, stride: int = 1) -> Array:
    """Convolve a map with a (kh, kw, in, out) kernel, padded as SAME."""
    side = kernel.shape[0]
    wide = np.pad(x, (padding(x.shape[0], side, stride), padding(x.shape[1], side, stride), (0, 0)))
    out = np.zeros((math.ceil(x.shape[0] / stride), math.ceil(x.shape[1] / stride), kernel.shape[3]))
    for i, j in np.ndindex(out.shape[:2]):
        window = wide[i * stride : i * stride + side, j * stride : j * stride + side]
        out[i, j] = np.tensordot(window, kernel, 3) + bias
    return out


def pooled(x: Array) -> Array:
    out = np.zeros((x.shape[0] // 2, x.shape[1] // 2, x.shape[2]))
    for i, j in np.ndindex(out.shape[:2]):
        out[i, j] = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max((0, 1))
    return out


def resized(x: Array, size: tuple[int, int]) -> Array:
    """Resize as tf.image.resize_bilinear of TensorFlow 1 does unless it is told to align corners."""
    height, width = x.shape[:2]
    out = np.zeros((*size, x.shape[2]))
    for i, j in np.ndindex(size):
        y, x_ = i * height / size[0], j * width / size[1]
        top, left = math.floor(y), math.floor(x_)
        bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
        upper = x[top, left] + (x[top, right] - x[top, left]) * (x_ - left)
        lower = x[bottom, left] + (x[bottom, right] - x[bottom, left]) * (x_ - left)
        out[i, j] = upper + (lower - upper) * (y - top)
    return out


class Net:
    """One of the nets, by the name of its scope."""

    def __init__(self, weights: Weights, scope: str) -> None:
        self.weights = {name.removeprefix(f"{scope}/"): each.astype(np.float64) for name, each in weights.items()}

    def conv(self, x: Array, name: str, stride: int = 1) -> Array:
        return same(x, self.weights[f"{name}/weights"], self.weights[f"{name}/biases"], stride)

    def row(self, x: Array, name: str, count: int) -> Array:
        for number in range(1, count + 1):
            x = leaky(self.conv(x, f"{name}_{number}"))
        return x

    def full(self, x: Array, name: str) -> Array:
        return x @ self.weights[f"{name}/weights"] + self.weights[f"{name}/biases"]

    def trunk(self, image: Array) -> Array:
        x = pooled(self.row(image - 0.5, "conv1", 2))
        return pooled(self.row(pooled(self.row(x, "conv2", 2)), "conv3", 4))

    def halves(self, maps: Array, name: str, side: Array) -> Array:
        """Return what the fully connected layers see."""
        for number in range(3):
            maps = leaky(self.conv(maps, f"{name}_{number}_1"))
            maps = leaky(self.conv(maps, f"{name}_{number}_2", 2))
        return np.concatenate([maps.reshape(-1), side])


def handsegnet(weights: Weights, image: Array) -> Array:
    """Return the (H, W, 2) logits of an image of 0 to 1."""
    net = Net(weights, "HandSegNet")
    x = net.row(net.row(net.trunk(image), "conv4", 4), "conv5", 2)
    return resized(net.conv(leaky(net.conv(x, "conv6_1")), "conv6_2"), (image.shape[0], image.shape[1]))


def posenet(weights: Weights, image: Array) -> list[Array]:
    """Return the three (h, w, 21) score maps."""
    net = Net(weights, "PoseNet2D")
    encoding = net.row(net.trunk(image), "conv4", 7)
    maps = [net.conv(leaky(net.conv(encoding, "conv5_1")), "conv5_2")]
    for name in ("conv6", "conv7"):
        x = net.row(np.concatenate([maps[-1], encoding], 2), name, 6)
        maps.append(net.conv(x, f"{name}_7"))
    return maps


def prior(weights: Weights, maps: Array, side: Array) -> Array:
    """Return the (21, 3) joints."""
    net = Net(weights, "PosePrior")
    x = net.halves(maps, "conv_pose", side)
    x = leaky(net.full(leaky(net.full(x, "fc_rel0")), "fc_rel1"))
    if "fc_bottleneck/weights" in net.weights:
        x = net.full(x, "fc_bottleneck")
    return net.full(x, "fc_xyz").reshape(21, 3)


def viewpoint(weights: Weights, maps: Array, side: Array) -> Array:
    """Return the (3, 3) rotation."""
    net = Net(weights, "ViewpointNet")
    x = leaky(net.full(leaky(net.full(net.halves(maps, "conv_vp", side), "fc_vp0")), "fc_vp1"))
    return rodrigues(np.array([net.full(x, f"fc_vp_{axis}")[0] for axis in ("ux", "uy", "uz")]))


def rodrigues(axis: Array) -> Array:
    """Return the rotation about an axis by its length, as the sum of a power series: exp of the cross product."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    total, term = np.eye(3), np.eye(3)
    for number in range(1, 60):
        term = term @ cross / number
        total += term
    return total
