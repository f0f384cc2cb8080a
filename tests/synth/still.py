"""A few simple things to look at, for tests of light and drawing."""

from __future__ import annotations

import numpy as np

from handseg_cli.synth.body import Floats
from handseg_cli.synth.drawing.light import evenly
from handseg_cli.synth.surface import Camera, Kind, Lights, Material, Surface

GREY = Material(np.full((4, 4, 3), 0.5, np.float32), gloss=0.0, rough=1.0)


def ball(middle: tuple[float, float, float], radius: float, rings: int = 16, material: Material = GREY) -> Surface:
    """Return a ball, lengths in mm."""
    down = np.linspace(0, np.pi, rings + 1)[:, None]
    around = np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False)
    points = np.stack(
        np.broadcast_arrays(np.sin(down) * np.cos(around), np.cos(down), np.sin(down) * np.sin(around)), axis=-1
    )
    row, column = np.divmod(np.arange(2 * rings * rings), 2 * rings)
    a, b = row * 2 * rings + column, row * 2 * rings + (column + 1) % (2 * rings)
    c, d = b + 2 * rings, a + 2 * rings
    triangles = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    places = (points.reshape(-1, 3) * radius + middle).astype(np.float32)
    return Surface(Kind.THING, places, triangles, places[triangles][..., :2] / 100, material)


def sheet(half: float, y: float = 0.0, material: Material = GREY) -> Surface:
    """Return a level square that is seen from above, 2 * half mm wide."""
    corners = [[-half, y, -half], [half, y, -half], [half, y, half], [-half, y, half]]
    points = np.array(corners, np.float32)
    triangles = np.array([[0, 2, 1], [0, 3, 2]])
    return Surface(Kind.THING, points, triangles, points[triangles][..., [0, 2]] / 100, material)


def wall(half: float, z: float, material: Material = GREY) -> Surface:
    """Return an upright square that faces z, 2 * half mm wide."""
    points = np.array([[-half, -half, z], [half, -half, z], [half, half, z], [-half, half, z]], np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3]])
    uv = (points[triangles][..., :2] / (2 * half) + 0.5) * [1, -1] + [0, 1]
    return Surface(Kind.THING, points, triangles, uv.astype(np.float32), material)


def looking(eye: Floats, target: Floats, size: tuple[int, int] = (64, 64), focal: float = 80.0) -> Camera:
    """Return a camera that looks at a target, with its top towards y, or away from z where it looks down."""
    forward = np.array(target, float) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0, 1, 0] if abs(forward[1]) < 0.9 else [0, 0, -1])
    right /= np.linalg.norm(right)
    turn = np.stack([right, np.cross(forward, right), forward])
    matrix = np.array([[focal, 0, size[1] / 2], [0, focal, size[0] / 2], [0, 0, 1]])
    return Camera(np.array(eye, np.float32), turn.astype(np.float32), matrix.astype(np.float32), size)


AHEAD = looking(np.array([0.0, 0, 500]), np.zeros(3))
ABOVE = looking(np.array([0.0, 500, 0]), np.zeros(3))


def overcast(count: int = 32) -> Lights:
    """Return light of the same radiance, one, from all around."""
    return Lights(evenly(count), np.full((count, 3), 4 / count, np.float32))


def sunny(towards: tuple[float, float, float], radius: float = 0.005) -> Lights:
    """Return a sun in a dim sky."""
    soft = overcast()
    way = np.array([towards], np.float32) / np.linalg.norm(towards)
    power = np.concatenate([np.full((1, 3), 2, np.float32), 0.3 * soft.power])
    return Lights(np.concatenate([way, soft.towards]).astype(np.float32), power, (radius,))
