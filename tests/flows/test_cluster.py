"""The files for schedulers: their parts cover a tree, whatever runs again, and what they say makes sense."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handseg_cli.config import PredictConfig, StatusConfig
from handseg_cli.predict.shards import Shard, find_shard
from handseg_cli.predict.status import status
from handseg_cli.predict.stream import predict
from tests.tiny.photos import put

CLUSTER = Path(__file__).parents[2] / "data_scripts" / "cluster"
# What --quote of GNU parallel comes down to for plain words: one command for each line of stdin, {} replaced.
PARALLEL = """#!/bin/bash
while [ "$1" != handseg-here ]; do shift; done
while read -r line; do "${@//\\{\\}/$line}" || exit; done
"""


@pytest.fixture
def handseg(tmp_path: Path, tiny_weights: Path) -> Path:
    """Return a program that is handseg with the small net."""
    program = tmp_path / "bin" / "handseg-here"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m handseg_cli "$@" --weights {tiny_weights} --quiet\n')
    program.chmod(0o755)
    return program


def start(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(CLUSTER / script), *arguments]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=100)


def done(folder: Path) -> Counter[str]:
    """Return how often each photo was done by the manifests in a folder."""
    lines = [json.loads(line) for each in folder.glob("*.jsonl") for line in each.read_text().splitlines()]
    return Counter(Path(line["path"]).name for line in lines if line["status"] == "done")


@pytest.mark.parametrize("script", ["slurm.sbatch", "parallel.sh"])
def test_the_scripts_are_valid_and_say_what_is_missing(script: str) -> None:
    assert subprocess.run(["bash", "-n", str(CLUSTER / script)]).returncode == 0
    ended = start(script)
    assert ended.returncode == 1
    assert "is missing" in ended.stderr


def test_slurm_tasks_cover_the_tree_and_one_may_run_again(tmp_path: Path, handseg: Path) -> None:
    names = [str(tmp_path / f"photos/in {number % 3}/{number}.jpg") for number in range(9)]
    put(*names)
    arguments = [str(tmp_path / "photos"), str(tmp_path / "masks"), "--bits", "1"]
    for task in ("3", "1", "2", "1"):
        # As for `sbatch --array=1` of three: the count is that of what was submitted.
        slurm = {"SLURM_ARRAY_TASK_ID": task, "SLURM_ARRAY_TASK_COUNT": "1", "SHARDS": "3", "HANDSEG": str(handseg)}
        ended = start("slurm.sbatch", *arguments, **slurm)
        assert (ended.returncode, ended.stderr) == (0, "")
    assert done(tmp_path / "masks.manifests") == Counter(Path(name).name for name in names)
    assert len(list((tmp_path / "masks").rglob("*.png"))) == 9
    report = status(StatusConfig((tmp_path / "masks.manifests",), (tmp_path / "photos",), recursive=True))
    assert (report.exit_code, report.inputs, len(report.parts)) == (0, 9, 3)


def test_parallel_does_each_part(tmp_path: Path, handseg: Path) -> None:
    put(*(str(tmp_path / f"photos/{number}.jpg") for number in range(4)))
    program = handseg.with_name("parallel")
    program.write_text(PARALLEL)
    program.chmod(0o755)
    path = f"{handseg.parent}:{os.environ['PATH']}"
    arguments = [str(tmp_path / "machines"), str(tmp_path / "photos"), str(tmp_path / "masks")]
    ended = start("parallel.sh", *arguments, PATH=path, SHARDS="2", HANDSEG=handseg.name)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert sorted(done(tmp_path / "masks.manifests").values()) == [1, 1, 1, 1]
    assert {each.name for each in (tmp_path / "masks.manifests").iterdir()} == {"1.jsonl", "2.jsonl"}


def test_sixteen_parts_in_any_order_some_twice_cover_the_tree_exactly_once(tmp_path: Path, tiny_weights: Path) -> None:
    names = [f"{number % 5}/{number}.jpg" for number in range(60)]
    put(*(str(tmp_path / "photos" / name) for name in names), size=(40, 30))
    parts = [*range(1, 17), 3, 9, 9, 16]
    random.Random(5).shuffle(parts)
    for part in parts:
        predict(
            PredictConfig(
                paths=(tmp_path / "photos",),
                weights=str(tiny_weights),
                output=tmp_path / "masks",
                recursive=True,
                shard=f"{part}/16",
                manifest=tmp_path / f"{part}.jsonl",
                quiet=True,
            )
        )
    assert done(tmp_path) == Counter(Path(name).name for name in names)
    assert sorted(str(each.relative_to(tmp_path / "masks")) for each in (tmp_path / "masks").rglob("*.png")) == sorted(
        f"{name}.png" for name in names
    )


@pytest.fixture
def job() -> Any:
    """Return the Kubernetes Job."""
    yaml = pytest.importorskip("yaml", reason="reading the Job takes PyYAML")
    return yaml.safe_load((CLUSTER / "kubernetes.yaml").read_text())


def container(job: Any) -> Any:
    (only,) = job["spec"]["template"]["spec"]["containers"]
    return only


def test_the_job_numbers_its_pods_and_they_know_their_parts(job: Any) -> None:
    assert (job["apiVersion"], job["kind"], job["spec"]["completionMode"]) == ("batch/v1", "Job", "Indexed")
    count = job["spec"]["completions"]
    variables = {each["name"]: each["value"] for each in container(job)["env"]}
    assert variables == {"JOB_COMPLETION_COUNT": str(count)}
    last = find_shard("", variables | {"JOB_COMPLETION_INDEX": str(count - 1)})
    assert last == Shard(count - 1, count, "JOB_COMPLETION_INDEX")


def test_the_job_is_retried_where_that_helps_within_its_resources(job: Any) -> None:
    spec = job["spec"]
    assert spec["template"]["spec"]["restartPolicy"] == "Never"  # which podFailurePolicy asks for
    assert spec["backoffLimitPerIndex"] > 0
    (codes,) = (rule["onExitCodes"]["values"] for rule in spec["podFailurePolicy"]["rules"] if "onExitCodes" in rule)
    assert codes == [2, 3, 4]
    resources = container(job)["resources"]
    assert {*resources["requests"]} == {*resources["limits"]} == {"cpu", "memory"}
    mounts = {each["name"] for each in container(job)["volumeMounts"]}
    assert mounts == {each["name"] for each in spec["template"]["spec"]["volumes"]}


def test_the_jobs_command_is_one_of_ours(job: Any, check: Callable[..., PredictConfig]) -> None:
    config = check(*container(job)["command"][1:], *container(job)["args"])
    assert (config.recursive, config.workers, config.fail_on) == (True, 6, "never")
    assert "$(JOB_COMPLETION_INDEX)" in str(config.manifest)


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Callable[..., PredictConfig]:
    """Return what reads a command line as `handseg` does, and runs nothing."""
    from handseg_cli import cli

    seen: list[PredictConfig] = []

    def read(*arguments: str) -> PredictConfig:
        monkeypatch.setattr(cli, "resolve", lambda _: seen.append)
        cli.build_app()(args=list(arguments), standalone_mode=False)
        return seen[0]

    return read
