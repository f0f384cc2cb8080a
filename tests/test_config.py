"""Settings that make no sense are refused, and the message says what would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handseg_cli.config import STDIN, EvalConfig, NetConfig, PredictConfig, parse_shard, parse_size
from handseg_cli.errors import ConfigError

PHOTO = (Path("a.jpg"),)


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"threshold": 1.5}, "from 0 to 1"),
        ({"threshold": -0.1}, "from 0 to 1"),
        ({"threshold": float("nan")}, "from 0 to 1"),
        ({"min_area": 2}, "fraction"),
        ({"size": 8}, "from 32 to 4096"),
        ({"size": -1}, "from 32 to 4096"),
        ({"half": True}, "--runtime openvino"),
        ({"weights": ""}, "--weights is empty"),
    ],
)
def test_net_settings_are_checked(settings: dict[str, Any], hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        NetConfig(**settings)


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({}, "no input"),
        ({"paths": PHOTO, "threshold": 7}, "from 0 to 1"),
        ({"paths": PHOTO, "bits": 4}, "1 or 8"),
        ({"paths": PHOTO, "max_pixels": 0}, "at least 1"),
        ({"paths": PHOTO, "workers": -1}, "0 or more"),
        ({"paths": PHOTO, "batch": -1}, "0 or more"),
        ({"paths": PHOTO, "kind": ("mask", "mask")}, "twice"),
        ({"paths": PHOTO, "kind": ("sides",), "label": "arm"}, "leave out --label arm"),
        ({"paths": PHOTO, "shard": "0/3"}, "such as 3/8"),
        ({"paths": PHOTO, "shard": "4/3"}, "such as 3/8"),
        ({"paths": PHOTO, "shard": "a/b"}, "such as 3/8"),
        ({"files_from": "-", "files0_from": "-"}, "both"),
        ({"files_from": "-", "paths": (STDIN,)}, "at once"),
        ({"watch": True, "files_from": "list"}, "--watch needs a folder"),
        ({"watch": True, "files_from": "list", "paths": PHOTO}, "leave out --files-from"),
        ({"watch": True, "strict": True, "paths": PHOTO}, "leave out one"),
        ({"paths": (STDIN, *PHOTO)}, "other paths"),
        ({"paths": (STDIN,), "kind": ("mask", "overlay")}, "one --kind"),
        ({"paths": (STDIN,), "output": Path("b")}, "leave out --output"),
        ({"paths": (STDIN,), "json": True}, "--manifest"),
        ({"paths": (STDIN,), "watch": True}, "leave out --watch"),
        ({"paths": (STDIN,), "files_from": "list"}, "leave out the file lists"),
        ({"raw": "12"}, "such as 1280x720"),
        ({"raw": "0x5"}, "such as 1280x720"),
        ({"raw": "64x48", "paths": PHOTO}, "leave out PATH"),
        ({"raw": "64x48", "bits": 1}, "leave out --bits"),
        ({"raw": "64x48", "kind": ("overlay",)}, "mask or probability"),
        ({"raw": "64x48", "max_pixels": 100}, "more pixels"),
    ],
)
def test_predict_settings_are_checked(settings: dict[str, Any], hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        PredictConfig(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"paths": (STDIN,), "kind": ("overlay",), "manifest": Path("m")},
        {"raw": "64x48", "kind": ("probability",)},
        {"files0_from": "-", "paths": PHOTO, "json": True},
        {"watch": True, "paths": PHOTO, "shard": "1/1"},
        {"half": True, "device": "cuda", "paths": PHOTO},
        {"half": True, "runtime": "openvino", "paths": PHOTO},
        {"threshold": 0.0, "min_area": 1.0, "size": 32, "paths": PHOTO},
    ],
)
def test_sensible_settings_are_taken(settings: dict[str, Any]) -> None:
    assert PredictConfig(**settings)


def test_raw_size_is_height_and_width() -> None:
    assert PredictConfig(raw="64x48").raw_size == (48, 64)
    assert PredictConfig(paths=PHOTO).raw_size == (0, 0)


@given(st.integers(1, 999_999), st.integers(1, 999_999))
def test_size_is_read_back(width: int, height: int) -> None:
    assert parse_size(f"{width}x{height}") == (height, width)


@given(st.text(max_size=12))
def test_any_other_shard_is_refused(text: str) -> None:
    try:
        index, count = parse_shard(text)
    except ConfigError:
        return
    assert 1 <= index <= count
    assert text.replace("0", "") in text  # what was read came from digits alone
    assert set(text) <= set("0123456789/") or not text.isascii()


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"models": ()}, "MODEL is empty"),
        ({"models": ("lite", "lite")}, "given twice"),
        ({"datasets": ("hof,eyth", "hof")}, "the same twice"),
        ({"split": ()}, "--split is empty"),
        ({"split": ("val", "val")}, "the same twice"),
        ({"limit": -1}, "0 or more"),
        ({"workers": -1}, "0 or more"),
        ({"threshold": 2.0}, "from 0 to 1"),
        ({"protocol": "seed", "min_area": 0.1}, "leave it out"),
    ],
)
def test_eval_settings_are_checked(settings: dict[str, Any], hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        EvalConfig(**settings)


def test_each_net_of_an_evaluation_gets_its_settings() -> None:
    config = EvalConfig(models=("a.onnx",), threshold=0.7, tta=True)
    assert config.net("a.onnx") == NetConfig("a.onnx", threshold=0.7, tta=True)
