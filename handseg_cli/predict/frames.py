"""The frames of a video through the net in all threads, and their pictures into videos or numbered files, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from handseg_cli.config import Kind
from handseg_cli.errors import ImageError
from handseg_cli.io import draw
from handseg_cli.io.files import Claim, explained, write_atomic
from handseg_cli.io.images import Photo
from handseg_cli.io.video import Frame, Video, VideoWriter
from handseg_cli.predict.opening import Predicts
from handseg_cli.predict.ordered import cores, ordered
from handseg_cli.predict.pose_file import encode_frame, encode_head
from handseg_cli.predict.predictor import batch_size
from handseg_cli.predict.sinks import Sinks
from handseg_cli.predict.stamps import KEYWORD, SUFFIXES, Source
from handseg_cli.predict.stops import Stop
from handseg_cli.sample import Hand, Image, Prediction


@dataclass(frozen=True)
class Shot:
    """One frame done: its pictures for the videos, and its hands; None for a frame that an earlier run has done."""

    seconds: float
    size: tuple[int, int]
    pictures: dict[Kind, NDArray[np.uint8]]
    hands: tuple[Hand, ...] | None


@dataclass
class Tally:
    """What was found in the frames of a video."""

    frames: int = 0
    kept: int = 0
    with_hands: int = 0
    pixels: int = 0
    confidence: float = 0.0
    size: tuple[int, int] = (0, 0)

    def add(self, shot: Shot) -> None:
        """Count a frame."""
        hands = shot.hands or ()
        self.frames += 1
        self.kept += shot.hands is None
        self.with_hands += bool(hands)
        self.pixels += sum(hand.pixels for hand in hands)
        self.confidence = max([self.confidence, *(hand.confidence for hand in hands)])
        self.size = shot.size


class Maker:
    """Makes the pictures of frames in several threads: it writes those for folders, and returns those for videos."""

    def __init__(self, predictor: Predicts, sinks: Sinks, claims: dict[Kind, Claim], source: Source) -> None:
        self.predictor = predictor
        self.sinks = sinks
        self.claims = claims
        self.source = source
        self.stamps = {kind: sinks.stamp(kind, source) for kind in claims}

    def __call__(self, chunk: Sequence[tuple[int, Frame]]) -> list[Shot]:
        """Do some numbered frames; the net sees them at once."""
        wanted = [self.wanted(number) for number, _ in chunk]
        images = [frame.image() for (_, frame), kinds in zip(chunk, wanted, strict=True) if kinds]
        predictions = self.predictor.segment([Photo(image, (image.shape[0], image.shape[1])) for image in images])
        made = iter(zip(images, predictions, strict=True))
        shots = []
        for (number, frame), kinds in zip(chunk, wanted, strict=True):
            pictures: dict[Kind, NDArray[np.uint8]] = {}
            hands = None
            if kinds:
                image, prediction = next(made)
                hands = prediction.hands
                pictures = self.deliver((number, frame.seconds), kinds, image, prediction)
            shots.append(Shot(frame.seconds, frame.size, pictures, hands))
        return shots

    def wanted(self, number: int) -> list[Kind]:
        """Return the kinds of which a frame's picture is to be made: in a folder, those that are not there already."""
        if not self.sinks.config.frames:
            return list(self.claims)
        paths = {kind: self.frame_path(kind, number) for kind in self.claims}
        return [kind for kind, path in paths.items() if self.sinks.state(kind, path, self.source) != "fresh"]

    def frame_path(self, kind: Kind, number: int) -> Path:
        """Return the path of a frame's picture in its folder."""
        return self.claims[kind].final.with_name(f"{number:06}.{SUFFIXES[kind].rpartition('.')[2]}")

    def deliver(
        self, place: tuple[int, float], kinds: list[Kind], image: Image, prediction: Prediction
    ) -> dict[Kind, NDArray[np.uint8]]:
        """Write the pictures of a frame, by its number and its seconds, into the folders, or return them."""
        if not self.sinks.config.frames:
            return {kind: picture_of(kind, place, image, prediction) for kind in kinds}
        for kind in kinds:
            data = self.sinks.encode(kind, image, prediction, self.stamps[kind])
            write_atomic(self.frame_path(kind, place[0]), data)
        return {}


def picture_of(kind: Kind, place: tuple[int, float], image: Image, prediction: Prediction) -> NDArray[np.uint8]:
    """Return a frame's picture for a video: (H, W), (H, W, 3) RGB for an overlay, or the bytes of a line of poses."""
    if kind == "pose":
        return np.frombuffer(encode_frame(prediction, *place), np.uint8)
    if kind == "overlay":
        return draw.told(image, prediction)
    if kind == "sides":
        assert prediction.sides is not None
        return prediction.sides
    if kind == "parts":
        assert prediction.parts is not None
        return prediction.parts
    return prediction.mask if kind == "mask" else prediction.probability


class Lines:
    """Writes the lines of all frames into an open file; the first line is about all of them."""

    def __init__(self, file: BinaryIO, head: bytes) -> None:
        self.file = file
        self.file.write(head)

    def write(self, line: NDArray[np.uint8], seconds: float) -> None:
        """Append the line of a frame, which tells its time itself."""
        self.file.write(line.data)

    def close(self) -> None:
        """Leave the file as it is: it is whole after every line."""


class Movies:
    """The videos that are being written; what is left unfinished goes with the claims on them."""

    def __init__(self, maker: Maker, rate: Fraction) -> None:
        self.maker = maker
        self.rate = rate
        self.files: dict[Kind, BinaryIO] = {}
        self.writers: dict[Kind, VideoWriter | Lines] = {}

    def add(self, shot: Shot) -> None:
        """Append the pictures of the next frame."""
        for kind, picture in shot.pictures.items():
            mine = self.maker.claims[kind]
            with explained(mine.final):
                if kind not in self.writers:
                    self.files[kind] = mine.file()
                    self.writers[kind] = self.begun(kind, picture.shape, shot.size)
                self.writers[kind].write(picture, shot.seconds)

    def begun(self, kind: Kind, shape: tuple[int, ...], size: tuple[int, int]) -> VideoWriter | Lines:
        """Begin a video of pictures of a shape, or the lines of frames of a size."""
        stamp, sinks = self.maker.stamps[kind], self.maker.sinks
        if kind == "pose":
            return Lines(self.files[kind], encode_head(size, sinks.name, sinks.config.focal, stamp))
        return VideoWriter(self.files[kind], shape, self.rate, f"{KEYWORD} {stamp}")

    def close(self) -> None:
        """Make the videos whole."""
        for kind, writer in self.writers.items():
            with explained(self.maker.claims[kind].final):
                writer.close()
                self.files[kind].close()

    def __enter__(self) -> Movies:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self.files.values():
            with suppress(OSError):  # a disk that is full once more
                file.close()


def make(video: Video, maker: Maker, stop: Stop) -> tuple[Tally, str]:
    """Go through a video in all threads; return what was found and, if it is damaged, what is said of that."""
    config = maker.sinks.config
    tally, damage = Tally(), list[str]()
    workers = config.workers or cores()
    with Movies(maker, video.rate) as movies, ThreadPoolExecutor(workers, "frame") as pool:
        for shots in ordered(pool, maker, chunks(until_damaged(video, damage), batch_size(config), stop), workers + 2):
            for shot in shots:
                tally.add(shot)
                movies.add(shot)
        if not stop.code:
            movies.close()
    return tally, "".join(damage)


def until_damaged(video: Video, damage: list[str]) -> Iterator[Frame]:
    """Yield the frames that can be read, and add to `damage` what is said of those that cannot."""
    try:
        yield from video.frames()
    except ImageError as error:
        damage.append(str(error))


def chunks(frames: Iterable[Frame], count: int, stop: Stop) -> Iterator[list[tuple[int, Frame]]]:
    """Number the frames from 0 and put them together by `count`, until the run is to stop."""
    numbered = enumerate(frames)
    while not stop.code and (chunk := list(islice(numbered, count))):
        yield chunk
