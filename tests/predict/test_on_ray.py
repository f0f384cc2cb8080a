"""The predict verb on a Ray cluster: as on one machine, whatever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from handseg_cli.config import PredictConfig
from handseg_cli.errors import ConfigError, HandsegError
from handseg_cli.predict.ray_worker import Worker
from handseg_cli.predict.sources import Item
from tests.tiny.photos import left_over, put, read, records, statuses

ray = pytest.importorskip("ray", reason="needs the extra ray")

from handseg_cli.predict import ray_cluster  # noqa: E402 - only where there is Ray
from handseg_cli.predict.on_ray import BLOCK, TRIES, Block, after_death, blocks_of  # noqa: E402

Run = Callable[..., Any]
PREDICT = [sys.executable, "-m", "handseg_cli", "predict"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Return the address of a cluster of this machine with two CPUs."""
    # Inherited by the commands that join it; the secret would else be kept in the user's home.
    settings = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_TOKEN": "0" * 64, "RAY_worker_niceness": "0"}
    os.environ |= settings
    context = ray.init(
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=100 << 20,
        log_to_driver=False,
        _node_ip_address="127.0.0.1",
    )
    yield context.address_info["gcs_address"]
    ray.shutdown()
    for name in (*settings, "RAY_AUTH_MODE"):
        os.environ.pop(name, None)


def workers() -> list[int]:
    """Return the processes that do photos, among those that this one has started."""
    parents, named = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if (folder / "cmdline").read_bytes().startswith(b"ray::Worker"):
                named.append(int(folder.name))
        except OSError:  # it has just ended
            continue
    return [pid for pid in named if os.getpid() in ancestors(pid, parents)]


def ancestors(pid: int, parents: dict[int, int]) -> Iterator[int]:
    while pid := parents.get(pid, 0):
        yield pid


def masks(folder: str) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*.png")}


def told() -> list[dict[str, Any]]:
    """Return the records by path, without what no two runs have in common."""
    kept = [{**record, "time": 0, "milliseconds": 0, "outputs": 0} for record in records()]
    return sorted(kept, key=lambda record: str(record["path"]))


def test_masks_and_records_are_those_of_one_machine(run: Run, cluster: str) -> None:
    put(*(f"in/{number % 3}/{number:02}.jpg" for number in range(3 * BLOCK)))
    Path("in/broken.jpg").write_text("no photo")
    alone = run("in", recursive=True, output=Path("one"))
    of_one = told()
    shared = run("in", recursive=True, output=Path("two"), engine="ray")
    assert (shared.done, shared.failed, shared.exit_code) == (alone.done, alone.failed, alone.exit_code) == (96, 1, 1)
    assert masks("one") == masks("two")
    assert told() == of_one
    again = run("in", recursive=True, output=Path("two"), engine="ray")
    assert (again.done, again.skipped, again.failed) == (0, 96, 1)


def test_workers_that_are_killed_lose_nothing_and_double_nothing(
    run: Run, cluster: str, folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    put(*(f"in/{number:03}.jpg" for number in range(240)), size=(640, 480))
    killed: list[int] = []
    ended = threading.Event()

    def kill() -> None:
        while len(killed) < 3 and not ended.is_set():
            before = len(list(Path("out").glob("*.png")))
            while len(list(Path("out").glob("*.png"))) < before + 15 and not ended.is_set():
                time.sleep(0.005)
            for pid in workers()[:1]:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    thread = threading.Thread(target=kill)
    thread.start()
    summary = run("in", output=Path("out"), engine="ray", json=True)
    ended.set()
    thread.join()
    # Ray's own words about dead workers are no data.
    assert capfdbinary.readouterr().out == Path("m.jsonl").read_bytes()
    assert len(set(killed)) == 3
    assert (summary.done, summary.exit_code) == (240, 0)
    assert set(Counter(record["path"] for record in records()).values()) == {1}
    assert len(statuses()) == 240
    assert all(record["hands"] is not None for record in records())
    run("in", output=Path("one"))
    assert masks("one") == masks("out")
    assert not list(left_over(folder))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_what_a_driver_has_finished_stays(
    run: Run, cluster: str, folder: Path, tiny_weights: Path, number: signal.Signals, code: int
) -> None:
    put(*(f"in/{number:03}.jpg" for number in range(160)), size=(640, 480))
    options = ["--engine", "ray", "--address", cluster, "--manifest", "m.jsonl", "-o", "out"]
    command = [*PREDICT, "in", *options, "--weights", str(tiny_weights)]
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": path}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        while len(list(Path("out").glob("*.png"))) < 40 and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in said
    while workers():
        time.sleep(0.05)
    before = masks("out")
    assert 40 <= len(before) < 160
    if number == signal.SIGINT:
        assert Counter(record["status"] for record in records()) == {"done": len(before)}
    summary = run("in", output=Path("out"), engine="ray")
    assert (summary.done, summary.skipped) == (160 - len(before), len(before))
    assert masks("out").items() >= before.items()
    assert not list(left_over(folder))


def test_an_error_of_a_worker_is_told_as_one_of_ours(run: Run, cluster: str) -> None:
    put("a.jpg")
    with pytest.raises(ConfigError, match=r"--kind sides: lite tells"):
        run("a.jpg", weights="lite", kind=("sides",), engine="ray")


def test_a_cluster_without_room_for_a_worker_is_refused(run: Run, cluster: str) -> None:
    put("a.jpg")
    with pytest.raises(HandsegError, match="no machine of the cluster has 2 CPUs and a GPU"):
        run("a.jpg", device="cuda", runtime="onnx", engine="ray")


def test_a_cluster_that_is_not_there_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put("a.jpg")
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "1")
    with pytest.raises(HandsegError, match=r"--address nowhere: cannot be used"):
        run("a.jpg", engine="ray", address="nowhere")


def test_blocks_are_of_photos_or_one_video() -> None:
    photos = [Item(Path(f"{number}.jpg"), f"{number}.jpg") for number in range(2 * BLOCK + 1)]
    video = Item(Path("a.mp4"), "a.mp4", video=True)
    made = list(blocks_of([*photos[:3], None, video, *photos]))
    assert [block and len(block.items) for block in made] == [3, None, 1, BLOCK, BLOCK, 1]
    assert made[2] == Block([video])


def test_a_photo_that_kills_its_workers_is_given_up_alone() -> None:
    poison = "7.jpg"
    todo = [Block([Item(Path(f"{number}.jpg"), f"{number}.jpg") for number in range(BLOCK)])]
    done, lost = [], []
    while todo:
        block = todo.pop(0)
        names = [item.key for item in block.items]
        if poison not in names:
            done += names
            continue
        redo, given_up = after_death(block, "it died")
        todo += redo
        lost += given_up
        assert len(block.items) == 1 or not block.is_suspect
    assert len(done) == BLOCK - 1
    assert [(item.key, reason) for item, reason in lost] == [
        (poison, f"{TRIES} workers have died over it, the last: it died")
    ]


def test_what_a_dead_worker_had_finished_is_told_in_full(folder: Path, tiny_weights: Path) -> None:
    put("a.jpg", "b.jpg")
    config = PredictConfig(paths=(Path(),), weights=str(tiny_weights), manifest=Path("m.jsonl"))
    items = [Item(Path(name), name) for name in ("a.jpg", "b.jpg")]
    dead = Worker(config, folder, 2)
    dead.open()
    assert [record.status for record in dead.do(items[:1], again=False)[0]] == ["done"]
    mask = Path("a.jpg.png").read_bytes()
    assert [record.status for record in dead.do(items, again=False)[0]] == ["skipped", "done"]
    heir = Worker(config, folder, 2)
    heir.open()
    found, code = heir.do(items, again=True)
    assert ([(record.status, record.width) for record in found], code) == ([("done", 120), ("done", 120)], 0)
    assert Path("a.jpg.png").read_bytes() == mask
    assert read("a.jpg.png").shape == (90, 120)
    heir.halt(143)
    assert heir.do(items, again=True) == ([], 143)


def test_a_machine_without_the_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(HandsegError, match=r"gone: is not there on .* all machines"):
        Worker(PredictConfig(paths=(Path("a.jpg"),)), tmp_path / "gone", 1).open()


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"address": "auto"}, "--address is for"),
        ({"actors": 2}, "--actors is for"),
        ({"engine": "ray", "actors": -1}, "0 or more"),
        ({"engine": "ray", "paths": (Path("-"),)}, "leave it out"),
        ({"metrics": Path("m.prom"), "paths": (Path("-"),)}, "--metrics and --log-json are for runs over files"),
    ],
)
def test_options_of_a_cluster_are_checked(settings: dict[str, Any], hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        PredictConfig(**({"paths": (Path("a.jpg"),)} | settings))


def test_only_so_many_workers_start_as_there_is_room_for(cluster: str) -> None:
    assert ray_cluster.cpus_of_worker() == 2
    assert list(ray_cluster.room_for_workers(2, 0)) == [1]
    assert list(ray_cluster.room_for_workers(1, 1)) == [0]
