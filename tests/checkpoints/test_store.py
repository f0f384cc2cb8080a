"""Checkpoints on disk."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from handseg_cli.checkpoints.store import load, save
from handseg_cli.errors import CheckpointError
from handseg_cli.models.lite import Lite

CARD: dict[str, Any] = {"model": "lite", "arguments": {"width": 16}, "size": 128, "trained_on": ["Fäuste", 'a "b"']}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "net.safetensors"
    save(path, Lite(width=16), CARD)
    return path


def test_weights_and_card_come_back(tmp_path: Path) -> None:
    model = Lite(width=16)
    save(tmp_path / "net.safetensors", model, CARD)
    loaded, card = load(tmp_path / "net.safetensors")
    assert card == CARD
    assert not loaded.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


def test_saving_leaves_one_file_and_replaces_it(tmp_path: Path) -> None:
    for width in (16, 8):
        save(tmp_path / "net.safetensors", Lite(width=width), {"model": "lite", "arguments": {"width": width}})
    assert [path.name for path in tmp_path.iterdir()] == ["net.safetensors"]
    assert load(tmp_path / "net.safetensors")[1]["arguments"] == {"width": 8}


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    model = Lite(width=16)
    for name in ("a", "b"):
        save(tmp_path / name, model, CARD)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(part=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_refused(stored: Path, tmp_path: Path, part: float) -> None:
    data = stored.read_bytes()
    path = tmp_path / "cut.safetensors"
    path.write_bytes(data[: int(part * len(data))])
    with pytest.raises(CheckpointError, match=r"cut\.safetensors"):
        load(path)


class Trap:
    """Something that writes a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_a_pickle_is_refused_unopened(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    (tmp_path / "net.safetensors").write_bytes(pickle.dumps(Trap(sprung)))
    torch.save({"weights": Trap(sprung)}, tmp_path / "torch.safetensors")
    for name in ("net", "torch"):
        with pytest.raises(CheckpointError, match=f"{name}.safetensors"):
            load(tmp_path / f"{name}.safetensors")
    assert not sprung.exists()


def test_a_foreign_safetensors_file_is_refused(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(3)}, tmp_path / "foreign.safetensors")
    with pytest.raises(CheckpointError, match=r"foreign.safetensors: has no card"):
        load(tmp_path / "foreign.safetensors")


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ({"model": "lite", "arguments": {"width": 24}}, "do not fit"),
        ({"model": "lite", "arguments": {"width": 10**9}}, "do not fit"),
        ({"model": "lite", "arguments": {"width": -1}}, "net.safetensors"),
        ({"model": "lite", "arguments": {"depth": 3}}, "cannot be built"),
        ({"model": "lite", "arguments": 3}, "unknown"),
        ({"model": "os:system", "arguments": {}}, "it knows: .*lite"),
        ({"model": ["lite"]}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(tmp_path: Path, card: dict[str, Any], reason: str) -> None:
    save(tmp_path / "net.safetensors", Lite(width=16), card)
    with pytest.raises(CheckpointError, match=reason):
        load(tmp_path / "net.safetensors")


def test_missing_and_surplus_weights_are_refused(tmp_path: Path) -> None:
    model = Lite(width=16)
    model.extra = torch.nn.Linear(1, 1)
    save(tmp_path / "more.safetensors", model, CARD)
    del model.extra, model.context
    save(tmp_path / "less.safetensors", model, CARD)
    for name in ("more", "less"):
        with pytest.raises(CheckpointError, match=f"{name}.*do not fit"):
            load(tmp_path / f"{name}.safetensors")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"none\.safetensors: there is no such file"):
        load(tmp_path / "none.safetensors")
