"""Runs that tell of two hands at once: files, streams, videos and reruns, as with poses of single hands."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from PIL import Image as Pillow

from handseg_cli.config import NetConfig, PredictConfig
from handseg_cli.errors import CheckpointError, ConfigError
from handseg_cli.io.part_colours import PART_COLOURS, coloured
from handseg_cli.io.video import VideoWriter
from handseg_cli.predict import work
from handseg_cli.predict.manifest import Summary
from handseg_cli.predict.pair_nets import find_pair_nets
from handseg_cli.predict.pose_file import PairsFile, PairsFrameFile
from handseg_cli.predict.stream import predict
from tests.predict.test_pose_file import fits
from tests.tiny import red_hands, two_red_hands
from tests.tiny.photos import identities, read, records
from tests.tiny.two_red_hands import PALMS, Two, photo

Run = Callable[..., Summary]
BOTH = Two((150, 120), (168, 120))


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nets")
    red_hands.build(folder)
    (folder / "pairs.onnx").write_bytes(two_red_hands.model())
    return folder


@pytest.fixture
def pairs(folder: Path, nets: Path) -> Run:
    """Return predict --task hands3d in an empty folder."""

    def predict_pairs(*paths: str, **settings: Any) -> Summary:
        Path("m.jsonl").unlink(missing_ok=True)
        found = {"task": "hands3d", "weights": str(nets / "pairs.onnx"), "finder": str(nets / "finder.onnx")}
        defaults: dict[str, Any] = found | {"manifest": Path("m.jsonl"), "quiet": True}
        return predict(PredictConfig(paths=tuple(map(Path, paths)), **(defaults | settings)))

    return predict_pairs


def save(name: str, two: Two) -> None:
    Pillow.fromarray(photo(two)).save(name)


def told(name: str) -> Any:
    return json.loads(Path(name).read_text())


def test_photos_with_no_hand_one_and_two(pairs: Run) -> None:
    for count, two in enumerate((Two(), Two(left=(60, 60)), BOTH)):
        save(f"{count}.png", two)
    assert pairs(".").done == 3
    for count in range(3):
        content = told(f"{count}.png.json")
        assert fits(content, PairsFile)
        assert (content["count"], len(content["hands"])) == (count, count)
    assert [hand["side"] for hand in told("1.png.json")["hands"]] == ["left"]
    (pair,) = told("2.png.json")["pairs"]
    assert sorted(pair["hands"]) == [0, 1]
    assert min(pair["right"], pair["left"]) > 0.99
    assert told("1.png.json")["pairs"][0]["right"] < 0.01
    assert [sorted(record["sides"]) for record in records()] == [[], ["left"], ["left", "right"]]


def test_parts_are_a_palette_file_of_their_numbers(pairs: Run) -> None:
    save("a.png", BOTH)
    pairs("a.png", kind=("parts",))
    with Pillow.open("a.png.parts.png") as picture:
        assert picture.mode == "P"
        numbers = np.array(picture)
        assert picture.getpalette() == [level for colour in PART_COLOURS for level in colour]
        assert np.array_equal(np.array(picture.convert("RGB")), coloured(numbers))
    assert (numbers[120, 150], numbers[120, 168], numbers[10, 10]) == (PALMS["right"], PALMS["left"], 0)


def test_an_overlay_shows_parts_and_fingers_and_leaves_the_rest(pairs: Run) -> None:
    save("a.png", BOTH)
    pairs("a.png", kind=("overlay", "pose"))
    drawn = read("a.png.overlay.jpg").astype(int)
    assert drawn[124, 173, 2] > 50  # red has become the blue of a left palm
    # Which finger lies on top is chance; that something is drawn where the tips are is not.
    for hand in told("a.png.json")["hands"]:
        x, y = np.floor(hand["points"][12]).astype(int)
        assert drawn[y, x].max() > 100
    assert np.abs(drawn[200:, :100]).max() < 12


def test_a_second_run_does_nothing_and_opens_no_net(pairs: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    save("a.png", BOTH)
    kinds = ("pose", "parts", "overlay")
    names = ("a.png.json", "a.png.parts.png", "a.png.overlay.jpg")
    pairs(".", kind=kinds)
    before = identities(*names)
    monkeypatch.setattr(work, "opened", None)
    assert pairs(".", kind=kinds).skipped == 1
    assert identities(*names) == before


def test_files_of_another_task_or_model_are_redone(pairs: Run, nets: Path) -> None:
    save("a.png", BOTH)
    pairs("a.png")
    assert pairs("a.png", focal=500.0).done == 1
    Path("other.onnx").write_bytes(two_red_hands.model(behind=20.0))
    assert pairs("a.png", weights="other.onnx").done == 1
    assert pairs("a.png", task="pose", weights=str(nets / "pose.onnx")).done == 1
    assert "pairs" not in told("a.png.json")


def test_a_video_becomes_lines_and_a_video_of_numbers(pairs: Run) -> None:
    with Path("clip.mp4").open("wb") as file:
        writer = VideoWriter(file, (240, 320, 3), Fraction(25))
        for number, two in enumerate((Two(), BOTH)):
            writer.write(photo(two), number / 25)
        writer.close()
    assert pairs("clip.mp4", kind=("pose", "parts")).done == 1
    head, *frames = map(json.loads, Path("clip.mp4.jsonl").read_text().splitlines())
    assert (head["width"], head["handseg"]["settings"]["task"]) == (320, "hands3d")
    assert all(fits(frame, PairsFrameFile) for frame in frames)
    assert [(frame["count"], len(frame["pairs"])) for frame in frames] == [(0, 0), (2, 1)]
    assert Path("clip.mp4.parts.mkv").stat().st_size > 0
    assert pairs("clip.mp4", kind=("pose", "parts")).skipped == 1
    pairs("clip.mp4", kind=("parts",), frames=True)
    assert np.array(Pillow.open("clip.mp4.parts.frames/000001.png")).max() == PALMS["left"]


def test_raw_frames_give_numbers_of_parts(folder: Path, nets: Path) -> None:
    options = ("--model", str(nets / "pairs.onnx"), "--finder", str(nets / "finder.onnx"), "--kind", "parts")
    command = [sys.executable, "-m", "handseg_cli", "predict", "--task", "hands3d", "--raw", "320x240", *options]
    done = subprocess.run(command, input=photo(BOTH).tobytes(), capture_output=True, timeout=60)
    numbers = np.frombuffer(done.stdout, np.uint8).reshape(240, 320)
    assert (numbers[120, 150], numbers[120, 168], numbers[0, 0]) == (PALMS["right"], PALMS["left"], 0)


def test_without_a_model_it_is_said_how_to_come_by_one(pairs: Run) -> None:
    save("a.png", BOTH)
    with pytest.raises(ConfigError, match=r"handseg train RUN --preset digit.*published db7cba8c1\.pt.*handseg export"):
        pairs("a.png", weights=NetConfig.weights)


def test_a_net_for_something_else_is_refused(nets: Path) -> None:
    with pytest.raises(CheckpointError, match="pose: is no net for hands3d; it tells the joints of hands"):
        find_pair_nets(NetConfig(str(nets / "pose.onnx")))
    with pytest.raises(CheckpointError, match="pairs: is no net for hands; it tells of two hands at once"):
        find_pair_nets(NetConfig(str(nets / "pairs.onnx")), str(nets / "pairs.onnx"))


def test_a_net_that_tells_something_else_than_its_card_is_refused(pairs: Run, nets: Path) -> None:
    save("a.png", BOTH)
    broken = onnx.load(nets / "pose.onnx")
    helper.set_model_props(broken, {"card": json.dumps(two_red_hands.CARD)})
    onnx.save(broken, "broken.onnx")
    assert pairs("a.png", weights="broken.onnx").failed == 1
    assert "tells none for joints" in records()[0]["reason"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"task": "hands3d", "kind": ("mask",)},
            "--kind mask: .*pose, parts, overlay; run again without --task hands3d",
        ),
        (
            {"task": "pose", "kind": ("parts",)},
            "--kind parts: --task pose writes pose, overlay; it takes --task hands3d",
        ),
        ({"kind": ("parts",)}, "--kind parts: .* add --task hands3d"),
        ({"task": "hands3d", "label": "arm"}, "--task hands3d is of hands; leave out --label"),
    ],
)
def test_options_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PredictConfig(**({"paths": (Path("a.jpg"),)} | settings))
