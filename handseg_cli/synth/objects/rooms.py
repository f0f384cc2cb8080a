"""Desks, floors, walls and shelves around a place, and things that lie about there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from handseg_cli.synth.body import Floats
from handseg_cli.synth.looks.cloth import fabric
from handseg_cli.synth.looks.colours import FLESH, Colour, draw, from_lch, painted, wooden
from handseg_cli.synth.looks.prints import printed
from handseg_cli.synth.looks.shapes import Shape, box, grid, joined, moved, quad
from handseg_cli.synth.looks.tiles import material as tiled
from handseg_cli.synth.objects.chest import random_thing
from handseg_cli.synth.objects.thing import Thing, placed, surfaces_of
from handseg_cli.synth.surface import Material, Surface
from handseg_cli.synth.turning import unit

# What table tops, floors and walls are made of: how often, and how long a side of the tile is, mm.
TOPS = {
    "wood": (0.5, 620),
    "plaster": (0.12, 700),
    "stone": (0.13, 600),
    "smooth": (0.12, 400),
    "leather": (0.05, 120),
    "cloth": (0.08, 0),
}
FLOORS = {"wood": (0.4, 800), "tiles": (0.25, 900), "carpet": (0.25, 500), "stone": (0.1, 1000)}
WALLS = {"plaster": (0.6, 1200), "wood": (0.12, 900), "tiles": (0.12, 600), "paper": (0.16, 500)}
UP = np.array([0.0, 1, 0])
Level = tuple[float, float, float]
ROOMS = {"desk": 0.55, "wall": 0.12, "floor": 0.13, "corner": 0.12, "shelf": 0.08}


@dataclass(frozen=True)
class Room:
    """A room about a spot: its surfaces, and the level area through the spot, mm to either side, ahead and back."""

    spot: Floats  # (3,)
    ahead: Floats  # (3,) level, off the viewer
    surfaces: tuple[Surface, ...]
    area: Level | None  # none where nothing is level there


def random_room(rng: np.random.Generator, spot: Floats, ahead: Floats, kind: str = "") -> Room:
    """Return a room of a kind of ROOMS: a level plane through `spot`, and what rises `ahead` (3,), off the viewer."""
    kind = kind or str(rng.choice(list(ROOMS), p=list(ROOMS.values())))
    flat_ahead = unit(np.array([ahead[0], 0.0, ahead[2]]) + 1e-9)
    makers: dict[str, Callable[..., tuple[list[Surface], Level | None]]] = {
        "desk": _desk, "wall": _behind, "floor": _floor, "corner": _corner, "shelf": _shelf,
    }  # fmt: skip
    surfaces, area = makers[kind](rng, np.asarray(spot, float), flat_ahead)
    return Room(np.asarray(spot, float), flat_ahead, tuple(surfaces), area)


def stuff_of(table: dict[str, tuple[float, int]], rng: np.random.Generator) -> tuple[Material, float]:
    """Draw a material of TOPS, FLOORS or WALLS, and how long a side of its tile is, mm."""
    shares = np.array([row[0] for row in table.values()])
    kind = str(rng.choice(list(table), p=shares / shares.sum()))
    if kind == "cloth":
        material, tile = fabric(rng)
        return material, 2 * tile
    gloss = float(rng.uniform(0.02, 0.12)) if table is not WALLS else 0.02
    return tiled(kind, _colour(kind, table is WALLS, rng), rng, gloss, float(rng.uniform(0.3, 0.7))), float(
        table[kind][1]
    )


def _colour(kind: str, wall: bool, rng: np.random.Generator) -> Colour:
    if rng.uniform() < 0.12:
        return draw(FLESH, rng)
    if kind == "wood":
        return wooden(rng)
    if rng.uniform() < 0.12:
        return painted(rng)
    # Most rooms are hardly coloured, and walls are pale.
    return from_lch(float(rng.uniform(60 if wall else 20, 95)), float(rng.uniform(0, 13)), float(rng.uniform(0, 360)))


def sheet(corner: Floats, right: Floats, down: Floats, look: tuple[Material, float], cells: int = 10) -> Surface:
    """Return a plane from a corner over two sides (3,) that lie at right angles as seen from its front, mm."""
    share = np.linspace(0, 1, cells + 1)
    points = corner + share[None, :, None] * right + share[:, None, None] * down
    material, tile = look
    wide, high = float(np.linalg.norm(right)) / tile, float(np.linalg.norm(down)) / tile
    mapped = np.stack(np.meshgrid(share * wide, share * high), axis=-1)
    (surface,) = surfaces_of([(grid(points, mapped=mapped), material)])
    return surface


def level(spot: Floats, ahead: Floats, size: tuple[float, float, float], look: tuple[Material, float]) -> Surface:
    """Return a plane through `spot` that reaches `size` mm to either side, ahead, and back."""
    aside = np.cross(ahead, [0, 1, 0])
    half, front, back = size
    return sheet(spot - half * aside + front * ahead, 2 * half * aside, -(front + back) * ahead, look)


def upright(foot: Floats, ahead: Floats, size: tuple[float, float], look: tuple[Material, float]) -> Surface:
    """Return a wall on a line through `foot`, facing back, `size` mm wide and high."""
    aside = np.cross(ahead, [0, 1, 0])
    return sheet(foot - size[0] / 2 * aside + [0, size[1], 0], size[0] * aside, np.array([0, -size[1], 0]), look)


def _desk(rng: np.random.Generator, spot: Floats, ahead: Floats) -> tuple[list[Surface], Level]:
    """Return a table whose top goes through `spot`, perhaps with a cloth or mat, and a wall behind."""
    look = stuff_of(TOPS, rng)
    aside = np.cross(ahead, [0, 1, 0])
    half, front, back = (float(v) for v in rng.uniform((350, 200, 80), (900, 650, 420)))
    surfaces = [level(spot, ahead, (half, front, back), look)]
    edge = spot - half * aside - back * ahead
    surfaces.append(sheet(edge, 2 * half * aside, np.array([0, -float(rng.uniform(18, 60)), 0]), look, 3))
    if rng.uniform() < 0.3:
        surfaces.append(_mat(rng, spot, ahead))
    if rng.uniform() < 0.55:
        foot = spot + (front + float(rng.uniform(0, 500))) * ahead - [0, 500, 0]
        surfaces.append(upright(foot, ahead, (4000, 2600), stuff_of(WALLS, rng)))
        if rng.uniform() < 0.35:
            surfaces.append(_picture(rng, foot + float(rng.uniform(600, 1000)) * UP, ahead))
    else:
        surfaces += _floor(rng, spot - [0, 720, 0], ahead)[0]
    return surfaces, (half, front, back)


def _mat(rng: np.random.Generator, spot: Floats, ahead: Floats) -> Surface:
    """Return a mat, newspaper or cloth on a table."""
    turn = float(rng.uniform(-0.4, 0.4))
    aside = np.cross(ahead, [0, 1, 0])
    right = np.cos(turn) * aside + np.sin(turn) * ahead
    front = np.cross([0, 1, 0], right)
    wide, deep = (float(v) for v in rng.uniform((200, 150), (600, 420)))
    look: tuple[Material, float] = (printed("page", rng, 0.02, 0.8), 0.0)
    if rng.uniform() < 0.6:
        look = fabric(rng)
    tile = look[1] or 1.0
    at = spot + 0.8 * UP - wide / 2 * right + deep / 2 * front + rng.normal(0, 40) * aside
    made = sheet(at, wide * right, -deep * front, (look[0], tile), 6)
    if look[1]:
        return made
    # A page is printed once, not once a tile.
    return replace(made, uv=np.asarray(made.uv / [wide, deep], np.float32))


def _picture(rng: np.random.Generator, middle: Floats, ahead: Floats) -> Surface:
    """Return a poster, calendar or screen on a wall."""
    aside = np.cross(ahead, [0, 1, 0])
    wide = float(rng.uniform(250, 700))
    turn = np.stack([aside, UP, -ahead], axis=1)
    poster = quad((wide, wide * float(rng.uniform(0.6, 1.4))), turn)
    look = printed(str(rng.choice(["cover", "page", "screen", "label"])), rng, 0.05, 0.4)
    at = middle + float(rng.uniform(-600, 600)) * aside - 4 * ahead
    (surface,) = surfaces_of([(moved(poster, at.tolist()), look)])
    return surface


def _floor(rng: np.random.Generator, spot: Floats, ahead: Floats) -> tuple[list[Surface], Level]:
    area = (2500.0, 2500.0, 1500.0)
    return [level(spot, ahead, area, stuff_of(FLOORS, rng))], area


def _behind(rng: np.random.Generator, spot: Floats, ahead: Floats) -> tuple[list[Surface], None]:
    foot = spot + float(rng.uniform(120, 700)) * ahead - [0, 1000, 0]
    surfaces = [upright(foot, ahead, (4500, 2800), stuff_of(WALLS, rng))]
    if rng.uniform() < 0.5:
        surfaces.append(_picture(rng, foot + float(rng.uniform(800, 1400)) * UP, ahead))
    return surfaces, None


def _corner(rng: np.random.Generator, spot: Floats, ahead: Floats) -> tuple[list[Surface], Level]:
    """Return a floor or top that meets two walls."""
    turn = float(rng.uniform(0.4, 1.1))
    aside = np.cross(ahead, [0, 1, 0])
    look = stuff_of(WALLS, rng)
    ways = (np.cos(turn) * ahead + np.sin(turn) * aside, np.cos(turn - 1.5708) * ahead + np.sin(turn - 1.5708) * aside)
    far = [float(v) for v in rng.uniform(250, 800, 2)]
    feet = [spot + away * way for away, way in zip(far, ways, strict=True)]
    walls = [upright(foot, way, (5000, 2600), look) for foot, way in zip(feet, ways, strict=True)]
    return [*_floor(rng, spot, ahead)[0], *walls], (0.6 * min(far), 0.6 * min(far), 900)


def _shelf(rng: np.random.Generator, spot: Floats, ahead: Floats) -> tuple[list[Surface], Level]:
    """Return a shelf of books and boxes behind, and the board at `spot`."""
    look = stuff_of(TOPS, rng)
    aside = np.cross(ahead, [0, 1, 0])
    far = float(rng.uniform(150, 450))
    surfaces = [
        level(spot, ahead, (900, far + 250, 300), look),
        upright(spot + (far + 250) * ahead - [0, 300, 0], ahead, (2500, 1500), look),
    ]
    turn = np.stack([aside, UP, -ahead], axis=1)
    looks = [tiled("paper", painted(rng), rng) for _ in range(5)] + [printed("cover", rng) for _ in range(3)]
    rows: list[list[Shape]] = [[] for _ in looks]
    x = -600.0
    while x < 600:
        wide, high = float(rng.uniform(15, 60)), float(rng.uniform(150, 280))
        rows[rng.integers(len(looks))].append(moved(box((wide, high, 160)), (x + wide / 2, high / 2, -far - 90)))
        x += wide + float(rng.choice([0.5, 1, 60], p=[0.6, 0.32, 0.08]))
    books = [(moved(joined(row), spot.tolist(), turn), look) for row, look in zip(rows, looks, strict=True) if row]
    return [*surfaces, *surfaces_of(books)], (900, far, 300)


def clutter(rng: np.random.Generator, room: Room, clear: float, count: int) -> list[Thing]:
    """Return up to `count` things that lie or stand about on a room's level, farther off its spot than `clear` mm."""
    things: list[Thing] = []
    taken = [(np.zeros(2), clear)]
    for _ in range(count if room.area else 0):
        thing = random_thing(rng)
        corners = np.concatenate([surface.points for surface in thing.surfaces])
        reach = float(np.hypot(corners[:, 0], corners[:, 2]).max())
        for _ in range(6):
            angle, far = float(rng.uniform(0, 6.2832)), clear + reach + float(rng.gamma(1.5, 90))
            at = far * np.array([np.cos(angle), np.sin(angle)])
            if _fits(room, at) and all(np.hypot(*(at - other)) > size + reach for other, size in taken):
                taken.append((at, reach))
                aside = np.cross(room.ahead, [0, 1, 0])
                shift = room.spot + at[0] * aside + at[1] * room.ahead
                things.append(placed(thing, yaw(float(rng.uniform(0, 6.2832))), shift))
                break
    return things


def _fits(room: Room, at: Floats) -> bool:
    """Tell whether a place (aside, ahead) is on the room's level."""
    half, front, back = room.area or (0, 0, 0)
    return bool(abs(at[0]) < half and -back < at[1] < front)


def yaw(angle: float) -> Floats:
    """Return the matrix (3, 3) of a turn about the upright axis, radians."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
