"""Videos: frames as displayed and at their times, masks without loss, and damage told."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from handseg_cli.errors import ImageError
from handseg_cli.io.video import VideoWriter, open_video, read_comment
from handseg_cli.sample import Image

RATE = Fraction(30)
PIXELS = 10**6
TURNS = [(degrees, mirrored) for mirrored in (False, True) for degrees in (0, 90, 180, 270)]


def pictures(count: int, height: int = 48, width: int = 64) -> Image:
    """Return smooth (N, H, W, 3) pictures, unlike in all four corners, that lossy codecs keep nearly as they are."""
    y, x = np.mgrid[0:height, 0:width]
    first = np.stack([255 * x / width, 255 * y / height, np.full(x.shape, 128)], axis=-1)
    return np.stack([np.roll(first, 2 * k, axis=1) for k in range(count)]).astype(np.uint8)


def encode(path: Path, frames: Image, codec: str = "libx264", turn: tuple[int, bool] = (0, False)) -> Path:
    """Write a video as a camera would: the suffix names the container, `turn` is only in the metadata."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width, stream.pix_fmt = frames.shape[1], frames.shape[2], "yuv420p"
        if turn != (0, False):
            stream.set_display_rotation(turn[0], hflip=turn[1])
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def read(path: Path) -> tuple[list[Image], list[float]]:
    with open_video(path, max_pixels=PIXELS) as video:
        frames = list(video.frames())
    return [frame.image() for frame in frames], [frame.seconds for frame in frames]


def read_broken(path: Path) -> tuple[int, str]:
    """Read a video that must end with an error; return how many frames came before it, and its message."""
    count = 0
    with open_video(path, max_pixels=PIXELS) as video:
        try:
            for _ in video.frames():
                count += 1
        except ImageError as error:
            return count, str(error)
    pytest.fail("the damage was not noticed")


def write(path: Path, frames: Image, seconds: list[float], comment: str = "") -> Path:
    with path.open("wb") as file:
        writer = VideoWriter(file, frames[0].shape, RATE, comment)
        for frame, second in zip(frames, seconds, strict=True):
            writer.write(frame, second)
        writer.close()
    return path


def times(count: int) -> list[float]:
    return [k / 30 for k in range(count)]


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        (".mp4", "libx264"),
        (".mov", "libx264"),
        (".mkv", "libx264"),
        (".webm", "libvpx"),
        (".avi", "mpeg4"),
        (".ts", "mpeg2video"),
    ],
)
def test_every_frame_of_every_container_is_read_in_order_and_at_its_time(
    tmp_path: Path, suffix: str, codec: str
) -> None:
    wanted = pictures(12)
    images, seconds = read(encode(tmp_path / f"clip{suffix}", wanted, codec))
    assert len(images) == 12
    assert np.abs(np.stack(images).astype(int) - wanted).mean() < 8
    assert seconds == pytest.approx(times(12), abs=0.002)


def test_the_suffix_means_nothing(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.mp4", pictures(3)).rename(tmp_path / "concat:a|b.jpg")
    assert len(read(path)[0]) == 3


@pytest.mark.parametrize("turn", TURNS)
def test_frames_are_turned_as_displayed(tmp_path: Path, turn: tuple[int, bool]) -> None:
    wanted = pictures(4)
    images, _ = read(encode(tmp_path / "clip.mp4", wanted, turn=turn))
    turned = np.rot90(wanted[3], turn[0] // 90)
    displayed = turned[:, ::-1] if turn[1] else turned
    assert images[3].shape == displayed.shape
    assert np.abs(images[3].astype(int) - displayed).mean() < 8


def test_a_mask_video_decodes_to_the_very_same_bytes(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (5, 37, 53), dtype=np.uint8)
    masks = np.where(noise > 127, 255, 0).astype(np.uint8)
    for frames in (masks, noise):
        with av.open(str(write(tmp_path / "masks.mkv", frames, times(5)))) as container:
            decoded = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
        assert (np.stack(decoded) == frames).all()


@pytest.mark.parametrize("frames", [pictures(5), pictures(5)[..., 0]])
def test_the_same_frames_make_the_same_file(tmp_path: Path, frames: Image) -> None:
    first, second = (write(tmp_path / name, frames, times(5), "handseg {}") for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_times_of_a_variable_rate_are_kept(tmp_path: Path) -> None:
    seconds = [0.0, 0.033, 0.066, 0.5, 0.6, 2.0]
    path = write(tmp_path / "masks.mkv", pictures(6)[..., 0], seconds)
    assert read(path)[1] == pytest.approx(seconds, abs=0.001)


def test_frames_without_sensible_times_are_all_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "masks.mkv", pictures(4)[..., 0], [0.5, 0.5, 0.2, 0.1])
    assert len(read(path)[0]) == 4


def test_colour_frames_of_odd_sizes_become_a_video_to_look_at(tmp_path: Path) -> None:
    wanted = pictures(4, 47, 63)
    images, seconds = read(write(tmp_path / "look.mp4", wanted, times(4)))
    assert images[0].shape == (48, 64, 3)
    assert np.abs(images[3][:47, :63].astype(int) - wanted[3]).mean() < 8
    assert seconds == pytest.approx(times(4), abs=0.001)


@pytest.mark.parametrize("grey", [True, False])
def test_the_comment_is_read_back(tmp_path: Path, grey: bool) -> None:
    frames = pictures(2)[..., 0] if grey else pictures(2)
    path = write(tmp_path / "video", frames, times(2), 'handseg {"kind": "mask", "ü": [1]}')
    assert read_comment(path) == 'handseg {"kind": "mask", "ü": [1]}'


def test_what_is_no_video_has_no_comment(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"nothing of the kind")
    assert read_comment(tmp_path / "a") == ""
    assert read_comment(encode(tmp_path / "clip.mp4", pictures(2))) == ""


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x00\x00\x00\x18ftypisom" + bytes(100), b"#EXTM3U\n/etc/passwd\n"]
)
def test_what_cannot_be_opened_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "clip.mp4").write_bytes(content)
    with pytest.raises(ImageError, match=r"clip\.mp4: "), open_video(tmp_path / "clip.mp4", max_pixels=PIXELS) as video:
        list(video.frames())


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    for name in ("pipe.mp4", "nowhere.mp4", "."):
        with pytest.raises(ImageError, match="no file"):
            read(tmp_path / name)
        assert read_comment(tmp_path / name) == ""


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "sound.mkv"), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(ImageError, match="no video"):
        read(tmp_path / "sound.mkv")


@pytest.mark.parametrize(("name", "options"), [("a.mkv", {}), ("a.avi", {}), ("a.mp4", {"movflags": "faststart"})])
def test_a_video_that_is_cut_off_gives_its_frames_and_then_an_error(
    tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    path = tmp_path / name
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("mpeg4", rate=30)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        for frame in np.random.default_rng(0).integers(0, 256, (30, 48, 64, 3), dtype=np.uint8):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    assert len(read(path)[0]) == 30
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    count, reason = read_broken(path)
    assert 10 < count < 30
    assert f"cut off; {count} frames could be read" in reason


def test_reading_goes_on_after_damage_in_the_middle(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.mp4", np.random.default_rng(0).integers(0, 256, (12, 48, 64, 3), np.uint8))
    with av.open(str(path)) as container:
        place, size = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size][5]
    assert place is not None
    data = bytearray(path.read_bytes())
    data[place : place + size] = bytes(size)
    path.write_bytes(data)
    assert read_broken(path) == (11, f"{path}: the video is damaged or cut off; 11 frames could be read")


def test_frames_of_too_many_pixels_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.mp4", pictures(2))
    with pytest.raises(ImageError, match="64x48 is more than 3071 pixels"), open_video(path, max_pixels=3071):
        pass


def test_a_full_disk_is_an_error() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (500, 500), dtype=np.uint8)

    def fill() -> None:
        with open("/dev/full", "wb", buffering=0) as file:
            writer = VideoWriter(file, noise.shape, RATE)
            writer.write(noise, 0)
            writer.close()

    with pytest.raises(OSError, match="No space"):
        fill()


def test_nothing_is_said_on_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = encode(tmp_path / "clip.mp4", pictures(9))
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(ImageError):
        read(path)
    assert capfd.readouterr().err == ""
