"""Video files in and out: frames turned as displayed, each with its time; mask videos without any loss.

FFmpeg (through PyAV) is handed open files, never names: a file called `concat:a|b` stays a file, a playlist opens
nothing, and a full disk is the usual OSError.
"""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.sidedata.sidedata import SideData
from numpy.typing import NDArray

from handseg_cli.errors import ImageError
from handseg_cli.sample import Image

_CONTAINERS = "mov,matroska,avi,mpegts,mpeg"  # of FFmpeg's demuxers; among the others are some that open further files
_SEGMENT = b"\x18\x53\x80\x67"  # the one element that holds a whole Matroska file, RFC 9559
_TICKS = 90_000  # per second, as in MPEG: divides the common frame rates without a rest
_MATROSKA_STEP = _TICKS // 1000  # Matroska counts milliseconds; two frames must not share one
_DAMAGE = (av.FFmpegError, OSError)


Axes = tuple[int, int, int, int]  # (a, b, c, d): a decoded pixel (x, y) is shown at (ax + cy, bx + dy)


@dataclass(frozen=True)
class Frame:
    """One decoded frame, still in the codec's colours; `seconds` counts from the start of the file."""

    picture: av.VideoFrame
    seconds: float
    axes: Axes = (1, 0, 0, 1)

    @property
    def size(self) -> tuple[int, int]:
        """Return (height, width) as displayed."""
        sides = self.picture.height, self.picture.width
        return sides if self.axes[0] else sides[::-1]

    def image(self) -> Image:
        """Convert to (H, W, 3) uint8 RGB as displayed; as costly as decoding, so call it where work is shared out."""
        image = np.asarray(self.picture.to_ndarray(format="rgb24"), dtype=np.uint8)
        right, b, c, down = self.axes
        if not right:
            image, right, down = image.swapaxes(0, 1), c, b
        return np.ascontiguousarray(image[::down, ::right])


def _axes(picture: av.VideoFrame) -> Axes:
    """Return how a picture is turned and mirrored for display, by quarter turns: each axis is 1, 0 or -1."""
    matrix = picture.side_data.get("DISPLAYMATRIX")
    if not isinstance(matrix, SideData):
        return 1, 0, 0, 1
    a, b, _, c, d = np.frombuffer(bytes(matrix), dtype=np.int32)[:5].tolist()
    upright = abs(a) >= abs(b)
    a, b, c, d = (-1 if value < 0 else 1 for value in (a, b, c, d))
    return (a, 0, 0, d) if upright else (0, b, c, 0)


class Video:
    """An open video file: `rate` in frames per second, `count` of frames as the file declares it (0: it does not)."""

    def __init__(self, path: Path, container: av.container.InputContainer, max_pixels: int) -> None:
        self._path = path
        self._container = container
        stream = container.streams.best("video")
        if not isinstance(stream, av.VideoStream) or stream.codec_context is None:  # None: of an unknown codec
            raise ImageError(f"{path}: holds no video that can be decoded")
        self._stream = stream
        self.rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
        self.count = stream.frames
        if stream.width * stream.height > max_pixels:
            raise ImageError(
                f"{path}: {stream.width}x{stream.height} is more than {max_pixels} pixels a frame; "
                "raise --max-pixels if you trust the file"
            )
        stream.codec_context.options = {"max_pixels": str(max_pixels)}  # the size may change on the way
        # Threads stay within a frame (PyAV's default): with several frames at once, FFmpeg hides some damage.

    def frames(self) -> Iterator[Frame]:
        """Yield each frame that can be decoded, in order; raise ImageError after the last if the file is damaged."""
        start = Fraction(self._container.start_time or 0, av.time_base)
        seconds, count, size, axes = 0.0, 0, (0, 0), (1, 0, 0, 1)
        for picture in self._pictures():
            if not count:
                # Once only: PyAV ties a picture to its side data in a circle, and memory is soon full of such.
                size, axes = (picture.width, picture.height), _axes(picture)
            if (picture.width, picture.height) != size:
                raise ImageError(f"{self._path}: the size of the picture changes at frame {count}; split it there")
            following = seconds + float(1 / self.rate) if count else 0.0
            seconds = following if picture.time is None else max(0.0, picture.time - float(start))
            yield Frame(picture, seconds, axes)
            count += 1
        if not count:
            raise ImageError(f"{self._path}: no frame can be read; the video is empty or damaged")
        if self._damaged or _is_cut_off(self._path):
            raise ImageError(f"{self._path}: the video is damaged or cut off; {count} frames could be read")

    def _pictures(self) -> Iterator[av.VideoFrame]:
        """Decode packet by packet, going on after damaged ones as players do, and remember that there were some."""
        packets, self._damaged = 0, False
        try:
            for packet in self._container.demux(self._stream):
                packets += packet.size > 0
                try:
                    pictures = packet.decode()
                except _DAMAGE:
                    self._damaged = True
                    continue
                for picture in pictures:
                    if isinstance(picture, av.VideoFrame):
                        yield picture
        except _DAMAGE:
            self._damaged = True
        # Of the containers, only MP4 states how many packets there are; an edit list hides frames but no packets.
        if "mp4" in self._container.format.name and packets < self._stream.frames:
            self._damaged = True


@contextmanager
def open_video(path: Path, *, max_pixels: int) -> Iterator[Video]:
    """Open a video of at most `max_pixels` a frame, whatever its suffix; ImageError if it is none that can be read."""
    with ExitStack() as stack:
        try:
            video = Video(path, stack.enter_context(_opened(path)), max_pixels)
        except _DAMAGE as error:
            damage = isinstance(error, av.FFmpegError)
            reason = "it is damaged, cut off or of an unknown kind" if damage else error.strerror
            raise ImageError(f"{path}: cannot be read as a video: {reason}") from error
        yield video


def read_comment(path: Path) -> str:
    """Read the comment that a VideoWriter left in a file; empty where there is none, or no video."""
    try:
        with _opened(path) as container:
            return {key.lower(): text for key, text in container.metadata.items()}.get("comment", "")
    except _DAMAGE:
        return ""


@contextmanager
def _opened(path: Path) -> Iterator[av.container.InputContainer]:
    if not path.is_file():  # a pipe would keep us waiting
        raise OSError(errno.ENOENT, "it is not there, or no file", str(path))
    options = {"format_whitelist": _CONTAINERS}
    with path.open("rb") as file, av.open(file, "r", container_options=options, metadata_errors="replace") as container:
        yield container


def _is_cut_off(path: Path) -> bool:
    """Tell whether a Matroska or AVI file is shorter than its head says, which no decoder reports."""
    with path.open("rb") as file:
        head = file.read(512)
        end = file.seek(0, os.SEEK_END)
    if head.startswith(b"RIFF"):
        return end < 8 + int.from_bytes(head[4:8], "little")
    at = head.find(_SEGMENT) + len(_SEGMENT)
    if not head.startswith(b"\x1a\x45\xdf\xa3") or at < len(_SEGMENT) or not head[at : at + 1]:
        return False
    width = 9 - head[at].bit_length()  # a number's leading zero bits tell how many bytes it has
    unknown = (1 << 7 * width) - 1  # all ones: recorded live, its end was never filled in
    size = int.from_bytes(head[at : at + width], "big") & unknown
    return size != unknown and end < at + width + size


class VideoWriter:
    """Write uint8 frames with their times into an open binary file.

    (H, W) grey frames become FFV1 in Matroska and decode to the very same bytes; (H, W, 3) RGB frames become H.264
    in MP4, to look at. `comment` is kept in the file for `read_comment`.
    """

    def __init__(self, file: BinaryIO, shape: tuple[int, ...], rate: Fraction, comment: str = "") -> None:
        self._grey = len(shape) == 2
        # Bit exact: no date and no random number goes into the file, so that the same masks are the same bytes.
        exact = {"fflags": "+bitexact"}
        self._container = av.open(file, "w", format="matroska" if self._grey else "mp4", options=exact)
        self._container.metadata["comment"] = comment
        rate = rate.limit_denominator(1001)
        if self._grey:
            self._stream = self._container.add_stream("ffv1", rate=rate, options={"level": "3"})
            self._stream.pix_fmt = "gray"
        else:
            self._stream = self._container.add_stream("libx264", rate=rate, options={"preset": "veryfast", "crf": "20"})
            self._stream.pix_fmt = "yuv420p"
        even = 1 if self._grey else 2  # H.264 halves the colours: an odd side gets one more row or column
        self._stream.height, self._stream.width = (math.ceil(side / even) * even for side in shape[:2])
        self._stream.codec_context.time_base = Fraction(1, _TICKS)
        self._time = -_TICKS

    def write(self, image: NDArray[np.uint8], seconds: float) -> None:
        """Append a frame of the first one's shape that is shown from `seconds` on."""
        rows, columns = self._stream.height - image.shape[0], self._stream.width - image.shape[1]
        if rows or columns:
            image = np.pad(image, ((0, rows), (0, columns), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="gray" if self._grey else "rgb24")
        self._time = max(self._time + _MATROSKA_STEP, round(seconds * _TICKS))
        frame.pts, frame.time_base = self._time, Fraction(1, _TICKS)
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what is left and the index; without this call the file is not whole."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
