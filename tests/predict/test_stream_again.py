"""Runs after other runs, or beside them: what is done again, what is left as it is, and who does what."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handseg_cli.io.files import claim
from handseg_cli.predict import work
from handseg_cli.predict.manifest import Summary
from tests.tiny.photos import identities, put, read, records

Run = Callable[..., Summary]


def test_a_second_run_does_nothing_and_opens_no_net(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put("a.jpg", "b.jpg")
    run(".")
    before = identities("a.jpg.png", "b.jpg.png")
    monkeypatch.setattr(work, "opened", None)
    summary = run(".")
    assert (summary.done, summary.skipped, summary.exit_code) == (0, 2, 0)
    assert identities("a.jpg.png", "b.jpg.png") == before
    assert {record["status"] for record in records()} == {"skipped"}


@pytest.mark.parametrize("change", [{"threshold": 0.4}, {"bits": 1}, {"min_area": 0.01}, {"size": 96}, {"tta": True}])
def test_a_mask_by_other_settings_is_redone(run: Run, change: dict[str, Any]) -> None:
    put("a.jpg")
    run("a.jpg")
    assert run("a.jpg", **change).done == 1
    assert run("a.jpg", **change).skipped == 1


def test_settings_that_do_not_matter_to_a_kind_leave_it(run: Run) -> None:
    put("a.jpg")
    run("a.jpg", kind=("probability",))
    assert run("a.jpg", kind=("probability",), threshold=0.9, bits=1, min_area=0.5).skipped == 1


def test_a_mask_by_other_weights_is_redone(run: Run, tiny_weights: Path) -> None:
    put("a.jpg")
    run("a.jpg")
    assert run("a.jpg", weights=str(tiny_weights.with_suffix(".safetensors"))).done == 1


def test_the_mask_of_a_changed_photo_is_redone(run: Run) -> None:
    put("a.jpg")
    run("a.jpg")
    put("a.jpg", seed=1)
    assert run("a.jpg").done == 1


def test_the_mask_of_a_photo_that_was_only_touched_or_copied_stays(run: Run) -> None:
    put("in/a.jpg")
    run("in")
    shutil.copytree("in", "copy", copy_function=shutil.copyfile)
    before = identities("copy/a.jpg.png")
    assert run("copy").skipped == 1
    assert identities("copy/a.jpg.png") == before


def test_a_mask_of_another_tool_is_kept_unless_asked(run: Run) -> None:
    put("a.jpg", "b.jpg")
    Path("a.jpg.png").write_bytes(b"precious")
    assert run("a.jpg", "b.jpg").exit_code == 1
    assert "--overwrite" in records()[0]["reason"]
    assert Path("a.jpg.png").read_bytes() == b"precious"
    assert run("a.jpg", "b.jpg", overwrite=True).done == 1
    assert read("a.jpg.png").shape == (90, 120)


def test_a_picture_of_another_kind_by_that_name_is_kept(run: Run) -> None:
    put("a.jpg")
    run("a.jpg", kind=("probability",))
    shutil.copy("a.jpg", "a.jpg.probability")
    assert run("a.jpg.probability").failed == 1


def test_refresh_redoes_once_what_is_up_to_date(run: Run) -> None:
    put("a.jpg")
    run("a.jpg")
    before = identities("a.jpg.png")
    summary = run("a.jpg", ".", "a.jpg", refresh=True, workers=1)
    assert (summary.done, summary.skipped) == (1, 2)
    assert identities("a.jpg.png") != before


def test_what_is_named_twice_is_done_once(run: Run) -> None:
    put("a.jpg", "b.jpg")
    summary = run("a.jpg", "a.jpg", "b.jpg", ".", "a.jpg", workers=4)
    assert summary.done == 2
    assert summary.skipped + summary.busy == 4
    assert summary.exit_code == 0


def test_several_kinds_are_written_and_only_what_is_missing(run: Run) -> None:
    put("a.jpg")
    run("a.jpg")
    before = identities("a.jpg.png")
    assert run("a.jpg", kind=("mask", "probability", "overlay", "cutout"), bits=8).done == 1
    assert identities("a.jpg.png") == before
    assert list(records()[0]["outputs"]) == ["mask", "probability", "overlay", "cutout"]
    assert read("a.jpg.overlay.jpg").shape == (90, 120, 3)
    assert read("a.jpg.cutout.png").shape == (90, 120, 4)
    assert np.array_equal(read("a.jpg.probability.png") >= 128, read("a.jpg.png") > 0)
    assert run(".", kind=("mask", "probability", "overlay", "cutout")).skipped == 1


def test_crf_tiles_and_mirrors_go_together_and_are_known_again(run: Run) -> None:
    put("a.jpg", size=(300, 200))
    slow = {"crf": True, "tile": True, "tta": True, "kind": ("probability", "cutout")}
    assert run("a.jpg", **slow).done == 1
    assert read("a.jpg.probability.png").shape == (200, 300)
    assert run("a.jpg", **slow).skipped == 1


def test_a_photo_that_another_run_is_at_is_left_to_it(run: Run) -> None:
    put("a.jpg", "b.jpg")
    claimed = claim(Path("a.jpg.png"))
    assert claimed is not None
    with claimed:
        summary = run(".")
    assert (summary.done, summary.busy, summary.exit_code) == (1, 1, 0)
    assert not Path("a.jpg.png").exists()


def test_parts_do_a_tree_exactly_once(run: Run) -> None:
    put(*(f"{folder}/{number}.jpg" for folder in "ab" for number in range(6)))
    runs = [run(".", recursive=True, shard=f"{part}/3") for part in (1, 2, 3)]
    assert sum(summary.done for summary in runs) == 12
    assert sum(summary.skipped for summary in runs) == 0
    assert run(".", recursive=True).skipped == 12


def test_a_scheduler_deals_out_the_parts(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put(*(f"{number}.jpg" for number in range(8)))
    monkeypatch.setenv("JOB_COMPLETION_COUNT", "2")
    for index in (0, 1):
        monkeypatch.setenv("JOB_COMPLETION_INDEX", str(index))
        summary = run(".")
        assert 0 < summary.done < 8
        assert summary.skipped == 0
        assert f"part {index + 1} of 2" in str(summary)
    assert run(".", shard="1/1").skipped == 8
