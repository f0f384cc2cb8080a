"""Training and judging on prepared files in a store are what they are on a disk, to the byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handseg_cli.config import EvalConfig, TrainConfig
from handseg_cli.errors import ConfigError, DatasetError
from handseg_cli.evaluate.run import evaluate
from handseg_cli.loading.batches import Feed
from handseg_cli.loading.mix import Mix, parts
from handseg_cli.loading.recipe import Recipe
from handseg_cli.train.train import train
from tests.tiny import discs
from tests.tiny.buckets import Bucket, serving

pytest.importorskip("moto")
pytest.importorskip("s3fs")

SMALL: dict[str, Any] = {"size": 64, "batch": 4, "warmup": 2, "lr": 0.005, "schedule": "constant", "device": "cpu"}


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("discs") / "discs.h5"
    discs.build(path, count=30)
    return path


@pytest.fixture(scope="module")
def bucket(near: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """Return a bucket with that file in it."""
    folder = tmp_path_factory.mktemp("moto")
    with serving(folder / "log"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("HANDSEG_HOME", str(folder / "home"))
        made = Bucket("sets", folder / "log")
        made.put("discs.h5", near.read_bytes())
        yield made


def trained(run: Path, datasets: str, **given: Any) -> bytes:
    config: dict[str, Any] = {"epochs": 1, "workers": 0, "quiet": True, "datasets": (datasets,), **SMALL, **given}
    train(TrainConfig(run=run, **config))
    return (run / "last.safetensors").read_bytes()


def test_training_is_the_same_to_the_byte_stopped_or_not(bucket: Bucket, near: Path, tmp_path: Path) -> None:
    here = trained(tmp_path / "here", str(near), epochs=2)
    there = str(bucket.url("discs.h5"))
    trained(tmp_path / "there", there)
    assert trained(tmp_path / "there", there, epochs=2, workers=1, resume=True) == here


@pytest.mark.parametrize("workers", [0, 1])
def test_each_of_two_processes_gets_the_batches_that_it_gets_from_a_disk(
    bucket: Bucket, near: Path, tmp_path: Path, workers: int
) -> None:
    batches = []
    for name in (str(near), str(bucket.url("discs.h5"))):
        mix = Mix(parts((f"{name}=1.5",), tmp_path), "train")
        feed = Feed(mix, Recipe(size=64), batch=4, seed=0, workers=workers, rank=1, ranks=2)
        batches.append([*feed.epoch(3, start=1)])
    assert len(batches[0]) == len(batches[1]) == 2
    for here, there in zip(*batches, strict=True):
        assert (here.key, here.image.equal(there.image)) == (there.key, True)
        assert here.targets["mask"].equal(there.targets["mask"])


def test_a_sample_takes_one_request_and_neighbours_share_one(bucket: Bucket, tmp_path: Path) -> None:
    feed = Feed(
        Mix(parts((str(bucket.url("discs.h5")),), tmp_path), "train"), Recipe(size=64), batch=4, seed=0, workers=0
    )
    bucket.forget()
    assert sum(len(batch.key) for batch in feed.epoch(0)) == 16
    assert bucket.asked()["GET"] <= 16
    bucket.forget()
    assert sum(len(batch.key) for batch in feed.once()) == 18
    assert bucket.asked()["GET"] <= 5


def test_figures_are_the_same(bucket: Bucket, near: Path, tmp_path: Path) -> None:
    found = []
    for datasets in (str(near), str(bucket.url("discs.h5"))):
        evaluate(EvalConfig(datasets=(datasets,), json=tmp_path / "figures.json", quiet=True))
        (result,) = json.loads((tmp_path / "figures.json").read_text())["results"]
        found.append([result["dataset"]["digest"], [(photo["key"], photo["iou"]) for photo in result["photos"]]])
    assert found[0] == found[1]
    assert len(found[0][1]) == 6


def test_what_is_missing_is_told_before_anything_begins(bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"^s3://sets/none\.h5: is not there; give the address"):
        trained(tmp_path / "run", str(bucket.url("none.h5")))
    with pytest.raises(DatasetError, match=r"^s3://nobody/none\.h5: "):
        trained(tmp_path / "run", "s3://nobody/none.h5")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("config", [TrainConfig, EvalConfig])
def test_the_web_has_to_be_allowed(config: Any, tmp_path: Path) -> None:
    given = {"run": tmp_path} if config is TrainConfig else {}
    with pytest.raises(ConfigError, match=r"https://example\.com/a\.h5 is on the web; add --allow-http"):
        config(datasets=("https://example.com/a.h5",), **given)
    config(datasets=("https://example.com/a.h5", "s3://bucket/year=2026/b.h5=0.5"), allow_http=True, **given)
