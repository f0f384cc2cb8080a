"""What came of each input: a record, its JSON line for stdout or a file, and the sum of all records."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import TracebackType
from typing import Any, Literal

from handseg_cli.config import Kind
from handseg_cli.io.files import write_stdout
from handseg_cli.paths import Place
from handseg_cli.predict.appending import open_lines
from handseg_cli.sample import Prediction

Status = Literal["done", "skipped", "busy", "failed"]
Box = tuple[int, int, int, int]

STOPPED = {1: "stopped at the first failure", 5: "the disk is full", 130: "interrupted", 143: "terminated"}


@dataclass(frozen=True)
class Record:
    """What came of one input. Sizes are of the photo as displayed, boxes (left, top, right, bottom) in its pixels."""

    path: Place
    status: Status
    reason: str = ""
    outputs: Mapping[Kind, Place] = field(default_factory=dict)
    hands: int | None = None
    hand_pixels: int | None = None
    boxes: list[Box] | None = None
    confidence: float | None = None
    width: int | None = None
    height: int | None = None
    milliseconds: float | None = None
    model: str = ""
    frames: int | None = None  # of a video; in the line of a photo they do not appear
    frames_with_hands: int | None = None
    sides: list[str] | None = None  # of the hands: "left", "right", or ""; without a net that tells, they do not appear
    side_certainties: list[float] | None = None
    time: float = field(default_factory=lambda: round(time.time(), 3), compare=False)  # seconds since 1970, UTC

    def of(self, prediction: Prediction, seconds: float) -> Record:
        """Add what was seen in a photo, and how long that took."""
        height, width = prediction.mask.shape
        told = prediction.tells_sides
        return replace(
            self,
            time=round(time.time(), 3),
            hands=len(prediction.hands),
            hand_pixels=sum(hand.pixels for hand in prediction.hands),
            boxes=[hand.box for hand in prediction.hands],
            confidence=round(prediction.confidence, 4),
            width=width,
            height=height,
            milliseconds=round(1000 * seconds, 1),
            sides=[hand.side for hand in prediction.hands] if told else None,
            side_certainties=[hand.certainty for hand in prediction.hands] if told else None,
        )

    def line(self) -> bytes:
        """Return the record as a line of JSON. Of a path that is no UTF-8, `path_base64` holds the true bytes."""
        values: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        if self.frames is None:
            del values["frames"], values["frames_with_hands"]
        if self.sides is None:
            del values["sides"], values["side_certainties"]
        values["path"] = readable(self.path)
        values["outputs"] = {kind: readable(path) for kind, path in self.outputs.items()}
        raw = os.fsencode(str(self.path))
        if values["path"].encode() != raw:
            values["path_base64"] = base64.b64encode(raw).decode()
        return json.dumps(values, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def readable(path: Place) -> str:
    """Return a path as valid Unicode."""
    return os.fsencode(str(path)).decode("utf-8", "replace")


class Manifest:
    """Where the lines go: stdout, a file that several runs may append to at once, both, or neither."""

    def __init__(self, stdout: bool, path: Place | None) -> None:
        self.stdout = stdout
        self.file = None if path is None else open_lines(path)

    def write(self, record: Record) -> None:
        """Write a line at once and in one piece, so that lines of parallel runs never mix."""
        if not self.stdout and self.file is None:
            return
        line = record.line()
        if self.file is not None:
            self.file.write(line)
        if self.stdout:
            write_stdout(line)

    def __enter__(self) -> Manifest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.file is not None:
            self.file.close()


@dataclass
class Summary:
    """How many inputs ended how. `stopped` is the exit code of a run that ended early, else 0."""

    done: int = 0
    skipped: int = 0
    busy: int = 0
    failed: int = 0
    seconds: float = 0.0
    fail_on: Literal["any", "all", "never"] = "any"
    stopped: int = 0
    shard: str = ""
    unit: str = "photos"
    started: float = field(default_factory=time.perf_counter, repr=False)

    def add(self, record: Record) -> None:
        """Count a record."""
        setattr(self, record.status, getattr(self, record.status) + 1)
        self.seconds = time.perf_counter() - self.started

    @property
    def exit_code(self) -> int:
        """What the process ends with, see `handseg predict --help`."""
        others = self.done + self.skipped + self.busy
        failed = {"any": self.failed > 0, "all": self.failed > 0 and others == 0, "never": False}[self.fail_on]
        return self.stopped or int(failed)

    def __str__(self) -> str:
        counts = {"failed": self.failed, "up to date": self.skipped, "busy in another run": self.busy}
        parts = [f"{self.done} done", *(f"{count} {name}" for name, count in counts.items() if count)]
        rate = f"; {self.done / self.seconds:.3g} {self.unit}/s" if self.done > 1 and self.seconds else ""
        notes = [note for note in (STOPPED.get(self.stopped, ""), self.shard) if note]
        return ", ".join(parts) + rate + "".join(f"; {note}" for note in notes)
