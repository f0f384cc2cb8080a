"""Watches, bracelets and rings on a posed arm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from handseg_cli.synth.body import FINGERS, Floats, Marks, Posed, Side
from handseg_cli.synth.dress.limb import NUMBER, Limb, place, tube
from handseg_cli.synth.looks.cloth import fabric
from handseg_cli.synth.looks.colours import Colour, clothing, metallic, painted
from handseg_cli.synth.looks.prints import printed
from handseg_cli.synth.looks.shapes import Shape, ball, box, joined, lathe, moved
from handseg_cli.synth.looks.tiles import flat, metal
from handseg_cli.synth.looks.tiles import material as tiled
from handseg_cli.synth.poses.anatomy import hand_of
from handseg_cli.synth.surface import Kind, Material, Surface

BACK = 0.75  # of the way round a wrist: from the thumb's side over the palm's


def watch(limb: Limb, rng: np.random.Generator) -> list[Surface]:
    """Return a strap and a case on the back of the wrist, or a band with a screen."""
    along, half = -float(rng.uniform(22, 48)), float(rng.uniform(7, 12))
    steel = rng.uniform() < 0.35
    colour = metallic(rng)
    if steel:
        strap = metal(rng, colour)
    elif rng.uniform() < 0.5:
        strap = tiled("leather", ((0.03, 0.025, 0.02), (0.25, 0.11, 0.05), (0.45, 0.28, 0.14))[rng.integers(3)], rng)
    else:
        strap = flat(clothing(rng), 0.05)
    band = _strap(limb, (along - half, along + half), 2.6 if steel else 2.0, 8.0 if steel else 30.0, strap)
    return [band, *_case(limb, along, half, colour, rng)]


def _strap(limb: Limb, span: tuple[float, float], thick: float, tile: float, material: Material) -> Surface:
    """Return a flat band around the arm over a span, with rounded edges."""
    low, high = span
    material = replace(material, double=True)
    along = np.array([low + 1, low, low + 0.3, *np.linspace(low + 1.2, high - 1.2, 4), high - 0.3, high, high - 1])
    ease = np.array([0.4, 0.6, thick - 0.5, *[thick] * 4, thick - 0.5, 0.6, 0.4])[:, None]
    shape = tube(limb, along, ease, tile)
    return Surface(Kind.CLOTH, shape.points, shape.triangles, shape.uv, material)


def _case(limb: Limb, along: float, half: float, colour: Colour, rng: np.random.Generator) -> list[Surface]:
    where, frame = place(limb, along, BACK, 1.0)
    high = float(rng.uniform(7, 11))
    # In the case's own frame y is out of the wrist, and the dial's six o'clock is at z, around it.
    turn = np.stack([frame[0], frame[2], -frame[1]], axis=1)
    round_ = rng.uniform() < 0.6
    size = float(rng.uniform(1.35, 1.9)) * half
    if round_:
        case = lathe(
            [(0, high), (size * 0.86, high), (size * 0.86, high), (size, high - 2), (size, 1), (size * 0.8, -1)], 28
        )
        face = lathe([(0, 0), (size * 0.86, 0)], 28)
        angle = np.arctan2(face.points[:, 0], face.points[:, 2])
        far = np.hypot(face.points[:, 0], face.points[:, 2]) / (size * 0.86)
        flat_uv = np.stack([0.5 + 0.49 * far * np.sin(angle), 0.5 + 0.49 * far * np.cos(angle)], axis=1)
        face = Shape(face.points, face.triangles, flat_uv[face.triangles].astype(np.float32))
    else:
        long = size * float(rng.uniform(1.0, 1.3))
        case = moved(box((2 * size * 0.9, high, 2 * long * 0.9), 2.5), (0, high / 2, 0))
        sheet = box((1.6 * size, 0.2, 1.6 * long))
        face = Shape(sheet.points, sheet.triangles, sheet.uv)
    lid = printed("dial", rng, gloss=0.12, rough=0.15)
    parts = ((case, flat(colour, 0.35, 0.25)), (moved(face, (0, high + 0.15, 0)), lid))
    placed = [(moved(shape, where.tolist(), turn), look) for shape, look in parts]
    return [Surface(Kind.CLOTH, shape.points, shape.triangles, shape.uv, look) for shape, look in placed]


def bracelet(limb: Limb, rng: np.random.Generator) -> list[Surface]:
    """Return a bangle, a ribbon, a few strings or a row of beads about the wrist."""
    along = -float(rng.uniform(10, 45))
    kind = str(rng.choice(["bangle", "ribbon", "strings", "beads"], p=[0.3, 0.25, 0.2, 0.25]))
    if kind == "beads":
        return [_beads(limb, along, rng)]
    if kind == "bangle":
        wide = float(rng.uniform(1.2, 4))
        return [_strap(limb, (along - wide, along + wide), float(rng.uniform(2.5, 5)), 20.0, metal(rng))]
    if kind == "ribbon":
        wide = float(rng.uniform(5, 10))
        return [_strap(limb, (along - wide, along + wide), 1.4, 40.0, fabric(rng)[0])]
    starts = along + 4.5 * np.arange(int(rng.integers(2, 5))) - 8
    return [
        _strap(limb, (low, low + 3.2), float(rng.uniform(1.5, 2.4)), 6.0, fabric(rng)[0]) for low in starts.tolist()
    ]


def _beads(limb: Limb, along: float, rng: np.random.Generator) -> Surface:
    radius = float(rng.uniform(2.5, 4.5))
    count = int(2 * np.pi * (limb.radii[-8].mean() + radius) / (2 * radius))
    bead = ball((radius,) * 3, 5, 8)
    slant = float(rng.uniform(-4, 4))
    turns = np.arange(count) / count
    at = [place(limb, along + slant * np.sin(2 * np.pi * turn), turn, radius * 0.8)[0] for turn in turns.tolist()]
    shape = joined([moved(bead, where.tolist()) for where in at])
    look = tiled("wood", painted(rng), rng) if rng.uniform() < 0.4 else flat(painted(rng), 0.15, 0.25)
    return Surface(Kind.CLOTH, shape.points, shape.triangles, shape.uv, look)


def ring(figure: Posed, side: Side, finger: int, rng: np.random.Generator) -> list[Surface]:
    """Return a ring about the phalanx next to the palm of a finger (1 thumb .. 5 little), at times with a stone."""
    joint = 2 if finger == 1 else 1
    share = float(rng.uniform(0.35, 0.55))
    centre, axes, radii = around(figure, side, (finger, joint), share)
    wide, thick = float(rng.uniform(1.0, 3.2)), float(rng.uniform(0.7, 1.5))
    x, z = radii[0] + 0.3, radii[1] + 0.3
    # The inside is left out: skin covers it.
    profile = [(1.0, wide), (1 + 0.7 * thick / x, wide), (1 + thick / x, 0.7 * wide), (1 + thick / x, -0.7 * wide),
               (1 + 0.7 * thick / x, -wide), (1.0, -wide)]  # fmt: skip
    band = lathe(profile, 24)
    band = Shape(band.points * np.array([x, 1, z], np.float32), band.triangles, band.uv)
    parts = [(band, metal(rng))]
    if rng.uniform() < 0.35:
        size = float(rng.uniform(1.5, 4))
        stone = moved(ball((size, size, size * 0.7), 4, 7), (0, 0, z + thick + 0.3 * size))
        parts.append((stone, flat(painted(rng), 0.4, 0.1)))
    matrix = bone_matrix(figure, side, finger, joint)
    surfaces = []
    for shape, look in parts:
        rest = moved(shape, centre.tolist(), axes.T)
        points = (rest.points @ matrix[:3, :3].T + matrix[:3, 3]).astype(np.float32)
        surfaces.append(
            Surface(
                Kind.WORN,
                points,
                rest.triangles,
                rest.uv,
                look,
                one_place(figure, side, finger, joint - 1 + share, len(points)),
            )
        )
    return surfaces


def around(figure: Posed, side: Side, bone: tuple[int, int], share: float) -> tuple[Floats, Floats, Floats]:
    """Return the middle of a finger's skin (3,) at a share of a bone (finger, joint from 1) at rest, the axes there as
    rows (sideways, along, out of the back), and the radii sideways and backwards (2,)."""
    finger, joint = bone
    hand, body = hand_of(figure.body, side), figure.body
    direction, pulp, _ = hand.rest[finger - 1, joint - 1].T @ hand.axes
    axes = np.stack([np.cross(direction, -pulp), direction, -pulp])
    named = {each.name: each for each in body.bones}[f"finger{finger}-{joint}.{side}"]
    on_bone = named.head + share * (named.tail - named.head)
    near = (body.marks.side == NUMBER[side]) & (body.marks.finger == finger)
    near &= np.abs(body.marks.reach - (joint - 1 + share)) < 0.16
    local = (body.points[near] - on_bone) @ axes.T
    low, high = np.percentile(local, (3, 97), axis=0)
    middle = np.array([(low[0] + high[0]) / 2, 0, (low[2] + high[2]) / 2])
    return on_bone + middle @ axes, axes, (high - low)[[0, 2]] / 2


def one_place(figure: Posed, side: Side, finger: int, reach: float, count: int) -> Marks:
    """Return marks of `count` points that all lie at one place of a finger."""
    marks = figure.body.marks
    near = (marks.side == NUMBER[side]) & (marks.finger == finger) & (np.abs(marks.reach - reach) < 0.3)
    along = float(marks.along[near].mean())
    return Marks(
        np.full(count, NUMBER[side], np.uint8), np.full(count, along, np.float32),
        np.full(count, finger, np.uint8), np.full(count, reach, np.float32),
    )  # fmt: skip


def bone_matrix(figure: Posed, side: Side, finger: int, joint: int) -> Floats:
    """Return what moves a finger's bone (4, 4), joint from 1."""
    names = [bone.name for bone in figure.body.bones]
    return np.asarray(figure.matrices[names.index(f"finger{finger}-{joint}.{side}")])


def random_rings(figure: Posed, side: Side, rng: np.random.Generator) -> list[Surface]:
    """Return one to three rings on fingers of a hand, the ring finger's the likeliest."""
    count = int(rng.choice([1, 2, 3], p=[0.7, 0.22, 0.08]))
    fingers = rng.choice(len(FINGERS), count, replace=False, p=[0.07, 0.18, 0.2, 0.45, 0.1])
    return [surface for finger in fingers.tolist() for surface in ring(figure, side, finger + 1, rng)]
