"""The predict verb on folders of small photos, with a small net."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from handseg_cli.config import PredictConfig
from handseg_cli.errors import NothingFoundError
from handseg_cli.io.files import PART, claim
from handseg_cli.predict import work
from handseg_cli.predict.manifest import Summary
from handseg_cli.predict.predictor import Predictor
from handseg_cli.predict.stream import predict

Run = Callable[..., Summary]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder, which is the current one, too."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path, tiny_weights: Path) -> Run:
    """Return predict, on paths of the current folder; each run writes its records to m.jsonl anew."""

    def predict_paths(*paths: str, **settings: Any) -> Summary:
        Path("m.jsonl").unlink(missing_ok=True)
        defaults: dict[str, Any] = {"manifest": Path("m.jsonl"), "weights": str(tiny_weights), "quiet": True}
        return predict(PredictConfig(paths=tuple(map(Path, paths)), **(defaults | settings)))

    return predict_paths


def put(*names: str, size: tuple[int, int] = (120, 90), seed: int = 0) -> None:
    """Write photos of blotches, no two alike."""
    for number, name in enumerate(names):
        rng = np.random.default_rng([seed, number])
        photo = Image.fromarray(rng.integers(0, 256, (3, 4, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        photo.save(name)


def records() -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("m.jsonl").read_text().splitlines()]


def statuses() -> dict[str, str]:
    return {record["path"]: record["status"] for record in records()}


def read(name: str) -> NDArray[np.uint8]:
    return np.asarray(Image.open(name))


def left_over(folder: Path) -> Iterator[Path]:
    return folder.rglob(f"*{PART}")


def identities(*names: str) -> list[tuple[int, int]]:
    return [(os.stat(name).st_ino, os.stat(name).st_mtime_ns) for name in names]


def test_each_photo_gets_a_mask_of_its_size_beside_it(run: Run, folder: Path) -> None:
    put("a.jpg", "a.png", "a.webp", "in/a.tiff", size=(101, 67))
    assert run(".", recursive=True).done == 4
    for name in ("a.jpg.png", "a.png.png", "a.webp.png", "in/a.tiff.png"):
        mask = read(name)
        assert mask.shape == (67, 101)
        assert set(np.unique(mask)) <= {0, 255}
    assert not list(left_over(folder))


def test_a_record_tells_what_was_seen(run: Run) -> None:
    put("a.jpg")
    run("a.jpg", min_area=0.001)
    (record,) = records()
    mask = read("a.jpg.png")
    assert record["status"] == "done"
    assert record["outputs"] == {"mask": "a.jpg.png"}
    assert (record["width"], record["height"]) == (120, 90)
    assert record["hand_pixels"] == np.count_nonzero(mask)
    assert record["hands"] == len(record["boxes"]) > 0
    for left, top, right, bottom in record["boxes"]:
        assert mask[top:bottom, left:right].any()
    assert 0 < record["confidence"] <= 1
    assert record["milliseconds"] > 0
    assert len(record["model"]) == 16


def test_a_second_run_does_nothing_and_opens_no_net(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put("a.jpg", "b.jpg")
    run(".")
    before = identities("a.jpg.png", "b.jpg.png")
    monkeypatch.setattr(work, "open_predictor", None)
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


def test_the_tree_is_mirrored_under_the_output(run: Run, folder: Path) -> None:
    put("in/a.jpg", "in/x/a.jpg", "other/a.jpg")
    run("in", recursive=True, output=Path("one"))
    run("in", "other", recursive=True, output=Path("two"))
    masks = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.png"))
    assert masks == [
        "one/a.jpg.png",
        "one/x/a.jpg.png",
        "two/in/a.jpg.png",
        "two/in/x/a.jpg.png",
        "two/other/a.jpg.png",
    ]


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


def test_one_bit_is_the_same_mask(run: Run) -> None:
    put("a.jpg")
    run("a.jpg")
    eight = read("a.jpg.png")
    run("a.jpg", bits=1)
    assert read("a.jpg.png").dtype == np.bool_
    assert np.array_equal(read("a.jpg.png"), eight > 0)


def test_a_broken_photo_is_reported_and_the_rest_goes_on(run: Run, folder: Path) -> None:
    put("a.jpg", "b.jpg", "c.jpg")
    Path("b.jpg").write_bytes(Path("b.jpg").read_bytes()[:300])
    Path("d.jpg").touch()
    summary = run(".")
    assert (summary.done, summary.failed, summary.exit_code) == (2, 2, 1)
    assert statuses() == {"a.jpg": "done", "b.jpg": "failed", "c.jpg": "done", "d.jpg": "failed"}
    assert all(record["reason"] for record in records() if record["status"] == "failed")
    assert not Path("b.jpg.png").exists()
    assert not list(left_over(folder))


def test_the_exit_code_is_as_asked(run: Run) -> None:
    put("a.jpg")
    assert run("a.jpg", "gone.jpg").exit_code == 1
    assert run("a.jpg", "gone.jpg", fail_on="all").exit_code == 0
    assert run("gone.jpg", fail_on="all").exit_code == 1
    assert run("gone.jpg", fail_on="never").exit_code == 0


def test_strict_stops_at_the_first_failure(run: Run) -> None:
    put(*(f"{number:02}.jpg" for number in range(40)))
    Path("03.jpg").write_text("no photo")
    summary = run(".", strict=True, workers=2)
    assert summary.exit_code == 1
    assert summary.failed == 1
    assert 3 <= summary.done < 20


def test_a_folder_without_photos_is_an_error(run: Run) -> None:
    Path("notes.txt").write_text("no photo")
    with pytest.raises(NothingFoundError) as error:
        run(".")
    assert error.value.exit_code == 3


def test_records_come_in_the_order_of_the_inputs(run: Run) -> None:
    names = [f"{number:02}.jpg" for number in range(30)]
    for number, name in enumerate(names):
        put(name, size=(900, 600) if number % 5 == 0 else (40, 30))
    run(".", workers=4)
    assert [record["path"] for record in records()] == names


def test_a_batch_gives_the_masks_of_single_photos(run: Run) -> None:
    put("a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg")
    put("wide.jpg", size=(300, 60))
    Path("c.jpg").write_text("no photo")
    run(".", output=Path("single"))
    assert run(".", output=Path("batch"), batch=4).done == 5
    for single in Path("single").iterdir():
        assert np.mean(read(str(single)) == read(f"batch/{single.name}")) > 0.999


def test_a_photo_that_memory_does_not_hold_fails_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put("a.jpg", "b.jpg", "c.jpg")
    put("huge.jpg", size=(200, 150))
    segment = Predictor.segment

    def scarce(predictor: Predictor, photos: Any) -> Any:
        if any(photo.size == (150, 200) for photo in photos):
            raise MemoryError
        return segment(predictor, photos)

    monkeypatch.setattr(Predictor, "segment", scarce)
    assert run(".", batch=4).done == 3
    assert [record["reason"] for record in records() if record["status"] == "failed"] == [
        "there is not enough memory for it"
    ]


def test_a_bug_is_not_taken_for_a_broken_photo(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put("a.jpg", "b.jpg")
    monkeypatch.setattr(Predictor, "segment", lambda self, photos: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(".")
    assert not list(left_over(folder))


def test_a_photo_that_changes_while_it_is_read_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from handseg_cli.predict import stamps

    put("a.jpg")

    def read_bytes(path: Path) -> bytes:
        data = path.read_bytes()
        with path.open("ab") as file:
            file.write(b"more")
        return data

    monkeypatch.setattr(stamps, "read_bytes", read_bytes)
    assert run("a.jpg").failed == 1
    assert "is being written" in records()[0]["reason"]


def test_a_photo_that_another_run_is_at_is_left_to_it(run: Run) -> None:
    put("a.jpg", "b.jpg")
    claimed = claim(Path("a.jpg.png"))
    assert claimed is not None
    with claimed:
        summary = run(".")
    assert (summary.done, summary.busy, summary.exit_code) == (1, 1, 0)
    assert not Path("a.jpg.png").exists()


def test_names_too_long_for_a_mask_are_reported_and_others_of_any_kind_are_done(run: Run) -> None:
    strange = ["-o.jpg", "new\nline.jpg", os.fsdecode(b"caf\xe9.jpg"), "x" * 247 + ".jpg", "*.jpg", " .jpg"]
    put(*strange, "y" * 251 + ".jpg")
    summary = run(".")
    assert (summary.done, summary.failed) == (6, 1)
    assert all(Path(name + ".png").exists() for name in strange)
    (failed,) = (record for record in records() if record["status"] == "failed")
    assert failed["path"].startswith("yyy")


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


def test_lines_on_stdout_are_valid_whatever_the_names(run: Run, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    put("a\n.jpg", os.fsdecode(b"caf\xe9.jpg"))
    run(".", json=True)
    lines = capfdbinary.readouterr().out.decode("utf-8").splitlines()
    assert [json.loads(line)["path"] for line in lines] == ["a\n.jpg", "caf�.jpg"]
    assert Path("m.jsonl").read_text().splitlines() == lines


def test_a_video_among_photos_keeps_its_place(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put("a.jpg", "c.jpg")
    Path("b.mp4").write_bytes(b"\0\0\0\x18ftypisom" + b"\0" * 400)
    run("a.jpg", "b.mp4", "c.jpg")
    assert list(statuses().items()) == [("a.jpg", "done"), ("b.mp4", "failed"), ("c.jpg", "done")]
