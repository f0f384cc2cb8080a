"""Look at surfaces through a camera and shade them into a picture with alpha, and a label for each pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from hands import picture
from hands.arms import SKIN_WRAP, Posed, Surface
from hands.body import Floats, floats, rotation
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
MOST_FRAGMENTS = 6_000_000


@dataclass(frozen=True)
class Camera:
    """Rows of `turn` are right, down and forward; `up` is the world's up in view axes."""

    eye: Floats
    turn: Floats
    up: Floats


@dataclass(frozen=True)
class Window:
    """The drawn part of the image plane (x = X/Z): left, top, and a size (width, height) px at `scale` px per unit."""

    left: float
    top: float
    scale: float
    size: tuple[int, int]


def aim(eye: Floats, target: Floats, image_up: Floats, pitch: float) -> Camera:
    """Return a camera at `eye` that looks at `target`, `pitch` radians below the horizon, with `image_up` upwards."""
    forward = picture.unit(target - eye)
    right = picture.unit(np.cross(forward, image_up))
    turn = np.stack([right, np.cross(forward, right), forward])
    return Camera(eye, turn, floats([0, -np.cos(pitch), -np.sin(pitch)]))


def random_camera(arm: Posed, rng: np.random.Generator, style: str = "") -> tuple[str, Camera]:
    """Draw a view of the hand: down on a desk, along one's own arm, or from anywhere."""
    drawn = str(rng.choice(["top", "ego", "third"], p=[0.35, 0.4, 0.25]))
    style = style or drawn
    target = arm.wrist + arm.forward * float(rng.uniform(0.2, 1.2))
    if style == "ego":
        turned = rotation(arm.fore * rng.normal(0, 1.0)) @ -arm.palm
        above = picture.unit(turned - arm.fore * np.dot(turned, arm.fore))
        side = np.cross(arm.fore, above)
        eye = target - arm.fore * rng.uniform(1, 4) + above * rng.uniform(1.5, 4) + side * rng.normal(0, 1.2)
        image_up = rotation(above * rng.normal(0, 0.5)) @ (arm.fore + 0.3 * above)
        return style, aim(eye.astype(np.float32), target, image_up.astype(np.float32), rng.uniform(0.2, 1.2))
    if style == "top":
        look = -arm.palm if rng.uniform() < 0.75 else arm.palm
        look = picture.unit(look + rng.normal(0, 0.35, 3).astype(np.float32))
        pitch = rng.uniform(0.8, 1.55)
    else:
        look = picture.unit(rng.normal(0, 1, 3).astype(np.float32))
        pitch = rng.uniform(-0.3, 0.6)
    eye = target + look * rng.uniform(4, 13)
    image_up = rng.normal(0, 1, 3).astype(np.float32)
    return style, aim(eye.astype(np.float32), target, image_up, pitch)


def frame(view: Floats, along: Floats, reach: float, long_side: int) -> Window:
    """Return the window that holds the hand and the arm down to `reach` before the wrist, with a small margin."""
    shown = (along > -reach) & (view[:, 2] > 0.5)
    flat = view[shown, :2] / view[shown, 2:]
    low, high = flat.min(axis=0), flat.max(axis=0)
    margin = 0.04 * (high - low).max()
    low, high = low - margin, high + margin
    scale = long_side / (high - low).max()
    width, height = (max(8, round(float(side * scale))) for side in high - low)
    return Window(float(low[0]), float(low[1]), float(scale), (width, height))


def random_light(lights: list[picture.Light], up: Floats, rng: np.random.Generator) -> picture.Light:
    """Pick an environment, turn it about `up`, dim it from below, at times add a lamp; nearly white balanced."""
    light = lights[rng.integers(len(lights))]
    tilt = rotation(np.cross([0, 1, 0], up) / max(np.linalg.norm(np.cross([0, 1, 0], up)), 1e-6) * np.arccos(up[1]))
    towards = light.towards @ (tilt @ rotation(np.array([0, rng.uniform(0, 6.3), 0]))).T
    power = light.power * np.where(towards @ up < -0.1, rng.uniform(0.3, 0.9), 1)[:, None]
    # No one photographs by a bare point: let a share of all light come from everywhere.
    power = power + power.mean(axis=0) * rng.uniform(0.1, 0.6)
    if rng.uniform() < 0.35:
        lamp = picture.unit((up + rng.normal(0, 0.7, 3)).astype(np.float32))
        towards = np.concatenate([towards, lamp[None]])
        warm = np.array([1.0, rng.uniform(0.8, 1), rng.uniform(0.55, 1.1)])
        power = np.concatenate([power, power.sum(axis=0).mean() * rng.uniform(0.2, 0.8) * warm[None]])
    tint = power.sum(axis=0) / power.sum(axis=0).mean()
    return picture.Light(towards.astype(np.float32), (power / tint ** rng.uniform(0.6, 1.05)).astype(np.float32))


@dataclass(frozen=True)
class Scene:
    """All surfaces as one soup in view axes."""

    points: Floats
    triangles: NDArray[np.int64]
    keep: Floats
    owner: NDArray[np.int64]
    rim: NDArray[np.bool_]
    surfaces: list[Surface]


def gather(surfaces: list[Surface], camera: Camera) -> Scene:
    """Bring surfaces before the camera."""
    starts = np.cumsum([0] + [len(s.points) for s in surfaces])
    points = np.concatenate([(s.points - camera.eye) @ camera.turn.T for s in surfaces]).astype(np.float32)
    triangles = np.concatenate([s.triangles + start for s, start in zip(surfaces, starts[:-1], strict=True)])
    keep = np.concatenate([s.keep for s in surfaces]).astype(np.float32)
    owner = np.repeat(np.arange(len(surfaces)), [len(s.triangles) for s in surfaces])
    rim = np.concatenate([s.rim[s.triangles].any(axis=1) for s in surfaces])
    return Scene(points, triangles, keep, owner, rim, surfaces)


def draw(scene: Scene, window: Window, light: picture.Light, rng: np.random.Generator) -> tuple[Floats, Bytes] | None:
    """Return linear RGB with alpha (H, W, 4) and labels (H, W), or None if the camera stands badly."""
    flat = scene.points[:, :2] / np.maximum(scene.points[:, 2:], 1e-3) - floats([window.left, window.top])
    screen = (flat * np.float32(window.scale))[scene.triangles]
    depth = scene.points[scene.triangles, 2]
    width, height = window.size
    if _shows_an_end(scene, screen, depth, window):
        return None
    spread = np.clip(screen.max(axis=1), 0, window.size) - np.clip(screen.min(axis=1), 0, window.size) + 1
    if (spread[depth.min(axis=1) > 0.05].prod(axis=1)).sum() > MOST_FRAGMENTS:
        return None
    fragments = picture.rasterise(screen, depth, scene.keep, (height, width))
    if (fragments.triangle >= 0).mean() < 0.02:
        return None
    return _shade(scene, fragments, light, rng)


def _shows_an_end(scene: Scene, screen: Floats, depth: Floats, window: Window) -> bool:
    """Tell whether the open end of the mesh, or one cut by the camera's own plane, could be in view."""
    inside = ((screen > 0) & (screen < window.size)).all(axis=2) & (depth > 0.01)
    return bool((inside.any(axis=1) & (scene.rim | (depth.min(axis=1) <= 0.05))).any())


def _shade(
    scene: Scene, fragments: picture.Fragments, light: picture.Light, rng: np.random.Generator
) -> tuple[Floats, Bytes]:
    seen = fragments.triangle >= 0
    triangle, corner = fragments.triangle[seen], fragments.corners[seen]
    lit_points = np.column_stack(_light_points(scene, light))
    pixel = np.einsum("pc,pcv->pv", corner, lit_points[scene.triangles[triangle]])
    matter = _materials(scene, triangle, corner, rng)
    normal, lit, open_to, view = picture.unit(pixel[:, :3]), pixel[:, 3:6], pixel[:, 6:7], -picture.unit(pixel[:, 7:])
    inner = np.einsum("pc,pc->p", normal, view) < -0.05
    lit = np.where((inner & matter.double)[:, None], lit * 0.35, lit)
    normal = np.where(inner[:, None], -normal, normal)
    height = np.zeros(seen.shape, np.float32)
    height[seen] = matter.height
    grain = _slope(height, seen)
    key = picture.unit((light.power.sum(axis=1, keepdims=True) * light.towards).sum(axis=0))
    relief = np.clip(1 + grain @ key[:2], 0.6, 1.4)[:, None]
    normal = picture.unit(normal + 0.6 * np.column_stack([grain, np.zeros(len(grain), np.float32)]))
    exposure = rng.uniform(0.65, 1.15) / np.percentile(lit.mean(axis=1), 80)
    colour = (matter.albedo * lit * relief + _specular(normal, view, light, matter.gloss) * open_to) * exposure
    rgba = np.zeros((*seen.shape, 4), np.float32)
    rgba[seen] = np.column_stack([colour, np.ones(len(colour), np.float32)])
    labels = np.zeros(seen.shape, np.uint8)
    labels[seen] = matter.label
    return rgba, labels


def _light_points(scene: Scene, light: picture.Light) -> tuple[Floats, Floats, Floats, Floats]:
    """Return normal (V, 3), received light (V, 3), openness (V,) and place (V, 3) of each point."""
    normals = picture.vertex_normals(scene.points, scene.triangles)
    used = np.zeros(len(scene.points), bool)
    used[scene.triangles[(scene.keep >= 0).any(axis=1)].ravel()] = True
    received, openness = np.zeros((len(scene.points), 3), np.float32), np.zeros(len(scene.points), np.float32)
    received[used], openness[used] = picture.irradiance(scene.points[used], normals[used], light, SKIN_WRAP)
    # One visibility per vertex is a little patchy; the penumbra of real light is not.
    return normals, picture.smooth_over(received, scene.triangles, 2), openness, scene.points


@dataclass(frozen=True)
class Matter:
    """What each of N pixels is made of."""

    albedo: Floats
    height: Floats
    gloss: Floats
    label: Bytes
    double: NDArray[np.bool_]


def _materials(scene: Scene, triangle: NDArray[np.int64], corner: Floats, rng: np.random.Generator) -> Matter:
    count = len(triangle)
    height, gloss = np.zeros(count, np.float32), np.zeros(count, np.float32)
    matter = Matter(np.zeros((count, 3), np.float32), height, gloss, np.zeros(count, np.uint8), np.zeros(count, bool))
    white = rng.normal(0, 1, (256, 256)).astype(np.float32)
    noise = floats(np.sum([np.roll(white, (i, j), (0, 1)) for i in range(3) for j in range(3)], axis=0) / 3)
    pores = rng.uniform(0.05, 0.3)
    owner = scene.owner[triangle]
    first = np.searchsorted(scene.owner, np.arange(len(scene.surfaces)))
    for i, surface in enumerate(scene.surfaces):
        mine = np.flatnonzero(owner == i)
        if not len(mine):
            continue
        local = triangle[mine] - first[i]
        uv = np.einsum("pc,pcv->pv", corner[mine], surface.uv[local])
        albedo = picture.sample(surface.texture, uv, surface.skin is None)
        if surface.skin is not None:
            albedo = surface.skin.gain * (albedo / 255) ** surface.skin.power
        fine = picture.sample(noise, uv * (2 if surface.skin is None else 24), True)
        matter.height[mine] = surface.bump * fine * (1.0 if surface.skin is None else pores)
        matter.albedo[mine] = albedo * (1 + 0.12 * matter.height[mine, None])
        matter.gloss[mine] = surface.gloss
        along = np.einsum("pc,pc->p", corner[mine], surface.along[surface.triangles[local]])
        matter.label[mine] = np.where(along < 0, *surface.labels)
        if surface.elsewhere:
            matter.label[mine[along < -7]] = surface.elsewhere
        matter.double[mine] = surface.double
    return matter


def _slope(height: Floats, seen: NDArray[np.bool_]) -> Floats:
    down, right = np.gradient(height)
    return floats(np.clip(np.stack([right, down], axis=-1)[seen], -0.4, 0.4))


def _specular(normal: Floats, view: Floats, light: picture.Light, gloss: Floats) -> Floats:
    shine = np.zeros_like(normal)
    for i in np.argsort(-light.power.sum(axis=1))[:6]:
        half = picture.unit(view + light.towards[i])
        lobe = np.maximum(np.einsum("pc,pc->p", normal, half), 0) ** 24
        shine += lobe[:, None] * light.power[i]
    rim = (1 - np.clip(np.einsum("pc,pc->p", normal, view), 0, 1)) ** 4
    ambient = light.power.sum(axis=0) / 4
    return np.asarray(gloss[:, None] * (5 * shine + 2 * rim[:, None] * ambient), np.float32)


def shrink(rgba: Floats, labels: Bytes) -> tuple[Bytes, Bytes]:
    """Halve a drawing: 8-bit RGBA with soft outline, colour spread beyond it, and the label that covers most."""
    size = (rgba.shape[1] // 2, rgba.shape[0] // 2)
    shown = rgba.copy()
    shown[..., :3] = picture.tone(rgba[..., :3]) * rgba[..., 3:]
    small = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(small, (0, 0), 3)
    alpha = small[..., 3:]
    # Straight alpha needs sensible colour just outside the outline, or resizing brings in a dark fringe.
    colour = np.where(
        alpha > 0.02, small[..., :3] / np.maximum(alpha, 1e-3), wide[..., :3] / np.maximum(wide[..., 3:], 1e-4)
    )
    shares = [
        cv2.resize((labels == kind).astype(np.float32), size, interpolation=cv2.INTER_AREA) for kind in range(1, 7)
    ]
    best = np.argmax(shares, axis=0).astype(np.uint8) + 1
    label = np.where(alpha[..., 0] >= 0.5, best, 0).astype(np.uint8)
    image = np.concatenate([colour, alpha], axis=-1)
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8), label
