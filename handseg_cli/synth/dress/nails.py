"""Painted nails, short and long, on the fingertips of a posed hand."""

from __future__ import annotations

import numpy as np

from handseg_cli.synth.body import Floats, Posed, Side
from handseg_cli.synth.dress.jewellery import around, bone_matrix, one_place
from handseg_cli.synth.looks.colours import FLESH, Colour, draw, from_lch
from handseg_cli.synth.looks.shapes import grid
from handseg_cli.synth.looks.tiles import flat
from handseg_cli.synth.surface import Kind, Material, Surface

ROWS, COLUMNS = 9, 7


def polish(rng: np.random.Generator) -> Material:
    """Draw a nail polish: reds and pinks most, nude, dark, white and vivid at times."""
    kind = rng.choice(4, p=[0.45, 0.2, 0.15, 0.2])
    colours: tuple[Colour, ...] = (
        from_lch(float(rng.uniform(25, 65)), float(rng.uniform(35, 65)), float(rng.uniform(-5, 35))),
        draw(FLESH, rng),
        from_lch(float(rng.uniform(5, 20)), 5.0, 0.0),
        from_lch(float(rng.uniform(40, 92)), float(rng.uniform(5, 60)), float(rng.uniform(0, 360))),
    )
    return flat(colours[kind], float(rng.uniform(0.1, 0.3)), 0.2)


def nail_surfaces(figure: Posed, side: Side, rng: np.random.Generator) -> list[Surface]:
    """Return five nails of one polish."""
    look = polish(rng)
    beyond = max(float(rng.normal(0.0, 0.25)), 0.0)
    square = float(rng.uniform(2, 5))
    return [_nail(figure, side, finger, (beyond, square), look) for finger in range(1, 6)]


def _nail(figure: Posed, side: Side, finger: int, cut: tuple[float, float], look: Material) -> Surface:
    """Return a nail that goes `cut[0]` bones beyond its fingertip, the squarer the greater `cut[1]`."""
    beyond, square = cut
    spans = [around(figure, side, (finger, 3), share) for share in (0.55, 0.7, 0.85)]
    share = np.linspace(0.5, 0.98 + beyond, ROWS)
    middle, radii = (_spread(np.array([span[i] for span in spans]), share) for i in (0, 2))
    axes = spans[0][1]
    # A nail's outline is a rounded oblong, narrowing at both ends.
    place = np.linspace(-1, 1, ROWS)
    half = 0.95 * np.maximum(1 - np.abs(place) ** (square * 1.5), 0.02) ** (1 / square)
    turn = half[:, None] * np.linspace(-1, 1, COLUMNS)
    lifted = radii + 0.35
    # It lies flatter than the finger's back, and does not follow it down to the tip.
    points = (
        middle[:, None]
        + (lifted[:, :1] * np.sin(turn))[..., None] * axes[0]
        + (lifted[:, 1:] * (0.25 + 0.75 * np.cos(turn)))[..., None] * axes[2]
    )
    matrix = bone_matrix(figure, side, finger, 3)
    moved = points @ matrix[:3, :3].T + matrix[:3, 3]
    sheet = grid(moved[::-1])
    marks = one_place(figure, side, finger, 2.75, len(sheet.points))
    return Surface(Kind.WORN, sheet.points, sheet.triangles, sheet.uv, look, marks)


def _spread(known: Floats, share: Floats) -> Floats:
    """Carry values (3, C) at shares 0.55, 0.7 and 0.85 of a bone on along it (N, C), straight on beyond."""
    at = np.array([0.55, 0.7, 0.85])
    inner = np.stack([np.interp(share, at, known[:, column]) for column in range(known.shape[1])], axis=1)
    slope = (known[2] - known[0]) / 0.3
    beyond = share - np.clip(share, 0.55, 0.85)
    # Places go straight on; radii stay.
    return inner + beyond[:, None] * slope if known.shape[1] == 3 else inner
