"""Things that can be held: what they look like, what they keep out, and how a hand holds them."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.body import Floats
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand
from handseg_cli.synth.objects.chest import THINGS, random_thing
from handseg_cli.synth.objects.thing import Grip, Thing, into_hand, placed
from handseg_cli.synth.poses.anatomy import hand_of
from handseg_cli.synth.poses.contact import Boxes, Cones, Frame
from handseg_cli.synth.poses.grip import GRASPS, thickness
from handseg_cli.synth.poses.table import FAMILIES
from handseg_cli.synth.surface import Kind

SEEDS = range(4)
every_thing = pytest.mark.parametrize("name", THINGS)


def made(name: str, seed: int) -> Thing:
    return THINGS[name][1](np.random.default_rng(seed))


def scattered(thing: Thing) -> Floats:
    """Return 4000 places spread evenly over a thing's surfaces (P, 3)."""
    rng = np.random.default_rng(0)
    corners = np.concatenate([surface.points[surface.triangles] for surface in thing.surfaces])
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    chosen = corners[rng.choice(len(corners), 4000, p=area / area.sum())]
    return np.asarray(np.einsum("pc,pca->pa", rng.dirichlet([1, 1, 1], 4000), chosen))


def beyond(solid: Cones | Boxes, points: Floats) -> Floats:
    """Return how far points (P, 3) lie outside a solid (P,), negative inside."""
    if isinstance(solid, Boxes):
        local = np.abs(np.einsum("mab,pmb->pma", solid.axes, points[:, None] - solid.centres)) - solid.halves
        inside = np.minimum(local.max(axis=-1), 0)
        return np.asarray((np.linalg.norm(np.maximum(local, 0), axis=-1) + inside).min(axis=1, initial=np.inf))
    way = solid.stops - solid.starts
    share = ((points[:, None] - solid.starts) * way).sum(-1) / np.maximum((way**2).sum(-1), 1e-9)
    share = np.clip(share, 0, 1)
    radius = solid.radii[:, 0] + share * (solid.radii[:, 1] - solid.radii[:, 0])
    away = np.linalg.norm(points[:, None] - solid.starts - share[..., None] * way, axis=-1) - radius
    return np.asarray(away.min(axis=1, initial=np.inf))


@every_thing
def test_a_thing_stands_on_its_plane(name: str) -> None:
    for seed in SEEDS:
        points = np.concatenate([surface.points for surface in made(name, seed).surfaces])
        assert -2.5 < points[:, 1].min() < 6
        assert np.abs(points[:, [0, 2]].mean(axis=0)).max() < 0.35 * np.ptp(points, axis=0).max()
        assert 20 < np.linalg.norm(np.ptp(points, axis=0)) < 700


@every_thing
def test_a_thing_can_be_drawn(name: str) -> None:
    for seed in SEEDS:
        for surface in made(name, seed).surfaces:
            assert surface.kind == Kind.THING
            assert surface.marks is None
            assert surface.points.dtype == np.float32
            assert np.isfinite(surface.points).all()
            assert surface.triangles.max() < len(surface.points)
            assert surface.uv.shape == (len(surface.triangles), 3, 2)
            texture = surface.material.texture
            assert texture.dtype == np.uint8 or (texture.min() >= 0 and texture.max() <= 1)


@every_thing
def test_what_keeps_hands_out_is_about_the_thing_itself(name: str) -> None:
    for seed in SEEDS:
        thing = made(name, seed)
        points = scattered(thing)
        out = np.minimum(beyond(thing.cones, points), beyond(thing.boxes, points))
        # Rims, stalks and clips may stick out; nothing that a finger could lie on.
        assert np.quantile(out, 0.9) < 5, (name, seed)
        assert out.max() < 0.16 * np.ptp(points, axis=0).max() + 8


@every_thing
def test_no_solid_stands_off_its_thing(name: str) -> None:
    for seed in SEEDS:
        thing = made(name, seed)
        points = np.concatenate([surface.points for surface in thing.surfaces])
        low, high = points.min(axis=0) - 9, points.max(axis=0) + 9
        thick = thing.cones.radii.max(axis=1)[:, None]
        for ends in (thing.cones.starts, thing.cones.stops):
            assert (ends - thick > low).all()
            assert (ends + thick < high).all()
        reach = np.abs(thing.boxes.axes * thing.boxes.halves[..., None]).sum(axis=1)
        assert (thing.boxes.centres - reach > low).all()
        assert (thing.boxes.centres + reach < high).all()


@every_thing
def test_a_grip_closes_on_the_thing(name: str) -> None:
    for seed in SEEDS:
        thing = made(name, seed)
        points = scattered(thing)
        assert thing.grips
        for each in thing.grips:
            axes = each.frame.axes
            assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-6)
            assert np.linalg.det(axes) == pytest.approx(1)
            assert np.linalg.norm(points - each.frame.place, axis=1).min() < thickness(each.held) / 2 + 6
            assert beyond(each.solid, each.frame.place[None])[0] < 1.5


@every_thing
def test_poses_of_the_families_promised_hold_the_thing(name: str) -> None:
    families = {each.family for seed in range(8) for each in made(name, seed).grips}
    assert set(THINGS[name][2]) <= families
    assert families <= {*FAMILIES}
    for seed in SEEDS:
        held = [each for each in made(name, seed).grips if each.family in GRASPS]
        assert all(2 < thickness(each.held) < 420 or each.family in ("key", "pinch", "plate") for each in held)


def test_a_family_finds_only_what_it_holds() -> None:
    rng = np.random.default_rng(0)
    for family in ("cylinder", "sphere", "tripod", "plate", "typing", "key", "hook", "disc", "pinch"):
        for _ in range(6):
            assert family in {each.family for each in random_thing(rng, family).grips}


def test_a_placed_thing_takes_its_grips_along() -> None:
    thing = made("mug", 0)
    turn = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    there = placed(thing, turn, np.array([10.0, 20, 30]))
    for before, after in zip(thing.grips, there.grips, strict=True):
        assert after.frame.place == pytest.approx(turn @ before.frame.place + [10, 20, 30])
        assert thickness(after.held) == pytest.approx(thickness(before.held))
    assert there.surfaces[0].points[0] == pytest.approx(turn @ thing.surfaces[0].points[0] + [10, 20, 30], abs=1e-3)


@pytest.mark.parametrize("name", ["mug", "pen", "phone", "plate"])
@pytest.mark.parametrize("side", ["L", "R"])
def test_a_thing_comes_into_either_hand_unmirrored(name: str, side: str) -> None:
    hand = hand_of(procedural_hand(HandShape(), "L" if side == "L" else "R"), "L" if side == "L" else "R")
    thing = made(name, 0)
    each: Grip = thing.grips[0]
    frame = Frame(hand.wrist + 50 * hand.axes[0], hand.axes[[1, 2, 0]])
    there = into_hand(thing, each, frame)
    moved = there.grips[0].frame
    assert moved.place == pytest.approx(frame.place)
    assert moved.axes[1] == pytest.approx(frame.axes[1])
    free = 2 if each.family in ("cylinder", "sphere", "tripod") else 0
    assert all(moved.axes[i] == pytest.approx(frame.axes[i]) for i in {0, 2} - {free})
    first, second = (np.linalg.norm(np.diff(each.surfaces[0].points[:40], axis=0), axis=1) for each in (thing, there))
    assert second == pytest.approx(first, abs=1e-3)


@every_thing
def test_the_same_generator_makes_the_same_thing(name: str) -> None:
    for one, other in zip(made(name, 1).surfaces, made(name, 1).surfaces, strict=True):
        assert one.points.tobytes() == other.points.tobytes()
        assert one.material.gain == other.material.gain
