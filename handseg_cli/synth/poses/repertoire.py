"""Hand poses drawn at random: a pose of a family, perhaps on its way to another, with each joint a little off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from handseg_cli.synth.body import Floats
from handseg_cli.synth.poses.anatomy import ANGLES, HandPose, mix, packed, unpacked
from handseg_cli.synth.poses.limits import FOLLOWS, clamp
from handseg_cli.synth.poses.table import FAMILIES, POSES

# Families that a person takes for themselves and that others read, so that half of one says nothing.
READ = ("sign", "number", "count", "ok", "peace", "call", "rock", "crossed", "thumb_up")


def random_pose(rng: np.random.Generator, family: str | None = None) -> HandPose:
    """Draw a pose of a family of FAMILIES, by default of any; the wrist bends a little too."""
    drawn = family or FAMILIES[rng.integers(len(FAMILIES))]
    pose = _one_of(rng, drawn)
    if drawn not in READ and rng.uniform() < 0.4:
        # A hand that was asked for stays within its family; any other may be on its way to anything.
        other = _one_of(rng, family or FAMILIES[rng.integers(len(FAMILIES))])
        pose = mix(pose, other, float(rng.uniform(0.05, 0.5)))
    return clamp(unpacked(packed(pose) + _jitter(rng), pose.touching))


def _one_of(rng: np.random.Generator, family: str) -> HandPose:
    poses = list(POSES[family].values())
    return poses[rng.integers(len(poses))]


def _jitter(rng: np.random.Generator) -> Floats:
    """Draw how far off each angle (23,) is: fingers move together more than alone."""
    off = np.zeros(ANGLES)
    flexion = rng.normal(0, [4, 5, 3], 3) + rng.normal(0, [3, 4, 3], (4, 3))
    # The end joint follows the middle one.
    flexion[:, 2] += FOLLOWS * flexion[:, 1]
    off[:12] = flexion.ravel()
    off[12:16] = rng.normal(0, 1.5, 4) + rng.normal(0, 2) * np.array([1, 0, -0.7, -1.6])
    off[16:21] = rng.normal(0, [6, 4, 4, 5, 6])
    off[21:23] = rng.normal([0, 4], [18, 8])
    return off


def named_pose(name: str) -> HandPose:
    """Return a pose of the table as it stands."""
    found = next(poses[name] for poses in POSES.values() if name in poses)
    return replace(found, wrist=np.zeros(2))
