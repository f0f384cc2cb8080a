"""What a training goes on from holds everything, and nothing else is believed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from handseg_cli.checkpoints.store import save
from handseg_cli.config import TrainConfig
from handseg_cli.errors import CheckpointError
from handseg_cli.train.optim import follow, make_optimizer
from handseg_cli.train.state import Place, State, read_last


def state(optimizer: str = "adamw", width: int = 4, ema: bool = True) -> State:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.Linear(width, 1))
    torch.manual_seed(0)
    mean = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.Linear(width, 1)) if ema else model
    config = TrainConfig(run=Path("run"), optimizer=optimizer)  # type: ignore[arg-type]
    return State(model, mean, make_optimizer(model, config), torch.amp.GradScaler("cpu", enabled=False))


def go(state: State, steps: int) -> Tensor:
    for _ in range(steps):
        torch.manual_seed(state.at.step)
        state.optimizer.zero_grad()
        state.model.train()(torch.rand(8, 3)).square().mean().backward()
        state.optimizer.step()
        if state.mean is not state.model:
            follow(state.mean, state.model, 0.9, state.at.step)
        state.at.step += 1
    weights = (value.flatten() for net in (state.model, state.mean) for value in net.state_dict().values())
    return torch.cat([each.double() for each in weights])


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd"])
@pytest.mark.parametrize("ema", [True, False])
def test_what_goes_on_equals_what_never_stopped(tmp_path: Path, optimizer: str, ema: bool) -> None:
    whole = go(state(optimizer, ema=ema), 9)
    first = state(optimizer, ema=ema)
    go(first, 4)
    first.at.sums = {"bce": 0.5}
    first.save(tmp_path / "last.safetensors", {})
    second = state(optimizer, ema=ema)
    go(second, 1)  # whatever it was before
    second.restore(tmp_path / "last.safetensors", read_last(tmp_path / "last.safetensors"))
    assert second.at == first.at
    assert torch.equal(go(second, 5), whole)


def test_a_file_that_is_not_there_is_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="nothing to resume"):
        state().restore(tmp_path / "last.safetensors", read_last(tmp_path / "last.safetensors"))


def test_a_file_of_another_net_is_refused(tmp_path: Path) -> None:
    state(width=5).save(tmp_path / "last.safetensors", {})
    with pytest.raises(CheckpointError, match="another net"):
        state().restore(tmp_path / "last.safetensors", read_last(tmp_path / "last.safetensors"))


@pytest.mark.parametrize("length", [0, 7, 100, -1])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "last.safetensors"
    state().save(path, {})
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CheckpointError, match="damaged"):
        state().restore(path, read_last(path))


def test_a_model_file_is_no_state(tmp_path: Path) -> None:
    save(tmp_path / "best.safetensors", state().model, {"model": "lite"})
    with pytest.raises(CheckpointError, match="damaged"):
        state().restore(tmp_path / "best.safetensors", read_last(tmp_path / "best.safetensors"))


@pytest.mark.parametrize(("pictures", "batch"), [(8, 6), (16, 2), (4, 12), (40, 0)])
def test_an_epoch_goes_on_where_it_was_with_other_processes(pictures: int, batch: int) -> None:
    at = Place(step=26, epoch=2, batch=6, pictures=8, sums={"bce": 1.5})
    at.regroup(pictures, accumulate=2)
    assert (at.step, at.epoch, at.batch, at.pictures) == (26, 2, batch, pictures)
    assert at.sums == {"bce": batch / 4}
    assert at.done(10, accumulate=2) == 20 + batch // 2


def test_what_was_kept_before_pictures_were_counted_stays_as_it_is() -> None:
    at = Place(step=26, epoch=2, batch=6)
    at.regroup(16, accumulate=1)
    assert (at.batch, at.pictures) == (6, 16)
