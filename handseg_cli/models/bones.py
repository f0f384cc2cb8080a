"""A hand as lengths and turns of its bones, which the `local` variant of `poselift` tells in the place of joints.

Each bone is told as seen from the one before it: how long it is, and by which two angles, in radians, it is off the
direction of that one. The first bone of a finger is told as seen from the camera.
"""

from __future__ import annotations

import torch
from torch import Tensor


def to_bones(joints: Tensor) -> Tensor:
    """Return (B, 21, 3) joints, in RHD's order and the wrist at the origin, as (B, 21, 3) length, turn and lift.

    Row n is of the bone that ends in joint n; the wrist's own is 0.
    """
    fingers = joints[:, 1:].reshape(-1, 5, 4, 3).flip(2)
    before = joints.new_zeros((*fingers.shape[:2], 3))
    frame = torch.eye(3, dtype=joints.dtype, device=joints.device).expand(*before.shape, 3)
    bones = []
    for joint in fingers.unbind(2):
        x, y, z = product((joint - before)[..., None, :], frame)[..., 0, :].unbind(-1)
        turn, lift = torch.atan2(x, z), torch.atan2(-y, torch.hypot(x, z))
        bones.append(torch.stack([torch.linalg.vector_norm(joint - before, dim=-1), turn, lift], -1))
        before, frame = joint, product(frame, turned(turn, lift))
    return by_joint(bones)


def to_joints(bones: Tensor) -> Tensor:
    """Return (B, 21, 3) lengths, turns and lifts of bones as (B, 21, 3) joints, the wrist at the origin."""
    fingers = bones[:, 1:].reshape(-1, 5, 4, 3).flip(2)
    joint = bones.new_zeros((*fingers.shape[:2], 3))
    frame = torch.eye(3, dtype=bones.dtype, device=bones.device)
    joints = []
    for bone in fingers.unbind(2):
        length, turn, lift = bone.unbind(-1)
        frame = product(frame, turned(turn, lift))
        joint = joint + length[..., None] * frame[..., 2]
        joints.append(joint)
    return by_joint(joints)


def turned(turn: Tensor, lift: Tensor) -> Tensor:
    """Return the (..., 3, 3) frame whose z axis points where a bone goes: a turn about y, then a lift about x."""
    none = torch.zeros_like(turn)
    (c, s), (d, t) = (turn.cos(), turn.sin()), (lift.cos(), lift.sin())
    rows = ((c, s * t, s * d), (none, d, -t), (-s, c * t, c * d))
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def product(one: Tensor, other: Tensor) -> Tensor:
    """Return the (..., N, 3) product of (..., N, 3) and (..., 3, 3) matrices, in full precision under autocast too."""
    return (one.float()[..., None] * other.float()[..., None, :, :]).sum(-2)


def by_joint(levels: list[Tensor]) -> Tensor:
    """Return four (B, 5, 3) values, from the bases of the fingers to their tips, by joint; the wrist's are 0."""
    fingers = torch.stack(levels, 2).flip(2).flatten(1, 2)
    return torch.cat([torch.zeros_like(fingers[:, :1]), fingers], 1)
