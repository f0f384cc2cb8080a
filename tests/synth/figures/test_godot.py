"""The hands of Godot XR Tools, and hands of our own in their form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from handseg_cli.errors import DatasetError
from handseg_cli.synth.body import LEFT, Body, Side, joints, posed, rest_joints
from handseg_cli.synth.figures.godot import FILES, TEXTURES, godot_hand
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand
from tests.tiny import skinned
from tests.tiny.assets import ASSETS, needs_assets

HANDS = [(kind, side) for kind, sides in FILES.items() for side in sides]
SIDES: tuple[Side, Side] = ("L", "R")


@pytest.fixture
def ours(tmp_path: Path) -> Body:
    skinned.write(tmp_path / "godot_hands" / "hand_l.gltf", skinned.gltf())
    return godot_hand(tmp_path, "hand", "L")


def test_a_hand_keeps_its_joints_and_its_size(ours: Body) -> None:
    before = procedural_hand(HandShape(), "L")
    np.testing.assert_allclose(rest_joints(ours, "L")[1:], rest_joints(before, "L")[1:], atol=0.01)
    np.testing.assert_allclose(np.ptp(ours.points, axis=0), np.ptp(before.points, axis=0), atol=3)
    assert len(ours.triangles) == 4 * len(before.triangles)
    np.testing.assert_allclose(ours.weights.sum(axis=1), 1, rtol=1e-5)


def test_its_fingers_bend_and_are_marked(ours: Body) -> None:
    bent = posed(ours, {"finger2-1.L": np.array([0, 0, -1.0])})
    moved = np.linalg.norm(bent.points - ours.points, axis=1) > 1
    assert (ours.marks.finger[moved & (ours.marks.reach > 0.3)] == 2).all()
    assert moved[(ours.marks.finger == 2) & (ours.marks.reach > 0.5)].all()
    assert np.linalg.norm(joints(bent, "L")[8] - rest_joints(ours, "L")[8]) > 60
    assert set(np.unique(ours.marks.side)) == {LEFT}


def test_what_lies_behind_the_wrist_stays_with_the_forearm(ours: Body) -> None:
    bent = posed(ours, {"wrist.L": np.array([0, 0, 0.8])})
    far = (ours.points - rest_joints(ours, "L")[0]) @ (0, 0, -1) > 15
    assert far.any()
    np.testing.assert_allclose(bent.points[far], ours.points[far], atol=1e-2)


def test_a_file_without_a_finger_is_refused(tmp_path: Path) -> None:
    file = skinned.gltf()
    file["nodes"][4]["name"] = "Tentacle_L"
    skinned.write(tmp_path / "godot_hands" / "hand_l.gltf", file)
    with pytest.raises(DatasetError, match=r"hand_l\.gltf: has no joint 'Thumb_Tip_L'; delete it"):
        godot_hand(tmp_path, "hand", "L")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"Hand_Nails_R\.gltf: cannot be read .* run `handseg download assets`"):
        godot_hand(tmp_path, "Hand_Nails", "R")


@needs_assets
@pytest.mark.parametrize(("kind", "side"), HANDS)
def test_the_hands_of_the_files_are_hands(kind: str, side: Side) -> None:
    body = godot_hand(ASSETS, kind, side)
    rest = rest_joints(body, side)
    assert 170 < np.linalg.norm(rest[12] - rest[0]) < 195
    # The thumb's side is up, the fingers point forwards.
    assert rest[5, 1] > rest[17, 1]
    assert rest[12, 2] > rest[0, 2]
    for finger in range(1, 6):
        assert body.marks.reach[body.marks.finger == finger].max() > 2.9
    one, two, three = body.points[body.triangles].astype(float).swapaxes(0, 1)
    assert 0.35 < np.einsum("ta,ta->", one, np.cross(two, three)) / 6e6 < 0.55  # litres


@needs_assets
@pytest.mark.parametrize("kind", TEXTURES)
def test_right_hands_mirror_left_ones(kind: str) -> None:
    left, right = (rest_joints(godot_hand(ASSETS, kind, side), side) for side in SIDES)
    np.testing.assert_allclose(right, left * (-1, 1, 1), atol=0.1)


@needs_assets
def test_every_mesh_has_its_textures() -> None:
    there = {path.stem for path in (ASSETS / "godot_hands").iterdir() if path.suffix in (".jpg", ".png")}
    assert set(TEXTURES) == set(FILES)
    assert {name for names in TEXTURES.values() for name in names} <= there
