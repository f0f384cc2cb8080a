"""A scene made ready for a camera: triangles corner by corner with the light they receive, and what its pixels mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats, Ints
from handseg_cli.synth.drawing.mesh import Mesh, in_view, mesh_of, projected
from handseg_cli.synth.drawing.received import Blockers, blockers_of, crept, received
from handseg_cli.synth.surface import Camera, Drawing, Lights, Material, Surface

# How often light is averaged over a mesh, per channel: red creeps farthest in skin.
CREEP_SKIN, CREEP = (4, 2, 1), (1, 1, 1)


@dataclass(frozen=True)
class Part:
    """The triangles from `start` to `stop` of a soup: those of one surface that a camera may see."""

    surface: int
    start: int
    stop: int
    material: Material
    mesh: Mesh


@dataclass(frozen=True)
class Soup:
    """T triangles that a camera may see, and all that throws shadows on them, with places as from the camera's eye."""

    corners: NDArray[np.float32]  # (T, 3, 12) place 3, openness, normal 3, u, soft light 3, v
    parts: tuple[Part, ...]
    seen: NDArray[np.float32]  # (Q, 3) the places of all corners, each once or a few times
    triangles: NDArray[np.int32]  # (T, 3) of which of these places
    small: NDArray[np.float32]  # (C, 3) points all over what throws shadows and is not large
    shading_points: NDArray[np.float32]  # (P, 3)
    shading_triangles: NDArray[np.int32]  # (S, 3) those that turn their outsides to a light throw its shadows


@dataclass(frozen=True)
class Fragments:
    """The triangle of a soup nearest to each pixel's centre, -1 for none, its corners' weights and its depth in mm."""

    triangle: Ints  # (H, W)
    weights: Floats  # (H, W, 3)
    depth: Floats  # (H, W)


def lit_soup(surfaces: Sequence[Surface], camera: Camera, lights: Lights) -> Soup:
    """Cut surfaces to what a camera may see and find the soft light that they receive."""
    meshes = [mesh_of(surface) for surface in surfaces]
    parts, start = [], 0
    for number, (surface, mesh) in enumerate(zip(surfaces, meshes, strict=True)):
        shown = in_view(mesh, camera, surface.material.double)
        stop = start + len(shown.triangles)
        if stop > start:
            parts.append(Part(number, start, stop, surface.material, shown))
        start = stop
    if not parts:
        nowhere = np.zeros((0, 3), np.float32)
        none = np.zeros((0, 3), np.int32)
        return Soup(np.zeros((0, 3, 12), np.float32), (), nowhere, none, nowhere, nowhere, none)
    near = min(float(projected(part.mesh.points, camera)[:, 2].min()) for part in parts)
    blockers = blockers_of(meshes, [surface.material for surface in surfaces], near / float(camera.matrix[0, 0]))
    light = _light(parts, blockers, lights)
    corners = [_corners(part.mesh, camera, values) for part, values in zip(parts, light, strict=True)]
    shading = _shading(meshes, [surface.material.double for surface in surfaces], camera)
    eye = camera.eye.astype(np.float32)
    seen = np.concatenate([part.mesh.points for part in parts]) - eye
    triangles = np.concatenate(_numbered([part.mesh for part in parts]))
    return Soup(np.concatenate(corners), tuple(parts), seen, triangles, blockers.points.T - eye, *shading)


def _numbered(meshes: Sequence[Mesh]) -> list[NDArray[np.int32]]:
    """Return the triangles (T, 3) of each mesh, their points numbered on through all meshes."""
    starts = np.cumsum([0, *(len(mesh.points) for mesh in meshes)])
    return [(mesh.triangles + start).astype(np.int32) for mesh, start in zip(meshes, starts, strict=False)]


def _light(parts: Sequence[Part], blockers: Blockers, lights: Lights) -> list[Floats]:
    """Return the soft light and the openness (V, 4) of each part's points."""
    points, normals = (
        np.concatenate(all_values)
        for all_values in ([part.mesh.points for part in parts], [part.mesh.normals for part in parts])
    )
    counts = [len(part.mesh.points) for part in parts]
    soft = np.repeat(np.array([part.material.soft for part in parts], np.float32), counts)
    light = np.column_stack(received(points, normals, soft, blockers, lights))
    values = np.split(light, np.cumsum(counts)[:-1])
    for part, value in zip(parts, values, strict=True):
        value[:, :3] = crept(value[:, :3], part.mesh.triangles, CREEP_SKIN if part.material.soft > 0 else CREEP)
    return values


def _corners(mesh: Mesh, camera: Camera, light: Floats) -> Floats:
    places = (mesh.points - camera.eye).astype(np.float32)
    blank = np.zeros((len(places), 1), np.float32)
    points = np.concatenate([places, light[:, 3:], mesh.normals, blank, light[:, :3], blank], axis=1)
    corners = points.take(mesh.triangles.ravel(), axis=0).reshape(-1, 3, 12)
    corners[..., 7], corners[..., 11] = mesh.uv[..., 0], mesh.uv[..., 1]
    return corners


def _shading(
    meshes: Sequence[Mesh], double: Sequence[bool], camera: Camera
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return the places of all points, and triangles of which one side throws shadows."""
    points = [(mesh.points - camera.eye).astype(np.float32) for mesh in meshes]
    triangles = _numbered(meshes)
    backs = [mine[:, ::-1] for mine, both in zip(triangles, double, strict=True) if both]
    return np.concatenate(points), np.concatenate([*triangles, *backs])


def labelled(soup: Soup, fragments: Fragments, colour: NDArray[np.float32]) -> Drawing:
    """Return the drawing of a soup whose nearest triangles and colour (H, W, 4) are known."""
    size = fragments.triangle.shape
    side, finger = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    along, reach = np.zeros(size, np.float32), np.zeros(size, np.float32)
    owner = np.full(len(soup.corners) + 1, -1, np.int16)  # the last for what is none, -1
    for part in soup.parts:
        owner[part.start : part.stop] = part.surface
    surface = owner.take(fragments.triangle, mode="wrap")
    for part in soup.parts:
        marks = part.mesh.marks
        if not marks.side.any():
            continue
        mine = np.flatnonzero(surface == part.surface)
        weights = fragments.weights.reshape(-1, 3).take(mine, axis=0).T
        corners = part.mesh.triangles.take(fragments.triangle.ravel()[mine] - part.start, axis=0).T
        nearest = np.take_along_axis(corners, weights.argmax(axis=0)[None], axis=0)[0]
        side.ravel()[mine] = marks.side[nearest]
        finger.ravel()[mine] = marks.finger[nearest]
        along.ravel()[mine] = (marks.along.take(corners) * weights).sum(axis=0)
        reach.ravel()[mine] = (marks.reach.take(corners) * weights).sum(axis=0)
    return Drawing(colour, surface, fragments.depth.astype(np.float32), side, along, finger, reach)
