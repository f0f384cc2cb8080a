"""Several prepared files as one list of samples."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from handseg_cli.errors import ConfigError, DatasetError
from handseg_cli.loading.mix import Mix, Part, parts

Build = Callable[..., Path]


def test_names_weights_aliases_and_paths_lead_to_files(prepared: Build, tmp_path: Path) -> None:
    eh, own = prepared("egohands", train=1), prepared("own", train=1)
    found = parts(["eh=0.5", f"{own}=2"], tmp_path)
    assert found == [Part("egohands", eh, 0.5), Part("own", own, 2.0)]


def test_a_missing_file_is_told_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="handseg prepare egohands"):
        parts(["eh"], tmp_path)
    with pytest.raises(DatasetError, match=r"no\.h5: is not there"):
        parts([str(tmp_path / "no.h5")], tmp_path)


def test_a_weight_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        parts(["eh=0"], tmp_path)


def test_samples_follow_each_other_and_carry_the_name_of_their_file(prepared: Build) -> None:
    mix = Mix([Part("a", prepared("a", train=2, val=1)), Part("b", prepared("b", train=2))], "train")
    assert [mix[at].key for at in range(len(mix))] == ["a/v/0", "a/v/1", "b/v/0", "b/v/1"]
    assert len(Mix(mix.parts, "all")) == 5
    with pytest.raises(IndexError):
        mix[4]


def test_a_mix_goes_to_other_processes(prepared: Build) -> None:
    mix = Mix([Part("a", prepared("a", train=2))], "train")
    copy = pickle.loads(pickle.dumps(mix))
    assert np.array_equal(copy[1].image, mix[1].image)


def test_an_empty_split_is_an_error_that_names_the_files(prepared: Build) -> None:
    with pytest.raises(DatasetError, match=r"a\.h5: holds no sample of the split test"):
        Mix([Part("a", prepared("a", train=2))], "test")


def test_an_epoch_takes_samples_by_weight(prepared: Build) -> None:
    paths = [prepared(name, train=10) for name in ("a", "b", "c")]
    mix = Mix([Part(path.stem, path, weight) for path, weight in zip(paths, (1, 2.5, 0.3), strict=True)], "train")
    order = mix.order(np.random.default_rng(0))
    times = Counter(order.tolist())
    assert len(order) == mix.drawn == 10 + 25 + 3
    assert {times[at] for at in range(10)} == {1}
    assert Counter(times[at] for at in range(10, 20)) == {2: 5, 3: 5}
    assert sum(times[at] for at in range(20, 30)) == 3
    assert order.tolist() != sorted(order.tolist())


def test_a_tiny_weight_still_takes_a_sample(prepared: Build) -> None:
    mix = Mix([Part("a", prepared("a", train=3), 0.01)], "train")
    assert mix.drawn == len(mix.order(np.random.default_rng(0))) == 1
