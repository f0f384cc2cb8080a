"""Runs that tell joints: files, streams, videos and reruns, as with masks."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from handseg_cli.config import PredictConfig
from handseg_cli.errors import ConfigError
from handseg_cli.io.video import VideoWriter
from handseg_cli.predict import work
from handseg_cli.predict.manifest import Summary
from handseg_cli.predict.stamps import is_stamped
from handseg_cli.predict.stream import predict
from handseg_cli.sample import Image
from tests.tiny.photos import identities, left_over, read, records, statuses
from tests.tiny.red_hands import build, finder, photo

Run = Callable[..., Summary]


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nets")
    build(folder)
    return folder


@pytest.fixture
def pose(folder: Path, nets: Path) -> Run:
    """Return predict --task pose in an empty folder, with nets for which red is hand."""

    def predict_poses(*paths: str, **settings: Any) -> Summary:
        Path("m.jsonl").unlink(missing_ok=True)
        defaults: dict[str, Any] = {
            "task": "pose",
            "weights": str(nets / "pose.onnx"),
            "finder": str(nets / "finder.onnx"),
        }
        defaults |= {"manifest": Path("m.jsonl"), "quiet": True}
        return predict(PredictConfig(paths=tuple(map(Path, paths)), **(defaults | settings)))

    return predict_poses


def save(name: str, image: Image, **how: Any) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(image).save(name, **how)


def told(name: str) -> Any:
    return json.loads(Path(name).read_text())


def wrists(name: str) -> list[list[float]]:
    return sorted(hand["points"][0] for hand in told(name)["hands"])


def test_photos_with_no_hand_one_and_two(pose: Run) -> None:
    for count, places in enumerate(([], [(60, 60)], [(60, 60), (200, 100)])):
        save(f"{count}.png", photo(*places))
    assert pose(".").done == 3
    assert [told(f"{count}.png.json")["count"] for count in range(3)] == [0, 1, 2]
    assert np.allclose(wrists("2.png.json"), [[59.5, 59.5], [199.5, 99.5]], atol=0.02)
    assert [(record["hands"], record["sides"]) for record in records()] == [(0, []), (1, ["left"]), (2, ["left"] * 2)]
    assert records()[2]["outputs"] == {"pose": "2.png.json"}


def test_a_photo_that_exif_turns_is_told_as_it_is_displayed(pose: Run) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    save("up.png", photo((60, 90)))
    save("turned.jpg", np.rot90(photo((60, 90))), exif=exif, quality=95)
    pose(".")
    assert np.allclose(wrists("turned.jpg.json"), wrists("up.png.json"), atol=0.1)
    assert (told("turned.jpg.json")["width"], told("turned.jpg.json")["height"]) == (320, 240)


def test_a_second_run_does_nothing_and_opens_no_net(pose: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    save("a.png", photo((60, 60)))
    pose(".", kind=("pose", "overlay"))
    before = identities("a.png.json", "a.png.overlay.jpg")
    monkeypatch.setattr(work, "opened", None)
    assert pose(".", kind=("pose", "overlay")).skipped == 1
    assert identities("a.png.json", "a.png.overlay.jpg") == before


@pytest.mark.parametrize("change", [{"focal": 400.0}, {"threshold": 0.4}, {"size": 96}])
def test_poses_by_other_settings_are_redone(pose: Run, change: dict[str, Any]) -> None:
    save("a.png", photo((60, 60)))
    pose("a.png")
    assert pose("a.png", **change).done == 1
    assert pose("a.png", **change).skipped == 1


def test_poses_by_another_finder_are_redone(pose: Run) -> None:
    save("a.png", photo((60, 60)))
    pose("a.png")
    Path("other.onnx").write_bytes(finder(steepness=9.0))
    assert pose("a.png", finder="other.onnx").done == 1


def test_overlays_of_masks_and_of_poses_are_not_taken_for_each_other(pose: Run, nets: Path) -> None:
    save("a.png", photo((60, 60)))
    pose("a.png", kind=("overlay",))
    drawn = read("a.png.overlay.jpg")
    masks = {"task": "hands", "finder": "", "weights": str(nets / "finder.onnx")}
    assert pose("a.png", kind=("overlay",), **masks).done == 1
    assert not np.array_equal(read("a.png.overlay.jpg"), drawn)


def test_an_overlay_shows_the_fingers_and_leaves_the_rest(pose: Run) -> None:
    save("a.png", photo((200, 120)))
    pose("a.png", kind=("overlay",))
    drawn = read("a.png.overlay.jpg").astype(int)
    pose("a.png")
    for tip in range(4, 21, 4):
        x, y = np.floor(told("a.png.json")["hands"][0]["points"][tip]).astype(int)
        assert np.abs(drawn[y, x] - (255, 0, 0)).sum() > 100
    assert np.abs(drawn[:60, :100]).max() < 12


def test_broken_files_fail_and_the_others_go_on(pose: Run) -> None:
    save("a.png", photo((60, 60)))
    Path("b.png").write_bytes(b"\x89PNG\r\n\x1a\n no photo")
    assert pose(".").exit_code == 1
    assert statuses() == {"a.png": "done", "b.png": "failed"}
    assert not Path("b.png.json").exists()
    assert not list(left_over(Path()))


def test_json_of_another_tool_is_kept_unless_asked(pose: Run) -> None:
    save("a.png", photo((60, 60)))
    Path("a.png.json").write_text('{"mine": 1}')
    assert pose("a.png").failed == 1
    assert "--overwrite" in records()[0]["reason"]
    assert told("a.png.json") == {"mine": 1}
    assert pose("a.png", overwrite=True).done == 1


def test_what_was_written_is_no_input(pose: Run) -> None:
    save("a.png", photo((60, 60)))
    pose(".", kind=("pose", "overlay"))
    summary = pose(*sorted(str(path) for path in Path().glob("a.*")))
    assert (summary.skipped, summary.failed) == (1, 0)
    assert is_stamped(Path("a.png.json"))


def test_a_changed_photo_is_redone_and_a_copy_is_not(pose: Run) -> None:
    save("in/a.png", photo((60, 60)))
    pose("in")
    shutil.copytree("in", "copy", copy_function=shutil.copyfile)
    assert pose("copy").skipped == 1
    save("in/a.png", photo((90, 60)))
    assert pose("in").done == 1
    assert np.allclose(wrists("in/a.png.json"), [[89.5, 59.5]], atol=0.02)


def test_parts_do_a_tree_exactly_once_into_a_mirror(pose: Run) -> None:
    for number in range(6):
        save(f"in/{number % 2}/{number}.png", photo((60, 60)))
    runs = [pose("in", recursive=True, output=Path("out"), shard=f"{part}/3") for part in (1, 2, 3)]
    assert sum(summary.done for summary in runs) == 6
    assert len(list(Path("out").rglob("*.png.json"))) == 6
    assert pose("in", recursive=True, output=Path("out")).skipped == 6


def clip(name: str, count: int = 6) -> None:
    """Write a video of a hand that moves to the right and is not there in the first frame."""
    with Path(name).open("wb") as file:
        writer = VideoWriter(file, (120, 160, 3), Fraction(25))
        for number in range(count):
            writer.write(photo(*[(30 + 16 * number, 60)][:number], size=(120, 160)), number / 25)
        writer.close()


def test_a_video_becomes_lines(pose: Run) -> None:
    clip("clip.mp4")
    pose("clip.mp4")
    head, *frames = map(json.loads, Path("clip.mp4.jsonl").read_text().splitlines())
    assert (head["width"], head["height"], head["handseg"]["kind"]) == (160, 120, "pose")
    assert [frame["count"] for frame in frames] == [0, 1, 1, 1, 1, 1]
    assert [frame["seconds"] for frame in frames] == pytest.approx([number / 25 for number in range(6)], abs=0.002)
    across = [frame["hands"][0]["points"][0][0] for frame in frames[1:]]
    assert np.abs(np.diff(across) - 16).max() < 1.5
    assert records()[0]["frames_with_hands"] == 5
    assert pose("clip.mp4").skipped == 1
    assert pose("clip.mp4.jsonl", "clip.mp4").skipped == 1


def test_a_video_becomes_a_folder_and_a_video_to_look_at(pose: Run) -> None:
    clip("clip.mp4", 3)
    pose("clip.mp4", frames=True)
    names = sorted(path.name for path in Path("clip.mp4.pose.frames").iterdir())
    assert names == ["000000.json", "000001.json", "000002.json", "handseg.json"]
    assert told("clip.mp4.pose.frames/000001.json")["count"] == 1
    assert pose("clip.mp4", frames=True).skipped == 1
    save("x/a.png", photo())
    assert pose(".", recursive=True).done == 1
    pose("clip.mp4", kind=("overlay",))
    assert Path("clip.mp4.overlay.mp4").stat().st_size > 0


def command(nets: Path, *options: str) -> list[str]:
    models = ("--model", str(nets / "pose.onnx"), "--finder", str(nets / "finder.onnx"))
    return [sys.executable, "-m", "handseg_cli", "predict", "--task", "pose", *models, *options]


def test_a_photo_on_stdin_gives_what_its_file_gets(pose: Run, nets: Path) -> None:
    save("a.png", photo((60, 60)))
    done = subprocess.run(command(nets, "-"), input=Path("a.png").read_bytes(), capture_output=True, timeout=60)
    pose("a.png")
    assert done.returncode == 0
    assert json.loads(done.stdout)["hands"] == told("a.png.json")["hands"]


def test_raw_frames_give_a_line_each(folder: Path, nets: Path) -> None:
    frames = np.stack([photo(), photo((60, 60))])
    done = subprocess.run(command(nets, "--raw", "320x240"), input=frames.tobytes(), capture_output=True, timeout=60)
    head, *lines = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 0
    assert (head["width"], "handseg" in head) == (320, False)
    assert [(line["frame"], line["count"]) for line in lines] == [(0, 0), (1, 1)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"task": "pose", "kind": ("mask",)}, "--kind mask: --task pose writes pose, overlay; run again without"),
        ({"kind": ("pose",)}, "--kind pose: --task hands writes mask, .* add --task pose"),
        ({"finder": "lite"}, "--finder is for --task pose"),
        ({"focal": 900.0}, "--focal is for --task pose"),
        ({"task": "pose", "focal": -1.0}, "--focal is -1.0; it is a length"),
        ({"task": "pose", "focal": float("nan")}, "--focal is nan; it is a length"),
        ({"task": "pose", "label": "arm"}, "leave out --label"),
        (
            {"task": "pose", "raw": "8x8", "paths": (), "kind": ("overlay",)},
            "--raw writes --kind mask or probability, or with --task pose",
        ),
    ],
)
def test_options_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PredictConfig(**({"paths": (Path("a.jpg"),)} | settings))


def test_each_task_writes_what_it_is_for_unless_told() -> None:
    assert PredictConfig(paths=(Path("a.jpg"),)).kinds == ("mask",)
    assert PredictConfig(paths=(Path("a.jpg"),), task="pose").kinds == ("pose",)
    assert PredictConfig(paths=(Path("a.jpg"),), task="pose", kind=("overlay",)).kinds == ("overlay",)
