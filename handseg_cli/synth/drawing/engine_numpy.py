"""Draw with NumPy alone, where there is no OpenGL: slower, and the reference for what OpenGL draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.drawing.mesh import turned
from handseg_cli.synth.drawing.paint import Scene, Shadow, shaded
from handseg_cli.synth.drawing.pyramid import Pyramids
from handseg_cli.synth.drawing.raster import nearest
from handseg_cli.synth.drawing.shading import SAMPLES, SHADOW_SIZE, STRETCH, Shade, shades_of, sheen_of
from handseg_cli.synth.drawing.soup import Fragments, Soup, labelled, lit_soup
from handseg_cli.synth.surface import Camera, Drawing, Lights, Surface

MIDDLE = np.arange(9) == 4  # of a pixel's nine samples


class NumpyEngine:
    """Draws in NumPy; keeps the textures it has used."""

    name: Literal["numpy"] = "numpy"

    def __init__(self, note: str = "") -> None:
        self.note = note
        self.pyramids = Pyramids()

    def close(self) -> None:
        """Forget all textures."""
        self.pyramids = Pyramids()

    def draw(self, surfaces: Sequence[Surface], camera: Camera, lights: Lights) -> Drawing:
        """Draw surfaces as a camera sees them."""
        return self.drawn(lit_soup(surfaces, camera, lights), camera, lights)

    def drawn(self, soup: Soup, camera: Camera, lights: Lights) -> Drawing:
        """Draw a soup made for the same camera and lights."""
        shadows = tuple(_shadow(shade, soup) for shade in shades_of(soup, lights))
        scene = Scene(camera, sheen_of(lights), shadows, self.pyramids)
        samples, depths = _samples(soup, camera)
        count = len(samples)
        colour, weights, depth = np.zeros((count, 4)), np.zeros((count, 3)), np.full(count, np.inf)
        even = _even(samples, depths, soup)
        for part in soup.parts:
            mine = (samples >= part.start) & (samples < part.stop)
            # Where all of a pixel is one stretch of a surface its middle stands for all its samples.
            pixel, number = np.nonzero(mine & (~even[:, None] | MIDDLE))
            row, column = np.divmod(pixel, camera.size[1])
            places = np.stack([column + number % 3 / 2, row + number // 3 / 2], axis=1)
            light, spots = shaded(scene, part.material, soup.corners[samples[pixel, number]], places)
            share = np.where(even[pixel], 1, SAMPLES[number])
            for channel, values in enumerate((*light.T, np.ones(len(light)))):
                colour[:, channel] += np.bincount(pixel, values * share, count)
            middle = MIDDLE[number]
            weights[pixel[middle]], depth[pixel[middle]] = spots.weights[middle], spots.depth[middle]
        triangle = samples[:, MIDDLE].reshape(camera.size)
        fragments = Fragments(triangle, weights.reshape(*camera.size, 3), depth.reshape(camera.size))
        return labelled(soup, fragments, colour.reshape(*camera.size, 4).astype(np.float32))


def _samples(soup: Soup, camera: Camera) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the nearest triangles, -1 for none, and their depths (H * W, 9) at nine samples of each pixel."""
    height, width = camera.size
    flat = turned(soup.corners[..., :3].reshape(-1, 3), camera.matrix @ camera.turn).reshape(-1, 3, 3).astype(float)
    places = 2 * flat[..., :2] / flat[..., 2:] + 0.5
    found, near = nearest(places, 1 / flat[..., 2], (2 * height + 1, 2 * width + 1))

    def by_pixel(values: NDArray[Any]) -> NDArray[Any]:
        return np.lib.stride_tricks.sliding_window_view(values, (3, 3))[::2, ::2].reshape(-1, 9)

    return by_pixel(found), 1 / np.maximum(by_pixel(near), 1e-12)


def _even(samples: NDArray[np.int32], depths: NDArray[np.float64], soup: Soup) -> NDArray[np.bool_]:
    """Tell (P,) of which pixels all samples (P, 9) lie on one stretch of one surface."""
    owner = np.full(len(soup.corners) + 1, -1)
    for number, part in enumerate(soup.parts):
        owner[part.start : part.stop] = number
    owners, least = owner[samples], depths.min(axis=1)
    return np.asarray((owners == owners[:, 4:5]).all(axis=1) & (depths.max(axis=1) - least < STRETCH * least))


def _shadow(shade: Shade, soup: Soup) -> Shadow:
    """Draw how far a sharp light gets."""
    seen = turned(soup.shading_points, shade.matrix[:, :3]) + shade.matrix[:, 3]
    corners = seen.take(soup.shading_triangles.ravel(), axis=0).reshape(-1, 3, 3).astype(float)
    (ax, ay), (bx, by), (cx, cy) = (corners[:, k, :2].T for k in range(3))
    outside = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) > 0
    corners = corners[outside]
    _, near = nearest(corners[..., :2] * SHADOW_SIZE, -corners[..., 2], (SHADOW_SIZE, SHADOW_SIZE))
    return Shadow(shade, np.minimum(-near, 1).astype(np.float32))
