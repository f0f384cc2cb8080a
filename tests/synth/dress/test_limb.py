"""An arm as slices, and tubes and places around it."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.body import Posed, Side, posed, vertex_normals
from handseg_cli.synth.dress.limb import LAST, STEP, measured, place, tube
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand
from handseg_cli.synth.poses.anatomy import hand_of

SIDES: tuple[Side, ...] = ("L", "R")


def bent(side: Side, turn: float = 0.6) -> Posed:
    return posed(procedural_hand(HandShape(), side), {f"wrist.{side}": np.array([0.0, turn, 0.3 * turn])})


@pytest.mark.parametrize("side", SIDES)
def test_slices_go_from_the_elbow_to_the_palms_heel(side: Side) -> None:
    limb = measured(bent(side), side)
    assert np.diff(limb.along) == pytest.approx(STEP)
    assert limb.along[0] < -240
    assert LAST - STEP < limb.along[-1] + STEP / 2 <= LAST
    assert limb.elbow == pytest.approx(-252, abs=12)


@pytest.mark.parametrize("side", SIDES)
def test_no_skin_reaches_out_of_its_slice(side: Side) -> None:
    figure = bent(side, 0.0)
    marks = figure.body.marks
    forearm = (marks.along < -10) & (marks.along > -240)
    shape = tube(measured(figure, side), np.arange(-250.0, 0, 3), 0.5, 50.0)
    normals = vertex_normals(shape.points, shape.triangles)
    skin = figure.points[forearm][::7]
    nearest = ((skin[:, None] - shape.points[None]) ** 2).sum(axis=-1).argmin(axis=1)
    out = np.einsum("va,va->v", skin - shape.points[nearest], normals[nearest])
    assert out.max() < 0.3
    assert out.mean() > -4


@pytest.mark.parametrize("side", SIDES)
def test_a_tube_goes_with_the_bent_wrist(side: Side) -> None:
    for turn in (0.0, 0.7):
        figure = bent(side, turn)
        ring = tube(measured(figure, side), np.array([8.0, 12.0]), 0.0, 50.0).points[:40]
        marks = figure.body.marks
        skin = figure.points[(np.abs(marks.along - 8) < 3)]
        assert np.linalg.norm(ring.mean(axis=0) - skin.mean(axis=0)) < 8


@pytest.mark.parametrize("side", SIDES)
def test_the_back_of_the_wrist_is_at_three_quarters_of_the_way_round(side: Side) -> None:
    figure = bent(side, 0.0)
    hand, limb = hand_of(figure.body, side), measured(figure, side)
    for turn, out in ((0.0, hand.forearm[1]), (0.25, hand.forearm[2]), (0.75, -hand.forearm[2])):
        where, frame = place(limb, -30.0, turn, 2.0)
        assert frame[2] @ out > 0.97
        assert np.linalg.det(frame) == pytest.approx(1)
        assert frame[0] @ hand.forearm[0] > 0.97
        assert np.linalg.norm(where - hand.wrist) < 60
