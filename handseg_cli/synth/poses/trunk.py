"""A figure's head and torso as rounded cones, and the places of its face that hands go to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Body, Floats, Posed
from handseg_cli.synth.lately import lately
from handseg_cli.synth.poses.contact import Cones, Frame, joined, moved
from handseg_cli.synth.turning import unit

# Where a face's places are, seen from the middle between the eyes: to the side by half widths of the head, and down by
# the way from the eyes to the chin.
FACE = {
    "chin": (0.0, 0.93), "mouth": (0.0, 0.67), "nose": (0.0, 0.32), "forehead": (0.0, -0.45), "brow": (0.35, -0.2),
    "eye": (0.36, 0.0), "cheek": (0.6, 0.42), "jaw": (0.62, 0.75), "temple": (0.85, -0.15), "ear": (1.0, 0.1),
}  # fmt: skip


@dataclass(frozen=True)
class Trunk:
    """What of a figure hands run into: at rest, in millimetres."""

    head: Cones
    torso: Cones

    @property
    def all(self) -> Cones:
        """Return all of it."""
        return joined(self.head, self.torso)


@dataclass(frozen=True)
class Spot:
    """A place (3,) on a figure and the unit way out of its skin there (3,)."""

    place: Floats
    out: Floats


def trunk_of(body: Body) -> Trunk:
    """Measure an upper body at rest; its head turns with the bone of that name."""
    held = _held(body)
    return Trunk(_head(body.points[held == 1]), _torso(body.points[held == 0]))


def carried(cones: Cones, matrix: Floats) -> Cones:
    """Return cones as a bone's matrix (4, 4) carries them."""
    return moved(cones, Frame(matrix[:3, 3], matrix[:3, :3].T))


@lately(4)
def _held(body: Body) -> NDArray[np.int64]:
    """Return for each point (V,) 1 on the head, 2 on the arms, 0 on the torso and neck."""
    parts = np.zeros(len(body.bones), np.int64)
    for number, bone in enumerate(body.bones):
        above = parts[bone.parent] if bone.parent >= 0 else 0
        parts[number] = 1 if bone.name == "head" else 2 if bone.name.startswith("upperarm01") else above
    return np.asarray(parts[body.holders[np.arange(len(body.points)), body.weights.argmax(axis=1)]])


def _head(points: Floats) -> Cones:
    """Return a chain of cones up the face, and one to the back of the skull."""
    low, high = points[:, 1].min(), points[:, 1].max()
    rings = []
    for share in (0.12, 0.35, 0.6, 0.74):
        height = low + share * (high - low)
        slab = points[np.abs(points[:, 1] - height) < 0.05 * (high - low)]
        # The nose is left out: hands touch it before they would the face.
        front = np.quantile(slab[np.abs(slab[:, 0]) > 0.2 * slab[:, 0].max(), 2], 0.97)
        radius = min(0.9 * slab[:, 0].max(), 0.4 * (high - low))
        rings.append([0, height, front - radius, radius])
    face = np.array(rings)
    back = np.array([0, face[3, 1], points[:, 2].min() + 0.9 * face[3, 3], face[3, 3]])
    chain = np.stack([face, [*face[1:], back]], axis=1)
    return Cones(chain[:, 0, :3], chain[:, 1, :3], chain[:, :, 3])


def _torso(points: Floats) -> Cones:
    """Return upright cones beside each other, and the neck."""
    low, high = points[:, 1].min(), points[:, 1].max()
    rings = []
    for share in (0.05, 0.3, 0.55, 0.72):
        slab = points[np.abs(points[:, 1] - low - share * (high - low)) < 0.04 * (high - low)]
        (x, _, back), (_, _, front) = np.quantile(np.abs(slab), 0.97, axis=0), slab.max(axis=0)
        back = slab[:, 2].min()
        radius = (front - back) / 2 * 0.93
        rings.append([max(x - radius, 0), low + share * (high - low), (front + back) / 2, radius])
    rows = np.array(rings)
    sides = np.array([[-1, 1, 1, 1], [0, 1, 1, 1], [1, 1, 1, 1]])
    ends = (rows[:, None] * sides).transpose(1, 0, 2)
    starts, stops = ends[:, :-1].reshape(-1, 4), ends[:, 1:].reshape(-1, 4)
    neck = np.array([[0, rows[3, 1], rows[3, 2], 50], [0, high, rows[3, 2] + 15, 50]])
    both = np.stack([np.vstack([starts, neck[0]]), np.vstack([stops, neck[1]])], axis=1)
    return Cones(both[:, 0, :3], both[:, 1, :3], both[:, :, 3])


def face_spot(figure: Posed, name: str, side: str) -> Spot:
    """Return where one of FACE is on a posed figure, on its half of `side` if it is beside the middle."""
    body = figure.body
    heads = {bone.name: bone.head for bone in body.bones if bone.name in ("eye.L", "eye.R", "head")}
    points = body.points[_held(body) == 1]
    eyes, wide = (heads["eye.L"] + heads["eye.R"]) / 2, points[:, 0].max()
    aside, down = FACE[name]
    chin = points[:, 1].min()
    target = np.array([aside * wide * (1 if side == "L" else -1), eyes[1] - down * (eyes[1] - chin)])
    off = ((points[:, :2] - target) ** 2).sum(axis=1)
    near = points[off < max(64, np.partition(off, 6)[6])]
    place = near[near[:, 2].argmax()] if aside < 1 else near[np.abs(near[:, 0]).argmax()]
    middle = np.array([0, 0.5 * (eyes[1] + place[1]), heads["head"][2] + 40])
    matrix = figure.matrices[[bone.name for bone in body.bones].index("head")]
    return Spot(matrix[:3, :3] @ place + matrix[:3, 3], matrix[:3, :3] @ unit(place - middle))
