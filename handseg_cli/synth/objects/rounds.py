"""Balls, fruit, bread and eggs."""

from __future__ import annotations

import numpy as np

from handseg_cli.synth.looks.prints import printed
from handseg_cli.synth.looks.shapes import Shape, ball, moved, tube
from handseg_cli.synth.looks.tiles import flat
from handseg_cli.synth.looks.tiles import material as tiled
from handseg_cli.synth.objects.thing import Grip, Thing, blocks, grip, rods, stuff, surfaces_of
from handseg_cli.synth.poses.contact import Cones
from handseg_cli.synth.surface import Material

SKINS = ((0.62, 0.42, 0.26), (0.5, 0.3, 0.16), (0.72, 0.55, 0.4), (0.68, 0.36, 0.24), (0.3, 0.16, 0.09))


def sports_ball(rng: np.random.Generator) -> Thing:
    """Return a ball between a golf ball's and a handball's size."""
    radius = float(rng.choice([21, 33, 36, 50, 75])) * float(rng.uniform(0.95, 1.05))
    look = printed("sports", rng, 0.06, 0.4) if rng.uniform() < 0.6 else stuff(rng, "pg")
    solid = rods(((0, radius, 0), (0, radius, 0), radius))
    shape = moved(ball((radius,) * 3, 16, 26), (0, radius, 0))
    return Thing("ball", surfaces_of([(shape, look)]), solid, blocks(), _held_round(solid, radius))


def fruit(rng: np.random.Generator) -> Thing:
    """Return an apple, orange, peach, potato, onion or egg."""
    radius, squash = float(rng.uniform(24, 44)), float(rng.uniform(0.85, 1.2))
    shape = ball((radius, radius * squash, radius), 14, 20)
    points = shape.points.copy()
    turn = np.arctan2(points[:, 0], points[:, 2])
    bumps = (
        1
        + float(rng.uniform(0, 0.04)) * np.sin(5 * turn)
        + float(rng.uniform(0, 0.05)) * np.sin(2 * turn + 1 + points[:, 1] / 9)
    )
    points[:, [0, 2]] *= bumps[:, None]
    # A dimple on top, as deep as it is wide.
    dimple = float(rng.choice([0, 0.25])) * np.exp(-((np.hypot(points[:, 0], points[:, 2]) / (0.35 * radius)) ** 2))
    points[:, 1] *= 1 - dimple * (points[:, 1] > 0)
    high = radius * squash
    points[:, 1] += high
    shape = Shape(points, shape.triangles, shape.uv)
    look = printed("fruit", rng, float(rng.uniform(0.03, 0.1)), 0.4) if rng.uniform() < 0.7 else _peel(rng)
    parts = [(shape, look)]
    if dimple.any():
        stalk = np.array([[0, 1.35 * high, 0], [1, 1.75 * high, 1], [3, 2.05 * high, 2]])
        parts.append((tube(stalk, 1.4, 6), flat((0.08, 0.05, 0.02))))
    solid = (
        rods(((0, high, 0), (0, high, 0), radius))
        if squash < 1
        else rods(((0, radius, 0), (0, 2 * high - radius, 0), radius))
    )
    return Thing("fruit", surfaces_of(parts), solid, blocks(), _held_round(solid, high))


def _peel(rng: np.random.Generator) -> Material:
    """Return the peel of what is as brown and pink as skin: potatoes, onions, eggs."""
    return tiled("leather", SKINS[rng.integers(len(SKINS))], rng, gloss=0.04, rough=0.5)


def loaf(rng: np.random.Generator) -> Thing:
    """Return a long bread, sausage, carrot or banana: a bent tube about as thick and as brown as an arm or finger."""
    radius, long = float(rng.uniform(10, 34)), float(rng.uniform(90, 260))
    along = np.linspace(-0.5, 0.5, 9)
    bend = float(rng.uniform(-0.12, 0.12)) * long
    path = np.stack([along * long, np.full(9, radius), bend * np.cos(np.pi * along)], axis=1)
    thick = radius * (0.75 + 0.25 * np.cos(np.pi * along)) * np.linspace(1, float(rng.uniform(0.6, 1)), 9)
    look = _peel(rng) if rng.uniform() < 0.7 else printed("fruit", rng)
    solid = Cones(path[:-1], path[1:], np.stack([thick[:-1], thick[1:]], axis=1))
    held = (grip("cylinder", path[4].tolist(), (1, 0, 0), (0, -1, 0), solid),)
    return Thing("loaf", surfaces_of([(tube(path, thick, 12), look)]), solid, blocks(), held)


def _held_round(solid: Cones, high: float) -> tuple[Grip, ...]:
    """Return how a ball is held: from above, from the side, from below."""
    ways = ((0, -1, 0), (1, 0, 0), (0, 1, 0))
    return tuple(grip("sphere", (0, high, 0), (0, 0, -1), way, solid) for way in ways)
