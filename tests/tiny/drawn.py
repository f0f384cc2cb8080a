"""Drawings of hands made by hand: discs and capsules with marks, as an engine would draw them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import LEFT
from handseg_cli.synth.photos.plate import Plate, empty, layer_of, over
from handseg_cli.synth.surface import Camera, Drawing, Kind

KINDS = (Kind.SKIN, Kind.WORN, Kind.CLOTH, Kind.THING)
SIZE = (120, 160)
FLAT = 400.0  # mm: where a flat hand lies


@dataclass(frozen=True)
class Spot:
    """What one pixel or many show."""

    surface: int = 0
    depth: float = FLAT
    side: int = 0
    along: float = -1e4
    finger: int = 0
    reach: float = 0.0
    colour: tuple[float, float, float] = (0.4, 0.25, 0.2)


def nothing(size: tuple[int, int] = SIZE) -> Drawing:
    """Return a drawing in which nothing is seen."""
    floats, bytes_ = np.zeros(size, np.float32), np.zeros(size, np.uint8)
    far = np.full(size, np.inf, np.float32)
    colour = np.zeros((*size, 4), np.float32)
    return Drawing(colour, np.full(size, -1, np.int16), far, bytes_, floats, bytes_.copy(), floats.copy())


def put(drawing: Drawing, where: NDArray[np.bool_], spot: Spot) -> None:
    """Draw a spot in place where it is nearer than what is there."""
    where = where & (drawing.depth > spot.depth)
    drawing.colour[where] = (*spot.colour, 1)
    drawing.surface[where] = spot.surface
    drawing.depth[where] = spot.depth
    drawing.side[where], drawing.finger[where] = spot.side, spot.finger
    drawing.along[where], drawing.reach[where] = spot.along, spot.reach


def disc(centre: tuple[float, float], radius: float, size: tuple[int, int] = SIZE) -> NDArray[np.bool_]:
    """Tell which pixels' centres lie in a disc."""
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    return np.asarray(np.hypot(x - centre[0], y - centre[1]) <= radius)


def at_random(rng: np.random.Generator, size: tuple[int, int] = SIZE) -> Drawing:
    """Draw discs of anything: surfaces of all KINDS, marks of all parts of arms and bodies."""
    drawing = nothing(size)
    for _ in range(30):
        spot = Spot(
            surface=int(rng.integers(len(KINDS))),
            depth=float(rng.uniform(200, 900)),
            side=int(rng.integers(3)),
            along=float(rng.choice([-1e4, -5e3, -200, -1, 0, 1, 150])),
            finger=int(rng.integers(6)),
            reach=float(rng.uniform(-1, 3.2)),
            colour=(float(rng.uniform(0.02, 0.9)), 0.3, 0.2),
        )
        put(drawing, disc((rng.uniform(0, size[1]), rng.uniform(0, size[0])), rng.uniform(3, 30), size), spot)
    return drawing


def camera(size: tuple[int, int] = SIZE) -> Camera:
    """Return a camera at the origin that looks along z, y down: its frame is the world."""
    matrix = np.array([[200, 0, size[1] / 2], [0, 200, size[0] / 2], [0, 0, 1]], np.float32)
    return Camera(np.zeros(3, np.float32), np.eye(3, dtype=np.float32), matrix, size)


def flat_hand(side: int, wrist: tuple[float, float] = (0.0, 60.0)) -> tuple[Drawing, NDArray[np.float32]]:
    """Draw a hand that lies flat at FLAT, fingers up, and return its joints (21, 3), ours in order, 8 mm within."""
    drawing, view = nothing(), camera()
    joints = np.zeros((21, 3), np.float32)
    joints[:, 2] = FLAT + 8
    joints[0, :2] = wrist
    out = 1 if side == LEFT else -1
    for finger in range(5):
        base = np.array([out * (32 - 16 * finger), -40.0 if finger else -10.0])
        step = np.array([out * 14.0, -14.0]) if finger == 0 else np.array([0.0, -22.0])
        joints[1 + 4 * finger : 5 + 4 * finger, :2] = wrist + base + np.arange(4)[:, None] * step
    pixels = (joints[:, :2] / joints[:, 2:] * 200 + view.matrix[:2, 2]).round(2)
    put(drawing, _capsule(pixels[0], pixels[0] + [0, 30], 12), Spot(depth=FLAT, side=side, along=-30))
    palm = np.zeros(SIZE, np.uint8)
    cv2.fillConvexPoly(palm, cv2.convexHull(pixels[[0, 1, 5, 9, 13, 17]].astype(np.int32)), 1)
    put(drawing, cv2.dilate(palm, np.ones((9, 9), np.uint8)) > 0, Spot(depth=FLAT - 1, side=side, along=40))
    for finger in range(5):
        for place in range(3):
            start, end = pixels[1 + 4 * finger + place], pixels[2 + 4 * finger + place]
            spot = Spot(depth=FLAT - 2, side=side, along=90, finger=finger + 1, reach=place + 0.5)
            put(drawing, _capsule(start, end, 3), spot)
    return drawing, joints


def _capsule(start: NDArray[np.float32], end: NDArray[np.float32], radius: float) -> NDArray[np.bool_]:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    way = np.asarray(end - start)
    along = np.clip(((x - start[0]) * way[0] + (y - start[1]) * way[1]) / max(way @ way, 1e-6), 0, 1)
    return np.asarray(np.hypot(x - start[0] - along * way[0], y - start[1] - along * way[1]) <= radius)


def composed(drawing: Drawing, backdrop: NDArray[np.float32]) -> Plate:
    """Put what has been drawn, from surfaces of KINDS, before a backdrop (H, W, 3) in linear light."""
    return over(empty(backdrop), layer_of(drawing, KINDS))
