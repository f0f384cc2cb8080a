"""Files of `torch.save`, good, damaged and evil."""

from __future__ import annotations

import argparse
import builtins
import os
import pickle
import struct
import subprocess
import tracemalloc
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from handseg_cli.checkpoints.torch_files import read_weights
from handseg_cli.errors import CheckpointError

both_containers = pytest.mark.parametrize("zipped", [True, False])


def weights() -> dict[str, Tensor]:
    return {"a.weight": torch.arange(24.0).view(2, 3, 4), "a.steps": torch.tensor(7), "b": torch.randn(5).half()}


def write(path: Path, content: object, zipped: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


class Callback:
    """What a training framework leaves in its checkpoints."""

    def __init__(self) -> None:
        self.best = torch.tensor(0.5)
        self.folder = Path("runs")


class Trap:
    """Something that calls a function when unpickled."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@both_containers
def test_a_state_dict_comes_back(tmp_path: Path, zipped: bool) -> None:
    held = weights()
    assert same(read_weights(write(tmp_path / "a.pth", held, zipped)), held)
    assert same(read_weights(write(tmp_path / "b.pth", OrderedDict(held), zipped)), held)


@both_containers
def test_all_that_a_framework_leaves_is_passed_over(tmp_path: Path, zipped: bool) -> None:
    content = {
        "epoch": 9,
        "callbacks": {Callback: {"best": np.float64(0.5), "seen": {1, 2}}, "more": Callback()},
        "hyper_parameters": argparse.Namespace(lr=3e-4, sizes=np.arange(3), kind=torch.float16),
        "optimizer_states": [{"state": {0: {"exp_avg": torch.randn(7)}}, "lr": 10**30}],
        "state_dict": weights(),
    }
    found = read_weights(write(tmp_path / "a.ckpt", content, zipped))
    assert same(found, content["state_dict"])  # type: ignore[arg-type]


@both_containers
def test_views_parameters_and_shared_storages_come_back(tmp_path: Path, zipped: bool) -> None:
    whole = torch.arange(60.0).view(3, 4, 5)
    held = {"turned": whole.permute(2, 0, 1), "part": whole[1:, 2], "same": whole, "learns": nn.Parameter(whole + 1)}
    held["last"] = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)
    assert same(read_weights(write(tmp_path / "a.pth", held, zipped)), held)


def test_tensors_of_torch_before_0_4_come_back(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pth", weights(), zipped=False)
    path.write_bytes(path.read_bytes().replace(b"_rebuild_tensor_v2\n", b"_rebuild_tensor\n"))
    assert same(read_weights(path), weights() | {"b": read_weights(path)["b"]})


@both_containers
@pytest.mark.parametrize("protocol", [2, 4])
def test_every_protocol_is_read(tmp_path: Path, zipped: bool, protocol: int) -> None:
    torch.save(weights(), tmp_path / "a", pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    if zipped or protocol == 2:
        assert read_weights(tmp_path / "a").keys() == weights().keys()
    else:
        with pytest.raises(CheckpointError):
            read_weights(tmp_path / "a")


@both_containers
@pytest.mark.parametrize("function", [os.system, subprocess.call, eval, builtins.open])
@pytest.mark.parametrize("place", ["state_dict", "callbacks", "whole"])
def test_a_file_that_would_run_something_is_refused_and_runs_nothing(
    tmp_path: Path, zipped: bool, function: Callable[..., object], place: str
) -> None:
    sprung = tmp_path / "sprung"
    command = f"__import__('pathlib').Path({str(sprung)!r}).touch()" if function is eval else f"touch {sprung}"
    trap = Trap(function, str(sprung) if function is builtins.open else command, *(["w"] * (function is builtins.open)))
    content = trap if place == "whole" else {"state_dict": weights(), "callbacks": {}} | {place: {"a.weight": trap}}
    path = write(tmp_path / "evil.ckpt", content, zipped)
    with pytest.raises(CheckpointError, match=r"evil\.ckpt: .*it would run .*: delete it"):
        read_weights(path)
    assert not sprung.exists()


@both_containers
def test_other_calls_come_to_nothing(tmp_path: Path, zipped: bool) -> None:
    sprung = tmp_path / "sprung"
    content = {"hooks": [Trap(Path.touch, sprung), Trap(getattr, sprung, "touch")], "state_dict": weights()}
    assert read_weights(write(tmp_path / "a.ckpt", content, zipped)).keys() == weights().keys()
    assert not sprung.exists()


@both_containers
def test_a_call_in_place_of_a_weight_is_no_weight(tmp_path: Path, zipped: bool) -> None:
    path = write(tmp_path / "a.pth", {"a": Trap(Path.touch, tmp_path / "sprung"), "b": torch.ones(2)}, zipped)
    assert read_weights(path).keys() == {"b"}
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [({}, "no state dict"), ([1], "no state dict"), (nn.Linear(2, 2), r"save its state_dict\(\)"), (None, "no state")],
)
def test_what_holds_no_state_dict_is_refused(tmp_path: Path, content: object, reason: str) -> None:
    with pytest.raises(CheckpointError, match=rf"a\.pth: .*{reason}"):
        read_weights(write(tmp_path / "a.pth", content))


def test_a_plain_pickle_a_text_and_nothing_are_refused(tmp_path: Path) -> None:
    for data in (pickle.dumps(Trap(os.system, f"touch {tmp_path / 'sprung'}")), b"hello\n" * 99, b"", b"\x80\x02"):
        (tmp_path / "a.pth").write_bytes(data)
        with pytest.raises(CheckpointError, match=r"a\.pth"):
            read_weights(tmp_path / "a.pth")
    assert not (tmp_path / "sprung").exists()


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"none\.pth: there is no such file"):
        read_weights(tmp_path / "none.pth")
    with pytest.raises(CheckpointError, match=f"{tmp_path.name}: cannot be read"):
        read_weights(tmp_path)


@pytest.fixture(scope="module", params=[True, False])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    content = {"epoch": 1, "callbacks": {Callback: Callback()}, "state_dict": weights()}
    return write(tmp_path_factory.mktemp("torch") / "a.ckpt", content, request.param)


@settings(max_examples=60)
@given(part=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_refused(whole: Path, part: float) -> None:
    data = whole.read_bytes()
    cut = whole.with_name("cut.ckpt")
    cut.write_bytes(data[: int(part * len(data))])
    with pytest.raises(CheckpointError, match=r"cut\.ckpt"):
        read_weights(cut)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4))
def test_any_other_bytes_are_weights_or_a_checkpoint_error(whole: Path, changes: list[tuple[float, int]]) -> None:
    data = bytearray(whole.read_bytes())
    for part, value in changes:
        data[int(part * len(data))] = value
    changed = whole.with_name("changed.ckpt")
    changed.write_bytes(data)
    with suppress(CheckpointError):
        assert sum(each.numel() for each in read_weights(changed).values()) <= 60


def memory_of(path: Path) -> int:
    """Return the most memory that Python takes to refuse a file."""
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError):
            read_weights(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@both_containers
def test_a_tensor_larger_than_its_numbers_is_refused(tmp_path: Path, zipped: bool) -> None:
    path = write(tmp_path / "a.pth", {"a": torch.zeros(1).expand(1 << 20, 1 << 20)}, zipped)
    assert memory_of(path) < 1e6


def test_a_storage_larger_than_the_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pth", {"a": torch.zeros(12345)}, zipped=False)
    claimed = struct.pack("<q", 1 << 36)
    data = path.read_bytes().replace(struct.pack("<cH", b"M", 12345), b"\x8a\x08" + claimed)
    path.write_bytes(data.replace(struct.pack("<q", 12345), claimed))
    assert memory_of(path) < 1e6


def test_a_compressed_member_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.pth", {"a": torch.zeros(1 << 20)})
    with (
        zipfile.ZipFile(tmp_path / "a.pth") as good,
        zipfile.ZipFile(tmp_path / "b.pth", "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for name in good.namelist():
            bad.writestr(name, good.read(name))
    assert (tmp_path / "b.pth").stat().st_size < 20_000
    assert memory_of(tmp_path / "b.pth") < 1e6


@pytest.mark.parametrize("code", [b"\x8e", b"\x8d"])
def test_a_text_that_claims_to_be_endless_is_refused(tmp_path: Path, code: bytes) -> None:
    write(tmp_path / "a.pth", {"a": torch.zeros(3)}, zipped=False)
    head = (tmp_path / "a.pth").read_bytes()
    (tmp_path / "a.pth").write_bytes(head[:2] + code + struct.pack("<q", 1 << 60) + head[2:])
    with pytest.raises(CheckpointError):
        read_weights(tmp_path / "a.pth")


# The dict of the pairs under number 1.
ORDERED = b"ccollections\nOrderedDict\nh\x01\x85R"
# Each would take minutes or all the memory there is, if followed.
LONG_PAIRS = b"](" + b"N" * 10**4 + b"eq\x00(" + b"h\x00" * 10**4 + b"lq\x01" + ORDERED + b"."
MANY_DICTS = b"((X\x01\x00\x00\x00aNl" + b"2" * 10**4 + b"lq\x01(" + ORDERED * 10**4 + b"l."


@pytest.mark.parametrize(("data", "reason"), [(LONG_PAIRS, "a dict is damaged"), (MANY_DICTS, "more than it can hold")])
def test_dicts_that_would_take_for_ever_are_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as file:
        file.writestr("a/data.pkl", data)
    with pytest.raises(CheckpointError, match=reason):
        read_weights(tmp_path / "a.pth")


@pytest.mark.parametrize("key", [b"]", b")" + b"2\x86" * 60])
def test_keys_of_storages_that_are_no_texts_are_refused(tmp_path: Path, key: bytes) -> None:
    data = write(tmp_path / "a.pth", {"a": torch.zeros(3)}, zipped=False).read_bytes()
    at = data.rindex(b"\x80\x02]")
    (tmp_path / "a.pth").write_bytes(data[:at] + b"\x80\x02]" + key + b"a.")
    with pytest.raises(CheckpointError, match="another length"):
        read_weights(tmp_path / "a.pth")


def test_kinds_that_no_net_has_are_refused_only_among_the_weights(tmp_path: Path) -> None:
    odd = torch.zeros(2, dtype=torch.complex64)
    assert read_weights(write(tmp_path / "a.pth", {"state_dict": weights(), "odd": odd})).keys() == weights().keys()
    with pytest.raises(CheckpointError, match="ComplexFloatStorage"):
        read_weights(write(tmp_path / "b.pth", {"odd": odd}))
