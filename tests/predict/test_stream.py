"""The predict verb on folders of small photos: what each gets, and what becomes of the others where one fails."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handseg_cli.errors import NothingFoundError
from handseg_cli.predict.manifest import Summary
from handseg_cli.predict.predictor import Predictor
from tests.tiny.photos import left_over, put, read, records, statuses

Run = Callable[..., Summary]


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


def test_names_too_long_for_a_mask_are_reported_and_others_of_any_kind_are_done(run: Run) -> None:
    strange = ["-o.jpg", "new\nline.jpg", os.fsdecode(b"caf\xe9.jpg"), "x" * 247 + ".jpg", "*.jpg", " .jpg"]
    put(*strange, "y" * 251 + ".jpg")
    summary = run(".")
    assert (summary.done, summary.failed) == (6, 1)
    assert all(Path(name + ".png").exists() for name in strange)
    (failed,) = (record for record in records() if record["status"] == "failed")
    assert failed["path"].startswith("yyy")


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
