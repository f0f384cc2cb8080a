"""What can be held: its surfaces, the solids that a hand must not enter, and where and how a hand holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from handseg_cli.synth.body import Floats
from handseg_cli.synth.looks.colours import painted, wooden
from handseg_cli.synth.looks.shapes import Shape
from handseg_cli.synth.looks.tiles import flat, metal
from handseg_cli.synth.looks.tiles import material as tiled
from handseg_cli.synth.poses import contact
from handseg_cli.synth.poses.contact import Boxes, Cones, Frame
from handseg_cli.synth.surface import Kind, Material, Surface
from handseg_cli.synth.turning import across, unit

Place = Sequence[float] | Floats


@dataclass(frozen=True)
class Grip:
    """A way to hold a thing, in its frame: a family of poses, a frame for holding as in `grip`, and what is held.

    The frame's axes: along the thing, through it from thumb or palm to fingers, and away from the palm.
    """

    family: str
    frame: Frame
    solid: Cones | Boxes

    @property
    def held(self) -> Cones | Boxes:
        """What is held, in the frame for holding."""
        return contact.into(self.solid, self.frame)


@dataclass(frozen=True)
class Thing:
    """A thing in its own frame, millimetres, standing or lying on the plane y = 0 about the origin."""

    name: str
    surfaces: tuple[Surface, ...]
    cones: Cones
    boxes: Boxes
    grips: tuple[Grip, ...]


def surfaces_of(parts: Sequence[tuple[Shape, Material]]) -> tuple[Surface, ...]:
    """Return shapes of things as surfaces."""
    return tuple(Surface(Kind.THING, shape.points, shape.triangles, shape.uv, look) for shape, look in parts)


def rods(*ends: tuple[Place, Place, float]) -> Cones:
    """Return solids with round ends from (start, stop, radius) each."""
    starts, stops = (np.array([end[i] for end in ends], float).reshape(-1, 3) for i in (0, 1))
    return Cones(starts, stops, np.repeat(np.array([end[2] for end in ends], float)[:, None], 2, axis=1))


def blocks(*boxes: tuple[Place, Place]) -> Boxes:
    """Return upright boxes from (centre, size) each."""
    centres, sizes = (np.array([box[i] for box in boxes], float).reshape(-1, 3) for i in (0, 1))
    return Boxes(centres, np.tile(np.eye(3), (len(boxes), 1, 1)), sizes / 2)


def grip(family: str, place: Place, along: Place, through: Place, solid: Cones | Boxes) -> Grip:
    """Return a grip; `through` keeps its direction, `along` as far as it is across it."""
    second = unit(np.asarray(through, float))
    first = across(np.asarray(along, float), second)
    return Grip(family, Frame(np.asarray(place, float), np.stack([first, second, np.cross(first, second)])), solid)


def drum(radius: float, low: float, high: float) -> Cones:
    """Return the rod within an upright cylinder that a hand closes around; the rims are left out."""
    inset = min(radius, (high - low) / 2 - 0.1)
    return rods(((0, low + inset, 0), (0, high - inset, 0), radius))


def prism(radius: float, low: float, high: float) -> Boxes:
    """Return four boxes through each other that fill an upright cylinder."""
    turn = np.arange(4) * np.pi / 4
    c, s, z = np.cos(turn), np.sin(turn), np.zeros(4)
    axes = np.stack([np.stack([c, z, s], axis=1), np.tile([0.0, 1, 0], (4, 1)), np.stack([-s, z, c], axis=1)], axis=1)
    half = np.array([0.98 * radius, (high - low) / 2, 0.37 * radius])
    return Boxes(np.tile([0, (low + high) / 2, 0], (4, 1)), axes, np.tile(half, (4, 1)))


def stuff(rng: np.random.Generator, kinds: str = "") -> Material:
    """Return plastic, glaze, lacquer, wood or metal; `kinds` limits it to some of "pgwm"."""
    shares = {"p": 0.5, "g": 0.2, "w": 0.15, "m": 0.15}
    names = [name for name in shares if not kinds or name in kinds]
    share = np.array([shares[name] for name in names])
    kind = str(rng.choice(names, p=share / share.sum()))
    if kind == "w":
        return tiled("wood", wooden(rng), rng, gloss=0.04, rough=0.5)
    if kind == "m":
        return metal(rng)
    if kind == "g":
        tile = "speckle" if rng.uniform() < 0.3 else "smooth"
        return tiled(tile, painted(rng), rng, gloss=float(rng.uniform(0.08, 0.2)), rough=0.2)
    return flat(painted(rng), float(rng.uniform(0.03, 0.15)), float(rng.uniform(0.25, 0.6)))


def placed(thing: Thing, turn: Floats, shift: Floats) -> Thing:
    """Return a thing turned by a matrix (3, 3), then shifted."""
    frame = Frame(np.asarray(shift, float), np.asarray(turn, float).T)
    surfaces = tuple(
        replace(surface, points=(surface.points @ turn.T + shift).astype(np.float32)) for surface in thing.surfaces
    )
    grips = tuple(
        Grip(each.family, _within(each.frame, frame), contact.moved(each.solid, frame)) for each in thing.grips
    )
    return Thing(
        thing.name, surfaces, contact.moved(thing.cones, frame), contact.moved(thing.boxes, frame), tuple(grips)
    )


def _within(inner: Frame, outer: Frame) -> Frame:
    return Frame(inner.place @ outer.axes + outer.place, inner.axes @ outer.axes)


def into_hand(thing: Thing, each: Grip, frame: Frame) -> Thing:
    """Return the thing where its frame for holding lies at `frame`, told in the world.

    A left and a right hand's frames mirror each other but a thing cannot be mirrored: the axis that its family of poses
    cares least about is turned round instead.
    """
    axes = np.array(frame.axes)
    if np.linalg.det(axes) < 0:
        axes[2 if each.family in ("cylinder", "sphere", "tripod") else 0] *= -1
    turn = axes.T @ each.frame.axes
    return placed(thing, turn, frame.place - turn @ each.frame.place)
