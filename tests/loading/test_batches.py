"""Batches: the same whatever the number of processes, and no process left behind."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import torch

from handseg_cli.errors import DatasetError
from handseg_cli.loading.batches import Batch, Feed
from handseg_cli.loading.mix import Mix, Part
from handseg_cli.loading.recipe import Recipe

Build = Callable[..., Path]
RECIPE = Recipe(size=48)


@pytest.fixture
def mix(prepared: Build) -> Mix:
    return Mix([Part("a", prepared("a", train=9, val=5)), Part("b", prepared("b", train=5), 0.6)], "train")


def feed(mix: Mix, *, batch: int = 3, workers: int = 0, rank: int = 0, ranks: int = 1) -> Feed:
    return Feed(mix, RECIPE, batch=batch, seed=7, workers=workers, rank=rank, ranks=ranks)


def content(batches: Iterable[Batch]) -> list[tuple[bytes, bytes, list[str]]]:
    return [(each.image.numpy().tobytes(), each.targets["mask"].numpy().tobytes(), each.key) for each in batches]


def test_a_batch_has_the_form_that_models_take(mix: Mix) -> None:
    batch = next(feed(mix).epoch(0))
    assert batch.image.shape == (3, 3, 48, 48)
    assert batch.targets["mask"].shape == (3, 48, 48)
    assert batch.image.dtype == batch.targets["mask"].dtype == torch.uint8
    assert batch.image.is_contiguous()
    assert len(batch.key) == 3


def test_workers_change_no_byte(mix: Mix) -> None:
    alone, crew = feed(mix), feed(mix, workers=2)
    assert content(crew.epoch(1)) == content(alone.epoch(1))
    assert content(crew.once()) == content(alone.once())


def test_an_epoch_can_begin_anywhere(mix: Mix) -> None:
    whole = content(feed(mix).epoch(2))
    assert len(whole) == len(feed(mix)) == 4
    assert content(feed(mix).epoch(2, start=3)) == whole[3:]
    assert content(feed(mix).epoch(2, start=4)) == []
    assert content(feed(mix).epoch(3)) != whole


def test_two_ranks_make_the_batches_of_one_process(mix: Mix) -> None:
    both = [list(feed(mix, rank=rank, ranks=2).epoch(0)) for rank in range(2)]
    one = list(feed(mix, batch=6).epoch(0))
    assert [len(each) for each in both] == [len(one)] * 2
    for first, second, whole in zip(*both, one, strict=True):
        assert torch.equal(torch.stack([first.image, second.image], 1).flatten(0, 1), whole.image)
        assert torch.equal(
            torch.stack([first.targets["mask"], second.targets["mask"]], 1).flatten(0, 1), whole.targets["mask"]
        )


def test_one_short_batch_is_kept_where_it_is_all_there_is(mix: Mix) -> None:
    (batch,) = feed(mix, batch=50).epoch(0)
    assert len(batch.key) == mix.drawn == 12


def test_more_processes_than_samples_are_refused(mix: Mix) -> None:
    with pytest.raises(DatasetError, match="12 samples for 13 processes"):
        feed(mix, ranks=13)


def test_validation_sees_every_sample_once(mix: Mix) -> None:
    keys = [key for rank in range(2) for batch in feed(mix, rank=rank, ranks=2).once() for key in batch.key]
    assert sorted(keys) == sorted(mix[at].key for at in range(len(mix)))
    halves = Feed(mix, Recipe(48, "halves"), batch=4, seed=0, workers=0)
    assert sum(len(batch.key) for batch in halves.once()) == 2 * len(mix)


def test_a_damaged_sample_is_explained_without_a_traceback(prepared: Build) -> None:
    path = prepared("a", train=4)
    mix = Mix([Part("a", path)], "train")
    data = bytearray(path.read_bytes())
    at = data.index(b"\xff\xd8\xff")
    data[at : at + 40] = bytes(40)
    path.write_bytes(data)
    with pytest.raises(DatasetError, match=r"a\.h5: sample 0: ") as caught:
        list(feed(mix, workers=1).once())
    assert "Traceback" not in str(caught.value)


def test_who_stops_early_ends_the_workers(mix: Mix) -> None:
    batches = feed(mix, workers=2).epoch(0)
    next(batches)
    assert len(multiprocessing.active_children()) == 2
    del batches
    assert not multiprocessing.active_children()


def test_workers_stay_for_the_next_epoch_and_no_longer_than_the_feed(mix: Mix) -> None:
    crew = feed(mix, workers=2)
    list(crew.epoch(0))
    before = {process.pid for process in multiprocessing.active_children()}
    both = [content(crew.epoch(1)), content(crew.once())]
    assert {process.pid for process in multiprocessing.active_children()} == before
    assert both == [content(feed(mix).epoch(1)), content(feed(mix).once())]
    del crew
    for process in multiprocessing.active_children():
        process.join(10)
    assert not multiprocessing.active_children()


def test_two_runs_at_once_do_not_mix(mix: Mix) -> None:
    crew, alone = feed(mix, workers=1), feed(mix)
    pairs = zip(crew.epoch(0), crew.epoch(1), strict=True)
    assert content(second for _, second in pairs) == content(alone.epoch(1))
