"""What is flat or boxy: phones, books, sheets, cards, boxes, remote controls, keyboards, mice."""

from __future__ import annotations

import numpy as np

from handseg_cli.synth.looks.colours import clothing, painted
from handseg_cli.synth.looks.prints import printed
from handseg_cli.synth.looks.shapes import Shape, ball, box, boxed, grid, moved, quad
from handseg_cli.synth.looks.tiles import flat
from handseg_cli.synth.looks.tiles import material as tiled
from handseg_cli.synth.objects.thing import Thing, blocks, grip, rods, stuff, surfaces_of

# A sheet that faced z then faces up, its top away from whoever sits at z.
LYING = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float32)
AWAY, RIGHT, DOWN = (0, 0, -1), (1, 0, 0), (0, -1, 0)
NONE = rods()


def lying(size: tuple[float, float], high: float) -> Shape:
    """Return a sheet of size (x, z) that faces up at a height."""
    return quad(size, LYING, (0, high, 0))


def phone(rng: np.random.Generator) -> Thing:
    """Return a phone on its back, its screen up."""
    x, y, z = float(rng.uniform(66, 78)), float(rng.uniform(7.5, 11)), float(rng.uniform(135, 165))
    rim = float(rng.uniform(1, 4))
    case = flat(painted(rng), 0.08, 0.3) if rng.uniform() < 0.6 else flat((0.015, 0.015, 0.017), 0.2, 0.2)
    parts = [(moved(box((x, y, z), 3.5), (0, y / 2, 0)), case)]
    parts.append((lying((x - 2 * rim, z - 3 * rim), y + 0.15), printed("screen", rng, 0.15, 0.05)))
    lens = moved(box((22, 2, 26), 0.9), (-x / 4, -0.2, -z / 3))
    parts.append((lens, flat((0.01, 0.01, 0.01), 0.3, 0.1)))
    solid = blocks(((0, y / 2, 0), (x, y, z)))
    held = (grip("plate", (0, y / 2, 0.1 * z), AWAY, DOWN, solid), grip("typing", (0, y, 0), RIGHT, DOWN, solid))
    return Thing("phone", surfaces_of(parts), NONE, solid, held)


def remote(rng: np.random.Generator) -> Thing:
    """Return a remote control."""
    x, y, z = float(rng.uniform(38, 52)), float(rng.uniform(16, 24)), float(rng.uniform(150, 205))
    parts = [
        (moved(box((x, y, z), 6), (0, y / 2, 0)), stuff(rng, "p")),
        (lying((x - 9, z - 14), y + 0.15), printed("buttons", rng)),
    ]
    solid = blocks(((0, y / 2, 0), (x, y, z)))
    held = (
        grip("plate", (0, y / 2, 0.1 * z), AWAY, DOWN, solid),
        grip("cylinder", (0, y / 2, 0.15 * z), AWAY, (0, 1, 0), solid),
    )
    return Thing("remote", surfaces_of(parts), NONE, solid, held)


def book(rng: np.random.Generator) -> Thing:
    """Return a closed book on its back."""
    x, y, z = float(rng.uniform(105, 165)), float(rng.uniform(9, 38)), float(rng.uniform(165, 235))
    pages = flat((0.75, 0.71, 0.6), 0.02, 0.9)
    cover = printed("cover", rng, float(rng.uniform(0.02, 0.12)), 0.4)
    red, green, blue = (float(v) for v in (cover.texture[-1, 0] / 255) ** cover.power)
    board = flat((red, green, blue), 0.04)
    parts = [
        (moved(box((x - 5, y - 3, z - 6)), (2, y / 2, 0)), pages),
        (moved(box((x, 1.6, z), 0.7), (0, y - 0.8, 0)), board),
        (moved(box((x, 1.6, z), 0.7), (0, 0.8, 0)), board),
        (moved(box((2, y, z), 0.9), (-x / 2 + 1, y / 2, 0)), board),
        (lying((x - 0.5, z - 0.5), y + 0.1), cover),
    ]
    solid = blocks(((0, y / 2, 0), (x, y, z)))
    held = (grip("plate", (0.36 * x, y / 2, 0.2 * z), AWAY, DOWN, solid),)
    return Thing("book", surfaces_of(parts), NONE, solid, held)


def sheet(rng: np.random.Generator) -> Thing:
    """Return a printed or brown sheet of paper or a card, a little bent."""
    card = rng.uniform() < 0.35
    x, z = (85.6, 54.0) if card else (float(rng.uniform(100, 210)), float(rng.uniform(140, 297)))
    rows = 7
    u, v = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, rows))
    lift = (0 if card else float(rng.uniform(-14, 14))) * u**2 + (0 if card else float(rng.uniform(-8, 8))) * v**2
    high = lift - lift.min() + 0.6
    points = np.stack([u * x / 2, high, v * z / 2], axis=-1)
    if card:
        look = printed("label", rng, 0.1, 0.2)
    elif rng.uniform() < 0.6:
        look = printed("page", rng, 0.03, 0.7)
    else:
        look = tiled("paper", (0.42, 0.27, 0.15) if rng.uniform() < 0.5 else clothing(rng), rng, gloss=0.02, rough=0.8)
    front = grid(points.astype(np.float32))
    back = grid(points[:, ::-1].astype(np.float32) - [0, 0.3, 0])
    edge = 0.4 * x
    at = float(high[rows // 2, -1])
    near = blocks(((edge, at, 0), (0.2 * x, 1.0, min(z, 60))))
    held = (grip("plate", (edge, at, 0), AWAY, DOWN, near), grip("pinch", (edge, at, 0), AWAY, DOWN, near),
            grip("key", (edge, at, 0), AWAY, DOWN, near))  # fmt: skip
    solid = blocks(((0, high.max() / 2, 0), (x, max(float(high.max()), 1.0), z)))
    return Thing("card" if card else "sheet", surfaces_of([(front, look), (back, look)]), NONE, solid, held)


def carton(rng: np.random.Generator) -> Thing:
    """Return a box of cardboard, printed or plain."""
    x, y, z = (float(v) for v in rng.uniform((40, 25, 40), (180, 110, 130)))
    body = moved(box((x, y, z), 1.2), (0, y / 2, 0))
    if rng.uniform() < 0.45:
        look = tiled("paper", (0.42, 0.27, 0.15), rng, gloss=0.02, rough=0.8)
        body = boxed(body, (200.0,) * 3)
    else:
        look = printed("label" if rng.uniform() < 0.6 else "cover", rng, 0.06, 0.4)
    solid = blocks(((0, y / 2, 0), (x, y, z)))
    thin = min(x, z)
    across = RIGHT if x <= z else AWAY
    held = [grip("plate", (0.4 * x, y / 2, 0), AWAY, DOWN, solid)] if y < 60 else []
    if thin < 85:
        held.append(grip("cylinder", (0, 0.5 * y, 0), (0, 1, 0), across, solid))
        held.append(grip("disc", (0, 0.8 * y, 0), np.cross(np.array(across, float), (0, -1, 0)), across, solid))
    return Thing(
        "box", surfaces_of([(body, look)]), NONE, solid, tuple(held) or (grip("flat", (0, y, 0), RIGHT, DOWN, solid),)
    )


def keyboard(rng: np.random.Generator) -> Thing:
    """Return a keyboard, its space bar towards z."""
    wide = float(rng.uniform(280, 330))
    x, y, z = wide, float(rng.uniform(9, 20)), wide * 0.36
    deck = moved(box((x + 8, y, z + 8), 3), (0, y / 2, 0))
    dark = (0.03,) * 3
    parts = [(deck, flat(dark, 0.04)), (lying((x, z), y + 0.2), printed("keyboard", rng, 0.04, 0.5))]
    solid = blocks(((0, y / 2, 0), (x + 8, y, z + 8)))
    held = tuple(grip("typing", (side * 0.2 * x, y, 0.05 * z), RIGHT, DOWN, solid) for side in (-1, 1))
    return Thing("keyboard", surfaces_of(parts), NONE, solid, held)


def mouse(rng: np.random.Generator) -> Thing:
    """Return a computer mouse, its buttons away from z."""
    x, y, z = (float(v) for v in rng.uniform((29, 24, 50), (34, 30, 58)))
    top = ball((x, y, z), 14, 22)
    points = top.points.copy()
    # Steep at the sides, highest behind the middle, flat below.
    points[:, 1] = np.sign(points[:, 1]).clip(0) * y * (np.abs(points[:, 1]) / y) ** 0.7 * (1 + 0.2 * points[:, 2] / z)
    points[:, 0] *= 1 - 0.12 * (1 - np.abs(points[:, 2] / z))
    body = Shape(points.astype(np.float32), top.triangles, top.uv)
    wheel = moved(ball((2.5, 6, 7), 6, 8), (0, 0.66 * y, -0.55 * z))
    high = float(body.points[:, 1].max())
    sides = [(-0.5 * x, 0.3 * y, 0.42 * x), (0.5 * x, 0.3 * y, 0.42 * x), (0.0, 0.45 * y, 0.55 * y)]
    solid = rods(
        *[((across, low, -0.62 * z), (across, low + 0.1 * y, 0.62 * z), thick) for across, low, thick in sides]
    )
    held = (grip("typing", (0, high - 2, 0), RIGHT, DOWN, solid),)
    return Thing("mouse", surfaces_of([(body, stuff(rng, "p")), (wheel, flat((0.03,) * 3))]), solid, blocks(), held)
