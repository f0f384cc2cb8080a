"""Each hand of a photo is a sample of its own, in one order of joints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from handseg_cli.config import PrepareConfig
from handseg_cli.datasets.prepare import prepare
from handseg_cli.errors import DatasetError
from handseg_cli.io.encoded import Encoded, encode_jpeg
from handseg_cli.io.hdf5 import Reader, write
from handseg_cli.io.layout import Header
from handseg_cli.loading.batches import Feed
from handseg_cli.loading.hands import dominant, one_hand, palm_first
from handseg_cli.loading.mix import Each, Mix, Part
from handseg_cli.loading.recipe import Recipe
from handseg_cli.pose.camera import project
from handseg_cli.sample import Sample
from tests.tiny import interhand, posed, rhd


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hands") / "hands.h5"
    posed.build(path)
    return path


def mix(path: Path, each: Each = "hand", split: str = "all") -> Mix:
    return Mix([Part("a", path)], split, each)


def test_of_a_photo_with_two_hands_each_is_a_sample(file: Path) -> None:
    hands = mix(file)
    keys = [hands[at].key for at in range(len(hands))]
    assert keys[:4] == ["a/000#left", "a/000#right", "a/001#right", "a/002#left"]
    assert len(hands) == 20
    assert len(hands.sizes()) == 20
    assert [hands[at].hands for at in range(4)] == ["left", "right", "right", "left"]


def test_the_order_of_the_dataset_changes_nothing(file: Path, tmp_path: Path) -> None:
    posed.build(tmp_path / "ih.h5", dataset="interhand")
    ours, theirs = mix(file), mix(tmp_path / "ih.h5")
    one = {hand.key: hand for hand in map(ours.__getitem__, range(len(ours)))}
    assert len(theirs) == len(ours)
    for at in range(len(theirs)):
        hand, same = theirs[at], one[theirs[at].key]
        for name in ("joints", "points", "valid"):
            assert np.array_equal(getattr(hand, name), getattr(same, name)), name


@pytest.mark.parametrize(("name", "build"), [("rhd", rhd.build), ("interhand", interhand.build)])
def test_prepared_datasets_of_hands_feed_it(tmp_path: Path, name: str, build: Callable[[Path], None]) -> None:
    build(tmp_path / "raw")
    prepare(PrepareConfig((name,), raw=tmp_path / "raw", output=tmp_path, split="official", quiet=True))
    recipe = Recipe(64, "hand", "light", targets=("points", "judged", "joints", "right", "camera", "hand"))
    batch = next(Feed(mix(tmp_path / f"{name}.h5", split="train"), recipe, batch=99, seed=0, workers=0).epoch(0))
    told = {name: each.numpy() for name, each in batch.targets.items()}
    assert len(batch.key) >= 4
    for at, key in enumerate(batch.key):
        seen, judged = project(told["joints"][at], told["camera"][at]), told["judged"][at]
        assert np.allclose(seen[judged], told["points"][at][judged], atol=0.1)
        assert judged.any() == told["hand"][at] == (told["right"][at] != 255)
        assert key.split("#")[1] in ("left", "right")


def test_joints_that_were_never_found_are_not_a_number() -> None:
    zeros = Sample("a", np.zeros((4, 4, 3), np.uint8), joints=np.zeros((42, 3), np.float32))
    zeros = replace(zeros, points=np.zeros((42, 2), np.float32), valid=np.zeros(42, np.bool_))
    joints = one_hand(zeros, "interhand", "left").joints
    assert joints is not None
    assert np.isnan(joints).all()


def test_a_hand_of_few_joints_is_no_sample(tmp_path: Path) -> None:
    valid = np.zeros((3, 42), np.uint8)
    valid[0, :9], valid[1, 21:31] = 1, 1
    photo = encode_jpeg(np.zeros((8, 8, 3), np.uint8))
    points, joints = np.zeros((42, 2), "<f4").tobytes(), np.ones((42, 3), "<f4").tobytes()
    rows = [
        Encoded(f"{at}", photo, (8, 8), (8, 8), points=points, joints=joints, valid=row.tobytes(), split="train")
        for at, row in enumerate(valid)
    ]
    write(tmp_path / "a.h5", Header("rhd", "joints"), rows)
    hands = mix(tmp_path / "a.h5", split="train")
    assert [hands[at].key for at in range(len(hands))] == ["a/1#right"]
    assert len(mix(tmp_path / "a.h5", "dominant", "train")) == 2
    with pytest.raises(DatasetError, match="holds no hand of 10 joints of the split test"):
        mix(tmp_path / "a.h5", split="test")


def test_which_joints_are_valid_is_told_of_all_samples_at_once(tmp_path: Path) -> None:
    photo, flags = encode_jpeg(np.zeros((8, 8, 3), np.uint8)), np.random.default_rng(0).integers(0, 2, (4, 42))
    rows = [row[:length].astype(np.uint8) for row, length in zip(flags, (42, 0, 42, 21), strict=True)]
    write(
        tmp_path / "a.h5",
        Header("rhd", "joints"),
        [Encoded(f"{at}", photo, (8, 8), (8, 8), valid=row.tobytes()) for at, row in enumerate(rows)],
    )
    wanted = np.where([[True], [False], [True], [False]], flags, 0) > 0
    assert np.array_equal(Reader(tmp_path / "a.h5").valid(42), wanted)


def test_files_without_joints_are_refused(tmp_path: Path) -> None:
    photo = encode_jpeg(np.zeros((8, 8, 3), np.uint8))
    write(tmp_path / "a.h5", Header("eyth", "hand"), [Encoded("a", photo, (8, 8), (8, 8), split="train")])
    with pytest.raises(DatasetError, match=r"a\.h5: tells of no joints whose order is known, as rhd, synthetic"):
        mix(tmp_path / "a.h5")


def test_the_dominant_hand_is_the_one_of_more_pixels(file: Path) -> None:
    sample = Reader(file)[0]
    assert sample.parts is not None
    parts = sample.parts.copy()
    parts[:, :80][parts[:, :80] == 1] = 0
    for seen, side in ((parts, "right"), (np.full_like(parts, 1), "left"), (np.zeros_like(parts), "right")):
        assert dominant(replace(sample, parts=seen), "rhd", posed.CLASSES) == side
    assert len(mix(file, "dominant")) == 15


def test_where_no_pixel_tells_the_dominant_hand_has_more_joints(file: Path) -> None:
    sample = replace(Reader(file)[0], parts=None, hands="both")
    assert dominant(sample, "rhd", posed.CLASSES) == "right"
    assert dominant(replace(sample, valid=np.arange(42) < 30), "rhd", posed.CLASSES) == "left"
    assert dominant(replace(sample, valid=np.arange(42) < 30), "interhand", posed.CLASSES) == "right"


def test_the_palm_takes_the_place_of_the_wrist(file: Path) -> None:
    hand = mix(file)[0]
    rooted = palm_first(replace(hand, valid=np.arange(21) == 12))
    assert hand.points is not None
    assert hand.joints is not None
    assert rooted.points is not None
    assert rooted.joints is not None
    assert np.allclose(rooted.points[0], (hand.points[0] + hand.points[12]) / 2)
    assert np.allclose(rooted.joints[0], (hand.joints[0] + hand.joints[12]) / 2)
    assert np.array_equal(rooted.points[1:], hand.points[1:])
    assert rooted.valid is not None
    assert np.flatnonzero(rooted.valid).tolist() == [0, 12]
