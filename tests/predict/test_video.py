"""Videos: the masks of frames are those of photos, and runs that are cut short lose and repeat nothing."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from handseg_cli.config import Kind, PredictConfig
from handseg_cli.errors import ImageError, OutputError
from handseg_cli.io.files import claim
from handseg_cli.io.video import VideoWriter, open_video
from handseg_cli.predict.manifest import Record
from handseg_cli.predict.predictor import Predictor
from handseg_cli.predict.sinks import Sinks
from handseg_cli.predict.sources import Item
from handseg_cli.predict.stamps import is_stamped
from handseg_cli.predict.stops import Stop
from handseg_cli.predict.stream import predict
from handseg_cli.predict.video import predict_video, stamp_of
from handseg_cli.sample import Image, Mask

TIMES = [0.0, 0.04, 0.08, 0.3, 0.4, 0.44, 0.48, 0.9, 1.0, 1.1]


class Bright:
    """A net that takes what is bright for hands, and counts the photos it saw."""

    device = "cpu"

    def __init__(self, seen: Callable[[int], None] = lambda count: None) -> None:
        self.count = 0
        self.seen = seen

    def run(self, batch: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        self.count += len(batch)
        self.seen(self.count)
        return {"mask": 20 * (batch[:, None, 2::4, 2::4].mean(axis=4) / np.float32(255) - np.float32(0.5))}


def shoot(path: Path, count: int = 10) -> Path:
    """Write a video of a bright square that moves over a dark ground and is out of sight in the first two frames."""
    with path.open("wb") as file:
        writer = VideoWriter(file, (72, 104, 3), Fraction(25))
        for number, seconds in zip(range(count), itertools.chain(TIMES, itertools.count(2)), strict=False):
            frame = np.full((72, 104, 3), 40, np.uint8)
            if number >= 2:
                frame[20:52, 4 * number : 4 * number + 32] = 220
            writer.write(frame, seconds)
        writer.close()
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return shoot(tmp_path / "clip.mp4")


def run(path: Path, net: Bright | None = None, stop: Stop | None = None, **settings: Any) -> Record:
    config = PredictConfig(paths=(path,), **{"workers": 3, **settings})
    predictor = Predictor(net or Bright(), size=96, threshold=config.threshold)
    record = predict_video(Item(path, path.name, True), predictor, Sinks(config, "abc", 96), stop or Stop())
    return record or Record(path, "failed", "stopped")


def written(record: Record, kind: Kind) -> Path:
    """Return where a picture of a record was written: here always a file."""
    place = record.outputs[kind]
    assert isinstance(place, Path)
    return place


def frames_of(path: Path) -> list[Image]:
    with open_video(path, max_pixels=10**6) as video:
        return [frame.image() for frame in video.frames()]


def masks_of(path: Path) -> list[Mask]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray").astype(np.uint8) for frame in container.decode(video=0)]


def png(path: Path) -> NDArray[np.uint8]:
    with Pillow.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("batch", [1, 4])
def test_the_masks_of_a_video_are_those_of_its_frames_as_photos(clip: Path, batch: int) -> None:
    record = run(clip, batch=batch)
    predictions = [Predictor(Bright(), size=96)(image) for image in frames_of(clip)]
    masks = masks_of(clip.with_name("clip.mp4.mkv"))
    assert len(masks) == 10
    assert all((mask == prediction.mask).all() for mask, prediction in zip(masks, predictions, strict=True))
    assert (record.status, record.frames, record.frames_with_hands) == ("done", 10, 8)
    assert (record.width, record.height) == (104, 72)
    assert record.hand_pixels == sum(np.count_nonzero(mask) for mask in masks)


def test_each_mask_is_shown_when_its_frame_is(clip: Path) -> None:
    run(clip)
    with open_video(clip.with_name("clip.mp4.mkv"), max_pixels=10**6) as video:
        assert [frame.seconds for frame in video.frames()] == pytest.approx(TIMES, abs=0.001)


def test_several_kinds_are_made_at_once(clip: Path) -> None:
    record = run(clip, kind=("mask", "probability", "overlay"))
    wanted = Predictor(Bright(), size=96)(frames_of(clip)[5])
    assert {kind: path.name for kind, path in record.outputs.items()} == {
        "mask": "clip.mp4.mkv",
        "probability": "clip.mp4.probability.mkv",
        "overlay": "clip.mp4.overlay.mp4",
    }
    assert (masks_of(written(record, "mask"))[5] == wanted.mask).all()
    assert (masks_of(written(record, "probability"))[5] == wanted.probability).all()
    assert np.stack(frames_of(written(record, "overlay"))).shape == (10, 72, 104, 3)


def test_the_verb_does_videos_and_photos_together(clip: Path, tmp_path: Path, tiny_weights: Path) -> None:
    Pillow.fromarray(frames_of(clip)[4]).save(tmp_path / "photo.png")
    manifest = tmp_path / "lines"
    paths = (clip, tmp_path / "photo.png")
    settings: dict[str, Any] = {"weights": str(tiny_weights), "quiet": True, "manifest": manifest}
    assert predict(PredictConfig(paths=paths, **settings)).done == 2
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    assert [line.get("frames") for line in lines] == [10, None]
    assert (masks_of(clip.with_name("clip.mp4.mkv"))[4] == png(tmp_path / "photo.png.png")).all()
    assert predict(PredictConfig(paths=paths, **settings)).skipped == 2


def test_frames_become_numbered_masks(clip: Path) -> None:
    record = run(clip, frames=True)
    folder = clip.with_name("clip.mp4.frames")
    assert record.outputs == {"mask": folder}
    assert sorted(path.name for path in folder.iterdir()) == [*(f"{k:06}.png" for k in range(10)), "handseg.json"]
    assert (png(folder / "000007.png") == Predictor(Bright(), size=96)(frames_of(clip)[7]).mask).all()
    assert is_stamped(folder / "000007.png")


def test_frames_may_be_cut_out(clip: Path) -> None:
    record = run(clip, frames=True, kind=("cutout", "overlay"))
    assert png(written(record, "cutout") / "000009.png").shape == (72, 104, 4)
    assert png(written(record, "overlay") / "000009.jpg").shape == (72, 104, 3)


def test_a_video_cannot_be_transparent(clip: Path) -> None:
    with pytest.raises(ImageError, match="--frames"):
        run(clip, kind=("cutout",))


@pytest.mark.parametrize("frames", [False, True])
def test_what_is_finished_is_done_again_only_when_it_would_differ(clip: Path, frames: bool) -> None:
    def count(**settings: Any) -> int:
        net = Bright()
        run(clip, net, frames=frames, **settings)
        return net.count

    assert count() == 10
    assert count() == 0
    os.utime(clip, (1, 1))
    assert count() == 0
    assert count(threshold=0.7) == 10
    assert count(threshold=0.7, refresh=True) == 10
    shoot(clip, 9)
    assert count(threshold=0.7) == 9
    assert run(clip, frames=frames, threshold=0.7).status == "skipped"


def test_numbered_masks_go_on_where_a_run_stopped(clip: Path) -> None:
    stop = Stop()
    net = Bright(lambda count: stop.set(130) if count == 5 else None)
    assert run(clip, net, stop, frames=True, workers=1).reason == "stopped"
    folder = clip.with_name("clip.mp4.frames")
    begun = {path.name: path.stat().st_ino for path in folder.iterdir()}
    assert 5 <= len(begun) < 10
    assert "handseg.json" not in begun
    rest = Bright()
    record = run(clip, rest, frames=True)
    assert rest.count == 10 - len(begun)
    assert (record.status, record.frames, record.frames_with_hands) == ("done", 10, None)
    assert begun.items() <= {path.name: path.stat().st_ino for path in folder.iterdir()}.items()


def test_a_run_that_stops_leaves_no_part_of_a_mask_video(clip: Path) -> None:
    stop = Stop()
    run(clip, Bright(lambda count: stop.set(130) if count == 5 else None), stop)
    assert list(clip.parent.iterdir()) == [clip]


def test_masks_of_frames_that_are_gone_go_too(clip: Path) -> None:
    run(clip, frames=True)
    (clip.with_name("clip.mp4.frames") / "notes.txt").write_text("mine")
    run(shoot(clip, 6), frames=True)
    names = sorted(path.name for path in clip.with_name("clip.mp4.frames").iterdir())
    assert names == [*(f"{k:06}.png" for k in range(6)), "handseg.json", "notes.txt"]


@pytest.mark.parametrize(("name", "frames"), [("clip.mp4.mkv", False), ("clip.mp4.frames/000003.png", True)])
def test_files_of_others_are_replaced_only_when_told_to(clip: Path, name: str, frames: bool) -> None:
    other = clip.parent / name
    other.parent.mkdir(exist_ok=True)
    other.write_text("not ours")
    with pytest.raises(OutputError, match="--overwrite"):
        run(clip, frames=frames)
    assert other.read_text() == "not ours"
    assert run(clip, frames=frames, overwrite=True).status == "done"
    assert stamp_of(other) is not None


def test_mask_videos_are_not_taken_for_inputs(clip: Path) -> None:
    masks = written(run(clip), "mask")
    assert run(masks).reason == "was made by handseg"
    assert sorted(path.name for path in clip.parent.iterdir()) == ["clip.mp4", "clip.mp4.mkv"]


def test_a_video_that_another_run_is_at_is_left_to_it(clip: Path) -> None:
    with claim(clip.with_name("clip.mp4.mkv")) as held:  # type: ignore[union-attr]
        assert held is not None
        assert run(clip).status == "busy"
    assert run(clip).status == "done"


def test_masks_go_into_the_mirrored_tree(clip: Path, tmp_path: Path) -> None:
    record = run(clip, output=tmp_path / "out" / "masks")
    assert record.outputs == {"mask": tmp_path / "out" / "masks" / "clip.mp4.mkv"}
    assert len(masks_of(written(record, "mask"))) == 10


def cut(path: Path) -> bytes:
    """Cut a Matroska copy of a video off within its frames and return the whole of it."""
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    return whole


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    path = tmp_path / "noise.mkv"
    with path.open("wb") as file:
        writer = VideoWriter(file, (72, 104), Fraction(25))
        for number, frame in enumerate(np.random.default_rng(0).integers(0, 256, (10, 72, 104), dtype=np.uint8)):
            writer.write(frame, number / 25)
        writer.close()
    return path


def test_what_can_be_read_of_a_video_that_is_cut_off_is_kept_apart(noise: Path) -> None:
    whole = cut(noise)
    record = run(noise)
    assert record.status == "failed"
    assert record.frames is not None
    assert 4 <= record.frames < 10
    assert record.reason == f"the video is damaged or cut off; {record.frames} frames could be read"
    assert record.outputs == {"mask": noise.with_name("noise.mkv.partial.mkv")}
    assert len(masks_of(written(record, "mask"))) == record.frames
    assert run(noise).status == "failed"
    noise.write_bytes(whole)
    assert run(noise).frames == 10
    assert sorted(path.name for path in noise.parent.iterdir()) == ["noise.mkv", "noise.mkv.mkv"]


def test_frames_of_a_video_that_is_cut_off_are_never_taken_for_all(noise: Path) -> None:
    whole = cut(noise)
    record = run(noise, frames=True)
    folder = written(record, "mask")
    assert record.status == "failed"
    assert len(list(folder.iterdir())) == record.frames
    noise.write_bytes(whole)
    assert run(noise, frames=True).frames == 10
    assert json.loads((folder / "handseg.json").read_text())["input"]["size"] == len(whole)


def test_a_video_without_frames_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(100))
    with pytest.raises(ImageError, match=r"clip\.mp4: "):
        run(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_video_that_is_still_being_written_to_is_not_finished(clip: Path) -> None:
    def grow(count: int) -> None:
        with clip.open("ab") as file:
            file.write(b"more")

    with pytest.raises(ImageError, match="being written"):
        run(clip, Bright(grow))
    assert list(clip.parent.iterdir()) == [clip]
