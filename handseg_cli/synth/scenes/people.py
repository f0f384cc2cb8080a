"""Somebody from the hips up, hands at something: third-person, over-face and two-hands scenes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from handseg_cli.synth.body import LEFT, RIGHT, Floats, Side, joints, posed
from handseg_cli.synth.dress.garments import dressed_person
from handseg_cli.synth.objects.rooms import TOPS, WALLS, Room, clutter, level, stuff_of, upright
from handseg_cli.synth.poses.gestures import AT_FACE, Figure, Gesture, at_face, figure_of, pair
from handseg_cli.synth.poses.pairs import PAIRS
from handseg_cli.synth.poses.stances import HELD, held
from handseg_cli.synth.scenes.stage import CLOSE, FOCAL, HAND, Scene, camera_for, in_front, open_end, shows, turn_of
from handseg_cli.synth.scenes.studio import Studio, random_light, random_skin, random_upper_body
from handseg_cli.synth.surface import Camera, Surface

TRIES = 40  # of cameras: they cost next to nothing, and somebody posed costs most of a photo
WORST, ASTRAY = 8.0, 60.0  # mm that flesh may lie in flesh, and that a hand may miss its place by


@dataclass(frozen=True)
class View:
    """How somebody is looked at: how far from, how large a hand is, from how far aside (rad) and above."""

    far: tuple[float, float]  # mm
    large: tuple[float, float]  # of a hand, by the picture's longer side
    aside: float
    above: tuple[float, float]  # radians


VIEWS = {
    "third-person": View((600, 3000), (0.07, 0.3), 0.7, (-0.25, 0.45)),
    "over-face": View((400, 1500), (0.2, 0.55), 0.6, (-0.3, 0.3)),
    "two-hands": View((400, 1500), (0.18, 0.5), 0.8, (-0.2, 0.7)),
}


def person_scene(studio: Studio, style: str, size: tuple[int, int], rng: np.random.Generator) -> Scene | None:
    """Return a scene of somebody before a camera, or None where chance made none that can be shown."""
    close = _closeness(VIEWS[style], rng)[1] * max(size) > CLOSE
    body = random_upper_body(studio, rng, smooth=close)
    figure = figure_of(body)
    found = _gesture(figure, style, rng)
    if found.worst > WORST or found.missed > ASTRAY:
        return None
    there = posed(body, found.turns)
    hands = {LEFT: joints(there, "L"), RIGHT: joints(there, "R")}
    watched = np.concatenate([hands[LEFT if side == "L" else RIGHT] for side in found.poses])
    end = open_end(there)
    table = _table(hands, end, rng) if style != "over-face" and rng.uniform() < 0.6 else []
    for _ in range(TRIES):
        seen = _closeness(VIEWS[style], rng)
        if seen[1] * max(size) > CLOSE and not close:
            continue
        level = _camera(VIEWS[style], seen, watched, size, rng)
        camera = level if table and _hidden(level, end) else _raised(level, watched, end)
        if camera is None:
            continue
        surfaces = dressed_person(there, random_skin(studio, rng), rng)
        return Scene([*surfaces, *table], hands, camera, random_light(studio, rng))
    return None


def _hidden(camera: Camera, end: Floats) -> bool:
    """Tell whether a table before somebody hides where the body ends: not from aside, and not from below."""
    return bool(camera.turn[2, 2] < -0.75 and camera.eye[1] > end[:, 1].max() + 60)


def _raised(camera: Camera, watched: Floats, end: Floats) -> Camera | None:
    """Return the camera, higher if need be for a body's end to be below its picture; None if hands would be so, too."""
    far = float(np.mean((watched - camera.eye) @ camera.turn[2]))
    for _ in range(3):
        pixels, depth = in_front(camera, end)
        missing = 1.06 * camera.size[0] - float(pixels[depth > 1, 1].min(initial=np.inf))
        if missing <= 0:
            seen = shows(camera, watched, 0.0).mean() > 0.7
            return camera if seen and not shows(camera, end).any() else None
        up = 1.1 * missing * far / float(camera.matrix[1, 1])
        camera = replace(camera, eye=(camera.eye - up * camera.turn[1]).astype(np.float32))
    return None


def _gesture(figure: Figure, style: str, rng: np.random.Generator) -> Gesture:
    """Draw what both hands do; `poses` names the hands that the scene is about."""
    side: Side = "R" if rng.uniform() < 0.5 else "L"
    other: Side = "L" if side == "R" else "R"
    drawn = rng.uniform()
    if style == "two-hands" or (style == "third-person" and drawn < 0.3):
        return pair(figure, str(rng.choice(list(PAIRS))), rng)
    if style == "over-face" or drawn < 0.4:
        nod = rng.normal(0, (0.15, 0.3, 0.1))
        found = at_face(figure, side, str(rng.choice(list(AT_FACE))), rng, nod)
        free = held(figure, other, str(rng.choice(list(HELD))), rng)
        return Gesture(free.turns | found.turns, found.poses, found.worst, found.missed, found.off)
    both = [held(figure, each, str(rng.choice(list(HELD))), rng) for each in (side, other)]
    worst, missed, off = (max(getattr(each, name) for each in both) for name in ("worst", "missed", "off"))
    return Gesture(both[0].turns | both[1].turns, both[0].poses | both[1].poses, worst, missed, off)


def _closeness(view: View, rng: np.random.Generator) -> tuple[float, float]:
    """Draw how far off hands are, mm, and how large by the picture's longer side."""
    far, large = (float(np.exp(rng.uniform(*np.log(bounds)))) for bounds in (view.far, view.large))
    return far, large


def _camera(
    view: View, seen: tuple[float, float], watched: Floats, size: tuple[int, int], rng: np.random.Generator
) -> Camera:
    """Return a camera before somebody, looking at the hands that matter, so far off and so large."""
    far, large = seen
    focal = float(np.clip(large * far / HAND, *FOCAL))
    turn = turn_of(np.pi + float(rng.normal(0, view.aside)), float(rng.uniform(*view.above)), rng.normal(0, 0.06))
    aside = rng.uniform(-0.3, 0.3, 2) * far / focal
    eye = watched.mean(axis=0) - turn.T @ np.array([*aside, far])
    return camera_for(turn, eye, focal * max(size), size)


def _table(hands: dict[int, Floats], end: Floats, rng: np.random.Generator) -> list[Surface]:
    """Return a counter before somebody, under both hands and over where the body ends, with things on it."""
    low = min(float(each[:, 1].min()) for each in hands.values()) - 20
    top = float(end[:, 1].max()) + 30
    if low < top:
        return []
    spot = np.array([0.0, float(rng.uniform(top, min(low, top + 120))), float(rng.uniform(250, 420))])
    ahead = np.array([0.0, 0.0, -1.0])
    deep = spot[2] - float(end[:, 2].max()) - 15
    look = stuff_of(TOPS, rng)
    front = stuff_of(WALLS, rng) if rng.uniform() < 0.5 else look
    room = Room(spot, ahead, (level(spot, ahead, (1500, deep, 130), look),), (1400, deep, 130))
    things = clutter(rng, room, 60.0, int(rng.integers(0, 5)))
    panel = upright(spot + np.array([0, -1000, 130]), ahead, (3000, 1000), front)
    return [*room.surfaces, panel, *(surface for thing in things for surface in thing.surfaces)]
