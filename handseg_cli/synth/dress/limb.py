"""An arm as a stack of slices, so that sleeves, watches and bracelets lie around it wherever it is bent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from handseg_cli.synth.body import LEFT, RIGHT, Floats, Ints, Posed, Side
from handseg_cli.synth.looks.shapes import Shape, grid
from handseg_cli.synth.poses.anatomy import hand_of
from handseg_cli.synth.turning import across, unit

STEP = 6.0  # mm between slices
LAST = 36.0  # mm beyond the wrist: from there on the thumb stands off
SECTORS = 24
NUMBER = {"L": LEFT, "R": RIGHT}


@dataclass(frozen=True)
class Limb:
    """R slices of an arm at rest, from the shoulder on; sectors go from the thumb's side over the palm's side."""

    side: Side
    along: Floats  # (R,) mm beyond the wrist
    centres: Floats  # (R, 3)
    frames: Floats  # (R, 3, 3) rows: along, towards the thumb's side, out of the palm
    radii: Floats  # (R, SECTORS) how far out the skin reaches
    matrices: Floats  # (R, 4, 4) rest -> now, the mean of what moves the skin there

    @property
    def elbow(self) -> float:
        """Where the elbow lies, mm beyond the wrist, or the arm's end if it has none."""
        return float(self.along[0]) if np.ptp(self.frames[:, 0], axis=0).max() < 1e-6 else self._bend()

    def _bend(self) -> float:
        turned = ((self.frames[:, 0] - self.frames[0, 0]) ** 2).sum(axis=1)
        return float(np.interp(0.25 * turned[-1], turned, self.along))


def measured(figure: Posed, side: Side) -> Limb:
    """Slice the arm of a side."""
    marks = figure.body.marks
    mine = np.flatnonzero(
        (marks.side == NUMBER[side]) & (marks.along < LAST) & ((marks.finger != 1) | (marks.along < 20))
    )
    along = marks.along[mine].astype(np.float64)
    low = float(along.min())
    count = max(int((LAST - low) // STEP), 4)
    place = np.clip(((along - low) / STEP).astype(np.int64), 0, count - 1)
    frames, middle = _frames(figure, side, low + STEP * (np.arange(count) + 0.5))
    points = figure.body.points[mine]
    centres = _centres(points, place, frames, middle)
    off = points - centres[place]
    x, y = (np.einsum("va,va->v", off, frames[place, axis]) for axis in (1, 2))
    turn = (np.arctan2(y, x) / (2 * np.pi)) % 1
    sector = (turn * SECTORS).astype(np.int64) % SECTORS
    radii = np.zeros((count, SECTORS))
    np.maximum.at(radii, (place, sector), np.hypot(x, y))
    matrices = _matrices(figure, mine, place, count)
    return Limb(side, low + STEP * (np.arange(count) + 0.5), centres, frames, _closed(radii), matrices)


def _frames(figure: Posed, side: Side, along: Floats) -> tuple[Floats, Floats]:
    """Return the frames (R, 3, 3) of slices at rest, and roughly their middles (R, 3): on the bones."""
    hand = hand_of(figure.body, side)
    heads = {bone.name: bone.head for bone in figure.body.bones}
    elbow = heads[f"lowerarm01.{side}"]
    length = float(np.linalg.norm(hand.wrist - elbow))
    fore = hand.forearm[0]
    shoulder = heads.get(f"upperarm01.{side}", elbow - fore)
    upper = unit(elbow - shoulder)
    share = np.clip((along + length) / 80 + 0.5, 0, 1)[:, None]
    way = unit(share * fore + (1 - share) * upper)
    aside = across(np.broadcast_to(hand.forearm[1], way.shape), way)
    palm = hand.forearm[2] - way * (way @ hand.forearm[2])[:, None]
    palm = unit(palm - aside * np.einsum("ra,ra->r", palm, aside)[:, None])
    fore_part, upper_part = np.maximum(along, -length), np.minimum(along + length, 0)
    middle = hand.wrist + fore_part[:, None] * fore + upper_part[:, None] * upper
    return np.stack([way, aside, palm], axis=1), middle


def _centres(points: Floats, place: Ints, frames: Floats, middle: Floats) -> Floats:
    """Return the middle of the skin around each slice (R, 3), smoothed along the arm."""
    off = points - middle[place]
    centres = middle.copy()
    filled = np.bincount(place, minlength=len(middle)) > 5
    for axis in (1, 2):
        flat = np.einsum("va,va->v", off, frames[place, axis])
        low, high = np.full(len(middle), np.inf), np.full(len(middle), -np.inf)
        np.minimum.at(low, place, flat)
        np.maximum.at(high, place, flat)
        shift = np.interp(np.arange(len(middle)), np.flatnonzero(filled), (low[filled] + high[filled]) / 2)
        centres += _smooth(shift)[:, None] * frames[:, axis]
    return centres


def _smooth(values: Floats) -> Floats:
    """Return values (R, ...) averaged with two neighbours to either side."""
    padded = np.concatenate([values[:1]] * 2 + [values] + [values[-1:]] * 2)
    count = len(values)
    return np.asarray(sum(w * padded[i : i + count] for i, w in enumerate((0.1, 0.24, 0.32, 0.24, 0.1))))


def _closed(radii: Floats) -> Floats:
    """Return radii (R, SECTORS) without gaps: never less than a point nearby, and smooth."""
    round_ = np.maximum(np.maximum(radii, np.roll(radii, 1, axis=1)), np.roll(radii, -1, axis=1))
    rows = np.concatenate([round_[:1], round_, round_[-1:]])
    wide = np.maximum(np.maximum(rows[:-2], rows[1:-1]), rows[2:])
    # Where even so a sector has no point, its slice's middle radius stands in.
    wide = np.where(wide > 0, wide, np.median(wide, axis=1, keepdims=True))
    wide = (np.roll(wide, 1, axis=1) + 2 * wide + np.roll(wide, -1, axis=1)) / 4
    return _smooth(wide)


def _matrices(figure: Posed, mine: Ints, place: Ints, count: int) -> Floats:
    """Return what moves each slice (R, 4, 4): the mean over its points."""
    holders, weights = figure.body.holders[mine], figure.body.weights[mine]
    bones = len(figure.matrices)
    cell = place[:, None] * bones + holders
    share = np.bincount(cell.ravel(), weights.ravel().astype(np.float64), count * bones).reshape(count, bones)
    total = share.sum(axis=1)
    filled = np.flatnonzero(total > 0)
    empty = np.flatnonzero(total == 0)
    share[empty] = share[filled[np.searchsorted(filled, empty).clip(0, len(filled) - 1)]]
    even = _smooth(share / share.sum(axis=1, keepdims=True))
    return (even @ figure.matrices.reshape(bones, 16)).reshape(count, 4, 4)


def tube(limb: Limb, along: Floats, ease: Floats | float, tile: float, sectors: int = 40) -> Shape:
    """Return a sheet around a posed arm: N rings `along` it (mm), `ease` (N, 1 or sectors) mm off the skin.

    The uv repeat every `tile` mm, v growing towards the hand.
    """
    turn = np.arange(sectors) / sectors
    column = turn * SECTORS - 0.5
    left = np.floor(column).astype(np.int64)
    mix = column - left
    around = limb.radii[:, left % SECTORS] * (1 - mix) + limb.radii[:, (left + 1) % SECTORS] * mix
    radius = _between(limb, around, along) + ease
    frames = _between(limb, limb.frames, along)
    angle = 2 * np.pi * turn[:, None]
    circle = np.cos(angle) * frames[:, None, 1] + np.sin(angle) * frames[:, None, 2]
    points = _axis(limb, along)[:, None] + radius[..., None] * circle
    matrices = _between(limb, limb.matrices, along)
    moved = points @ matrices[:, :3, :3].transpose(0, 2, 1) + matrices[:, None, :3, 3]
    return _wrapped(moved, along, radius, tile, limb.side)


def place(limb: Limb, along: float, turn: float, ease: float) -> tuple[Floats, Floats]:
    """Return a posed place (3,) `ease` mm off the skin, and a right-handed frame: rows along the arm, around, outwards.

    `turn` counts from the thumb's side (0) over the palm's (0.25) to the back (0.75).
    """
    at = np.array([along])
    radius = float(_between(limb, limb.radii, at)[0, int(turn * SECTORS) % SECTORS]) + ease
    frame, matrix = _between(limb, limb.frames, at)[0], _between(limb, limb.matrices, at)[0]
    angle = 2 * np.pi * turn
    out = np.cos(angle) * frame[1] + np.sin(angle) * frame[2]
    where = matrix[:3, :3] @ (_axis(limb, at)[0] + radius * out) + matrix[:3, 3]
    upwards, ahead = unit(matrix[:3, :3] @ out), unit(matrix[:3, :3] @ frame[0])
    ahead = across(ahead, upwards)
    return where, np.stack([ahead, np.cross(upwards, ahead), upwards])


def _between(limb: Limb, values: Floats, along: Floats) -> Floats:
    """Return values (R, ...) of the slices at any place along the arm (N, ...)."""
    row = (along - limb.along[0]) / STEP
    low = np.clip(np.floor(row).astype(np.int64), 0, len(limb.along) - 2)
    share = np.clip(row - low, 0, 1).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray(values[low] * (1 - share) + values[low + 1] * share)


def _axis(limb: Limb, along: Floats) -> Floats:
    """Return the middle of the arm at rest (N, 3); beyond its slices it goes straight on."""
    beyond = along - np.clip(along, limb.along[0], limb.along[-1])
    return _between(limb, limb.centres, along) + _between(limb, limb.frames, along)[:, 0] * beyond[:, None]


def _wrapped(points: Floats, along: Floats, radius: Floats, tile: float, side: Side) -> Shape:
    sectors = points.shape[1]
    repeats = max(1, round(float(2 * np.pi * radius.mean() / tile)))
    # Along the inside of a hem cloth runs back: v counts the way over it.
    way = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(along), np.diff(radius.mean(axis=1))))]) / tile
    mapped = np.stack(np.meshgrid(np.linspace(0, repeats, sectors + 1), way), axis=-1)
    # On a right arm thumb, palm and back follow each other the other way round.
    if side == "L":
        points = points[:, ::-1]
    return grid(points, closed=True, mapped=mapped)
