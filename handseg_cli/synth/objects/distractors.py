"""What nets take for hands and arms and is none: legs and feet, wooden and plastic limbs, robots, ropes and rolls.

Bare legs and feet are skin without marks, so that they count as somebody's, but neither as hand nor as arm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from handseg_cli.synth.body import Floats
from handseg_cli.synth.looks.cloth import fabric
from handseg_cli.synth.looks.colours import FLESH, draw, painted, wooden
from handseg_cli.synth.looks.shapes import Shape, ball, box, moved, tube
from handseg_cli.synth.looks.tiles import flat, metal
from handseg_cli.synth.looks.tiles import material as tiled
from handseg_cli.synth.looks.tones import skin
from handseg_cli.synth.objects.rooms import yaw
from handseg_cli.synth.objects.thing import surfaces_of
from handseg_cli.synth.surface import Kind, Material, Surface

Part = tuple[Shape, Material]


def distractor(rng: np.random.Generator, spot: Floats, kind: str = "") -> list[Surface]:
    """Return something of a kind of KINDS that lies on the plane through `spot`, its middle there, turned at random."""
    kind = kind or str(rng.choice(list(KINDS)))
    surfaces = KINDS[kind](rng)
    turn = yaw(float(rng.uniform(0, 6.2832)))
    return [replace(each, points=(each.points @ turn.T + spot).astype(np.float32)) for each in surfaces]


def _leg(rng: np.random.Generator) -> list[Surface]:
    """Return a shank with a foot, lying, bare or in trousers and shoe."""
    calf, ankle = float(rng.uniform(48, 62)), float(rng.uniform(33, 38))
    along = np.linspace(0, 1, 12)
    radius = ankle + (calf - ankle) * np.sin(np.clip(along * 1.5, 0, 1.57)) - 8 * np.clip(along - 0.75, 0, 1)
    path = np.stack([-60 - 380 * along, np.full(12, calf), 0 * along], axis=1)
    own = skin(rng)
    high = 0.9 * calf
    ankles = tube(
        np.array([[-70.0, calf, 0], [-45, high + 10, 0], [-38, high + 60, 0]]), np.array([ankle - 4, 38, 30.0]), 14
    )
    heel = moved(ball((30, 42, 32), 10, 14), (-34, high + 5, 0))
    sole = moved(ball((26, 112, 43), 14, 18), (-28, high + 92, 0))
    toes = [tube(_toe(high + 165, i), np.array([9.5 - i, 9 - i, 7.5 - 0.8 * i]), 8) for i in range(5)]
    leg = tube(path, radius, 16)
    if rng.uniform() < 0.5:
        cloth, tile = fabric(rng)
        hem = float(rng.uniform(0.1, 0.7))
        kept = along >= hem
        wide = tube(path[kept], radius[kept] + float(rng.uniform(6, 20)), 18)
        # Cloth that lies on the ground is flat there.
        points = np.maximum(wide.points, np.array([-1e4, 0.5, -1e4], np.float32))
        uv = wide.uv * np.array([round(350 / tile), round(400 / tile)], np.float32)
        covered = [Surface(Kind.CLOTH, points, wide.triangles, uv, cloth)]
    else:
        covered = []
    bare = [_on_skin(shape) for shape in (leg, ankles, heel, sole, *toes)]
    return [Surface(Kind.SKIN, shape.points, shape.triangles, shape.uv, own) for shape in bare] + covered


def _toe(high: float, number: int) -> Floats:
    """Return the way of a toe that points up from a height: the great toe's number is 0."""
    z = 30.0 - 16.5 * number + 1.2 * number**2
    top = high + 18 - 3.5 * number**1.6
    return np.array([[-30, top, z], [-27, top + 20, z], [-20, top + 34 - 3 * number, z]])


def _on_skin(shape: Shape) -> Shape:
    """Lay uv on the arm's part of our own skin picture, so that no nail or palm is on it."""
    uv = shape.uv[..., ::-1] * np.array([0.35, 1.0], np.float32)
    return Shape(shape.points, shape.triangles, np.ascontiguousarray(uv, np.float32))


def _mannequin(rng: np.random.Generator) -> list[Surface]:
    """Return a jointed limb of wood or plastic, with a hand of sticks."""
    look = tiled("wood", wooden(rng), rng) if rng.uniform() < 0.5 else flat(draw(FLESH, rng), 0.08, 0.3)
    size = float(rng.uniform(0.6, 1.2))
    parts: list[Part] = []
    for low, high, radius in ((-260, -140, 26), (-135, -20, 21)):
        ends = np.array([[low, 28, 0], [(low + high) / 2, 28, 0], [high, 28, 0]], float)
        parts.append((tube(ends, np.array([0.8, 1, 0.7]) * radius, 12), look))
        parts.append((moved(ball((17, 17, 17), 8, 12), (high + 4, 28, 0)), look))
    parts.append((moved(box((75, 22, 62), 9), (35, 28, 0)), look))
    parts += [(stick, look) for finger in range(5) for stick in _sticks(finger, float(rng.uniform(0, 0.9)))]
    return _scaled(parts, size)


def _sticks(finger: int, curl: float) -> list[Shape]:
    """Return the three sticks of a wooden finger, the thumb's being the last, each bent on by `curl` radians."""
    start = np.array([70.0, 28, -26 + 17 * finger]) if finger < 4 else np.array([20.0, 28, 34])
    way = np.array([1, 0, 0.06 * (finger - 1.5)]) if finger < 4 else np.array([0.7, 0, 0.7])
    bends = curl * np.arange(3)[:, None]
    path = start + 24 * np.cumsum(way * np.cos(bends) - np.array([0, 0.7, 0]) * np.sin(bends), axis=0)
    return [tube(np.stack([a, a + 0.86 * (b - a)]), 6.5, 8) for a, b in pairwise([start, *path])]


def _robot(rng: np.random.Generator) -> list[Surface]:
    """Return an arm of boxes and joints with a gripper, often red or orange."""
    colours = ((0.6, 0.04, 0.02), (0.85, 0.25, 0.02), (0.7, 0.45, 0.02), (0.5, 0.5, 0.5))
    shell, steel = flat(colours[rng.integers(4)], 0.1, 0.3), metal(rng, (0.12, 0.12, 0.12))
    parts: list[Part] = []
    x, y = -300.0, 60.0
    for long, thick in ((170, 60), (140, 46), (70, 38)):
        rise = float(rng.uniform(-0.15, 0.5))
        turn = np.array([[np.cos(rise), -np.sin(rise), 0], [np.sin(rise), np.cos(rise), 0], [0, 0, 1]])
        middle = np.array([x, y, 0]) + turn @ np.array([long / 2, 0, 0])
        parts.append((moved(box((long, thick, thick), 6), middle.tolist(), turn), shell))
        parts.append((tube(np.array([[x, y, -0.7 * thick], [x, y, 0.7 * thick]]), 0.45 * thick, 14), steel))
        x, y = x + long * float(np.cos(rise)), max(y + long * float(np.sin(rise)), 45.0)
    for side in (-1, 1):
        claw = np.array(
            [[x, y, 14 * side], [x + 30, y, 34 * side], [x + 75, y, 22 * side], [x + 90, y, 10 * side]], float
        )
        parts.append((tube(claw, 8, 8), steel))
    return _scaled(parts, float(rng.uniform(0.7, 1.3)))


def _rope(rng: np.random.Generator) -> list[Surface]:
    """Return a rope, hose or cable in loops, in many colours, skin's among them."""
    radius = float(rng.uniform(5, 16))
    t = np.linspace(0, 1, 40)
    a, b = rng.uniform(0, 6.3, 2)
    path = np.stack(
        [340 * (t - 0.5), radius + 3 * radius * np.abs(np.sin(9 * t + a)) * 0.4, 90 * np.sin(7 * t + b)], axis=1
    )
    look = fabric(rng, draw(FLESH, rng), "twill")[0] if rng.uniform() < 0.5 else flat(painted(rng))
    shape = tube(path, radius, 9)
    return list(surfaces_of([(Shape(shape.points, shape.triangles, shape.uv * np.array([2, 18], np.float32)), look)]))


def _roll(rng: np.random.Generator) -> list[Surface]:
    """Return crumpled brown paper or leather: a lump or a roll about as thick as an arm."""
    look = tiled("leather" if rng.uniform() < 0.5 else "paper", draw(FLESH, rng), rng, 0.05, 0.6)
    radius, long = float(rng.uniform(22, 60)), float(rng.uniform(120, 420))
    path = np.stack([np.linspace(-long / 2, long / 2, 10), np.full(10, radius), rng.normal(0, 4, 10)], axis=1)
    shape = tube(path, radius * (1 + 0.12 * rng.normal(0, 1, 10)), 16)
    points = shape.points * (1 + 0.03 * rng.normal(0, 1, (len(shape.points), 1)))
    tiles = np.array([round(6.3 * radius / 60), long / 60], np.float32)
    return list(surfaces_of([(Shape(points.astype(np.float32), shape.triangles, shape.uv * tiles), look)]))


def _scaled(parts: list[Part], size: float) -> list[Surface]:
    return list(
        surfaces_of(
            [(Shape(shape.points * np.float32(size), shape.triangles, shape.uv), look) for shape, look in parts]
        )
    )


KINDS: dict[str, Callable[[np.random.Generator], list[Surface]]] = {
    "leg": _leg, "mannequin": _mannequin, "robot": _robot, "rope": _rope, "roll": _roll,
}  # fmt: skip
