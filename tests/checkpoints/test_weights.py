"""Finding weights."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handseg_cli.checkpoints import weights
from handseg_cli.checkpoints.weights import card_of, find_weights, read_card
from handseg_cli.errors import CheckpointError
from handseg_cli.registry import SIZES


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("runtime", ["auto", "onnx", "openvino"])
def test_an_onnx_file_is_found_and_hashed(tiny_weights: Path, runtime: str) -> None:
    found = find_weights(str(tiny_weights), runtime)
    assert (found.name, found.onnx, found.safetensors) == ("tiny", tiny_weights, None)
    assert found.sha256 == digest(tiny_weights)


@pytest.mark.parametrize("runtime", ["auto", "torch"])
def test_a_safetensors_file_is_found_and_hashed(tiny_weights: Path, runtime: str) -> None:
    path = tiny_weights.with_suffix(".safetensors")
    found = find_weights(str(path), runtime)
    assert (found.onnx, found.safetensors, found.sha256) == (None, path, digest(path))


def test_both_files_hold_the_same_card(tiny_weights: Path) -> None:
    card = read_card(tiny_weights)
    assert card == read_card(tiny_weights.with_suffix(".safetensors"))
    assert (card["model"], card["size"], card["stride"]) == ("lite", 128, 32)


def test_a_registered_name_leads_to_the_file_that_the_runtime_reads(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "FOLDER", tiny_weights.parent)
    monkeypatch.setattr(weights, "WEIGHTS", {"small": "tiny"})
    assert find_weights("small", "auto").sha256 == digest(tiny_weights)
    assert find_weights("small", "torch").sha256 == digest(tiny_weights.with_suffix(".safetensors"))
    assert find_weights("small", "torch").name == "small"


def test_a_name_may_stand_for_another_size_of_the_same_weights() -> None:
    fast, lite = find_weights("fast"), find_weights("lite")
    assert fast.sha256 == lite.sha256
    assert fast.card == lite.card | {"size": SIZES["fast"]} != lite.card


@pytest.mark.parametrize(("suffix", "runtime"), [(".onnx", "torch"), (".safetensors", "onnx")])
def test_a_runtime_that_cannot_read_the_file_is_told(tiny_weights: Path, suffix: str, runtime: str) -> None:
    with pytest.raises(CheckpointError, match=f"--runtime {runtime} runs"):
        find_weights(str(tiny_weights.with_suffix(suffix)), runtime)


def test_an_unknown_name_lists_the_names_there_are() -> None:
    with pytest.raises(CheckpointError, match=r"light: no weights of this name \(lite"):
        find_weights("light")


def test_a_checkpoint_of_another_system_is_to_be_converted_first(tmp_path: Path) -> None:
    (tmp_path / "old.ckpt").touch()
    with pytest.raises(CheckpointError, match=r"run `handseg export \S+old\.ckpt \S+old\.safetensors` first"):
        find_weights(str(tmp_path / "old.ckpt"))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(CheckpointError, match=r"none\.onnx: there is no such file"):
        find_weights("none.onnx")


def test_a_net_without_a_card_is_refused(tmp_path: Path) -> None:
    head = json.dumps({"__metadata__": {}}).encode()
    (tmp_path / "a.safetensors").write_bytes(len(head).to_bytes(8, "little") + head)
    (tmp_path / "a.onnx").write_bytes(b"")
    for suffix in (".safetensors", ".onnx"):
        with pytest.raises(CheckpointError, match="has no card"):
            read_card(tmp_path / f"a{suffix}")


@given(st.binary(max_size=100), st.sampled_from(["a.onnx", "a.safetensors"]))
def test_any_bytes_are_a_card_or_a_checkpoint_error(data: bytes, name: str) -> None:
    with pytest.raises(CheckpointError, match=name):
        card_of(Path(name), data)


plain = st.none() | st.text() | st.integers()
nested = st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@settings(max_examples=50)
@given(nested)
def test_any_header_is_a_card_or_a_checkpoint_error(content: object) -> None:
    head = json.dumps({"__metadata__": content}).encode()
    for data in (head, json.dumps(content).encode()):
        with pytest.raises(CheckpointError):
            card_of(Path("a.safetensors"), len(data).to_bytes(8, "little") + data)


def test_finding_weights_needs_no_torch(tiny_weights: Path) -> None:
    script = "import sys; from handseg_cli.checkpoints.weights import find_weights; find_weights(sys.argv[1]); "
    script += "assert not {'torch', 'onnxruntime', 'onnx', 'safetensors'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script, str(tiny_weights)], check=True, timeout=60)
