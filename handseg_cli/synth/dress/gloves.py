"""Gloves over a posed hand: latex, rubber, leather, work and knit, with or without fingers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats, Ints, Marks, Posed, vertex_normals
from handseg_cli.synth.dress.limb import NUMBER, Limb, tube
from handseg_cli.synth.looks.cloth import fabric, matching
from handseg_cli.synth.looks.colours import FLESH, Colour, clothing, draw
from handseg_cli.synth.looks.shapes import Shape, boxed
from handseg_cli.synth.looks.tiles import material as tiled
from handseg_cli.synth.poses.anatomy import hand_of
from handseg_cli.synth.surface import Kind, Material, Surface

# Each: how often, how thick (mm), and how far up the arm (mm before the wrist).
KINDS: dict[str, tuple[float, tuple[float, float], tuple[float, float]]] = {
    "latex": (0.32, (0.3, 0.6), (25, 70)),
    "rubber": (0.14, (0.8, 1.6), (60, 150)),
    "leather": (0.18, (1.0, 2.0), (5, 60)),
    "work": (0.18, (1.5, 2.8), (15, 70)),
    "knit": (0.18, (1.2, 2.4), (15, 80)),
}
LATEX: tuple[Colour, ...] = (
    (0.03, 0.14, 0.5), (0.2, 0.42, 0.7), (0.82, 0.82, 0.8), (0.02, 0.02, 0.022), (0.2, 0.1, 0.45), (0.1, 0.4, 0.35),
)  # fmt: skip
RUBBER: tuple[Colour, ...] = (
    (0.85, 0.6, 0.04),
    (0.85, 0.3, 0.36),
    (0.05, 0.3, 0.12),
    (0.75, 0.2, 0.02),
    (0.1, 0.3, 0.6),
)
LEATHER: tuple[Colour, ...] = (
    (0.28, 0.12, 0.05),
    (0.55, 0.36, 0.18),
    (0.02, 0.018, 0.016),
    (0.62, 0.5, 0.36),
    (0.2, 0.05, 0.03),
)
OVERLAP = 12.0  # mm of skin that go on under a glove


@dataclass(frozen=True)
class Glove:
    """A glove of a kind of KINDS; what both gloves of a pair share."""

    kind: str
    end: float  # mm beyond the wrist, negative: up the arm
    thick: float  # mm
    material: Material
    trim: Material  # of the cuff
    tile: float  # mm
    fingers: float = 9.0  # along each finger, as Marks.reach, where it ends; the thumb's ends a joint further

    def bare(self, marks: Marks) -> Floats:
        """Return where skin shows (V,), positive: up the arm, and beyond fingers cut short."""
        arm = self.end + OVERLAP - marks.along
        tips = 20 * (marks.reach - self._cut(marks) + 0.2)
        return np.asarray(np.where(marks.finger > 0, np.maximum(arm, tips), arm), np.float32)

    def covers(self, marks: Marks) -> Floats:
        """Return where the glove is (V,), positive."""
        tips = np.where(marks.finger > 0, 20 * (self._cut(marks) - marks.reach), 20.0)
        return np.asarray(np.minimum(marks.along - self.end, tips), np.float32)

    def _cut(self, marks: Marks) -> Floats:
        return np.asarray(self.fingers + 0.8 * (marks.finger == 1), np.float32)


def random_glove(rng: np.random.Generator) -> Glove:
    """Draw a glove."""
    kind = str(rng.choice(list(KINDS), p=[share for share, _, _ in KINDS.values()]))
    _, thick, length = KINDS[kind]
    material, tile = _stuff(kind, rng)
    trim = matching(material, "rib", rng) if kind in ("knit", "work") else material
    short = kind in ("knit", "leather", "work") and rng.uniform() < 0.3
    fingers = float(rng.uniform(0.35, 1.3)) if short else 9.0
    return Glove(kind, -float(rng.uniform(*length)), float(rng.uniform(*thick)), material, trim, tile, fingers)


def _stuff(kind: str, rng: np.random.Generator) -> tuple[Material, float]:
    if kind in ("knit", "work"):
        weave = "knit" if kind == "knit" else str(rng.choice(["twill", "knit", "plain", "heather"]))
        return fabric(rng, clothing(rng) if rng.uniform() < 0.8 else (0.75, 0.74, 0.7), weave)
    colours = {"latex": LATEX, "rubber": RUBBER, "leather": LEATHER}[kind]
    red, green, blue = np.minimum(np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.7, 1.2), 0.95)
    colour = (float(red), float(green), float(blue))
    if rng.uniform() < 0.15:
        colour = draw(FLESH, rng)
    if kind == "leather":
        return tiled("leather", colour, rng, gloss=0.06, rough=0.4), float(rng.uniform(30, 60))
    return tiled("smooth", colour, rng, gloss=float(rng.uniform(0.04, 0.14)), rough=0.35), 60.0


def glove_surfaces(figure: Posed, limb: Limb, glove: Glove, tucked: bool) -> list[Surface]:
    """Return one glove: what lies on the hand is hand, what goes up the arm is cloth; `tucked`: no wide cuff."""
    marks = figure.body.marks
    chosen = (marks.side == NUMBER[limb.side]) & (marks.along > glove.end - 15)
    rows, triangles = cut_out(figure.body.triangles, chosen)
    normals = vertex_normals(figure.points[rows], triangles)
    mine = Marks(marks.side[rows], marks.along[rows], marks.finger[rows], marks.reach[rows])
    points = (figure.points[rows] + normals * _lift(figure.body.points[rows], mine, glove)[:, None]).astype(np.float32)
    hand = hand_of(figure.body, limb.side)
    rest = (figure.body.points[rows] - hand.wrist) @ hand.axes.T
    uv = boxed(Shape(rest, triangles, np.empty(0)), (glove.tile,) * 3).uv
    covers = glove.covers(mine)
    worn = Surface(
        Kind.WORN,
        points,
        triangles,
        uv,
        replace(glove.material, double=True),
        mine,
        np.minimum(covers, mine.along).astype(np.float32),
    )
    cuff = Surface(
        Kind.CLOTH, points, triangles, uv, replace(glove.material, double=True), None, np.minimum(covers, -mine.along)
    )
    wide = [] if tucked or glove.kind in ("latex", "leather") else [_cuff(limb, glove)]
    return [worn, cuff, *wide]


def cut_out(triangles: Ints, chosen: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return which points the triangles among the chosen points need, and these triangles over them."""
    first, second, third = triangles.T
    kept = triangles[chosen[first] & chosen[second] & chosen[third]]
    used = np.zeros(len(chosen), bool)
    used[kept] = True
    return np.flatnonzero(used), (np.cumsum(used) - 1)[kept]


def _lift(rest: Floats, marks: Marks, glove: Glove) -> Floats:
    """Return how far off the skin a glove lies (V,): thick cloth wrinkles, and stands off the fingertips."""
    lifted = np.full(len(rest), glove.thick)
    if glove.thick > 0.7:
        lifted += (
            0.3
            * glove.thick
            * np.sin(rest @ np.array([0.21, 0.17, 0.25]))
            * np.sin(rest @ np.array([0.11, -0.19, 0.13]))
        )
        lifted += 0.8 * glove.thick * np.clip(marks.reach - 2.6, 0, 0.4)
    return lifted


def _cuff(limb: Limb, glove: Glove) -> Surface:
    """Return the wide end of a glove: ribbed and tight, or flaring."""
    along = np.linspace(glove.end, -4, 14)
    share = np.linspace(1, 0, 14)[:, None]
    if glove.kind == "knit":
        ease = glove.thick + 1.0 + 0.3 * np.sin(share * 3)
    else:
        ease = glove.thick + 1.0 + (9 if glove.kind == "rubber" else 5) * share**1.5
    rim = np.array([glove.end - 1.0, glove.end - 2.0, glove.end - 1.0, glove.end])
    edge = ease[0] + np.array([[-0.5], [0.5], [1.2], [0.9]])
    shape = tube(limb, np.concatenate([rim, along]), np.concatenate([edge, ease]), glove.tile)
    return Surface(Kind.CLOTH, shape.points, shape.triangles, shape.uv, replace(glove.trim, double=True))
