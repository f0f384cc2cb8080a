from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.splits import SHARES, drawn, seed_indices, split, split_groups, split_of_group, whole_of
from handseg_cli.errors import DatasetError

# What the first system's code gave for the number of samples of EgoHands, GTEA and HandOverFace.
SHUFFLES = {
    4800: ((4448, 3022, 827, 1745, 4202, 149, 4630, 197), (2172, 2561, 88, 1646, 4066), (3518, 1598, 1560, 3135, 1546)),
    1778: ((366, 644, 1104, 78, 218, 422, 1429, 1665), (1237, 48, 239, 453, 1739), (101, 1412, 1109, 1721, 1164)),
    300: ((164, 200, 73, 163, 115, 275, 262, 165), (255, 15, 295, 261, 136), (37, 226, 174, 85, 18)),
}
COUNTS = {4800: (2880, 960, 960), 1778: (1067, 356, 356), 300: (180, 60, 60)}


def entry(key: str, group: str = "", split: str = "") -> Entry:
    return Entry(key, Path(key), group=group, split=split)


def of_groups(sizes: dict[str, int]) -> list[Entry]:
    return [entry(f"{group}/{number}", group) for group, count in sizes.items() for number in range(count)]


def shares(chosen: list[str]) -> dict[str, float]:
    return {name: chosen.count(name) / len(chosen) for name in SHARES}


@pytest.mark.parametrize("count", SHUFFLES)
def test_shuffles_are_those_of_the_first_system(count: int) -> None:
    indices = seed_indices(count, overlap=True)
    assert tuple(len(part) for part in indices) == COUNTS[count]
    for part, first in zip(indices, SHUFFLES[count], strict=True):
        assert tuple(part[: len(first)].tolist()) == first


def test_one_sample_of_gtea_was_in_val_and_in_test() -> None:
    _, val, test = (set(part.tolist()) for part in seed_indices(1778, overlap=True))
    assert val & test == {101}


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7, 8, 300, 1778, 4800])
def test_without_the_overlap_each_sample_is_in_one_split(count: int) -> None:
    assert sorted(np.concatenate(seed_indices(count)).tolist()) == list(range(count))


def test_the_shared_sample_stays_in_val() -> None:
    chosen = split([entry(str(number)) for number in range(1778)], "seed")
    assert chosen[101] == "val"
    assert (chosen[1412], chosen[366]) == ("test", "train")
    assert Counter(chosen) == {"train": 1067, "val": 356, "test": 355}


def test_another_seed_shuffles_otherwise() -> None:
    assert seed_indices(300, 5)[0].tolist() != seed_indices(300)[0].tolist()


def test_the_official_split_is_the_datasets_own() -> None:
    entries = [entry("a", split="test"), entry("b", split="train")]
    assert split(entries, "official") == ["test", "train"]


def test_a_dataset_without_official_split_is_refused() -> None:
    with pytest.raises(DatasetError, match=r"a/1: .*split by group or by seed"):
        split([entry("a/1")], "official")


@given(st.dictionaries(st.text(max_size=4), st.integers(1, 9), max_size=12), st.integers(0, 3))
def test_groups_are_never_divided_and_no_split_is_empty(sizes: dict[str, int], seed: int) -> None:
    entries = of_groups({f"g{group}": count for group, count in sizes.items()})
    chosen = split(entries, "group", seed)
    pairs = {(one.group, name) for one, name in zip(entries, chosen, strict=True)}
    assert len(pairs) == len(sizes)
    if len(sizes) >= 3:
        assert set(chosen) == {"train", "val", "test"}


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_about_those_wanted(seed: int) -> None:
    found = shares(split(of_groups({f"video {number}": 10 + number % 7 for number in range(48)}), "group", seed))
    assert 0.4 < found["train"] < 0.8
    assert 0.1 <= found["val"] < 0.4
    assert 0.1 <= found["test"] < 0.4


def test_many_groups_have_the_shares_exactly() -> None:
    found = shares([split_of_group(f"person {number}") for number in range(20_000)])
    assert all(abs(found[name] - SHARES[name]) < 0.01 for name in SHARES)


@pytest.mark.parametrize("seed", range(20))
def test_three_videos_make_three_splits(seed: int) -> None:
    assert Counter(split_groups({"vid4": 400, "vid6": 500, "vid9": 390}, seed).values()) == {
        "train": 1,
        "val": 1,
        "test": 1,
    }


def test_one_group_outweighing_all_does_not_stop_the_split() -> None:
    sizes = {"giant": 10**6} | {f"g{number}": 1 for number in range(2000)}
    assert set(split_groups(sizes).values()) == {"train", "val", "test"}


def test_new_samples_move_none_of_the_old() -> None:
    sizes = {f"video {number}": 100 for number in range(48)}
    before = split_groups(sizes)
    after = split_groups({**sizes, "video 7": 250, "video 48": 100, "video 49": 30})
    assert {group: after[group] for group in before} == before
    assert before == {group: split_of_group(group) for group in sizes}


def test_the_order_of_the_samples_decides_nothing() -> None:
    entries = of_groups({"a": 5, "b": 3, "c": 9, "d": 1})
    forth, back = split(entries, "group"), split(entries[::-1], "group")
    assert forth == back[::-1]


def test_a_photo_without_group_goes_by_its_key() -> None:
    keys = [f"photo {number}" for number in range(50)]
    chosen = split([entry(key) for key in keys], "group")
    assert chosen == split([entry(str(number), key) for number, key in enumerate(keys)], "group")


def test_names_that_are_no_text_have_a_split() -> None:
    assert split_of_group("vid\udce9o") in SHARES


def test_no_sample_makes_no_split() -> None:
    assert split([], "group") == split([], "seed") == split([], "official") == []


def test_the_split_of_a_group_never_changes() -> None:
    names = ("CARDS_COURTYARD_B_T", "vid4", "s2_cheese", "rahul_turkey", "anna", "Capture0")
    wanted = ["test", "val", "val", "test", "test", "train"]
    assert [split_of_group(name) for name in names] == wanted


def test_parts_of_splits_are_drawn_as_the_fourth_system_does() -> None:
    chance = random.Random(1)
    assert chance.randint(0, 100) == 17
    assert drawn("minitrain", 5000).tolist() == sorted(chance.sample(range(5000), 1000))


@pytest.mark.parametrize(
    ("name", "whole", "count"),
    [
        *(("minitrain", "train", 1000), ("minival", "val", 1000), ("minitest", "test", 1000)),
        *(("smalltrain", "train", 600), ("smallval", "val", 1500), ("smalltest", "test", 1500)),
        *(("tinytrain", "train", 300), ("train", "train", 6000), ("all", "all", 6000), ("tinyval", "tinyval", 6000)),
    ],
)
def test_a_part_of_a_split_has_its_size_and_nothing_twice(name: str, whole: str, count: int) -> None:
    found = drawn(name, 6000)
    assert whole_of(name) == whole
    assert len(found) == len({*found.tolist()}) == count
    assert 0 <= found.min() <= found.max() < 6000


def test_a_part_of_few_samples_has_one_at_least_and_all_at_most() -> None:
    assert len(drawn("tinytrain", 5)) == 1
    assert drawn("minival", 5).tolist() == [0, 1, 2, 3, 4]
