"""Mugs, cups, bottles, cans and plates."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from handseg_cli.synth.looks.colours import painted
from handseg_cli.synth.looks.prints import printed
from handseg_cli.synth.looks.shapes import Shape, lathe, moved, tube
from handseg_cli.synth.looks.tiles import flat, metal
from handseg_cli.synth.objects.thing import Grip, Thing, blocks, drum, grip, prism, rods, stuff, surfaces_of
from handseg_cli.synth.poses import contact
from handseg_cli.synth.poses.contact import Cones
from handseg_cli.synth.surface import Material

UP, ACROSS, BEHIND = (0, 1, 0), (1, 0, 0), (0, 0, -1)
DRINKS = ((0.025, 0.012, 0.006), (0.16, 0.07, 0.03), (0.3, 0.12, 0.03), (0.75, 0.72, 0.66), (0.02, 0.02, 0.02))
GLASS = ((0.55, 0.6, 0.6), (0.08, 0.2, 0.07), (0.18, 0.07, 0.02), (0.35, 0.45, 0.55), (0.7, 0.72, 0.72))


def mug(rng: np.random.Generator) -> Thing:
    """Return a mug with a handle, full or empty."""
    radius, high = float(rng.uniform(36, 45)), float(rng.uniform(80, 108))
    foot, wall = radius * float(rng.uniform(0.78, 1.0)), float(rng.uniform(2.5, 4))
    out, thick = float(rng.uniform(24, 32)), float(rng.uniform(4.5, 6.5))
    angle = np.linspace(1.45, -1.45, 9)
    path = np.stack([radius - 4 + out * np.cos(angle), (0.5 + 0.32 * np.sin(angle)) * high, 0 * angle], axis=1)
    look = printed("label", rng, 0.12, 0.2) if rng.uniform() < 0.25 else stuff(rng, "gpm")
    parts = [
        (_bowl((foot, radius), high, wall), look),
        (tube(path, thick, 8), look),
        *_drink((foot, radius), high, wall, rng),
    ]
    bar = rods(((path[4, 0], path[2, 1], 0), (path[4, 0], path[6, 1], 0), thick))
    loop = rods(*[(path[i], path[i + 1], thick) for i in range(8)])
    held = (*_held_upright((foot, radius), high), grip("hook", path[4], UP, (-1, 0, 0), bar))
    return Thing("mug", surfaces_of(parts), loop, prism((radius + foot) / 2, 0, high), held)


def cup(rng: np.random.Generator) -> Thing:
    """Return a tumbler or a paper cup, at times with a lid."""
    radius, high = float(rng.uniform(30, 44)), float(rng.uniform(80, 145))
    foot, wall = radius * float(rng.uniform(0.65, 1.0)), float(rng.uniform(0.8, 3))
    paper = rng.uniform() < 0.5
    if paper:
        look = printed("label", rng) if rng.uniform() < 0.4 else flat(painted(rng))
    else:
        look = flat(GLASS[rng.integers(len(GLASS))], 0.3, 0.08)
    parts = [(_bowl((foot, radius), high, wall), look)]
    if paper and rng.uniform() < 0.5:
        lid = [(0, 6.0), (radius - 6, 6), (radius - 4, 9), (radius, 8), (radius + 1.5, 0), (radius + 1.5, -3)]
        parts.append((moved(lathe(lid, 28), (0, high, 0)), stuff(rng, "p")))
    else:
        parts += _drink((foot, radius), high, wall, rng)
    solid = prism((radius + foot) / 2, 0, high)
    return Thing("cup", surfaces_of(parts), rods(), solid, _held_upright((foot, radius), high))


def bottle(rng: np.random.Generator) -> Thing:
    """Return a bottle of glass, metal or plastic, with or without a label, with a cap."""
    radius, high = float(rng.uniform(27, 42)), float(rng.uniform(170, 265))
    neck, shoulder = float(rng.uniform(11, 16)), float(rng.uniform(0.5, 0.75)) * high
    bend = np.linspace(0, 1, 8)
    curve = neck + (radius - neck) * (0.5 - 0.5 * np.cos(np.pi * bend))
    top = shoulder + (0.92 * high - shoulder) * (1 - bend)
    profile = [
        (0.0, high),
        (neck, high),
        *zip(curve.tolist(), top.tolist(), strict=True),
        (radius, 6.0),
        (radius - 4, 0.5),
        (0.0, 0.0),
    ]
    kind = rng.choice(3, p=[0.4, 0.35, 0.25])
    look = (flat(GLASS[rng.integers(len(GLASS))], 0.3, 0.1), stuff(rng, "p"), metal(rng))[kind]
    cap = [(0, 0.0), (neck + 1.5, 0), (neck + 2, -2), (neck + 2, -16), (neck, -16)]
    parts = [(lathe(profile, 28), look), (moved(lathe(cap, 20), (0, high + 1, 0)), stuff(rng, "pm"))]
    if kind != 2 or rng.uniform() < 0.3:
        label = [(radius + 0.3, 0.9 * shoulder), (radius + 0.3, 0.9 * shoulder), (radius + 0.3, 0.35 * shoulder)]
        parts.append((lathe(label, 28), printed("label", rng, 0.05, 0.5)))
    body, throat = drum(radius, 0, shoulder), rods(((0, shoulder, 0), (0, high - neck, 0), neck))
    middles = np.stack([np.zeros(8), top, np.zeros(8)], axis=1)
    taper = Cones(middles[:-1], middles[1:], np.stack([curve[:-1], curve[1:]], axis=1))
    held = (
        grip("cylinder", (0, 0.55 * shoulder, 0), UP, ACROSS, body),
        grip("cylinder", (0, 0.3 * shoulder, 0), UP, ACROSS, body),
    )
    return Thing("bottle", surfaces_of(parts), contact.joined(taper, throat), prism(radius, 0, shoulder), held)


def can(rng: np.random.Generator) -> Thing:
    """Return a printed or plain drinks can."""
    radius, high = ((26.5, 135.0), (33.0, 115.0), (33.0, 168.0), (37.0, 110.0))[rng.integers(4)]
    side = [(radius - 5, high - 2), (radius, high - 10), (radius, 8.0), (radius - 5, 1)]
    end = [(0, high - 5), (radius - 8, high - 5), (radius - 7, high), (radius - 5, high), (radius - 5, high - 2)]
    foot = [(radius - 5, 1.0), (radius - 7, 0), (0.0, 3.0)]
    parts = [(lathe(side, 28), printed("label", rng, 0.2, 0.25) if rng.uniform() < 0.8 else stuff(rng, "m"))]
    steel = metal(rng, (0.45, 0.45, 0.45))
    parts += [(lathe(end, 28), steel), (lathe(foot, 28), steel)]
    return Thing("can", surfaces_of(parts), rods(), prism(radius, 0, high), _held_upright((radius, radius), high))


def plate(rng: np.random.Generator) -> Thing:
    """Return a plate or saucer."""
    radius, high = float(rng.uniform(65, 130)), float(rng.uniform(12, 24))
    out = np.array([0, 0.55, 0.65, 1, 1.01, 0.66, 0.5, 0]) * radius
    up = (3, 3, 5, high, high - 1.5, 1, 0, 0.5)
    edge_up, turn = 0.75 * high, np.arange(13) / 6 * np.pi
    ring = np.stack([0.9 * radius * np.cos(turn), np.full(13, edge_up), 0.9 * radius * np.sin(turn)], axis=1)
    rim = rods(*[(a, b, 6.0) for a, b in pairwise(ring)])
    edge = blocks(((0.86 * radius, edge_up, 0), (0.26 * radius, 4.5, 40)))
    held = (grip("plate", (0.9 * radius, edge_up, 0), BEHIND, (0, -1, 0), edge),)
    middle = prism(0.86 * radius, 0, 0.6 * high)
    shape = lathe(list(zip(out.tolist(), up, strict=True)), 32)
    return Thing("plate", surfaces_of([(shape, stuff(rng, "gpw"))]), rim, middle, held)


def _bowl(radii: tuple[float, float], high: float, wall: float) -> Shape:
    """Return an open vessel whose outer radius goes from the first at its foot to the second at its rim."""
    foot, top = radii
    bend = foot + 0.3 * (top - foot)
    inside = [(0.0, wall + 2), (foot - wall, wall + 2), (foot - wall, wall + 2), (top - wall, high - 1)]
    outside = [(top, high - 1), (foot + 0.8 * (top - foot), 0.8 * high), (bend, 0.3 * high), (foot, 3.0)]
    return lathe([*inside, (top - wall / 2, high), *outside, (foot - 2, 0.0), (0.0, 0.5)], 28)


def _drink(
    radii: tuple[float, float], high: float, wall: float, rng: np.random.Generator
) -> list[tuple[Shape, Material]]:
    if rng.uniform() < 0.35:
        return []
    level = float(rng.uniform(0.4, 0.92))
    radius = radii[0] + level * (radii[1] - radii[0]) - wall + 0.2
    return [
        (lathe([(0, level * high), (radius, level * high)], 28), flat(DRINKS[rng.integers(len(DRINKS))], 0.15, 0.05))
    ]


def _held_upright(radii: tuple[float, float], high: float) -> tuple[Grip, ...]:
    """Return how a vessel is held: around its middle, lower down, or from above by its rim."""
    foot, top = radii
    body, rim = drum((foot + top) / 2, 0, high), prism(top, high - 16, high)
    around = [grip("cylinder", (0, share * high, 0), UP, ACROSS, body) for share in (0.5, 0.4)]
    # A hand spans so much from above and no more.
    above = [grip("disc", (0, high - 8, 0), BEHIND, ACROSS, rim)] if top < 40 else []
    return (*around, *above)
