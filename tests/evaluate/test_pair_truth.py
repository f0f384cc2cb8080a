"""What is true of two hands in prepared files, whatever their order of joints and their numbers of parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from handseg_cli.config import EvalConfig
from handseg_cli.datasets.encode import Policy, encode
from handseg_cli.evaluate.pair_judge import judged, looked
from handseg_cli.evaluate.pair_truth import PairShot, find_pair_sources, read_pair
from handseg_cli.io.hdf5 import write
from handseg_cli.io.layout import Header
from handseg_cli.pose.camera import project
from handseg_cli.predict.pair_net import PairNet
from handseg_cli.synth.labels import NAMES
from handseg_cli.synth.settings import SynthSettings
from tests.tiny import two_red_hands
from tests.tiny.pair_truth import Knowing
from tests.tiny.rendered import render
from tests.tiny.two_red_hands import Two

SETTINGS = SynthSettings(11, (("two-hands", 1.0),), (160, 160), engine="numpy", pinhole=True)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("synthetic") / "hands.h5"
    samples = [encode(render(SETTINGS, number).sample, None, Policy("parts", 0)) for number in range(2)]
    write(path, Header("synthetic", "parts", NAMES), samples)
    return path


def shots(path: Path) -> list[PairShot]:
    (source,) = find_pair_sources(EvalConfig(datasets=(str(path),), task="hands3d", split=("all",)))
    return [read_pair(source, place) for place in source.places]


def test_joints_are_interhands_in_order_and_project_to_points(synthetic: Path) -> None:
    for number, shot in enumerate(shots(synthetic)):
        sample, before = shot.sample, render(SETTINGS, number).sample
        assert sample.joints is not None
        assert sample.points is not None
        assert before.points is not None
        # The right wrist, and the tip of the right thumb; RHD has left hands first, and wrists before tips.
        assert np.allclose(sample.points[[20, 0, 41]], before.points[[21, 22, 0]])
        valid = sample.valid
        assert np.abs(project(sample.joints, shot.camera) - sample.points)[valid].max() < 0.05


def test_what_is_rightly_told_of_a_rendered_photo_is_judged_to_be_right(synthetic: Path) -> None:
    for number, shot in enumerate(shots(synthetic)):
        session = Knowing(render(SETTINGS, number).sample, 128)
        net = PairNet(session, 128)
        window = shot.window(net)
        (answer,) = net(window.cut(shot.sample.image)[None])
        row = judged(0, shot, looked(window, answer, shot, given=True), 0.0)
        assert row.error < 0.01
        assert row.iou > 0.99
        assert row.two.handedness[0] == 1
        assert not row.two.between[0] > 0.01


def test_photos_without_joints_are_left_out(tmp_path: Path) -> None:
    path = two_red_hands.prepare(tmp_path / "two.h5", [Two((100, 100)), Two(), Two(left=(50, 90))])
    assert [shot.sample.key for shot in shots(path)] == ["000", "002"]


def test_other_parts_are_no_parts(tmp_path: Path) -> None:
    path = two_red_hands.prepare(tmp_path / "two.h5", [Two((100, 100))], parts=False)
    (shot,) = shots(path)
    assert shot.sample.parts is None
