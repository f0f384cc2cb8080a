"""The hands that poses are judged by."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from handseg_cli.config import EvalConfig
from handseg_cli.errors import ConfigError, DatasetError
from handseg_cli.evaluate.pose_truth import find_pose_sources
from handseg_cli.pose.camera import project
from tests.tiny import judged, posed
from tests.tiny.red_hands import CAMERA, Labelled, prepare, truth

Dataset = Literal["synthetic", "interhand"]


def config(*paths: Path, **settings: Any) -> EvalConfig:
    return EvalConfig(task="pose", datasets=tuple(map(str, paths)), **settings)


def test_hands_are_ours_in_order_with_their_sides(tmp_path: Path) -> None:
    file = prepare(tmp_path / "a.h5", [Labelled([(60, 60, "left"), (200, 100, "right")]), Labelled([])])
    (source,) = find_pose_sources(config(file))
    left, right = source.read(0).hands
    assert (left.side, right.side, source.read(1).hands) == ("left", "right", ())
    points, joints = truth(200, 100)
    assert np.allclose(right.points[[0, 1, 4, 5]], points[[0, 4, 1, 8]], atol=1e-3)  # from base to tip
    assert np.allclose(right.joints[[0, 1, 4, 5]], joints[[0, 4, 1, 8]], atol=1e-3)
    assert np.allclose(source.read(0).camera, CAMERA)
    assert right.judged.all()


@pytest.mark.parametrize("dataset", ["synthetic", "interhand"])
def test_the_order_is_that_of_the_dataset(tmp_path: Path, dataset: Dataset) -> None:
    posed.build(tmp_path / "a.h5", dataset=dataset)
    (source,) = find_pose_sources(config(tmp_path / "a.h5", split=("all",)))
    for place in source.places:
        shot = source.read(place)
        for hand in shot.hands:
            known = np.isfinite(hand.joints).all(axis=1)
            assert np.allclose(project(hand.joints, shot.camera)[known], hand.points[known], atol=0.01)
            lengths = np.linalg.norm(np.diff(hand.joints[[5, 6, 7, 8]], axis=0), axis=1)
            assert (np.diff(lengths) < 0).all()  # bones get shorter towards the tip
            assert hand.side in ("left", "right")


def test_both_orders_of_one_photo_are_the_same_hands(tmp_path: Path) -> None:
    shots = []
    datasets: tuple[Dataset, Dataset] = ("synthetic", "interhand")
    for dataset in datasets:
        posed.build(tmp_path / f"{dataset}.h5", dataset=dataset)
        (source,) = find_pose_sources(config(tmp_path / f"{dataset}.h5", split=("all",)))
        shots.append(source.read(0))
    one, other = ({hand.side: hand for hand in shot.hands} for shot in shots)
    assert one.keys() == other.keys() == {"left", "right"}
    for side in one:
        assert np.allclose(one[side].points, other[side].points)
        assert np.allclose(one[side].joints, other[side].joints)


def test_joints_beyond_the_photo_are_not_judged(tmp_path: Path) -> None:
    file = prepare(tmp_path / "a.h5", [Labelled([(300, 60, "left")]), Labelled([(295, 60, "left")], off=22.0)])
    (source,) = find_pose_sources(config(file))
    whole, cut = (source.read(place).hands[0] for place in (0, 1))
    assert whole.judged.all()
    assert 0 < cut.judged.sum() < 21
    assert (cut.points[cut.judged, 0] < 320).all()


def test_files_without_joints_are_refused(tmp_path: Path) -> None:
    file, _ = judged.build(tmp_path, [judged.Hand("a", 10, 10)])
    with pytest.raises(DatasetError, match="tells of no joints whose order is known, as rhd"):
        find_pose_sources(config(file))
    odd = prepare(tmp_path / "b.h5", [Labelled([(60, 60, "left")])], dataset="folder")
    with pytest.raises(DatasetError, match="tells of no joints"):
        find_pose_sources(config(odd))


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="run `handseg prepare rhd`"):
        find_pose_sources(EvalConfig(task="pose", datasets=("rhd",), root=tmp_path))
    with pytest.raises(ConfigError, match="give --datasets with one"):
        find_pose_sources(EvalConfig(task="pose", root=tmp_path))
