"""MakeHuman's body: a mesh with a skeleton whose shape is a sum of targets, smoothed by one step of subdivision."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from handseg_cli.synth.body import Body, Floats, Ints, Side, strongest
from handseg_cli.synth.figures.asset_files import damaged
from handseg_cli.synth.figures.makehuman_files import (
    Skeleton,
    bones_of,
    read_mesh,
    read_skeleton,
    read_target,
    read_weights,
)
from handseg_cli.synth.figures.marks import mark
from handseg_cli.synth.figures.smooth import cut, nine_of, subdivision

ARM = ("upperarm", "lowerarm", "wrist", "metacarpal", "finger")
HIPS = 110.0  # mm above the middle of the body at rest
MOST_HOLDERS = 6

ORIGINS = ("african", "asian", "caucasian")
LEVELS = ("min", "average", "max")
# Measures that have a target either way, and how far people differ in them.
MEASURES = {
    "hand-scale": 0.35,
    "hand-fingers-length": 0.35,
    "hand-fingers-diameter": 0.35,
    "hand-fingers-distance": 0.2,
    "lowerarm-fat": 0.35,
    "lowerarm-muscle": 0.25,
    "lowerarm-scale-vert": 0.3,
    "lowerarm-scale-horiz": 0.2,
}


@dataclass(frozen=True)
class Figure:
    """A body before its shape is known: P points are `smooth @` N points of MakeHuman's mesh, those that matter."""

    folder: Path  # of the targets
    count: int  # of points in MakeHuman's mesh
    chosen: Ints  # (N,) which of them
    base: Floats  # (N, 3) mm
    smooth: sparse.csr_array  # (P, N)
    triangles: Ints  # (T, 3)
    uv: Floats  # (T, 3, 2)
    skeleton: Skeleton
    holders: Ints  # (P, K)
    weights: Floats  # (P, K)
    targets: dict[str, Floats] = field(default_factory=dict, compare=False, repr=False)  # those read so far, (N, 3)


@lru_cache(maxsize=2)
def load(assets: Path, smooth: bool = True) -> Figure:
    """Read mesh, skeleton and weights below the folder `assets`: as coarse as MakeHuman's, but for smooth arms."""
    folder = assets / "makehuman"
    mesh = read_mesh(folder / "base.obj")
    count = len(mesh.points)
    skeleton = read_skeleton(folder / "default.mhskel", count)
    held = read_weights(folder / "default_weights.mhw", skeleton.names, count)
    if not held.sum(axis=1)[mesh.quads].all():
        raise damaged(folder / "default_weights.mhw", "has no bone for some of the skin")
    matrix, nine = subdivision(mesh.quads, count)
    fine = ((held @ _of_arms(skeleton.names, "L", "R"))[mesh.quads].max(axis=1) > 0.3) & smooth
    quad, corner = cut(nine, fine)
    uv = nine_of(mesh.uv)[quad[:, None], corner] * (1, -1) + (0, 1)
    used, triangles = np.unique(nine[quad[:, None], corner], return_inverse=True)
    rows = matrix[used]
    holders, weights = strongest((rows @ held).toarray(), MOST_HOLDERS)
    return Figure(
        folder=folder / "targets",
        count=count,
        chosen=np.arange(count),
        base=mesh.points,
        smooth=rows,
        triangles=triangles.reshape(-1, 3).astype(np.int32),
        uv=uv.astype(np.float32),
        skeleton=skeleton,
        holders=holders,
        weights=weights,
    )


def arm(figure: Figure, side: Side) -> Figure:
    """Return one arm of the figure, from the shoulder on."""
    return restricted(figure, _held_by_arms(figure, side) > 0.5)


def upper_body(figure: Figure) -> Figure:
    """Return the figure from the hips up, with both arms."""
    return restricted(figure, ((figure.smooth @ figure.base)[:, 1] > HIPS) | (_held_by_arms(figure, "L", "R") > 0.3))


def restricted(figure: Figure, kept: NDArray[np.bool_]) -> Figure:
    """Return the figure with only those triangles whose corners are all `kept` (P,)."""
    inside = kept[figure.triangles].all(axis=1)
    used, triangles = np.unique(figure.triangles[inside], return_inverse=True)
    smooth, ends = figure.smooth[used], figure.skeleton.ends
    chosen = np.union1d(smooth.indices, ends.indices)
    return replace(
        figure,
        chosen=figure.chosen[chosen],
        base=figure.base[chosen],
        smooth=smooth[:, chosen],
        triangles=triangles.reshape(-1, 3).astype(np.int32),
        uv=figure.uv[inside],
        skeleton=replace(figure.skeleton, ends=ends[:, chosen]),
        holders=figure.holders[used],
        weights=figure.weights[used],
        targets={},
    )


def _held_by_arms(figure: Figure, *sides: Side) -> Floats:
    """Return how far each point is held by the arms of these sides (P,), 0 to 1."""
    held = _of_arms(figure.skeleton.names, *sides)[figure.holders]
    return np.asarray(np.einsum("pk,pk->p", figure.weights, held))


def _of_arms(names: tuple[str, ...], *sides: Side) -> Floats:
    """Return 1 for the bones of arms and hands of these sides, 0 for others (B,)."""
    return np.array([float(name.startswith(ARM) and name.endswith(sides)) for name in names])


def shaped(figure: Figure, amounts: dict[str, float]) -> Body:
    """Return the figure in the shape of targets, each (path below targets/, no suffix) added by its amount."""
    points = figure.base.copy()
    for name, amount in amounts.items():
        points += np.float32(amount) * _target(figure, name)
    bones = bones_of(figure.skeleton, points)
    skin = figure.smooth @ points
    marks = mark(skin, bones, figure.holders, figure.weights)
    return Body(skin, figure.triangles, figure.uv, bones, figure.holders, figure.weights, marks)


def _target(figure: Figure, name: str) -> Floats:
    if name not in figure.targets:
        figure.targets[name] = read_target(figure.folder / f"{name}.target", figure.count)[figure.chosen]
    return figure.targets[name]


def random_shape(rng: np.random.Generator) -> dict[str, float]:
    """Draw amounts of targets: sex, age, origin, muscle, weight, measures of arms and hands, both sides alike."""
    male = float(np.clip(rng.normal(0.5, 0.4), 0, 1))
    sexes = {"male": male, "female": 1 - male}
    ages = _random_age(rng)
    shape: dict[str, float] = {}
    for origin, part in zip(ORIGINS, rng.dirichlet([0.6] * len(ORIGINS)), strict=True):
        for age, share in ages.items():
            shape |= {f"macrodetails/{origin}-{sex}-{age}": float(part) * share * sexes[sex] for sex in sexes}
    muscle, weight = (_between_levels(float(np.clip(rng.normal(0, 0.45), -1, 1))) for _ in range(2))
    for strong, more in muscle.items():
        for heavy, share in weight.items():
            name = f"young-{strong}muscle-{heavy}weight"
            shape |= {f"macrodetails/universal-{sex}-{name}": more * share * sexes[sex] for sex in sexes}
    for measure, spread in MEASURES.items():
        amount = float(np.clip(rng.normal(0, spread), -0.8, 0.8))
        way = "incr" if amount > 0 else "decr"
        shape |= {f"armslegs/{side}-{measure}-{way}": abs(amount) for side in "lr"}
    return {name: amount for name, amount in shape.items() if amount > 0.01}


def _random_age(rng: np.random.Generator) -> dict[str, float]:
    kind = rng.choice(["young", "old", "child"], p=[0.5, 0.4, 0.1])
    share = float(rng.uniform(0.1, 0.9 if kind == "old" else 0.7))
    return {"young": 1.0} if kind == "young" else {"young": 1 - share, str(kind): share}


def _between_levels(value: float) -> dict[str, float]:
    """Return what the levels beside a value, -1 least to 1 most, weigh."""
    end = LEVELS[0] if value < 0 else LEVELS[2]
    return {LEVELS[1]: 1 - abs(value), end: abs(value)}
