"""How the hand of our own making is held by its bones, and how its skin is cut and unrolled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Bone, Floats, Ints, strongest
from handseg_cli.synth.figures.marks import reached
from handseg_cli.synth.figures.nets import evened
from handseg_cli.synth.figures.sculpt import CHAINS, ELBOW, METACARPALS, finger_limbs, limb_distance

GIVE = 0.3  # over which share of a phalanx the skin at a joint goes with either bone
# From where to where along x each band of the texture goes: arm and palm, then thumb to little finger.
BANDS = ((0.0, 0.6), (0.6, 0.68), (0.68, 0.76), (0.76, 0.84), (0.84, 0.92), (0.92, 1.0))
# Out of the back of each finger, roughly: a thumb looks aside.
BACKS = ((-0.2, 0.6, 0.75), *((0.0, 1.0, 0.0),) * 4)
FORE_END, PALM_END = -270.0, 120.0  # what the first band spans, mm beyond the wrist


def held(points: Floats, quads: Ints, bones: tuple[Bone, ...]) -> tuple[Ints, Floats]:
    """Return what holds each point (V, K), and by how much: the bone at hand along a limb, the nearest limb across."""
    place = {bone.name: number for number, bone in enumerate(bones)}
    dense = np.zeros((len(points), len(bones)))
    near = np.stack([_nearness(points, finger) for finger in range(5)], axis=1)
    near = np.exp(-(near - near.min(axis=1, keepdims=True)) / 1.5)
    near /= near.sum(axis=1, keepdims=True)
    palm = np.zeros(len(points))
    for finger, chain in enumerate(np.array(CHAINS, float)):
        along = reached(points, chain)
        past = [_ramp(along - joint, GIVE) for joint in (0, 1, 2)] + [np.zeros(len(points))]
        for joint in range(3):
            dense[:, place[f"finger{finger + 1}-{joint + 1}.L"]] = near[:, finger] * (past[joint] - past[joint + 1])
        palm += near[:, finger] * (1 - past[0])
    hand, twist = _ramp(points[:, 0], 14.0), _ramp(points[:, 0] - ELBOW[0] / 2, 75.0)
    # The skin over the small bones of the wrist goes with none of the metacarpals.
    inner = _ramp(points[:, 0] - 34.0, 22.0)
    rays = [place[f"metacarpal{number}.L"] for number in range(1, 5)]
    dense[:, rays] = (palm * inner)[:, None] * _rays(points)
    dense[:, place["wrist.L"]] = palm * (1 - inner)
    dense *= hand[:, None]
    dense[:, place["lowerarm02.L"]] = (1 - hand) * twist
    dense[:, place["lowerarm01.L"]] = (1 - hand) * (1 - twist)
    return strongest(evened(dense, quads, 2), 5)


def _nearness(points: Floats, finger: int) -> Floats:
    return np.asarray(np.min([limb_distance(points, limb) for limb in finger_limbs(finger)], axis=0))


def _rays(points: Floats) -> Floats:
    """Return which share of the palm's hold on points (V, 3) each of the four metacarpals has (V, 4)."""
    ends = np.array([chain[0] for chain in CHAINS[1:]], float)
    starts = np.array(METACARPALS)
    share = np.clip(points[:, :1] / ends[:, 0], 0, 1)
    away = np.abs(points[:, 2:] - (starts[:, 2] + share * (ends[:, 2] - starts[:, 2])))
    near = np.exp(-(away - away.min(axis=1, keepdims=True)) / 5)
    return np.asarray(near / near.sum(axis=1, keepdims=True))


def _ramp(place: Floats, width: float) -> Floats:
    """Return 0 to 1 smoothly as `place` goes from -width to width."""
    share = np.clip(place / (2 * width) + 0.5, 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def unwrapped(points: Floats, triangles: Ints, finger: NDArray[np.uint8], reach: Floats) -> Floats:
    """Return the uv (T, 3, 2) of a hand cut into limbs, each unrolled into its band, the back at 0.5 across."""
    on = np.where(reach > 0, finger, 0)
    # A triangle lies in one band: that of most of its corners.
    band = np.median(on[triangles], axis=1).astype(np.int64)
    uv = np.empty((*triangles.shape, 2), np.float32)
    for number, (low, high) in enumerate(BANDS):
        mine = triangles[band == number]
        along, turn = _on_finger(points, number - 1) if number else _on_arm(points)
        across = turn[mine]
        # A triangle across the seam would else run back through the whole texture.
        across = across + ((across.max(axis=1, keepdims=True) - across) > 0.5)
        uv[band == number] = np.stack([low + (high - low) * np.clip(along[mine], 0.01, 0.99), across], axis=-1)
    return uv


def _on_arm(points: Floats) -> tuple[Floats, Floats]:
    along = (points[:, 0] - FORE_END) / (PALM_END - FORE_END)
    # A palm is broad and flat: its angle is told as if it were round.
    broad = np.interp(points[:, 0], (-200, 0, 60), (1.1, 1.4, 2.2))
    return along, np.arctan2(points[:, 2] / broad, points[:, 1] + 2) / (2 * np.pi) + 0.5


def _on_finger(points: Floats, finger: int) -> tuple[Floats, Floats]:
    chain = np.array(CHAINS[finger], float)
    along = reached(points, chain)
    joint = np.clip(along, 0, 2.999)
    low = joint.astype(np.int64)
    off = points - chain[low] - (joint - low)[:, None] * np.diff(chain, axis=0)[low]
    way = chain[-1] - chain[0]
    back = np.array(BACKS[finger]) - way * (np.array(BACKS[finger]) @ way) / (way @ way)
    aside = np.cross(way / np.linalg.norm(way), back)
    return along / 3, np.arctan2(off @ aside, off @ back) / (2 * np.pi) + 0.5
