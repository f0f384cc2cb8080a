"""What is written of poses is what its types say, for a photo with hands and for one without."""

from __future__ import annotations

import json
import types
import typing
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest

from handseg_cli.pose.skeleton import NAMES
from handseg_cli.predict.pose_file import FrameFile, PoseFile, encode, encode_frame, encode_head
from handseg_cli.predict.stamps import Source, Stamp, parse_stamp
from handseg_cli.sample import Hand, Pose, Prediction

STAMP = Stamp("pose", "abc", {"focal": 0.0}, Source(7, 8, "hash"))


def fits(value: object, kind: Any) -> bool:
    """Tell whether what JSON holds is of a type, dicts with just the keys that theirs names."""
    if typing.is_typeddict(kind):
        hints = typing.get_type_hints(kind)
        return isinstance(value, dict) and value.keys() == hints.keys() and all(fits(value[n], hints[n]) for n in hints)
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if get_origin(kind) is types.UnionType:
        return any(fits(value, each) for each in get_args(kind))
    if get_origin(kind) is list:
        return isinstance(value, list) and all(fits(each, get_args(kind)[0]) for each in value)
    if get_origin(kind) is dict:
        of_values = get_args(kind)[1]
        return isinstance(value, dict) and all(of_values is Any or fits(each, of_values) for each in value.values())
    return type(value) is kind


def prediction(count: int) -> Prediction:
    rng = np.random.default_rng(0)
    sides = ("left", "right", "")
    poses = tuple(
        Pose(
            Hand((1, 2, 30, 40), 500, 0.9, sides[number], 0.8),
            rng.uniform(0, 90, (21, 2)).astype(np.float32),
            rng.normal(0, 50, (21, 3)).astype(np.float32) + np.float32(500),
        )
        for number in range(count)
    )
    mask = np.zeros((90, 120), np.uint8)
    return Prediction(mask, mask, tuple(pose.hand for pose in poses), poses=poses)


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("focal", [0.0, 900.0])
def test_a_file_is_of_its_type(count: int, focal: float) -> None:
    content = json.loads(encode(prediction(count), "handpose", STAMP, focal))
    assert fits(content, PoseFile)
    assert (content["count"], len(content["hands"])) == (count, count)
    assert (content["width"], content["height"], content["model"]) == (120, 90, "handpose")
    assert content["camera"]["source"] == ("given" if focal else "assumed")
    assert content["camera"]["centre"] == [60, 45]


def test_what_the_photo_says_of_its_camera_is_taken_unless_something_is_given() -> None:
    found = replace(prediction(1), focal=700.0)
    cameras = [json.loads(encode(found, "handpose", STAMP, focal))["camera"] for focal in (0.0, 900.0)]
    assert [(each["source"], each["focal"]) for each in cameras] == [("exif", 700), ("given", 900)]


def test_a_type_is_not_met_by_anything() -> None:
    content = json.loads(encode(prediction(1), "handpose", STAMP, 0.0))
    assert not fits(content | {"more": 1}, PoseFile)
    assert not fits(content | {"count": "1"}, PoseFile)
    assert not fits({name: each for name, each in content.items() if name != "camera"}, PoseFile)


def test_a_hand_has_21_named_joints_from_its_wrist_and_from_the_camera() -> None:
    found = prediction(1)
    content = json.loads(encode(found, "handpose", STAMP, 0.0))
    (hand,) = content["hands"]
    assert content["joint_names"] == list(NAMES)
    assert {len(hand[name]) for name in ("points", "joints", "camera_joints")} == {21}
    assert hand["joints"][0] == [0, 0, 0]
    (pose,) = found.poses or ()
    assert np.allclose(hand["camera_joints"], pose.joints, atol=0.006)
    assert np.allclose(np.array(hand["camera_joints"]) - hand["camera_joints"][0], hand["joints"], atol=0.02)


def test_a_file_carries_its_stamp() -> None:
    assert parse_stamp(encode(prediction(1), "handpose", STAMP, 0.0).decode()) == STAMP
    assert parse_stamp(encode_head((90, 120), "handpose", 0.0, STAMP).decode()) == STAMP
    assert parse_stamp(encode_head((90, 120), "handpose", 0.0).decode()) is None


def test_lines_of_frames_are_one_each() -> None:
    lines = [encode_frame(prediction(count), count, seconds) for count, seconds in ((0, None), (2, 0.04))]
    assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in lines)
    contents = [json.loads(line) for line in lines]
    assert all(fits(content, FrameFile) for content in contents)
    assert [(each["frame"], each["seconds"], each["count"]) for each in contents] == [(0, None, 0), (2, 0.04, 2)]
