"""The verb for a video: what is to be made of it, whether it is there already, and what it is called in the end."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from handseg_cli.config import Kind, PredictConfig
from handseg_cli.errors import ImageError, OutputError
from handseg_cli.io.files import Claim, busy, claim, explained
from handseg_cli.io.video import open_video, read_comment
from handseg_cli.predict.frames import Maker, make
from handseg_cli.predict.manifest import Record
from handseg_cli.predict.opening import Predicts
from handseg_cli.predict.sinks import Sinks
from handseg_cli.predict.sources import Item
from handseg_cli.predict.stamps import KEYWORD, LINES, TEXTS, Source, Stamp, is_fresh, look, parse_stamp, read_stamp
from handseg_cli.predict.stops import Stop

MOVIES: dict[Kind, str] = {
    "mask": ".mkv",
    "probability": ".probability.mkv",
    "overlay": ".overlay.mp4",
    "sides": ".sides.mkv",
    "pose": LINES,
    "parts": ".parts.mkv",
}
FOLDERS: dict[Kind, str] = {
    "mask": ".frames",
    "probability": ".probability.frames",
    "overlay": ".overlay.frames",
    "cutout": ".cutout.frames",
    "sides": ".sides.frames",
    "pose": ".pose.frames",
    "parts": ".parts.frames",
}
MARKER = "handseg.json"  # holds the stamp of a folder of frames, once all of them are there
# One video keeps every core busy, and each in work takes as much memory as the next.
_one_at_a_time = threading.Lock()


def predict_video(item: Item, predictor: Predicts, sinks: Sinks, stop: Stop) -> Record | None:
    """Make the pictures of a video and return its record; None if the run stops before the end."""
    with _one_at_a_time, ExitStack() as stack:
        video, target = item.path, sinks.config.output / item.key if sinks.config.output else item.path
        if not (isinstance(video, Path) and isinstance(target, Path)):
            raise ImageError(f"{video}: a video is done on disks only; give --output a folder of this machine")
        outputs = outputs_of(target, sinks.config)
        shown = {kind: path.parent if sinks.config.frames else path for kind, path in outputs.items()}
        up_to_date = Record(video, "skipped", "up to date", shown, model=sinks.model)
        if stop.code:
            return None
        if stamp_of(video) is not None:  # `clips/*` names the mask videos of the last run, too
            return Record(video, "skipped", "was made by handseg", model=sinks.model)
        if not stale(outputs, sinks, look(video)):
            return up_to_date
        source = source_of(video)
        wanted = stale(outputs, sinks, source)
        claims = claim_all(wanted, stack)
        if claims is None:
            return Record(video, "busy", "another run is at it", model=sinks.model)
        if not stale(wanted, sinks, source):  # another run may have finished it just before it was claimed
            return up_to_date
        return do(video, Maker(predictor, sinks, claims, source), stop)


def outputs_of(target: Path, config: PredictConfig) -> dict[Kind, Path]:
    """Return the file that stands for each kind of picture: a video, or the marker in a folder of frames."""
    if not config.frames and "cutout" in config.kinds:
        raise ImageError(f"{target}: a video cannot be transparent; add --frames for the cut-outs of its frames")
    ends = {kind: f"{end}/{MARKER}" for kind, end in FOLDERS.items()} if config.frames else MOVIES
    return {kind: target.parent / f"{target.name}{end}" for kind, end in ends.items() if kind in config.kinds}


def stale(outputs: dict[Kind, Path], sinks: Sinks, source: Source) -> dict[Kind, Path]:
    """Return the outputs that are missing or made of something else; OutputError if one is not ours."""
    return {kind: path for kind, path in outputs.items() if not is_done(kind, path, sinks, source)}


def is_done(kind: Kind, path: Path, sinks: Sinks, source: Source) -> bool:
    """Tell whether an output is there and up to date; OutputError if the name is taken by a file that is not ours."""
    with explained(path):
        if not path.exists():
            return False
        written_ns = path.stat().st_mtime_ns
    found = stamp_of(path)
    if found is None or found.kind != kind:
        if sinks.config.overwrite:
            return False
        raise OutputError(f"{path} exists and is not this video's {kind} by handseg; --overwrite replaces it")
    if sinks.config.refresh and written_ns < sinks.started_ns:
        return False
    return is_fresh(found, sinks.stamp(kind, source))


def stamp_of(path: Path) -> Stamp | None:
    """Read the stamp of a video, a folder's marker or a frame's picture; None for what is not ours."""
    if path.suffix in (".png", ".jpg", *TEXTS):
        return read_stamp(path)
    return parse_stamp(read_comment(path).removeprefix(f"{KEYWORD} "))


def claim_all(outputs: dict[Kind, Path], stack: ExitStack) -> dict[Kind, Claim] | None:
    """Claim the outputs for as long as the stack lasts; None where another run has one of them."""
    claims: dict[Kind, Claim] = {}
    for kind, path in outputs.items():
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        mine = claim(path)
        if mine is None:
            return None
        claims[kind] = stack.enter_context(mine)
    return claims


def do(path: Path, maker: Maker, stop: Stop) -> Record | None:
    """Make what is claimed of a video. Of a damaged one, what can be made is kept apart, and it counts as failed."""
    start = time.perf_counter()
    with open_video(path, max_pixels=maker.sinks.config.max_pixels) as video:
        tally, damage = make(video, maker, stop)
    if stop.code:
        return None
    if source_of(path, maker.source.hash) != maker.source:
        raise ImageError(f"{path}: is being written to; run again once it is complete")
    if damage and not tally.frames:
        raise ImageError(damage)
    outputs = set_apart(maker) if damage else finish(maker, tally.frames)
    return Record(
        path=path,
        status="failed" if damage else "done",
        reason=damage.removeprefix(f"{path}: "),
        outputs=outputs,
        hand_pixels=None if tally.kept else tally.pixels,
        confidence=None if tally.kept else round(tally.confidence, 4),
        width=tally.size[1],
        height=tally.size[0],
        milliseconds=round(1000 * (time.perf_counter() - start), 1),
        model=maker.sinks.model,
        frames=tally.frames,
        frames_with_hands=None if tally.kept else tally.with_hands,
    )


def finish(maker: Maker, frames: int) -> dict[Kind, Path]:
    """Give the pictures of a whole video their names, the first kind last; return the videos or the folders."""
    outputs = {}
    for kind, mine in reversed(maker.claims.items()):
        if maker.sinks.config.frames:
            drop_after(maker, kind, frames)
            mine.write(str(maker.stamps[kind]).encode())
        else:
            mine.finish()
            drop(apart(mine.final))
        outputs[kind] = mine.final.parent if maker.sinks.config.frames else mine.final
    return dict(reversed(outputs.items()))


def drop_after(maker: Maker, kind: Kind, frames: int) -> None:
    """Remove what an earlier, longer video of this name has left in a folder of frames."""
    number = frames
    while (path := maker.frame_path(kind, number)).exists():
        drop(path)
        number += 1


def drop(path: Path) -> None:
    """Remove a file if it is a picture of ours."""
    if path.exists() and stamp_of(path) is not None:
        with explained(path):
            path.unlink()


def apart(final: Path) -> Path:
    """Return the name for what could be made of a damaged video: clip.mp4.partial.mkv for clip.mp4.mkv."""
    return final.with_name(f"{final.stem}.partial{final.suffix}")


def set_apart(maker: Maker) -> dict[Kind, Path]:
    """Keep what could be made of a damaged video: under other names, or as a folder without its marker."""
    if maker.sinks.config.frames:
        return {kind: mine.final.parent for kind, mine in maker.claims.items()}
    outputs = {}
    for kind, mine in maker.claims.items():
        outputs[kind] = apart(mine.final)
        is_done(kind, outputs[kind], maker.sinks, maker.source)  # an error if the name is taken
        with claim(outputs[kind]) or busy(outputs[kind]) as other:
            with explained(other.final), mine.part.open("rb") as made, other.file() as kept:
                shutil.copyfileobj(made, kept)
            other.finish()
    return outputs


def source_of(path: Path, known_hash: str = "") -> Source:
    """Return the size, the time and the hash of a file, which is read for it piece by piece if it is not known."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            digest = known_hash or hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImageError(f"{path}: cannot be read ({error.strerror})") from error
    return Source(status.st_size, status.st_mtime_ns, digest)
