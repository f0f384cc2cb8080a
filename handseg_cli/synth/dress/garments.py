"""A dressed upper body: a shirt with collar over the trunk, sleeves, perhaps a vest, hair, and what is on the face."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats, Ints, Posed, vertex_normals
from handseg_cli.synth.dress.gloves import cut_out
from handseg_cli.synth.dress.heads import head_surfaces
from handseg_cli.synth.dress.limb import NUMBER, Limb, measured
from handseg_cli.synth.dress.outfits import Outfit, random_outfit, sides_of, skin_surface, worn_on
from handseg_cli.synth.dress.sleeves import Sleeve, random_sleeve
from handseg_cli.synth.looks.cloth import HI_VIS, fabric, matching
from handseg_cli.synth.surface import Kind, Material, Surface

COLLARS = {"plain": 0.35, "rib": 0.35, "stand": 0.3}
MARGIN = 22.0  # mm of skin that go on under the edge of a shirt
BARE_ARMS = 0.08  # how often a shirt has no sleeves


@dataclass(frozen=True)
class Trunk:
    """What a shirt is laid on: the part of a posed body that it may cover, and where it does."""

    figure: Posed
    rows: Ints  # (V,) which of the body's points
    triangles: Ints  # (T, 3) over these
    points: Floats  # (V, 3) now, hollows spanned as cloth does
    normals: Floats  # (V, 3)
    rest: Floats  # (V, 3)
    side: NDArray[np.uint8]  # (V,) as in Marks
    inside: Floats  # (V,) mm within the shirt's edges
    lift: Floats  # (V,) how far off the skin cloth lies


def dressed_person(
    figure: Posed, skin: Material, rng: np.random.Generator, outfit: Outfit | None = None
) -> list[Surface]:
    """Return a posed upper body with everything on: its skin first, then clothes, then hair and face."""
    limbs = [measured(figure, side) for side in sides_of(figure)]
    outfit = outfit or random_outfit(rng, limbs[0].elbow)
    if outfit.sleeve is None and rng.uniform() > BARE_ARMS:
        # Bare arms come out of short sleeves, as a rule.
        outfit = replace(outfit, sleeve=random_sleeve(rng, limbs[0].elbow, "short"))
    cloth, tile = (outfit.sleeve.material, outfit.sleeve.tile) if outfit.sleeve else fabric(rng)
    roots = [_root(limb, outfit.sleeve) for limb in limbs]
    trunk = _trunk(figure, limbs, roots, rng)
    surfaces = _shirt(trunk, cloth, tile, rng)
    bare = np.full(len(figure.points), 50.0, np.float32)
    bare[trunk.rows] = MARGIN - trunk.inside
    for limb, root in zip(limbs, roots, strict=True):
        worn, keep = worn_on(figure, limb, outfit, rng, (root - 40, -2.0))
        surfaces += worn
        bare = np.where(figure.body.marks.side == NUMBER[limb.side], np.minimum(bare, keep), bare)
    if rng.uniform() < 0.15:
        surfaces.append(_vest(trunk, rng))
    return [skin_surface(figure, skin, bare), *surfaces, *head_surfaces(figure, rng)]


def _root(limb: Limb, sleeve: Sleeve | None) -> float:
    """Return where on an arm the trunk's cloth ends, mm beyond the wrist: at the shoulder, or within the sleeve."""
    shoulder = float(limb.along[0])
    if sleeve is None:
        return shoulder + 25
    return min(0.5 * (shoulder + limb.elbow), sleeve.end - 45)


def _trunk(figure: Posed, limbs: list[Limb], roots: list[float], rng: np.random.Generator) -> Trunk:
    body = figure.body
    neck = next(bone.head for bone in body.bones if bone.name == "neck01")
    kept = body.points[:, 1] < neck[1] + 60
    for limb, root in zip(limbs, roots, strict=True):
        kept &= (body.marks.side != NUMBER[limb.side]) | (body.marks.along < root + 50)
    rows, triangles = cut_out(body.triangles, kept)
    rest, side, along = body.points[rows], body.marks.side[rows], body.marks.along[rows]
    inside = _below_neck(rest - neck, rng)
    for limb, root in zip(limbs, roots, strict=True):
        inside = np.where(side == NUMBER[limb.side], np.minimum(inside, root - along), inside)
    folds = sum(np.sin(rest @ rng.normal(0, 0.024, 3) + rng.uniform(0, 6.3)) for _ in range(6)) / 6
    # Loose at the waist, close at the shoulders.
    loose = float(rng.uniform(5, 14)) * (1 + 0.5 * np.clip((neck[1] - 120 - rest[:, 1]) / 250, 0, 1.5))
    edge = np.clip(inside / 60, 0.0, 1)
    lift = np.where(side > 0, 6.0 + 2 * edge * folds, np.maximum(loose * (1 + 0.7 * folds * edge), 3.0))
    points = figure.points[rows]
    normals = vertex_normals(points, triangles)
    spanned = _spanned(points, normals, triangles, edge)
    return Trunk(figure, rows, triangles, spanned, normals, rest, side, inside.astype(np.float32), lift)


def _below_neck(place: Floats, rng: np.random.Generator) -> Floats:
    """Return how far below a neckline places (V, 3) lie, told from the neck's root: it is lowest in front."""
    x, y, z = place.T
    depth = float(rng.choice([rng.uniform(10, 60), rng.uniform(60, 145)], p=[0.7, 0.3]))
    slope = float(rng.uniform(0.02, 0.12))
    dip = np.clip(z / 60, -0.4, 1) * np.exp(-((x / 75) ** 2))
    return np.asarray(24 - y - depth * dip - slope * np.abs(x))


def _spanned(points: Floats, normals: Floats, triangles: Ints, edge: Floats) -> Floats:
    """Return points moved along their normals to where cloth that spans hollows would lie, except at its edges."""
    flat = triangles.ravel()
    count = np.maximum(np.bincount(flat, minlength=len(points)), 1)
    spanned = points.astype(np.float64)
    for _ in range(4):
        middle = (spanned[triangles[:, 0]] + spanned[triangles[:, 1]] + spanned[triangles[:, 2]]) / 3
        mean = np.stack([np.bincount(flat, np.repeat(middle[:, axis], 3), len(points)) for axis in range(3)], axis=1)
        off = np.einsum("va,va->v", mean / count[:, None] - spanned, normals)
        spanned += (edge * off)[:, None] * normals
    return spanned


def _shirt(trunk: Trunk, cloth: Material, tile: float, rng: np.random.Generator) -> list[Surface]:
    """Return the cloth over the trunk and its collar."""
    surfaces = [_layer(trunk, trunk.inside, trunk.lift, (replace(cloth, double=True), tile))]
    kind = str(rng.choice(list(COLLARS), p=list(COLLARS.values())))
    if kind == "plain":
        return surfaces
    # The neck's edge only: on the arms the same line is where the sleeves begin.
    at_neck = np.where(trunk.side > 0, -10.0, trunk.inside)
    if kind == "rib":
        band = np.minimum(at_neck, float(rng.uniform(14, 28)) - at_neck)
        trim = (matching(cloth, "rib", rng), 30.0)
        return [*surfaces, _layer(trunk, band, trunk.lift + 1.5, trim)]
    high = float(rng.uniform(14, 34))
    band = np.minimum(at_neck + high, 16 - at_neck)
    away = trunk.lift + 3 + 8 * np.clip(-at_neck / high, 0, 1)
    return [*surfaces, _layer(trunk, band, away, (replace(cloth, double=True), tile))]


def _vest(trunk: Trunk, rng: np.random.Generator) -> Surface:
    """Return a vest, open in front, in a warning colour or any other."""
    x, z = trunk.rest[:, 0], trunk.rest[:, 2]
    shoulder = next(bone.head[0] for bone in trunk.figure.body.bones if bone.name == "upperarm01.L")
    colour = HI_VIS[rng.integers(3)] if rng.uniform() < 0.6 else None
    look = fabric(rng, colour, "stripe" if colour and rng.uniform() < 0.4 else "plain")
    gap = float(rng.uniform(10, 70))
    open_ = np.where(z > 0, np.abs(x) - gap, 60.0)
    keep = np.minimum.reduce([trunk.inside - 8, open_, shoulder - 12 - np.abs(x), np.where(trunk.side > 0, 4.0, 60.0)])
    return _layer(trunk, keep, trunk.lift + 7, (look[0], look[1] * 2))


def _layer(trunk: Trunk, keep: Floats, lift: Floats, look: tuple[Material, float]) -> Surface:
    """Return the trunk's surface lifted by `lift` (V,) where `keep` (V,) is not negative, as cloth."""
    shown = keep >= 0
    first, second, third = trunk.triangles.T
    triangles = trunk.triangles[shown[first] | shown[second] | shown[third]]
    points = trunk.points + trunk.normals * lift[:, None]
    flat = trunk.rest[triangles]
    uv = np.stack([flat[..., 0], -flat[..., 1]], axis=-1) / look[1]
    return Surface(
        Kind.CLOTH, points.astype(np.float32), triangles, uv.astype(np.float32), look[0], None, keep.astype(np.float32)
    )
