"""What is worn on hands and arms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from handseg_cli.synth.body import Marks, Posed, Side, posed, vertex_normals
from handseg_cli.synth.dress.gloves import KINDS as GLOVES
from handseg_cli.synth.dress.gloves import random_glove
from handseg_cli.synth.dress.jewellery import around, bracelet, ring, watch
from handseg_cli.synth.dress.limb import NUMBER, Limb, measured
from handseg_cli.synth.dress.nails import nail_surfaces
from handseg_cli.synth.dress.outfits import STYLES, Outfit, dressed, random_outfit
from handseg_cli.synth.dress.sleeves import Sleeve, random_sleeve, sleeve_surfaces
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand
from handseg_cli.synth.looks.tones import skin
from handseg_cli.synth.poses.anatomy import hand_of
from handseg_cli.synth.surface import Kind, Material, Surface

ELBOW = -252.0
SIDES: tuple[Side, ...] = ("L", "R")
Rng = np.random.default_rng


def figure(side: Side = "L", bend: float = 0.5) -> Posed:
    body = procedural_hand(HandShape(), side)
    turns = {f"finger{finger}-1.{side}": np.array([0.0, 0.0, 0.3]) for finger in range(2, 6)}
    return posed(body, turns | {f"wrist.{side}": np.array([0.0, bend, bend / 2])})


def sleeve_of(kind: str, end: float) -> Sleeve:
    rng = Rng(1)
    while (made := random_sleeve(rng, ELBOW, "short" if kind == "short" else "long")).kind != kind:
        pass
    return replace(made, end=end)


def outside(points: np.ndarray, surface: Surface, limb: Limb) -> np.ndarray:
    """Return how far points (P, 3) stick out of what faces outwards of a sleeve (P,), at its nearest corner."""
    normals = vertex_normals(surface.points, surface.triangles)
    axis = np.einsum("rab,rb->ra", limb.matrices[:, :3, :3], limb.centres) + limb.matrices[:, :3, 3]
    nearest = ((surface.points[:, None] - axis[None]) ** 2).sum(axis=-1).argmin(axis=1)
    off = surface.points - axis[nearest]
    out = np.einsum("va,va->v", normals, off) > 0.7 * np.linalg.norm(off, axis=1)
    corners, normals = surface.points[out], normals[out]
    nearest = ((points[:, None] - corners[None]) ** 2).sum(axis=-1).argmin(axis=1)
    return np.asarray(np.einsum("va,va->v", points - corners[nearest], normals[nearest]))


@pytest.mark.parametrize("kind", ["plain", "shirt", "knit", "jacket", "rolled", "tight"])
@pytest.mark.parametrize("end", [-150.0, -20.0, 12.0])
def test_no_skin_pokes_through_a_sleeve(kind: str, end: float) -> None:
    worn, sleeve = figure(), sleeve_of(kind, end)
    limb = measured(worn, "L")
    surface = sleeve_surfaces(limb, sleeve, Rng(0))[1 if kind in ("shirt", "knit", "rolled") else 0]
    along = worn.body.marks.along
    shown = (along > sleeve.bare_from) & (along < sleeve.end - 6)
    assert outside(worn.points[shown], surface, limb).max() < 0.7


@pytest.mark.parametrize("side", SIDES)
def test_a_sleeve_ends_where_it_says_around_the_whole_arm(side: Side) -> None:
    worn, sleeve = figure(side, 0.0), sleeve_of("plain", -60.0)
    hand = hand_of(worn.body, side)
    surfaces = sleeve_surfaces(measured(worn, side), sleeve, Rng(0))
    reach = (surfaces[0].points - hand.wrist) @ hand.forearm[0]
    assert reach.max() == pytest.approx(-60, abs=3)
    at_end = surfaces[0].points[np.abs(reach - reach.max()) < 1.5]
    x, y = hand.forearm[1:] @ (at_end - at_end.mean(axis=0)).T
    turn = np.arctan2(y, x)
    assert np.diff(np.sort(turn)).max() < 0.4


def test_skin_is_cut_under_a_sleeve_and_shown_beyond_it() -> None:
    worn = figure()
    outfit = Outfit(sleeve_of("plain", -60.0), None)
    bare = dressed(worn, skin(Rng(0)), outfit, Rng(0))[0]
    assert bare.keep is not None
    along = worn.body.marks.along
    assert (bare.keep[along > -40] > 0).all()
    assert (bare.keep[along < -140] < 0).all()
    # A straight cut: what is kept at one place along the arm is kept all around it.
    assert all(np.ptp(np.sign(bare.keep[np.abs(along - at) < 0.5])) == 0 for at in (-20.0, -120.0, -200.0))


def test_sleeves_of_both_arms_end_near_each_other() -> None:
    outfit = random_outfit(Rng(4), ELBOW, "sleeve")
    ends = []
    for side in SIDES:
        bare = dressed(figure(side), skin(Rng(0)), outfit, Rng(0))[0]
        assert bare.keep is not None
        ends.append(float(bare.marks.along[bare.keep > 0].min()) if bare.marks else 0)
    assert abs(ends[0] - ends[1]) < 40


def test_long_sleeves_end_between_the_palms_heel_and_the_elbow() -> None:
    rng = Rng(0)
    ends = np.array([random_sleeve(rng, ELBOW, "long").end for _ in range(300)])
    assert ends.max() < 20
    assert ends.min() > ELBOW
    assert (ends > 0).mean() > 0.1
    assert (ends < -100).mean() > 0.1


def test_short_sleeves_end_above_the_elbow() -> None:
    rng = Rng(0)
    assert all(random_sleeve(rng, ELBOW, "short").end < ELBOW - 40 for _ in range(50))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("finger", [1, 2, 4])
def test_a_ring_sits_around_its_finger(side: Side, finger: int) -> None:
    worn = figure(side)
    band = ring(worn, side, finger, Rng(0))[0]
    joint = 2 if finger == 1 else 1
    names = [bone.name for bone in worn.body.bones]
    number = names.index(f"finger{finger}-{joint}.{side}")
    matrix, bone = worn.matrices[number], worn.body.bones[number]
    head, tail = (matrix[:3, :3] @ end + matrix[:3, 3] for end in (bone.head, bone.tail))
    share = (band.points - head) @ (tail - head) / ((tail - head) ** 2).sum()
    away = np.linalg.norm(band.points - head - share[:, None] * (tail - head), axis=1)
    assert share.min() > 0.15
    assert share.max() < 0.8
    assert away.min() > 4
    assert away.max() < 18
    radii = around(worn, side, (finger, joint), 0.45)[2]
    assert radii.min() > 5
    assert radii.max() < 16


def test_rings_and_nails_are_worn_on_their_fingers() -> None:
    worn = figure("R")
    surfaces = [*ring(worn, "R", 4, Rng(0)), *nail_surfaces(worn, "R", Rng(0))]
    fingers = []
    for surface in surfaces:
        assert surface.kind == Kind.WORN
        marks = surface.marks
        assert marks is not None
        assert (marks.side == NUMBER["R"]).all()
        assert marks.along.min() > 60
        fingers.append(int(marks.finger[0]))
    assert fingers[-5:] == [1, 2, 3, 4, 5]
    assert set(fingers[:-5]) == {4}


@pytest.mark.parametrize("side", SIDES)
def test_nails_lie_on_the_backs_of_the_fingertips(side: Side) -> None:
    worn = figure(side)
    hand = hand_of(worn.body, side)
    for finger, nail in enumerate(nail_surfaces(worn, side, Rng(0)), 1):
        names = [bone.name for bone in worn.body.bones]
        matrix = worn.matrices[names.index(f"finger{finger}-3.{side}")][:3, :3]
        out = matrix @ (-hand.rest[finger - 1, 2, :, 1] @ hand.axes)
        normals = vertex_normals(nail.points, nail.triangles)
        assert (normals @ out).mean() > 0.6
        tip = (worn.body.marks.finger == finger) & (worn.body.marks.reach > 2.3)
        apart = np.linalg.norm(nail.points[:, None] - worn.points[tip][None], axis=-1).min(axis=1)
        assert np.median(apart) < 3.5


@pytest.mark.parametrize("maker", [watch, bracelet])
@pytest.mark.parametrize("side", SIDES)
def test_what_is_on_the_wrist_lies_between_wrist_and_elbow(maker: Any, side: Side) -> None:
    worn = figure(side, 0.0)
    hand = hand_of(worn.body, side)
    for seed in range(12):
        for surface in maker(measured(worn, side), Rng(seed)):
            assert surface.kind == Kind.CLOTH
            reach = (surface.points - hand.wrist) @ hand.forearm[0]
            assert reach.min() > -80
            assert reach.max() < 6


@pytest.mark.parametrize("side", SIDES)
def test_a_watch_shows_its_face_on_the_back(side: Side) -> None:
    worn = figure(side, 0.0)
    hand = hand_of(worn.body, side)
    strap, *case = watch(measured(worn, side), Rng(0))
    middle = strap.points.mean(axis=0)
    assert all((part.points.mean(axis=0) - middle) @ -hand.forearm[2] > 15 for part in case)
    face = case[-1]
    assert (vertex_normals(face.points, face.triangles) @ -hand.forearm[2]).max() > 0.9


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", GLOVES)
def test_a_glove_is_hand_on_the_hand_and_cloth_up_the_arm(side: Side, kind: str) -> None:
    worn, rng = figure(side), Rng(0)
    while (glove := random_glove(rng)).kind != kind or glove.fingers < 5:
        pass
    bare, hand, cuff, *_ = dressed(worn, skin(Rng(0)), Outfit(None, glove), Rng(0))
    assert (hand.kind, cuff.kind) == (Kind.WORN, Kind.CLOTH)
    assert hand.marks is not None
    assert hand.keep is not None
    assert bare.keep is not None
    assert cuff.keep is not None
    assert np.array_equal(np.sign(hand.keep), np.sign(hand.marks.along))
    assert np.array_equal(hand.points, cuff.points)
    assert (cuff.keep[hand.marks.along > 0] <= 0).all()
    assert (bare.keep[worn.body.marks.along > glove.end + 13] < 0).all()
    assert (bare.keep[worn.body.marks.along < glove.end] > 0).all()


def test_a_glove_lies_outside_the_skin() -> None:
    worn = figure()
    glove = replace(random_glove(Rng(0)), thick=2.0, end=-60.0, fingers=9.0)
    hand = dressed(worn, skin(Rng(0)), Outfit(None, glove), Rng(0))[1]
    assert isinstance(hand.marks, Marks)
    first = np.flatnonzero(worn.body.marks.along > glove.end - 15)
    used = np.unique(worn.body.triangles[np.isin(worn.body.triangles, first).all(axis=1)])
    lifted = np.linalg.norm(hand.points - worn.points[used], axis=1)
    assert lifted.min() > 1
    assert lifted.max() < 6


def test_a_glove_without_fingers_shows_them() -> None:
    worn = figure()
    glove = replace(random_glove(Rng(0)), fingers=1.0)
    bare, hand, *_ = dressed(worn, skin(Rng(0)), Outfit(None, glove), Rng(0))
    marks = worn.body.marks
    tips = (marks.finger > 1) & (marks.reach > 1.2)
    palm = (marks.finger == 0) & (marks.along > 10)
    assert bare.keep is not None
    assert hand.keep is not None
    assert hand.marks is not None
    assert (bare.keep[tips] > 0).all()
    assert (bare.keep[palm] < 0).all()
    assert (hand.keep[(hand.marks.finger > 1) & (hand.marks.reach > 1.2)] < 0).all()


def test_a_gloved_hand_wears_nothing_else() -> None:
    outfit = Outfit(None, random_glove(Rng(0)), watch="L", bracelet="L", rings="L", nails=True)
    assert len(dressed(figure(), skin(Rng(0)), outfit, Rng(0))) <= 4


def in_range(material: Material) -> bool:
    texture = material.texture
    if texture.dtype == np.uint8:
        return min(material.gain) >= 0 and max(material.gain) <= 1.0001
    return bool(texture.min() >= 0 and texture.max() <= 1)


@pytest.mark.parametrize("style", STYLES)
def test_whatever_is_worn_can_be_drawn(style: str) -> None:
    for seed in range(12):
        side = SIDES[seed % 2]
        surfaces = dressed(figure(side), skin(Rng(seed)), random_outfit(Rng(seed), ELBOW, style), Rng(seed))
        assert surfaces[0].kind == Kind.SKIN
        for surface in surfaces:
            assert np.isfinite(surface.points).all()
            assert surface.points.dtype == np.float32
            assert surface.triangles.max() < len(surface.points)
            assert surface.uv.shape == (len(surface.triangles), 3, 2)
            assert surface.keep is None or surface.keep.shape == (len(surface.points),)
            assert in_range(surface.material)


def test_the_same_generator_dresses_alike() -> None:
    first, second = (dressed(figure(), skin(Rng(7)), None, Rng(7)) for _ in range(2))
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert one.points.tobytes() == other.points.tobytes()
        assert one.material.texture.tobytes() == other.material.texture.tobytes()


def test_most_arms_wear_sleeves_and_some_nothing() -> None:
    rng = Rng(0)
    outfits = [random_outfit(rng, ELBOW) for _ in range(400)]
    assert 0.5 < np.mean([outfit.sleeve is not None for outfit in outfits]) < 0.8
    assert 0.03 < np.mean([outfit.glove is not None for outfit in outfits]) < 0.12
