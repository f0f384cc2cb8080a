"""Arms whose owner is not in the picture: ego, object and sign scenes, and others where there are no bodies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from handseg_cli.synth.body import LEFT, RIGHT, Body, Floats, Side, joints
from handseg_cli.synth.dress.outfits import dressed
from handseg_cli.synth.objects.distractors import distractor
from handseg_cli.synth.objects.rooms import clutter, random_room
from handseg_cli.synth.poses.contact import deepest
from handseg_cli.synth.scenes.reaching import Arm, Reaching, Ways, free_arm, holding_arm, put
from handseg_cli.synth.scenes.stage import CLOSE, EYE, FOCAL, HAND, Scene, camera_for, shows, turn_of
from handseg_cli.synth.scenes.studio import Person, Studio, random_light, random_person
from handseg_cli.synth.surface import Camera, Surface

NUMBER: dict[Side, int] = {"L": LEFT, "R": RIGHT}
DECOY = 0.2  # how often something lies about that might be taken for an arm
APART = 3.0  # mm that two hands may lie in each other


@dataclass(frozen=True)
class View:
    """How a kind of scene is looked at."""

    far: tuple[float, float]  # mm from the camera to a hand
    large: tuple[float, float]  # of a hand, by the picture's longer side
    pitch: tuple[float, float]  # degrees by which the camera looks down
    ways: Ways
    both: float  # how often two hands are there
    room: float  # how often there is a desk or the like
    holds: float = 0.0  # how often a hand holds something
    families: tuple[str, ...] = ()  # of poses, where not any will do


VIEWS = {
    "ego": View((260, 620), (0.16, 0.6), (15, 75), Ways((-12, 26), (25, 28), (0, 45), 0.2), 0.45, 0.6, 0.25),
    "object": View((280, 900), (0.25, 0.7), (-5, 70), Ways((-10, 45), (5, 35), (0, 60), 0.4), 0.1, 0.55, 1.0),
    "sign": View(
        (350, 1300),
        (0.3, 0.8),
        (-12, 15),
        Ways((0, 20), (0, 20), (0, 22), 0.7),
        0.12,
        0.15,
        0.0,
        ("sign", "number", "count"),
    ),
    "third-person": View((600, 2500), (0.08, 0.3), (-10, 35), Ways((0, 70), (0, 40), (0, 180), 0.5), 0.4, 0.4),
    "over-face": View((400, 1200), (0.2, 0.5), (-15, 15), Ways((-10, 30), (0, 30), (0, 60), 0.5), 0.2, 0.0),
}


def lone_arms(studio: Studio, style: str, size: tuple[int, int], rng: np.random.Generator) -> Scene | None:
    """Return a scene of one arm or two before a camera, or None where chance made none that can be shown."""
    view = VIEWS[style]
    sides: list[Side] = ["L", "R"] if rng.uniform() < view.both else [rng.choice(["L", "R"])]
    far, large = (float(np.exp(rng.uniform(*np.log(bounds)))) for bounds in (view.far, view.large))
    focal = float(np.clip(large * far / HAND, *FOCAL)) * max(size)
    person = random_person(studio, sides, rng, smooth=focal * HAND / far > CLOSE)
    turn = turn_of(float(rng.uniform(0, 6.2832)), np.radians(rng.uniform(*view.pitch)), rng.normal(0, 0.06))
    camera = camera_for(turn, EYE, focal, size)
    arms = _reaching(person, view, camera, far, rng)
    if not arms:
        return None
    surfaces = [surface for arm in arms for surface in dressed(arm.figure, person.skin, person.outfit, rng)]
    surfaces += [surface for arm in arms if arm.thing for surface in arm.thing.surfaces]
    if rng.uniform() < view.room:
        points = np.concatenate([surface.points for surface in surfaces])
        spot = np.median(np.concatenate([arm.cones.starts for arm in arms]), axis=0)
        surfaces += around(points, spot, camera, rng)
    hands = {NUMBER[arm.side]: joints(arm.figure, arm.side) for arm in arms}
    return Scene(surfaces, hands, camera, random_light(studio, rng))


def _reaching(person: Person, view: View, camera: Camera, far: float, rng: np.random.Generator) -> list[Reaching]:
    """Return the arms of somebody that could be put before the camera, apart from each other."""
    found: list[Reaching] = []
    for side, body in person.arms.items():
        # Two hands lie on their own sides of the picture.
        aside = (0.45 if side == "R" else -0.45) if len(person.arms) > 1 else 0.0
        arm = _arm(body, side, view, rng)
        there = None if arm is None else put(arm, view.ways, camera, np.array([aside, 0, far]), rng)
        if there is not None and all(deepest(there.cones, other.cones)[0] < APART for other in found):
            found.append(there)
    return found


def _arm(body: Body, side: Side, view: View, rng: np.random.Generator) -> Arm | None:
    if rng.uniform() < view.holds:
        return holding_arm(body, side, rng)
    return free_arm(body, side, str(rng.choice(view.families)) if view.families else None, rng)


def around(points: Floats, spot: Floats, camera: Camera, rng: np.random.Generator) -> list[Surface]:
    """Return a desk or the like under a spot (3,), below all of these points (V, 3) that are seen, and things on it."""
    low = float(points[shows(camera, points, 0.25)][:, 1].min()) - float(rng.choice([1.0, rng.uniform(5, 120)]))
    if low > camera.eye[1] - 60:
        return []
    room = random_room(rng, np.array([spot[0], low, spot[2]]), camera.turn[2].astype(float))
    things = clutter(rng, room, 150.0, int(rng.integers(0, 5)))
    surfaces = [*room.surfaces, *(surface for thing in things for surface in thing.surfaces)]
    if rng.uniform() < DECOY:
        aside, ahead = rng.choice([-1, 1]) * rng.uniform(140, 320), rng.uniform(-60, 260)
        surfaces += distractor(rng, room.spot + aside * np.cross(room.ahead, [0, 1, 0]) + ahead * room.ahead)
    return surfaces
