"""Parts of the inputs: any number of them covers all, exactly once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handseg_cli.errors import ConfigError
from handseg_cli.predict.shards import Shard, find_shard

NAMES = st.sets(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1), max_size=50)
# Which of 3 parts each of 12 names belongs to. A change here would make machines of two versions leave photos out.
PARTS = [1, 0, 2, 2, 1, 0, 2, 0, 2, 2, 0, 2]
SLURM = {"SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_MIN": "3", "SLURM_ARRAY_TASK_COUNT": "4"}


@given(NAMES, st.integers(1, 40))
def test_any_number_of_parts_covers_each_name_exactly_once(names: set[str], count: int) -> None:
    shards = [Shard(index, count) for index in range(count)]
    assert all(sum(shard.holds(name) for shard in shards) == 1 for name in names)


def test_parts_stay_the_same_over_versions_and_machines() -> None:
    names = [f"folder/IMG_{number:04}.jpg" for number in range(12)]
    assert [next(i for i in range(3) if Shard(i, 3).holds(name)) for name in names] == PARTS


def test_parts_are_of_like_size() -> None:
    names = [f"{number}.jpg" for number in range(4000)]
    assert all(850 < sum(Shard(i, 4).holds(name) for name in names) < 1150 for i in range(4))


def test_a_name_that_is_no_unicode_has_its_part() -> None:
    assert sum(Shard(i, 5).holds("caf\udce9.jpg") for i in range(5)) == 1


@pytest.mark.parametrize(
    ("option", "environment", "shard"),
    [
        ("", {}, Shard()),
        ("3/8", SLURM, Shard(2, 8, "--shard")),
        ("1/1", SLURM, Shard(0, 1, "--shard")),
        ("", SLURM, Shard(2, 4, "SLURM_ARRAY_TASK_ID")),
        ("", {**SLURM, "SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_STEP": "2"}, Shard(2, 4, "SLURM_ARRAY_TASK_ID")),
        ("", {"JOB_COMPLETION_INDEX": "0", "JOB_COMPLETION_COUNT": "3"}, Shard(0, 3, "JOB_COMPLETION_INDEX")),
        ("", {"RANK": "1", "WORLD_SIZE": "2"}, Shard(1, 2, "RANK")),
        ("", {"RANK": "0", "WORLD_SIZE": "1"}, Shard()),
        ("", {"RANK": "0"}, Shard()),
    ],
)
def test_the_part_comes_from_the_option_or_the_scheduler(
    option: str, environment: dict[str, str], shard: Shard
) -> None:
    assert find_shard(option, environment) == shard


@pytest.mark.parametrize(
    "environment",
    [
        {**SLURM, "SLURM_ARRAY_TASK_ID": "7"},
        {**SLURM, "SLURM_ARRAY_TASK_ID": "6", "SLURM_ARRAY_TASK_STEP": "2"},
        {"JOB_COMPLETION_INDEX": "0"},
        {"JOB_COMPLETION_INDEX": "3", "JOB_COMPLETION_COUNT": "3"},
        {"RANK": "x", "WORLD_SIZE": "2"},
    ],
)
def test_numbers_that_would_leave_photos_out_are_refused(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="--shard"):
        find_shard("", environment)
