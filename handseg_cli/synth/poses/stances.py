"""Ways to hold one hand: hanging, over a desk, waving, showing, reaching."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from handseg_cli.synth.body import Side
from handseg_cli.synth.poses.arms import Goal
from handseg_cli.synth.poses.gestures import Figure, Gesture, alone, best_of
from handseg_cli.synth.poses.repertoire import random_pose


@dataclass(frozen=True)
class _Held:
    """Where a hand is held: from its shoulder (to its side, up, forward) by lengths of the upper arm, and how far that
    varies; where palm and fingers point; poses of which families."""

    place: tuple[float, float, float]
    vary: tuple[float, float, float]
    palm: tuple[float, float, float]
    fingers: tuple[float, float, float]
    families: tuple[str, ...]


HELD = {
    "hanging": _Held((0.25, -1.85, 0.15), (0.1, 0.1, 0.2), (-1, 0, -0.3), (0, -1, 0.1), ("relaxed", "fist", "hook")),
    "desk": _Held((-0.1, -1.3, 1.2), (0.3, 0.15, 0.2), (0, -1, 0), (-0.4, 0, 1), ("flat", "typing", "relaxed")),
    "chest": _Held((-0.4, -0.7, 0.8), (0.3, 0.3, 0.2), (-0.2, 0.1, -1), (-1, 0.3, 0.1), ("flat", "relaxed", "fist")),
    "waving": _Held((0.5, 0.5, 0.6), (0.3, 0.3, 0.2), (0, 0, 1), (0, 1, 0), ("flat", "spread", "stop")),
    "telling": _Held((0.1, -0.6, 1.1), (0.3, 0.3, 0.2), (-0.6, 0.5, 0.1), (-0.3, 0.3, 1), ("relaxed", "cup", "ok")),
    "showing": _Held((0.1, 0.0, 1.1), (0.3, 0.3, 0.2), (-0.2, 0, 1), (-0.1, 1, 0), ("count", "sign", "number")),
    "pointing": _Held((0.1, -0.1, 1.5), (0.4, 0.3, 0.2), (-0.4, -1, 0), (0, 0, 1), ("point",)),
    "thumbing": _Held((0.0, -0.4, 1.2), (0.3, 0.3, 0.2), (-1, 0, 0), (-0.4, 0, 1), ("thumb_up", "fist")),
    "reaching": _Held((0.0, -0.3, 1.6), (0.4, 0.4, 0.2), (-0.6, -0.6, 0.2), (0, 0, 1), ("cylinder", "disc", "cup")),
    "giving": _Held((0.0, -0.7, 1.3), (0.3, 0.3, 0.2), (0, 1, 0.2), (-0.2, 0, 1), ("flat", "cup", "plate")),
}  # fmt: skip


def held(figure: Figure, side: Side, name: str, rng: np.random.Generator) -> Gesture:
    """Return a figure that holds one hand as a name of HELD says, the best of some tries."""
    return best_of(lambda: _try_held(figure, side, HELD[name], rng))


def _try_held(figure: Figure, side: Side, where: _Held, rng: np.random.Generator) -> Gesture:
    mirror, arm = np.array([1.0 if side == "L" else -1.0, 1, 1]), figure.arms[side]
    long = float(np.linalg.norm(arm.elbow - arm.shoulder))
    place = arm.shoulder + long * mirror * rng.normal(where.place, where.vary)
    palm, fingers = (mirror * (np.array(way) + rng.normal(0, 0.3, 3)) for way in (where.palm, where.fingers))
    pose = random_pose(rng, str(rng.choice(where.families)))
    return alone(figure, side, pose, Goal(place, palm, fingers), float(rng.normal(20, 12)))
