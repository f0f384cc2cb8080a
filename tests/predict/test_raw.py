"""Raw frames: order, latency, and every way a pipe may end."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from handseg_cli.config import NetConfig
from handseg_cli.errors import ImageError
from handseg_cli.predict.predictor import open_predictor
from handseg_cli.predict.raw import Readable, Writable, each_frame, write
from handseg_cli.sample import Image, Mask

SIZE = (6, 10)


def red(frame: Image) -> Mask:
    return frame[..., 0]


def convert(
    source: Readable, target: Writable, size: tuple[int, int], segment: Callable[[Image], Mask], workers: int
) -> int:
    count = 0
    for mask in each_frame(source, size, segment, workers):
        write(target, mask)
        count += 1
    return count


def frames(count: int) -> Image:
    return np.random.default_rng(0).integers(0, 256, (count, *SIZE, 3), dtype=np.uint8)


class Trickle(io.BytesIO):
    """A pipe that brings some bytes at a time."""

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return super().readinto(buffer[: random.Random(self.tell()).randint(1, 100)])


def test_each_frame_becomes_its_mask_in_order() -> None:
    video, target = frames(30), io.BytesIO()

    def uneven(frame: Image) -> Mask:
        time.sleep(int(frame[0, 0, 0]) / 50_000)
        return red(frame)

    assert convert(Trickle(video.tobytes()), target, SIZE, uneven, workers=4) == 30
    assert target.getvalue() == video[..., 0].tobytes()


def test_no_frames_make_no_masks() -> None:
    target = io.BytesIO()
    assert convert(io.BytesIO(), target, SIZE, red, workers=2) == 0
    assert not target.getvalue()


def test_a_last_frame_that_is_cut_off_is_an_error_after_the_whole_ones() -> None:
    video, target = frames(3), io.BytesIO()
    with pytest.raises(ImageError, match=r"1 of 180 bytes are missing.*10x6"):
        convert(io.BytesIO(video.tobytes()[:-1]), target, SIZE, red, workers=2)
    assert target.getvalue() == video[:2, ..., 0].tobytes()


def run_piped(
    segment: Callable[[Image], Mask], drive: Callable[[BinaryIO, BinaryIO], None]
) -> list[BaseException | int]:
    """Run `convert` between two pipes while `drive(frames in, masks out)` acts at their other ends."""
    (frames_out, frames_in), (masks_out, masks_in) = os.pipe(), os.pipe()
    outcome: list[BaseException | int] = []

    def run() -> None:
        with open(frames_out, "rb", buffering=0) as source, open(masks_in, "wb", buffering=0) as target:
            try:
                outcome.append(convert(source, target, SIZE, segment, workers=2))
            except BrokenPipeError as error:
                outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    with open(frames_in, "wb", buffering=0) as into, open(masks_out, "rb", buffering=0) as out:
        drive(into, out)
    thread.join(10)
    assert not thread.is_alive()
    return outcome


def test_a_mask_comes_before_the_next_frame_is_sent() -> None:
    def drive(into: BinaryIO, out: BinaryIO) -> None:
        for frame in frames(5):
            into.write(frame.tobytes())
            assert out.read(60) == frame[..., 0].tobytes()
        into.close()

    assert run_piped(red, drive) == [5]


def test_a_reader_that_leaves_ends_it() -> None:
    def drive(into: BinaryIO, out: BinaryIO) -> None:
        into.write(frames(1).tobytes())
        out.read(60)
        out.close()
        into.write(frames(3).tobytes())

    (outcome,) = run_piped(red, drive)
    assert isinstance(outcome, BrokenPipeError)


def test_frames_wait_in_the_pipe_and_not_in_memory() -> None:
    taken, gate = 0, threading.Event()

    class Endless:
        def readinto(self, buffer: memoryview) -> int:
            nonlocal taken
            taken += taken < 100
            return len(buffer) if taken < 100 else 0

    def blocked(frame: Image) -> Mask:
        gate.wait(10)
        return red(frame)

    def look() -> None:
        seen.append(taken)
        gate.set()

    seen: list[int] = []
    threading.Timer(0.2, look).start()
    assert convert(Endless(), io.BytesIO(), SIZE, blocked, workers=2) == 99
    assert seen[0] < 10


def command(weights: Path, data: bytes, output: Path, *options: str) -> tuple[int, str]:
    """Pipe raw 64x48 frames through the command; return its exit code and what it said."""
    arguments = ["predict", "--raw", "64x48", "--weights", str(weights), *options]
    with output.open("wb") as file:
        ended = subprocess.run(
            [sys.executable, "-m", "handseg_cli", *arguments],
            input=data,
            stdout=file,
            stderr=subprocess.PIPE,
            check=False,
        )
    return ended.returncode, ended.stderr.decode()


@pytest.fixture
def movie() -> Image:
    y, x = np.mgrid[0:48, 0:64]
    waves = [[np.sin((x + 9 * k) / (5 + c)) * np.sin(y / (4 + c)) for c in range(3)] for k in range(4)]
    return np.moveaxis(128 + 127 * np.array(waves), 1, -1).astype(np.uint8)


@pytest.mark.parametrize("kind", ["mask", "probability"])
def test_the_command_writes_what_the_predictor_says(
    tmp_path: Path, tiny_weights: Path, movie: Image, kind: str
) -> None:
    predictor, _ = open_predictor(NetConfig(weights=str(tiny_weights)))
    code, said = command(tiny_weights, movie.tobytes(), tmp_path / "out", "--kind", kind)
    assert (code, said.split(";")[0].strip()) == (0, "4 done")
    assert (tmp_path / "out").read_bytes() == b"".join(getattr(predictor(frame), kind).tobytes() for frame in movie)


def test_a_stream_that_is_cut_off_fails_after_its_whole_frames(
    tmp_path: Path, tiny_weights: Path, movie: Image
) -> None:
    code, said = command(tiny_weights, movie.tobytes()[:-7], tmp_path / "out")
    assert code == 1
    assert said.splitlines()[0].startswith("-: ends within a frame, 7 of 9216 bytes are missing")
    assert (tmp_path / "out").stat().st_size == 3 * 48 * 64


def test_a_full_disk_ends_the_command(tiny_weights: Path, movie: Image) -> None:
    code, said = command(tiny_weights, movie.tobytes(), Path("/dev/full"))
    assert (code, said) == (5, "handseg: stdout: no space left on the disk\n")
