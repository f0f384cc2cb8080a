"""Shade pixels with NumPy: what `glsl` says to a graphics processor, in the same order and by the same names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats
from handseg_cli.synth.drawing.pyramid import Pyramids, relief
from handseg_cli.synth.drawing.received import WRAP
from handseg_cli.synth.drawing.shading import DARK, DISC, FARTHEST, KEYS, LIFT_MM, SHADOW_MM, Shade, Sheen
from handseg_cli.synth.surface import Camera, Material
from handseg_cli.synth.turning import unit


@dataclass(frozen=True)
class Shadow:
    """How a sharp light sees a scene, and how far (n, n), 0 to 1, it gets."""

    shade: Shade
    depth: NDArray[np.float32]


@dataclass(frozen=True)
class Spots:
    """Where N rays from the eye meet triangles: weights (N, 3), depth (N,), and changes of the second and third weight
    one pixel to the right and one down (N, 2, 2).
    """

    weights: Floats
    depth: Floats
    steps: Floats


@dataclass(frozen=True)
class Place:
    """N places on a surface from the eye, (N, 3), their normals without and with relief, and the way to the eye."""

    at: Floats
    smooth: Floats
    normal: Floats
    view: Floats
    pixels: Floats  # (N, 2) whole numbers


@dataclass(frozen=True)
class Scene:
    """What all surfaces are shaded with."""

    camera: Camera
    sheen: Sheen
    shadows: tuple[Shadow, ...]
    pyramids: Pyramids


def met(corners: Floats, towards: Floats, ray: Floats) -> Spots:
    """Return where rays (N, 3) meet the planes of triangles, (N, 3, 12) as in a soup.

    The columns of `ray` are how rays change to the right and down, and the one of pixel (0, 0).
    """
    a, b, c = (corners[:, k, :3].astype(np.float64) for k in range(3))
    second, third = b - a, c - a
    over = np.cross(-a, second)
    found = []
    for way in (towards, towards + ray[:, 0], towards + ray[:, 1]):
        across = np.cross(way, third)
        size = dot(second, across)
        values = np.stack([dot(-a, across), dot(way, over), dot(third, over)], axis=1)
        found.append(values / np.where(size == 0, 1e-30, size)[:, None])
    here, right, down = found
    weights = np.column_stack([1 - here[:, 0] - here[:, 1], here[:, :2]])
    steps = np.stack([right[:, :2] - here[:, :2], down[:, :2] - here[:, :2]], axis=1)
    return Spots(weights, here[:, 2], steps)


def dot(first: Floats, second: Floats) -> Floats:
    """Return the scalar products (N,) of vectors (N, 3)."""
    return np.asarray(np.einsum("nc,nc->n", first, second))


def shaded(scene: Scene, material: Material, corners: Floats, pixels: Floats) -> tuple[NDArray[np.float32], Spots]:
    """Return the light (N, 3) from triangles (N, 3, 12) of one material at places (N, 2) of the picture, and where."""
    ray = np.linalg.inv(scene.camera.matrix @ scene.camera.turn)
    towards = pixels @ ray[:, :2].T + ray[:, 2]
    spots = met(corners, towards, ray)
    at = towards * spots.depth[:, None]
    values = np.einsum("nk,nkv->nv", spots.weights, corners)
    a, b, c = (corners[:, k, :3] for k in range(3))
    front = np.where(dot(np.cross(b - a, c - a), towards) < 0, 1, -1)[:, None]
    view, smooth = -unit(at), unit(values[:, 4:7]) * front
    leaning = relief(at, spots.depth * float(np.linalg.norm(ray[:, 0])))
    place = Place(at, smooth, unit(smooth + material.grain * leaning), view, np.floor(pixels))
    albedo = _albedo(scene, material, corners, spots, values[:, [7, 11]])
    albedo = albedo * (1 + 0.3 * material.grain * leaning[:, :1])
    lit = values[:, 8:11] * np.clip(1 + (place.normal - smooth) @ scene.sheen.lean, 0.5, 1.5)[:, None]
    shine = values[:, 3:4] * _mirrored(scene, material, place)
    for number in range(len(scene.shadows)):
        more, shining = _sharp(scene, number, material, place)
        lit, shine = lit + more, shine + shining
    return np.asarray(np.where(front > 0, 1, DARK) * (albedo * lit + shine), np.float32), spots


def _albedo(scene: Scene, material: Material, corners: Floats, spots: Spots, uv: Floats) -> Floats:
    edges = corners[:, 1:, [7, 11]] - corners[:, :1, [7, 11]]
    steps = np.einsum("nsk,nkv->nsv", spots.steps, edges)
    found = scene.pyramids.looked_up(material.texture, material.repeat, uv, steps)
    if material.texture.dtype != np.uint8:
        return found
    return np.asarray(np.array(material.gain) * (found / 255) ** material.power)


def _highlight(normal: Floats, view: Floats, towards: Floats, rough: float, gloss: float) -> Floats:
    half_way = unit(view + towards)
    nh, nl = np.maximum(dot(normal, half_way), 0), np.maximum(normal @ towards, 0)
    nv, vh = np.maximum(dot(normal, view), 0.05), np.maximum(dot(view, half_way), 0)
    low = nh * nh * (rough - 1) + 1
    k = 0.5 * np.sqrt(rough)
    hidden = 4 * (nl * (1 - k) + k) * (nv * (1 - k) + k)
    return np.asarray((gloss + (1 - gloss) * (1 - vh) ** 5) * nl * rough / (low * low * hidden))


def _mirrored(scene: Scene, material: Material, place: Place) -> Floats:
    """Return what is mirrored (N, 3) of soft lights."""
    sheen, normal, view = scene.sheen, place.normal, place.view
    shine = np.zeros_like(normal)
    for i in range(len(scene.shadows), KEYS):
        rough = material.rough**4 + float(sheen.wide[i])
        shine += _highlight(normal, view, sheen.towards[i], rough, material.gloss)[:, None] * sheen.power[i]
    back = np.column_stack([2 * dot(view, normal)[:, None] * normal - view, np.ones(len(view), np.float32)])
    around = np.maximum(np.einsum("ni,cij,nj->nc", back, sheen.sky, back, optimize=True), 0)
    rim = (1 - material.gloss) * (1 - material.rough) ** 2 * (1 - np.clip(dot(normal, view), 0, 1)) ** 5
    return np.asarray(shine + around * (material.gloss + rim)[:, None])


def _sharp(scene: Scene, number: int, material: Material, place: Place) -> tuple[Floats, Floats]:
    """Return what a sharp light adds to the light received (N, 3), and to what is mirrored (N, 3)."""
    sheen, soft = scene.sheen, material.soft
    way, power = sheen.towards[number], sheen.power[number]
    facing, straight = place.smooth @ way, (place.normal @ way)[:, None]
    seen = _lit_by(scene.shadows[number], place, facing, LIFT_MM + SHADOW_MM * soft)
    wrap = soft * WRAP
    leaning = straight + (facing[:, None] - straight) * (soft * np.array([0.7, 0.4, 0.2]))
    bled = seen[:, None] ** (1 + soft * (np.array([0.65, 1.0, 1.15]) - 1))
    lit = power * bled * np.maximum(leaning + wrap, 0) / (1 + wrap)
    rough = material.rough**4 + float(sheen.wide[number])
    return lit, (seen * _highlight(place.normal, place.view, way, rough, material.gloss))[:, None] * power


def _lit_by(shadow: Shadow, place: Place, facing: Floats, lift: float) -> Floats:
    """Return how much (N,) of a sharp light gets to places: its edge widens with the distance to what shades."""
    shade, count = shadow.shade, shadow.depth.shape[0]
    places = (place.at + place.smooth * lift).T
    x, y, z = (shade.matrix[:, :3] @ places + shade.matrix[:, 3:]).astype(np.float32)
    turn = 6.2832 * np.modf(52.9829189 * np.modf((place.pixels + 0.5) @ [0.06711056, 0.00583715])[0])[0]
    cosine, sine = np.cos(turn).astype(np.float32), np.sin(turn).astype(np.float32)
    steep = np.minimum(np.sqrt(np.maximum(1 - facing * facing, 0)) / np.maximum(facing, 0.1), 4)
    slope, gap = (steep * (shade.across / shade.deep)).astype(np.float32), np.float32(0.3 / shade.deep)

    def blocked(step: Floats, wide: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        there = x + (cosine * step[0] - sine * step[1]) * wide, y + (sine * step[0] + cosine * step[1]) * wide
        column, row = ((axis * count).astype(np.int32).clip(0, count - 1) for axis in there)
        depth = shadow.depth.ravel().take(row * count + column)
        return depth, depth < z - gap - slope * np.float32(np.hypot(*step)) * wide

    before, blockers = np.zeros_like(z), np.zeros_like(z)
    widest = np.full_like(z, max(FARTHEST * shade.radius, 0.6) / shade.across)
    for step in DISC[::2]:
        depth, hides = blocked(step, widest)
        before += np.where(hides, depth, 0)
        blockers += hides
    away = ((z - before / np.maximum(blockers, 1)) * shade.deep).clip(0, FARTHEST)
    wide = np.maximum(away * shade.radius, 0.6) / shade.across
    hidden = np.mean([blocked(step, wide)[1] for step in DISC], axis=0)
    looked_at = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
    return np.where((blockers > 0) & looked_at, 1 - hidden, 1)
