"""What `digit` is trained on: joints, bones, the depth between the wrists, which hands there are, and their parts.

Joints are (B, 42, 3) x, y and depth on the grid of the score maps, the right hand first, as InterHand2.6M orders
them. What is not valid costs nothing but is counted in every mean, as its authors do: so few valid labels weigh less.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from handseg_cli.pose import skeleton

# By how much Fan et al. (3DV 2021) multiply each.
WEIGHTS = {"joints": 1.0, "root_depth": 1.0, "handedness": 1.0, "parts": 10.0, "bones": 0.1}
PARENTS, CHILDREN = skeleton.bones("interhand").T.tolist()


def joints(found: Tensor, true: Tensor, valid: Tensor) -> Tensor:
    """Return the mean distance along each axis of (B, 42, 3) joints from true ones, of which (B, 42) are valid."""
    return ((found.float() - true).abs() * valid.float()[..., None]).mean()


def bones(found: Tensor, true: Tensor, valid: Tensor) -> Tensor:
    """Return the mean squared error of the bones between (B, 42, 3) joints, the two hands' added.

    A bone is valid where both its ends are, by (B, 42).
    """
    wrong = (found.float() - true).reshape(-1, 2, skeleton.JOINTS, 3)
    known = valid.float().reshape(-1, 2, skeleton.JOINTS)
    each = (wrong[:, :, CHILDREN] - wrong[:, :, PARENTS]).square()
    counted = known[:, :, CHILDREN] * known[:, :, PARENTS]
    return (each * counted[..., None]).mean((0, 2, 3)).sum()


def root_depth(found: Tensor, true: Tensor, valid: Tensor) -> Tensor:
    """Return the mean error of the (B, 1) depth between the wrists, of which (B, 1) are valid."""
    return ((found.float() - true).abs() * valid.float()).mean()


def handedness(logits: Tensor, true: Tensor, valid: Tensor) -> Tensor:
    """Return the binary cross-entropy of (B, 2) logits, right and left, against (B, 2), of photos (B,) that count."""
    each = F.binary_cross_entropy_with_logits(logits.float(), true.float(), reduction="none").mean(1)
    return (each * valid.float()).mean()


def parts(logits: Tensor, labels: Tensor, valid: Tensor) -> Tensor:
    """Return the cross-entropy of (B, 33, H, W) logits against (B, H, W) numbers, of photos (B,) that count."""
    each = F.cross_entropy(logits.float(), labels.long(), reduction="none")
    return (each * valid.float()[:, None, None]).mean()
