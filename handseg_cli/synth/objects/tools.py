"""What has a handle: pens, screwdrivers, hammers, spoons, knives, brushes, and wheels to steer by."""

from __future__ import annotations

import numpy as np

from handseg_cli.synth.body import Floats
from handseg_cli.synth.looks.shapes import Shape, ball, box, grid, lathe, moved, tube
from handseg_cli.synth.looks.tiles import flat, metal
from handseg_cli.synth.objects.thing import Grip, Thing, blocks, grip, rods, stuff, surfaces_of
from handseg_cli.synth.poses import contact
from handseg_cli.synth.poses.contact import Cones
from handseg_cli.synth.surface import Material

# All lie along x, their business end at +x. Turns a lathe's axis to lie so.
ALONG_X = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]], np.float32)
X, UP, BEHIND = (1, 0, 0), (0, 1, 0), (0, 0, -1)


def turned(profile: list[tuple[float, float]], high: float, sectors: int = 14) -> Shape:
    """Turn a profile of (radius, x), from its far end on, about a line that lies along x at a height."""
    return moved(lathe(profile, sectors), (0, high, 0), ALONG_X)


def pen(rng: np.random.Generator) -> Thing:
    """Return a pen, pencil or felt-tip."""
    radius, long = float(rng.uniform(3.3, 6.5)), float(rng.uniform(120, 175))
    tip = 0.5 * long
    barrel = [(radius, tip - 16), (radius, -tip + 4), (radius * 0.7, -tip), (0.0, -tip)]
    point = [(0.3, tip), (1.2, tip - 3), (radius * 0.9, tip - 16), (radius, tip - 16)]
    wood = rng.uniform() < 0.25
    nose = flat((0.55, 0.36, 0.2) if wood else (0.02, 0.02, 0.025), 0.05)
    parts = [(turned(barrel, radius), stuff(rng, "pm")), (turned([(0.0, tip + 0.2), *point], radius), nose)]
    if rng.uniform() < 0.4:
        parts.append((moved(box((38, 1.2, 3), 0.5), (-tip + 22, 2 * radius + 1, 0)), metal(rng)))
    solid = rods(((-tip + radius, radius, 0), (tip - 14, radius, 0), radius))
    held = (
        grip("tripod", (tip - float(rng.uniform(26, 38)), radius, 0), X, BEHIND, solid),
        grip("pinch", (0, radius, 0), X, BEHIND, solid),
    )
    return Thing("pen", surfaces_of(parts), solid, blocks(), held)


def screwdriver(rng: np.random.Generator) -> Thing:
    """Return a screwdriver."""
    radius, handle, blade = float(rng.uniform(11, 17)), float(rng.uniform(85, 115)), float(rng.uniform(70, 140))
    grip_ = [
        (3.5, 0),
        (0.75 * radius, -3),
        (0.7 * radius, -14),
        (radius, -30),
        (radius, 8 - handle),
        (0.6 * radius, -handle),
        (0.0, -handle),
    ]
    rod = [(0.0, blade), (2.2, blade), (3.0, blade - 12), (3.0, -2)]
    parts = [(turned(grip_, radius), stuff(rng, "pw")), (turned(rod, radius, 10), metal(rng))]
    body = rods(((-handle + radius, radius, 0), (-radius, radius, 0), radius))
    steel = rods(((0, radius, 0), (blade - 3, radius, 0), 3.0))
    held = _by_handle(body, -0.5 * handle, radius)
    return Thing("screwdriver", surfaces_of(parts), contact.joined(body, steel), blocks(), held)


def hammer(rng: np.random.Generator) -> Thing:
    """Return a hammer with a wooden or rubber handle."""
    radius, long = float(rng.uniform(11, 16)), float(rng.uniform(230, 310))
    shaft = [
        (0.0, 0.5 * long),
        (radius * 0.8, 0.5 * long),
        (radius * 0.7, 0),
        (radius, -0.25 * long),
        (radius * 1.05, -0.5 * long),
        (0.0, -0.5 * long - 3),
    ]
    head = box((26, 28, float(rng.uniform(90, 120))), 5)
    size = np.ptp(head.points, axis=0)
    at = (0.5 * long - 15, radius, 0)
    # The head keeps the shaft off the table.
    high = 14.0
    at = (0.5 * long - 15, high, 0)
    parts = [(turned(shaft, high), stuff(rng, "wp")), (moved(head, at), metal(rng, (0.12, 0.12, 0.13)))]
    body = rods(((-0.5 * long + radius, high, 0), (0.5 * long - radius, high, 0), radius * 0.92))
    return Thing("hammer", surfaces_of(parts), body, blocks((at, size.tolist())), _by_handle(body, -0.28 * long, high))


def cutlery(rng: np.random.Generator) -> Thing:
    """Return a spoon, a fork or a knife."""
    kind = str(rng.choice(["spoon", "knife", "fork"]))
    long, wide = float(rng.uniform(75, 105)), float(rng.uniform(4, 7))
    look = metal(rng) if rng.uniform() < 0.75 else stuff(rng, "wp")
    haft = moved(box((long, 3.2, 2 * wide), 1.4), (-long / 2, 2, 0))
    neck = tube(np.array([[-4, 2, 0], [14, 2.5, 0], [30, 3, 0]], float), np.array([wide * 0.6, 2.4, 2.6]), 8)
    parts: list[tuple[Shape, Material]] = [(haft, look if rng.uniform() < 0.6 else stuff(rng, "wp")), (neck, look)]
    solid = rods(((-long + 3, 2.5, 0), (28, 2.5, 0), 3.2))
    if kind == "spoon":
        parts.append((moved(ball((26, 5, 16), 8, 14), (50, 5, 0)), look))
        solid = contact.joined(solid, rods(((40, 4, 0), (60, 4, 0), 9.0)))
    elif kind == "knife":
        blade = float(rng.uniform(80, 130))
        u = np.linspace(0, 1, 8)
        back, edge = 9 * np.sqrt(1 - u**3 + 1e-3), np.full(8, -9.0) * (1 - u**6)
        rows = np.stack([np.stack([20 + blade * u, np.full(8, y), z], axis=1) for y, z in ((2.8, -back), (2.0, -edge))])
        top, under = grid_both(rows.astype(np.float32))
        parts += [(top, look), (under, look)]
        solid = contact.joined(solid, rods(((24, 2.5, 0), (10 + blade, 2.5, 0), 5.0)))
    else:
        parts.append((moved(box((26, 2.4, 20), 1), (40, 3, 0)), look))
        for z in (-8, -2.7, 2.7, 8):
            parts.append((tube(np.array([[50, 3, z], [75, 5, z], [92, 6, z]], float), 1.3, 6), look))
        solid = contact.joined(solid, rods(((35, 3, 0), (88, 5, 0), 7.0)))
    held = (
        grip("key", (-0.3 * long, 2, 0), X, (0, -1, 0), blocks(((-long / 2, 2, 0), (long, 3.2, 2 * wide)))),
        grip("tripod", (-8, 2.3, 0), X, BEHIND, rods(((-long + 3, 2.3, 0), (20, 2.3, 0), 0.8 * wide))),
    )
    return Thing(kind, surfaces_of(parts), solid, blocks(), held)


def grid_both(rows: Floats) -> tuple[Shape, Shape]:
    """Return a thin sheet through points (R, C, 3) seen from both sides."""
    return grid(rows), grid(rows[:, ::-1] - np.array([0, 0.5, 0], np.float32))


def brush(rng: np.random.Generator) -> Thing:
    """Return a toothbrush, a paint brush or a wooden spoon: a stick with a head."""
    radius, long = float(rng.uniform(4, 7)), float(rng.uniform(150, 260))
    stick = tube(
        np.array([[-0.5 * long, radius, 0], [0, radius, 0], [0.4 * long, radius, 0]], float),
        np.array([radius, radius, 0.7 * radius]),
        10,
    )
    parts = [(stick, stuff(rng, "wp"))]
    if rng.uniform() < 0.5:
        parts.append((moved(ball((28, 7, 20), 8, 14), (0.4 * long + 20, 7, 0)), parts[0][1]))
        head = rods(*[((0.4 * long + 5, 7, z), (0.4 * long + 32, 7, z), 7.0) for z in (-9, 9)])
    else:
        parts.append((moved(box((30, 14, 11), 2), (0.4 * long + 10, 8, 0)), stuff(rng, "pw")))
        head = rods(((0.4 * long + 5, 7, 0), (0.4 * long + 20, 7, 0), 7.0))
    solid = rods(((-0.5 * long, radius, 0), (0.4 * long + 20, radius, 0), radius))
    held = (*_by_handle(solid, -0.2 * long, radius), grip("tripod", (0.1 * long, radius, 0), X, BEHIND, solid))
    return Thing(
        "brush",
        surfaces_of(parts),
        contact.joined(solid, head),
        blocks(),
        held,
    )


def wheel(rng: np.random.Generator) -> Thing:
    """Return a steering wheel or a hoop, standing, its middle above the origin."""
    radius, thick = float(rng.uniform(150, 200)), float(rng.uniform(11, 17))
    turn = np.arange(48) / 48 * 2 * np.pi
    rim = np.stack([radius * np.cos(turn), radius * np.sin(turn) + radius + thick, 0 * turn], axis=1)
    look = flat((0.02, 0.02, 0.022), 0.06) if rng.uniform() < 0.5 else stuff(rng, "wp")
    parts = [(tube(rim, thick, 10, closed=True), look)]
    hub = np.array([0, radius + thick, -20.0])
    parts.append((moved(ball((55, 45, 22), 8, 16), hub.tolist()), look))
    spokes = [rim[i] for i in (2, 22, 36)]
    parts += [(tube(np.stack([hub, (hub + end) / 2, end]), 0.7 * thick, 8), look) for end in spokes]
    ends = rim[::3]
    cones = rods(
        *[(a, b, thick) for a, b in zip(ends, np.roll(ends, -1, axis=0), strict=True)],
        *[(hub, end, 0.7 * thick) for end in spokes],
    )
    held = []
    for turned_ in (0.1, 0.9, 2.3, 3.0):
        way = np.array([np.cos(turned_), np.sin(turned_), 0])
        place, along = way * radius + [0, radius + thick, 0], np.array([-way[1], way[0], 0])
        upwards = along if along[1] > 0 else -along
        part = rods((place - 60 * along, place + 60 * along, thick))
        held.append(grip("cylinder", place, upwards, -way * 0.8 + np.array([0, 0, -0.6]), part))
    return Thing("wheel", surfaces_of(parts), cones, blocks((hub, (90, 75, 36))), tuple(held))


def _by_handle(body: Cones, at: float, radius: float) -> tuple[Grip, ...]:
    return (grip("cylinder", (at, radius, 0), X, BEHIND, body), grip("cylinder", (at, radius, 0), X, (0, -1, 0), body))
