"""A dressed upper body."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handseg_cli.synth.body import Posed, posed
from handseg_cli.synth.dress.garments import dressed_person
from handseg_cli.synth.dress.gloves import random_glove
from handseg_cli.synth.dress.heads import head_of, head_surfaces
from handseg_cli.synth.dress.outfits import Outfit
from handseg_cli.synth.dress.sleeves import random_sleeve
from handseg_cli.synth.looks.tones import skin
from handseg_cli.synth.surface import Kind, Surface
from tests.synth.doll import doll

Rng = np.random.default_rng


def person(nod: float = 0.0) -> Posed:
    return posed(doll(), {"head": np.array([nod, 0.0, 0.0])})


def dressed(outfit: Outfit | None = None, seed: int = 0) -> list[Surface]:
    return dressed_person(person(), skin(Rng(seed)), Rng(seed), outfit)


def shown(surface: Surface) -> np.ndarray:
    assert surface.keep is not None
    return surface.points[surface.keep > 0]


def test_skin_shows_on_head_and_hands_but_not_on_the_trunk() -> None:
    bare, *worn = dressed(Outfit(replace(random_sleeve(Rng(0), -252, "long"), end=-20.0), None))
    marks, rest = doll().marks, doll().points
    assert bare.keep is not None
    assert bare.kind == Kind.SKIN
    assert (bare.keep[marks.along > 0] > 0).all()
    assert (bare.keep[rest[:, 1] > 740] > 0).all()
    assert (bare.keep[(marks.side == 0) & (rest[:, 1] < 560)] < 0).all()
    assert (bare.keep[(marks.side > 0) & (marks.along < -110)] < 0).all()
    assert all(surface.kind == Kind.CLOTH for surface in worn)


def test_a_shirt_lies_over_all_skin_that_it_hides() -> None:
    bare, shirt, *_ = dressed(Outfit(replace(random_sleeve(Rng(0), -252, "long"), end=-20.0), None))
    assert bare.keep is not None
    trunk = (doll().marks.side == 0) & (bare.keep < 0)
    apart = np.linalg.norm(bare.points[trunk][:, None] - shown(shirt)[None], axis=-1).min(axis=1)
    assert apart.max() < 40


def test_sleeves_reach_from_the_shirt_to_their_ends() -> None:
    sleeve = replace(random_sleeve(Rng(0), -252, "long"), end=-20.0)
    _, shirt, *worn = dressed(Outfit(sleeve, None))
    cloth = np.concatenate([surface.points for surface in worn if surface.keep is None])
    for way in (1, -1):
        arm = cloth[cloth[:, 0] * way > 150][:, 0] * way
        assert arm.max() == pytest.approx(717 - 20, abs=30)
        assert arm.min() < (shown(shirt)[:, 0] * way).max() + 5


def test_gloves_of_a_person_are_hand() -> None:
    kinds = [surface.kind for surface in dressed(Outfit(None, random_glove(Rng(0))))]
    assert kinds.count(Kind.WORN) == 2


def test_all_that_people_wear_can_be_drawn() -> None:
    for seed in range(25):
        for surface in dressed(seed=seed):
            assert np.isfinite(surface.points).all()
            assert surface.triangles.max() < len(surface.points)
            assert surface.keep is None or surface.keep.shape == (len(surface.points),)


def test_the_same_generator_dresses_a_person_alike() -> None:
    for one, other in zip(dressed(seed=3), dressed(seed=3), strict=True):
        assert one.points.tobytes() == other.points.tobytes()


def test_eyes_look_out_of_the_head_and_go_with_it() -> None:
    for nod in (0.0, 0.5):
        figure = person(nod)
        left, right = head_surfaces(figure, Rng(0))[:2]
        bone = [bone.name for bone in figure.body.bones].index("eye.L")
        assert np.ptp(left.points[:, 0]) < 30
        assert left.points.mean(axis=0)[0] > 20
        assert right.points.mean(axis=0)[0] < -20
        if nod == 0:
            assert np.linalg.norm(left.points.mean(axis=0) - figure.body.bones[bone].head) < 1
        else:
            assert left.points[:, 1].max() < 800


def test_hair_grows_above_the_eyes() -> None:
    figure = person()
    for seed in range(12):
        for surface in head_surfaces(figure, Rng(seed))[2:3]:
            if surface.keep is not None and shown(surface)[:, 1].max() > 880:
                front = shown(surface)[shown(surface)[:, 2] > 100]
                assert len(front) == 0 or front[:, 1].min() > 800


def test_a_head_is_without_the_trunk() -> None:
    head = head_of(person())
    assert head.points[:, 1].min() > 620
    assert len(head.points) < len(doll().points) / 2
