"""Hair, eyes, beards, masks and glasses on the head of a posed body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from handseg_cli.synth.body import Floats, Ints, Posed, vertex_normals
from handseg_cli.synth.dress.gloves import cut_out
from handseg_cli.synth.looks.cloth import fabric
from handseg_cli.synth.looks.colours import Colour, painted
from handseg_cli.synth.looks.shapes import Shape, ball, joined, moved, tube
from handseg_cli.synth.looks.tiles import flat, metal, noise
from handseg_cli.synth.surface import Kind, Material, Surface

HAIRS: tuple[Colour, ...] = (
    (0.008, 0.007, 0.006), (0.03, 0.016, 0.009), (0.1, 0.05, 0.022), (0.32, 0.2, 0.09), (0.3, 0.29, 0.28),
    (0.16, 0.045, 0.015),
)  # fmt: skip
HAIR_SHARES = (0.4, 0.25, 0.15, 0.1, 0.07, 0.03)
IRISES: tuple[Colour, ...] = ((0.08, 0.035, 0.015), (0.03, 0.014, 0.008), (0.1, 0.16, 0.25), (0.08, 0.12, 0.05))
MASKS: tuple[Colour, ...] = ((0.35, 0.55, 0.72), (0.82, 0.82, 0.8), (0.02, 0.02, 0.02))
HAIR, HAT, BEARD, MASK, GLASSES = 0.79, 0.09, 0.18, 0.09, 0.22  # how often each is seen
EYE = 14.2  # mm, its radius


@dataclass(frozen=True)
class Head:
    """The skin of a head."""

    place: Floats  # (H, 3) at rest, mm to the left, up and ahead of the middle between the eyes
    points: Floats  # (H, 3) now
    normals: Floats  # (H, 3)
    triangles: Ints  # (T, 3)
    matrix: Floats  # (4, 4) of the head's bone
    eyes: Floats  # (2, 3) at rest, left and right


def head_surfaces(figure: Posed, rng: np.random.Generator) -> list[Surface]:
    """Return what is on the head of a posed body, its eyes first."""
    head = head_of(figure)
    surfaces = _eyes(head, rng)
    colour = HAIRS[rng.choice(len(HAIRS), p=HAIR_SHARES)]
    drawn = rng.uniform()
    if drawn < HAIR:
        surfaces.append(_hair(head, _strands(colour, rng), rng))
    elif drawn < HAIR + HAT:
        surfaces.append(_hat(head, rng))
    drawn = rng.uniform()
    if drawn < BEARD:
        surfaces.append(_beard(head, _strands(colour, rng), rng))
    elif drawn < BEARD + MASK:
        surfaces.append(_mask(head, rng))
    if rng.uniform() < GLASSES:
        surfaces.append(_glasses(head, rng))
    return surfaces


def head_of(figure: Posed) -> Head:
    """Return the head of a posed body that has eyes' bones."""
    body = figure.body
    place = {bone.name: number for number, bone in enumerate(body.bones)}
    eyes = np.array([body.bones[place[f"eye.{side}"]].head for side in "LR"])
    off = body.points - eyes.mean(axis=0)
    chosen = (off[:, 1] > -170) & (body.marks.side == 0) & (np.abs(off[:, 0]) < 120)
    rows, triangles = cut_out(body.triangles, chosen)
    points = figure.points[rows]
    normals = vertex_normals(points, triangles)
    return Head(off[rows], points, normals, triangles, figure.matrices[place["head"]], eyes)


def _over(head: Head, keep: Floats, lift: Floats, look: tuple[Material, float]) -> Surface:
    """Return the head's surface lifted by `lift` (H,) where `keep` (H,) is not negative."""
    shown = keep >= 0
    first, second, third = head.triangles.T
    triangles = head.triangles[shown[first] | shown[second] | shown[third]]
    points = (head.points + head.normals * lift[:, None]).astype(np.float32)
    at = head.place[triangles]
    # Laid around the head and down; a triangle behind must not run back around it.
    around = np.arctan2(at[..., 0], at[..., 2] + 70) * 90
    around = around + 565 * ((around.max(axis=1, keepdims=True) - around) > 280)
    uv = np.stack([around, -at[..., 1]], axis=-1) / look[1]
    return Surface(Kind.CLOTH, points, triangles, uv.astype(np.float32), look[0], None, keep.astype(np.float32))


def _strands(colour: Colour, rng: np.random.Generator) -> tuple[Material, float]:
    """Return hair of a colour as a repeating material of fine upright strands."""
    shade = np.exp(0.45 * noise(64, rng, (2, 24), 2))[..., None]
    tile = np.clip(np.array(colour) * shade, 0.002, 0.9).astype(np.float32)
    return Material(tile, repeat=True, gloss=0.02, rough=0.55, grain=0.15, double=True), 60.0


def _hair(head: Head, look: tuple[Material, float], rng: np.random.Generator) -> Surface:
    _, y, z = head.place.T
    length = float(rng.choice([rng.uniform(2, 6), rng.uniform(8, 26)]))
    strands = np.sin(head.place @ rng.normal(0, 0.05, (3, 4))).mean(axis=1)
    # The hairline: above a plane that falls from the forehead to the nape; long hair hangs down behind.
    line = 0.75 * (y - 40) - 0.6 * (z - 5) - float(rng.uniform(-6, 12)) + 7 * strands
    nape = float(rng.choice([-75.0, -165.0], p=[0.7, 0.3]))
    keep = np.minimum(line, y - nape)
    grown = length * (1 + 0.35 * strands) * np.clip(keep / 18, 0.08, 1)
    return _over(head, keep, grown + (12 if nape < -100 else 0) * np.clip(-y / 100, 0, 1), look)


def _hat(head: Head, rng: np.random.Generator) -> Surface:
    """Return a woollen hat or a cap without its peak."""
    y, z = head.place[:, 1], head.place[:, 2]
    keep = 0.95 * (y - 30) - 0.2 * (z - 20) - float(rng.uniform(0, 14))
    weave = str(rng.choice(["rib", "knit", "plain", "twill"]))
    return _over(head, keep, 7 + 5 * np.clip(keep / 60, 0, 1), fabric(rng, None, weave))


def _beard(head: Head, look: tuple[Material, float], rng: np.random.Generator) -> Surface:
    x, y, z = head.place.T
    cheek = -62 - y + 0.15 * np.abs(x)
    lips = np.hypot(x / 25, (y + 71) / 9) * 12 - 12
    wide = 40 - np.abs(x) if rng.uniform() < 0.35 else np.full(len(x), 40.0)
    keep = np.minimum.reduce([cheek, z + 30 + 0.3 * np.abs(x), lips, wide, y + 125 - 0.3 * np.abs(x)])
    return _over(head, keep, float(rng.uniform(1.5, 9)) * np.clip(keep / 10, 0.15, 1), look)


def _mask(head: Head, rng: np.random.Generator) -> Surface:
    """Return a mask over mouth and nose."""
    x, y, z = head.place.T
    keep = np.minimum.reduce([-22 - y - 0.15 * np.abs(x), y + 118 - 0.3 * np.abs(x), z + 45 - 0.2 * np.abs(x)])
    look = fabric(rng, MASKS[rng.integers(3)], "plain") if rng.uniform() < 0.8 else fabric(rng)
    return _over(head, keep, np.full(len(x), 5.0), look)


def _glasses(head: Head, rng: np.random.Generator) -> Surface:
    """Return two rims, a bridge and two temples; lenses would need to be seen through."""
    wide, high, thick = float(rng.uniform(21, 27)), float(rng.uniform(15, 23)), float(rng.uniform(0.8, 2.4))
    turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    corner = float(rng.uniform(0.5, 1.0))
    across, up = (np.sign(wave) * np.abs(wave) ** corner for wave in (np.cos(turn), np.sin(turn)))
    rim = np.stack([across * wide, up * high - 3, 30 - 4 * across**2], axis=1)
    parts = [tube(np.array([[-9.0, 1, 30], [0, 4, 33], [9, 1, 30]]), thick, 6)]
    for side in (-1, 1):
        parts.append(tube(rim + np.array([side * (wide + 9), 0, 0]), thick, 6, closed=True))
        temple = np.array([[side * (2 * wide + 9), 2, 26], [side * (2 * wide + 16), 2, -20], [side * 72, -2, -75]])
        parts.append(tube(temple, thick, 6))
    frame = flat(painted(rng) if rng.uniform() < 0.4 else (0.015, 0.015, 0.015), 0.15, 0.2)
    return _on_head(head, joined(parts), metal(rng) if rng.uniform() < 0.5 else frame)


def _on_head(head: Head, shape: Shape, look: Material) -> Surface:
    """Carry a shape told from between the eyes along with the head."""
    rest = shape.points + head.eyes.mean(axis=0)
    points = rest @ head.matrix[:3, :3].T + head.matrix[:3, 3]
    return Surface(Kind.CLOTH, points.astype(np.float32), shape.triangles, shape.uv, look)


def _eyes(head: Head, rng: np.random.Generator) -> list[Surface]:
    """Return two balls, each textured from before: pupil, iris and white."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    radius = np.hypot(x, y)[..., None]
    iris = np.array(IRISES[rng.choice(4, p=[0.4, 0.35, 0.15, 0.1])])
    disc = np.where(radius < 0.2, 0.005, np.where(radius < 0.45, iris, [0.42, 0.38, 0.36])).astype(np.float32)
    look = Material(disc, gloss=0.05, rough=0.15)
    shape = ball((EYE,) * 3, 10, 16)
    uv = shape.points[shape.triangles][..., :2] * np.array([1, -1]) / (2 * EYE) + 0.5
    angles = np.radians(rng.normal(0, (9, 6)))
    (cy, cp), (sy, sp) = np.cos(angles), np.sin(angles)
    gaze = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]]) @ np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    round_ = Shape(shape.points, shape.triangles, uv.astype(np.float32))
    middle = head.eyes.mean(axis=0)
    return [_on_head(head, moved(round_, (eye - middle).tolist(), gaze), look) for eye in head.eyes]
