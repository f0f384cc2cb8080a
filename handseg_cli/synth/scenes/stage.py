"""Bringing what is posed before a camera: where it stands, how large it is seen, and whether ends are out of view."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats, Ints, Posed, Side, joints
from handseg_cli.synth.drawing.light import Environment
from handseg_cli.synth.lately import lately
from handseg_cli.synth.poses.contact import Frame
from handseg_cli.synth.surface import Camera, Surface
from handseg_cli.synth.turning import across

HAND = 190.0  # mm from wrist to fingertip
CLOSE = 100.0  # pixels: nobody sees the corners of a smaller hand that is not smooth
NEAR = 110.0  # mm
FOCAL = (0.55, 2.6)  # focal lengths by the picture's longer side: as wide, and as narrow, as cameras of people are
EYE = np.array([0.0, 1500.0, 0.0])


@dataclass(frozen=True)
class Scene:
    """What is before a camera, in the light of its surroundings; joints (21, 3) in the world, by side."""

    surfaces: list[Surface]
    joints: dict[int, Floats]
    camera: Camera
    environment: Environment


def turn_of(yaw: float, pitch: float, roll: float) -> Floats:
    """Return rows right, down and forward of a camera turned by radians; a pitch above 0 looks down."""
    forward = np.array([np.sin(yaw) * np.cos(pitch), -np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    # Looking straight down there is no horizon: then the top of the picture is where one would look ahead.
    right = np.array([-np.cos(yaw), 0.0, np.sin(yaw)])
    down = np.cross(forward, right)
    c, s = np.cos(roll), np.sin(roll)
    return np.stack([c * right + s * down, c * down - s * right, forward])


def camera_for(turn: Floats, eye: Floats, focal: float, size: tuple[int, int]) -> Camera:
    """Return a camera whose axis goes through the middle of the picture; `focal` is in pixels."""
    matrix = np.array([[focal, 0, size[1] / 2], [0, focal, size[0] / 2], [0, 0, 1]], np.float32)
    return Camera(eye.astype(np.float32), turn.astype(np.float32), matrix, size)


def carried(figure: Posed, turn: Floats, shift: Floats) -> Posed:
    """Return a posed figure, bones and all, turned by a matrix (3, 3) and then shifted (3,)."""
    rigid = np.eye(4)
    rigid[:3, :3], rigid[:3, 3] = turn, shift
    points = figure.points @ turn.T.astype(np.float32) + shift.astype(np.float32)
    return replace(figure, points=points.astype(np.float32), matrices=(rigid @ figure.matrices).astype(np.float32))


def frame_of(figure: Posed, side: Side, axes: Floats) -> Frame:
    """Return where a hand is now, whose axes at rest were these rows: its wrist, and its axes as rows."""
    number = [bone.name for bone in figure.body.bones].index(f"wrist.{side}")
    return Frame(joints(figure, side)[0].astype(float), axes @ figure.matrices[number, :3, :3].T.astype(float))


def hand_axes(side: Side, azimuth: float, tilt: float, roll: float) -> Floats:
    """Return a hand's rows along, to the thumb's side and out of the palm in a camera's frame, from radians.

    At zero its fingers point up in the picture and its back is seen. `azimuth` turns it clockwise, `tilt` leads the
    fingers away from the camera, `roll` turns the palm towards the thumb of a right hand, clockwise seen along it.
    """
    along = np.array([np.sin(azimuth) * np.cos(tilt), -np.cos(azimuth) * np.cos(tilt), np.sin(tilt)])
    away = across(np.array([0.0, 0.0, 1.0]), along)
    aside = np.cross(along, away)
    palm = np.cos(roll) * away + np.sin(roll) * aside
    thumb = np.cross(palm, along) * (1 if side == "L" else -1)
    return np.stack([along, thumb, palm])


def brought(figure: Posed, now: Frame, wanted: Frame) -> Posed:
    """Return a figure moved so that what is at one frame now is at the other, of the same handedness."""
    turn = wanted.axes.T @ now.axes
    return carried(figure, turn, wanted.place - turn @ now.place)


def in_front(camera: Camera, points: Floats) -> tuple[Floats, Floats]:
    """Return the pixels (V, 2) and the depth in mm (V,) of world points (V, 3); pixels mean nothing behind."""
    seen = (points - camera.eye) @ camera.turn.T
    flat = seen[:, :2] / np.maximum(seen[:, 2:], 1.0) * camera.matrix[0, 0]
    return flat + camera.matrix[:2, 2], seen[:, 2]


def shows(camera: Camera, points: Floats, margin: float = 0.06) -> NDArray[np.bool_]:
    """Tell which world points (V, 3) are before the camera and in its picture, or beside it by less than a margin."""
    pixels, depth = in_front(camera, points)
    size = np.array(camera.size[::-1])
    edge = margin * size.max()
    return np.asarray((depth > 1) & (pixels > -edge).all(axis=1) & (pixels < size + edge).all(axis=1))


def in_face(camera: Camera, figure: Posed) -> bool:
    """Tell whether a figure is so close before the camera that nothing else would be seen."""
    pixels, depth = in_front(camera, figure.points)
    wide = np.abs(pixels - camera.matrix[:2, 2]) < 0.7 * max(camera.size)
    return bool((wide.all(axis=1) & (depth > -60) & (depth < NEAR)).any())


def open_end(figure: Posed) -> Floats:
    """Return the points (E, 3) where a lone arm ends that should go on."""
    rim = _rim(figure.body.triangles)
    if not len(rim):
        # A closed mesh ends at the far end of its arm.
        along = figure.body.marks.along
        rim = np.flatnonzero(along < np.min(along) + 12)
    return figure.points[rim]


@lately(8)
def _rim(triangles: Ints) -> Ints:
    """Return which points lie on edges of one triangle alone."""
    edges = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    keys, counts = np.unique(edges.astype(np.int64) @ np.array([1 << 32, 1]), return_counts=True)
    return np.unique(np.divmod(keys[counts == 1], 1 << 32))
