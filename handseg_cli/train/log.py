"""What a training tells: a bar and lines on stderr, log.jsonl, TensorBoard's events, curves and example pictures."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from handseg_cli.errors import OutputError
from handseg_cli.io.events import Events
from handseg_cli.io.files import explained, write_atomic
from handseg_cli.io.png import encode_rgb
from handseg_cli.io.progress import Bar, Progress
from handseg_cli.metrics.scores import Scores
from handseg_cli.sample import Image
from handseg_cli.train.curves import draw_curves
from handseg_cli.train.state import Place

LOG = "log.jsonl"
EXAMPLES = "examples"
EVERY = 10  # steps between lines of the log

Line = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """How long a training is to be."""

    epochs: int
    steps: int  # of an epoch
    pictures: int  # of a step, in all processes
    accumulate: int = 1

    def done(self, at: Place) -> int:
        """Return how many steps of the plan are done; earlier epochs may have had more, or fewer."""
        return at.done(self.steps, self.accumulate)


class Log:
    """The log of one run; it continues that of an earlier one up to the step from which the run goes on."""

    def __init__(self, folder: Path, plan: Plan, at: Place, progress: Progress, report: Bar) -> None:
        self.folder, self.plan, self.progress, self.report = folder, plan, progress, report
        self.path = folder / LOG
        self.lines = [line for line in read_lines(self.path) if line["step"] <= at.step]
        write_atomic(self.path, b"".join(map(as_bytes, self.lines)))
        with explained(folder / EXAMPLES):
            (folder / EXAMPLES).mkdir(exist_ok=True)
        self.events = Events(folder)
        self.began = (time.perf_counter(), at.step)
        self.last = self.began
        self.score = ""

    def step(self, at: Place, losses: dict[str, float], rate: float) -> None:
        """Note a step that was made."""
        speed = self.speed_since(self.last, at.step)
        loss = sum(losses.values())
        name = f"epoch {at.epoch + 1}/{self.plan.epochs}  loss {loss:.4f}{self.score}  {speed:.1f} images/s"
        self.report(self.plan.done(at), self.plan.epochs * self.plan.steps, name)
        if at.step % EVERY == 0:
            self.last = (time.perf_counter(), at.step)
            line = {"step": at.step, "epoch": at.epoch + 1, "lr": rate, "images_per_s": round(speed, 2), "loss": losses}
            self._add(line)
            self.events.numbers(at.step, {"lr": rate, "images_per_s": speed} | under("loss", losses))

    def epoch(self, at: Place, losses: dict[str, float], scores: Scores | None, best: str) -> None:
        """Note an epoch: its mean losses, the scores after it, of which `best` names the one to tell."""
        measured = scores.json() if scores else {}
        self._add({"step": at.step, "epoch": at.epoch, "train": losses, "val": measured})
        known = {name: value for name, value in measured.items() if value is not None}
        self.events.numbers(at.step, under("train", losses) | under("val", known))
        write_atomic(self.folder / "curves.png", draw_curves(self.lines))
        self.score = f"  {best} {scores[best]:.4f}" if scores else ""
        self.progress.say(self.told(at, losses))
        self.last = (time.perf_counter(), at.step)

    def told(self, at: Place, losses: dict[str, float]) -> str:
        """Return the line for people."""
        if not losses:
            return f"before{self.score}"
        mark = " (best)" if self.score and at.stale == 0 else ""
        left = timedelta(seconds=round(self.seconds_left(at)))
        speed = f"{self.speed_since(self.began, at.step):.1f} images/s"
        loss = f"loss {sum(losses.values()):.4f}"
        return f"epoch {at.epoch}/{self.plan.epochs}  {loss}{self.score}{mark}  {speed}  {left} left"

    def examples(self, at: Place, sheet: Image) -> None:
        """Keep a sheet of example predictions, (H, W, 3) uint8 RGB."""
        png = encode_rgb(sheet)
        self.events.picture(at.step, "examples", png, sheet.shape[:2])
        write_atomic(self.folder / EXAMPLES / f"epoch_{at.epoch:04d}.png", png)

    def speed_since(self, mark: tuple[float, int], step: int) -> float:
        """Return images a second since a moment at a step."""
        return (step - mark[1]) * self.plan.pictures / max(1e-9, time.perf_counter() - mark[0])

    def seconds_left(self, at: Place) -> float:
        """Return how long the rest takes at the mean speed so far."""
        per_step = (time.perf_counter() - self.began[0]) / max(1, at.step - self.began[1])
        return per_step * (self.plan.epochs * self.plan.steps - self.plan.done(at))

    def _add(self, line: Line) -> None:
        self.lines.append(line)
        with explained(self.path), self.path.open("ab") as stream:
            stream.write(as_bytes(line))


def under(name: str, values: dict[str, float]) -> dict[str, float]:
    """Return values whose names follow a name and a slash, as TensorBoard groups them."""
    return {f"{name}/{each}": value for each, value in values.items()}


def as_bytes(line: Line) -> bytes:
    """Return a line of the log."""
    return json.dumps(line).encode() + b"\n"


def read_lines(path: Path) -> list[Line]:
    """Return the lines of a log, none if there is no log; a line that a kill cut off is left out."""
    if not path.exists():
        return []
    try:
        texts = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    return [json.loads(text) for text in texts if text.endswith(b"}\n")]
