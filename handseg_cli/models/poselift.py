"""`poselift`: a hand in 3D from the score maps of its joints, from Zimmermann & Brox (ICCV 2017).

The third net of the third system, in two: PosePrior knows what hands can do, as seen along one of their own
directions, and Viewpoint from where this one is seen. The names of their layers are those of the authors.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

import torch
from torch import Tensor, nn

from handseg_cli.models.bones import product, to_joints
from handseg_cli.models.posenet import JOINTS
from handseg_cli.models.tf_layers import active, begun, convolution, flat

SIDE = 32  # pixels of a side of the score maps
VARIANTS = ("proposed", "direct", "bottleneck", "local")


class PoseLift(nn.Module):
    """Joints in 3D: (B, 21, 32, 32) score maps and the (B, 2) side, left or right, in; a dict of what it tells out.

    "joints" (B, 21, 3), in RHD's order, are as the camera sees them, in lengths of the bone from joint 12 to joint 11
    and with joint 0 at the origin: x to the right, y down, z away. As `variant` has it, they are told

    - "proposed": by "canonical" (B, 21, 3), the joints of a left hand in the hand's own frame, and "rotation"
      (B, 3, 3), which brings them, as rows, to the camera's; those of a right hand are mirrored in z before
    - "direct": as they are
    - "bottleneck": as they are, but through so few numbers as `bottleneck` says
    - "local": by "bones" (B, 21, 3), a length and two angles for each: see `bones`
    """

    def __init__(self, variant: str = "proposed", bottleneck: int = 30) -> None:
        super().__init__()
        if variant not in VARIANTS:
            raise ValueError(f"variant is {variant!r}; it is one of {', '.join(VARIANTS)}")
        self.variant = variant
        self.prior = Prior(bottleneck if variant == "bottleneck" else 0)
        if variant == "proposed":
            self.viewpoint = Viewpoint()

    def forward(self, score_maps: Tensor, side: Tensor) -> dict[str, Tensor]:
        """Return the joints in the camera's frame, and by what they are told."""
        told = self.prior(score_maps, side)
        if self.variant == "local":
            return {"bones": told, "joints": to_joints(told)}
        if self.variant != "proposed":
            return {"joints": told}
        rotation = self.viewpoint(score_maps, side)
        return {"canonical": told, "rotation": rotation, "joints": product(mirrored(told, side), rotation)}


class Prior(nn.Module):
    """The 63 numbers of a hand: score maps and side in, (B, 21, 3) out."""

    def __init__(self, bottleneck: int = 0) -> None:
        super().__init__()
        self.convolutions = halving("conv_pose", (JOINTS, 32, 64, 128))
        layers = dense("fc_rel", (128 * (SIDE // 8) ** 2 + 2, 512, 512), dropped=0.2)
        if bottleneck:
            layers["fc_bottleneck"] = begun(nn.Linear(512, bottleneck))
        layers["fc_xyz"] = begun(nn.Linear(bottleneck or 512, 3 * JOINTS))
        self.dense = nn.Sequential(OrderedDict(layers))

    def forward(self, score_maps: Tensor, side: Tensor) -> Tensor:
        """Return three numbers for each joint."""
        seen = flat(self.convolutions(score_maps))
        told: Tensor = self.dense(torch.cat([seen, side.to(seen.dtype)], 1))
        return told.view(-1, JOINTS, 3)


class Viewpoint(nn.Module):
    """The rotation from the hand's own frame to the camera's: score maps and side in, (B, 3, 3) out."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = halving("conv_vp", (JOINTS, 64, 128, 256))
        self.dense = nn.Sequential(OrderedDict(dense("fc_vp", (256 * (SIDE // 8) ** 2 + 2, 256, 128), dropped=0.25)))
        self.axes = nn.ModuleDict({f"fc_vp_{axis}": begun(nn.Linear(128, 1)) for axis in ("ux", "uy", "uz")})

    def forward(self, score_maps: Tensor, side: Tensor) -> Tensor:
        """Return the rotations."""
        seen = flat(self.convolutions(score_maps))
        seen = self.dense(torch.cat([seen, side.to(seen.dtype)], 1))
        return rotation(torch.cat([axis(seen) for axis in self.axes.values()], 1))


def halving(name: str, channels: tuple[int, ...]) -> nn.Sequential:
    """Build pairs of convolutions, the second of each at stride 2."""
    parts: dict[str, nn.Module] = {}
    for number, (inputs, outputs) in enumerate(pairwise(channels)):
        parts |= active(f"{name}_{number}_1", convolution(inputs, outputs, 3))
        parts |= active(f"{name}_{number}_2", convolution(outputs, outputs, 3, stride=2))
    return nn.Sequential(OrderedDict(parts))


def dense(name: str, widths: tuple[int, ...], dropped: float) -> dict[str, nn.Module]:
    """Build layers that see all of the one before; in training a share of what each says is dropped."""
    parts: dict[str, nn.Module] = {}
    for number, (inputs, outputs) in enumerate(pairwise(widths)):
        parts |= active(f"{name}{number}", begun(nn.Linear(inputs, outputs)))
        parts[f"{name}{number}_dropout"] = nn.Dropout(dropped)
    return parts


def rotation(axes: Tensor) -> Tensor:
    """Return the (B, 3, 3) rotations about (B, 3) axes, by as many radians as these are long (Rodrigues)."""
    axes = axes.float()
    angle = (axes.square().sum(1) + 1e-8).sqrt()
    x, y, z = (axes / angle[:, None]).unbind(1)
    c, s = angle.cos(), angle.sin()
    rows = (
        (c + x * x * (1 - c), x * y * (1 - c) - z * s, x * z * (1 - c) + y * s),
        (y * x * (1 - c) + z * s, c + y * y * (1 - c), y * z * (1 - c) - x * s),
        (z * x * (1 - c) - y * s, z * y * (1 - c) + x * s, c + z * z * (1 - c)),
    )
    return torch.stack([torch.stack(row, 1) for row in rows], 1)


def mirrored(joints: Tensor, side: Tensor) -> Tensor:
    """Return (B, 21, 3) joints, z negated for the hands that (B, 2) sides call right."""
    sign = 1 - 2 * (side[:, 1] > side[:, 0]).to(joints.dtype)
    return joints * torch.stack([torch.ones_like(sign), torch.ones_like(sign), sign], 1)[:, None]
