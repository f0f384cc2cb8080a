"""A hand and forearm of our own making, for when no assets are there.

One left hand is netted from distances and kept; shapes stretch its bones, and a right hand is its mirror image.
Its uv run along the limb and, repeating, around it with 0.5 on the back, in bands: see procedural_skin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from handseg_cli.synth.body import Body, Bone, Floats, Side, mirrored, skinned
from handseg_cli.synth.figures.marks import mark
from handseg_cli.synth.figures.nets import halves, settled, surface_net
from handseg_cli.synth.figures.procedural_skin import held, unwrapped
from handseg_cli.synth.figures.sculpt import CHAINS, ELBOW, METACARPALS, SHOULDER, skin_distance

WRIST = np.array([717.0, 519.0, 21.0])  # where the left wrist lies in a figure with its arms held out


@dataclass(frozen=True)
class HandShape:
    """Proportions, 1 for an adult's mean."""

    size: float = 1.0
    finger_length: float = 1.0
    finger_width: float = 1.0
    palm_width: float = 1.0
    forearm_width: float = 1.0


def random_hand_shape(rng: np.random.Generator) -> HandShape:
    """Draw the proportions of a hand."""
    spread = np.exp(np.clip(rng.normal(0, (0.09, 0.06, 0.08, 0.06, 0.1)), -0.22, 0.22))
    return HandShape(*(float(value) for value in spread))


def procedural_hand(shape: HandShape, side: Side) -> Body:
    """Return hand and forearm of a side; the same shape gives mirror images."""
    body = _left(shape)
    return body if side == "L" else mirrored(body)


@lru_cache(maxsize=8)
def _left(shape: HandShape) -> Body:
    body = _mean_hand()
    bones, matrices = _stretched(body.bones, shape)
    points = (skinned(body, matrices) + WRIST).astype(np.float32)
    bones = tuple(Bone(bone.name, bone.parent, bone.head + WRIST, bone.tail + WRIST) for bone in bones)
    marks = mark(points, bones, body.holders, body.weights)
    return Body(points, body.triangles, body.uv, bones, body.holders, body.weights, marks)


@lru_cache(maxsize=1)
def _mean_hand() -> Body:
    x = np.concatenate([np.arange(-268, -22, 9.0), np.arange(-14, 200, 3.8)])
    axes = (x, np.arange(-54, 46, 3.8), np.arange(-66, 98, 3.8))
    points, quads = surface_net(skin_distance, axes)
    points = settled(points, quads, skin_distance, 3)
    triangles = halves(points, quads)
    bones = _bones()
    holders, weights = held(points, quads, bones)
    marks = mark(points, bones, holders, weights)
    uv = unwrapped(points, triangles, marks.finger, marks.reach)
    return Body(points.astype(np.float32), triangles, uv, bones, holders, weights, marks)


def _bones() -> tuple[Bone, ...]:
    elbow, wrist = np.array(ELBOW), np.zeros(3)
    names = ["upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist"]
    places = [np.array(SHOULDER), (SHOULDER + elbow) / 2, elbow, elbow / 2, wrist, np.array([14.0, -2.0, 3.0])]
    bones = [Bone(f"{name}.L", number - 1, places[number], places[number + 1]) for number, name in enumerate(names)]
    for number, place in enumerate(METACARPALS, 1):
        bones.append(Bone(f"metacarpal{number}.L", 4, np.array(place), np.array(CHAINS[number][0], float)))
    for finger, chain in enumerate(np.array(CHAINS, float), 1):
        parent = 4 if finger == 1 else 3 + finger
        for joint in range(3):
            name = f"finger{finger}-{joint + 1}.L"
            bones.append(Bone(name, parent if joint == 0 else len(bones) - 1, chain[joint], chain[joint + 1]))
    return tuple(bones)


def _stretched(bones: tuple[Bone, ...], shape: HandShape) -> tuple[tuple[Bone, ...], Floats]:
    """Return the bones of a hand of this shape, and what carries each one's skin there (B, 4, 4)."""
    matrices, done = np.tile(np.eye(4), (len(bones), 1, 1)), []
    for number, bone in enumerate(bones):
        along, across = _stretch(bone.name, shape)
        way = (bone.tail - bone.head) / np.linalg.norm(bone.tail - bone.head)
        turn = np.eye(3) * across * shape.size + np.outer(way, way) * (along - across) * shape.size
        head = bone.head * shape.size if bone.parent < 0 else _carried(matrices[bone.parent], bone.head)
        matrices[number, :3, :3], matrices[number, :3, 3] = turn, head - turn @ bone.head
        done.append(Bone(bone.name, bone.parent, head, _carried(matrices[number], bone.tail)))
    # The wrist stays where it is, whatever the arm's length.
    shift = done[[bone.name for bone in bones].index("wrist.L")].head
    matrices[:, :3, 3] -= shift
    return tuple(Bone(bone.name, bone.parent, bone.head - shift, bone.tail - shift) for bone in done), matrices


def _carried(matrix: Floats, place: Floats) -> Floats:
    return matrix[:3, :3] @ place + matrix[:3, 3]


def _stretch(name: str, shape: HandShape) -> tuple[float, float]:
    """Return by how much a bone is longer and its limb thicker than the mean hand's."""
    if name.startswith("finger1-1"):
        return 1.0, shape.palm_width
    if name.startswith("finger"):
        return shape.finger_length, shape.finger_width
    if name.startswith(("metacarpal", "wrist")):
        return 1.0, shape.palm_width
    return 1.0, shape.forearm_width
