"""Two arms whose hands meet, seen close by their owner or by anybody: two-hands scenes without a body."""

from __future__ import annotations

import numpy as np

from handseg_cli.synth.body import Floats, Posed, Side, joints, posed
from handseg_cli.synth.dress.outfits import dressed
from handseg_cli.synth.poses.anatomy import turns
from handseg_cli.synth.poses.pairs import PAIRS, Limb, Placed, met
from handseg_cli.synth.scenes.lone import NUMBER, around
from handseg_cli.synth.scenes.reaching import elbow, limb_of
from handseg_cli.synth.scenes.stage import (
    CLOSE,
    FOCAL,
    HAND,
    Scene,
    brought,
    camera_for,
    frame_of,
    in_face,
    open_end,
    shows,
    turn_of,
)
from handseg_cli.synth.scenes.studio import Person, Studio, random_light, random_person
from handseg_cli.synth.surface import Camera

TRIES, MEETINGS = 12, 3
FAR, LARGE = (300, 1200), (0.22, 0.6)
LEFT_TO_ITSELF = 6.0  # mm that flesh may lie in flesh


def meeting(studio: Studio, size: tuple[int, int], rng: np.random.Generator) -> Scene | None:
    """Return a scene of two hands that meet, or None where chance made none that can be shown."""
    large = float(np.exp(rng.uniform(*np.log(LARGE))))
    # Where two hands meet, arms that end at the wrist could not be hidden.
    person = random_person(studio, ("L", "R"), rng, smooth=large * max(size) > CLOSE, strangers=0.0)
    lead: Side = "R" if rng.uniform() < 0.5 else "L"
    other: Side = "L" if lead == "R" else "R"
    limbs = [limb_of(person.arms[side], side) for side in (lead, other)]
    # Somebody drawn anew would cost more than another meeting.
    for _ in range(MEETINGS):
        pair = met(str(rng.choice(list(PAIRS))), limbs[0], limbs[1], rng)
        if pair.worst <= LEFT_TO_ITSELF:
            break
    else:
        return None
    for _ in range(TRIES):
        there = zip(limbs, (pair.first, pair.second), strict=True)
        figures = {limb.hand.side: _there(person, limb, placed, rng) for limb, placed in there}
        hands = {NUMBER[side]: joints(each, side) for side, each in figures.items()}
        camera = _camera(np.concatenate([*hands.values()]), large, size, rng)
        ends = np.concatenate([open_end(each) for each in figures.values()])
        if shows(camera, ends).any() or any(in_face(camera, each) for each in figures.values()):
            continue
        surfaces = [surface for each in figures.values() for surface in dressed(each, person.skin, person.outfit, rng)]
        if rng.uniform() < 0.4:
            seen = np.concatenate([each.points for each in figures.values()])
            surfaces += around(seen, np.median(np.concatenate([*hands.values()]), axis=0).astype(float), camera, rng)
        return Scene(surfaces, hands, camera, random_light(studio, rng))
    return None


def _there(person: Person, limb: Limb, placed: Placed, rng: np.random.Generator) -> Posed:
    """Return the arm of a placed hand."""
    side = limb.hand.side
    body = person.arms[side]
    figure = posed(body, turns(body, side, placed.pose) | elbow(body, side, rng))
    return brought(figure, frame_of(figure, side, limb.hand.axes), placed.at)


def _camera(hands: Floats, large: float, size: tuple[int, int], rng: np.random.Generator) -> Camera:
    """Return a camera of the hands' owner, who looks along z, or of anybody, on hands as large as told."""
    yaw, pitch = rng.normal(0, 0.4), rng.uniform(0.2, 1.2)
    if rng.uniform() < 0.5:
        yaw, pitch = rng.uniform(0, 6.2832), rng.uniform(-0.4, 0.9)
    far = float(np.exp(rng.uniform(*np.log(FAR))))
    focal = float(np.clip(large * far / HAND, *FOCAL))
    turn = turn_of(yaw, pitch, rng.normal(0, 0.15))
    aside = rng.uniform(-0.25, 0.25, 2) * far / focal
    eye = hands.mean(axis=0) - turn.T @ np.array([*aside, far])
    return camera_for(turn, eye, focal * max(size), size)
