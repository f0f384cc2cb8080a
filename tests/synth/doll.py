"""A person of balls and pipes around two hands of our own making, for tests that need a whole upper body."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from handseg_cli.synth.body import Body, Bone, Floats, Ints
from handseg_cli.synth.figures.marks import mark
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand
from handseg_cli.synth.looks.shapes import Shape, ball, moved, tube

TRUNK = {
    "root": (0, 100, 0), "spine01": (0, 460, 0), "neck01": (0, 661, 11), "head": (0, 759, 47),
    "eye.L": (30, 800, 125), "eye.R": (-30, 800, 125),
}  # fmt: skip


@lru_cache(maxsize=1)
def doll() -> Body:
    """Return the doll at rest, arms held out."""
    bones = [Bone(name, -1, np.array(at, float), np.add(at, (0.0, 50, 0))) for name, at in TRUNK.items()]
    names = list(TRUNK)
    shapes = [(moved(ball((170, 270, 110), 16, 24), (0, 380, 0)), names.index("spine01"))]
    shapes.append((tube(np.array([[0.0, 600, 5], [0, 680, 20], [0, 720, 30]]), 55.0, 14), names.index("neck01")))
    shapes.append((moved(ball((75, 110, 95), 14, 20), (0, 795, 40)), names.index("head")))
    bodies = []
    for side in ("L", "R"):
        hand = procedural_hand(HandShape(), "L" if side == "L" else "R")
        first = len(bones)
        bones += [replace(bone, parent=bone.parent + first if bone.parent >= 0 else 1) for bone in hand.bones]
        bodies.append((hand, first))
        upper = next(bone for bone in hand.bones if bone.name == f"upperarm01.{side}")
        elbow = next(bone for bone in hand.bones if bone.name == f"lowerarm01.{side}").head
        shapes.append((tube(np.linspace(upper.head, elbow, 12), 45.0, 16), first + hand.bones.index(upper)))
    return _joined(shapes, bodies, tuple(bones))


def _joined(shapes: list[tuple[Shape, int]], bodies: list[tuple[Body, int]], bones: tuple[Bone, ...]) -> Body:
    most = bodies[0][0].holders.shape[1]
    points: list[Floats] = []
    triangles: list[Ints] = []
    holders: list[Ints] = []
    weights: list[Floats] = []
    uv: list[Floats] = []
    for shape, bone in shapes:
        triangles.append(shape.triangles + sum(len(each) for each in points))
        points.append(shape.points)
        holders.append(np.full((len(shape.points), most), bone))
        weights.append(np.eye(1, most).repeat(len(shape.points), axis=0))
        uv.append(shape.uv)
    for body, first in bodies:
        triangles.append(body.triangles + sum(len(each) for each in points))
        points.append(body.points)
        holders.append(body.holders + first)
        weights.append(body.weights)
        uv.append(body.uv)
    where, held, by = np.concatenate(points).astype(np.float32), np.concatenate(holders), np.concatenate(weights)
    marks = mark(where, bones, held, by)
    return Body(where, np.concatenate(triangles), np.concatenate(uv), bones, held, by.astype(np.float32), marks)
