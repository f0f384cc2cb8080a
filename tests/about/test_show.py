"""`handseg show` lists what the registry holds."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

import pytest

from handseg_cli.about.show import runtime, show
from handseg_cli.config import ShowConfig
from handseg_cli.registry import DATASETS, MODELS, RUNTIMES, WEIGHTS

What = Literal["models", "datasets", "weights", "runtimes"]


def rows(what: What) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(show(ShowConfig(what, json=True)))
    return listed


@pytest.mark.parametrize(
    ("what", "registry"), [("models", MODELS), ("datasets", DATASETS), ("weights", WEIGHTS), ("runtimes", RUNTIMES)]
)
def test_every_name_of_the_registry_is_listed(what: What, registry: dict[str, str]) -> None:
    assert [row["name"] for row in rows(what)] == list(registry)


@pytest.mark.parametrize("what", ["models", "weights", "runtimes"])
def test_text_holds_what_the_json_holds(what: What) -> None:
    text = show(ShowConfig(what))
    for row in rows(what):
        assert all(str(value) in text for value in row.values() if isinstance(value, str))


def test_empty_list_is_said_to_be_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handseg_cli.about.show.DATASETS", {})
    assert show(ShowConfig("datasets")) == "no datasets yet"
    assert show(ShowConfig("datasets", json=True)) == "[]"


def test_weights_are_shown_with_their_true_hash() -> None:
    for file in (file for row in rows("weights") for file in row["files"]):
        assert file["sha256"] == hashlib.sha256(Path(file["path"]).read_bytes()).hexdigest()
        assert file["is_right"]


def test_absent_runtime_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("handseg_cli.about.show", fromlist=["x"]).RUNTIME_PACKAGES, "openvino", "no-such")
    assert runtime("openvino")["version"] == "absent: pip install 'no-such'"
