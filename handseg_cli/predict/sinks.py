"""Where pictures go, whether they are there already, and their bytes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Literal

from handseg_cli.config import Kind, PredictConfig
from handseg_cli.errors import OutputError
from handseg_cli.io import jpeg, png
from handseg_cli.io.part_colours import PART_COLOURS
from handseg_cli.paths import Place, Url
from handseg_cli.predict.stamps import KEYWORD, SUFFIXES, Source, Stamp, is_fresh
from handseg_cli.predict.stored import Written, stored
from handseg_cli.sample import Image, Prediction

# touched: as wanted, but the photo has another time; only the hash of its bytes can tell whether it has changed.
State = Literal["missing", "fresh", "touched", "stale"]

NEED_FULL: frozenset[Kind] = frozenset({"overlay", "cutout"})  # kinds that show the photo itself


class Sinks:
    """What to write for each input, by a model and the settings of a run.

    `model` and, of poses, `finder` are the begin of the hashes of the nets; `name` is that of the model.
    """

    def __init__(self, config: PredictConfig, model: str, size: int, name: str = "", finder: str = "") -> None:
        self.config = config
        self.model = model
        self.name = name
        found = {"task": config.task, "finder": finder} if config.task != "hands" else {}
        self.settings = {kind: found | settings_of(config, kind, size) for kind in config.kinds}
        self.started_ns = time.time_ns()

    def paths(self, path: Place, key: str) -> dict[Kind, Place]:
        """Return where the pictures of a photo go: beside it, or at its place in the mirrored tree."""
        target = self.config.output / key if self.config.output else path
        if isinstance(target, Url) and target.is_web:
            raise OutputError(f"{target}: the web cannot be written to; give --output DIR, or a bucket")
        # In one order for all runs, whatever the command line's: so two runs cannot each keep the other from a photo.
        kinds = self.config.kinds
        return {kind: target.with_name(target.name + end) for kind, end in SUFFIXES.items() if kind in kinds}

    def stamp(self, kind: Kind, source: Source) -> Stamp:
        """Return the stamp of a picture to be written."""
        return Stamp(kind, self.model, self.settings[kind], source)

    def state(self, kind: Kind, path: Place, source: Source) -> State:
        """Tell what there is to do about a picture; OutputError if the name is taken by a file that is not ours.

        A `source` whose hash is "" makes the answer "touched" where only that could tell.
        """
        return self.judge(kind, path, stored(path).written(), source)

    def judge(self, kind: Kind, path: Place, written: Written | None, source: Source) -> State:
        """Tell the same of a picture that was looked at already."""
        if written is None:
            return "missing"
        found = written.stamp
        if found is None or found.kind != kind:
            if self.config.overwrite:
                return "stale"
            raise OutputError(f"{path} exists and is not this photo's {kind} by handseg; --overwrite replaces it")
        # What this run, or one beside it, has redone is not redone for a photo that was named twice.
        if self.config.refresh and written.mtime_ns < self.started_ns:
            return "stale"
        wanted = self.stamp(kind, source)
        if is_fresh(found, wanted):
            return "fresh"
        same_but_for_time = is_fresh(found, self.stamp(kind, replace(found.input, size=source.size, hash="")))
        return "touched" if not source.hash and same_but_for_time else "stale"

    def encode(self, kind: Kind, image: Image, prediction: Prediction, stamp: Stamp) -> bytes:
        """Return the file of a picture. Overlays and cut-outs take the (H, W, 3) image in its displayed size."""
        text = {KEYWORD: str(stamp)}
        if kind == "mask":
            return png.encode_grey(prediction.mask, self.config.bits, text)
        if kind == "probability":
            return png.encode_grey(prediction.probability, text=text, smooth=True)
        if kind == "sides":
            assert prediction.sides is not None
            return png.encode_palette(prediction.sides, png.SIDE_COLOURS, text)
        if kind == "parts":
            assert prediction.parts is not None
            return png.encode_palette(prediction.parts, PART_COLOURS, text)
        if kind == "pose":
            from handseg_cli.predict import pose_file

            return pose_file.encode(prediction, self.name, stamp, self.config.focal)
        from handseg_cli.io import draw  # with fonts and all, for these kinds only

        if kind == "cutout":
            return png.encode_rgba(draw.cutout(image, prediction.probability, prediction.mask), text)
        return jpeg.encode(draw.told(image, prediction), f"{KEYWORD} {stamp}")


def settings_of(config: PredictConfig, kind: Kind, size: int) -> dict[str, Any]:
    """Return the settings that change pictures of this kind."""
    settings: dict[str, Any] = {"size": size, "crf": config.crf, "tile": config.tile, "tta": config.tta}
    # Pictures of earlier versions, which knew neither closer looks nor other labels, say nothing of them.
    if config.closer and not config.tile:
        settings["closer"] = True
    if config.label != "hand":
        settings["label"] = config.label
    if kind != "probability":
        settings |= {"threshold": config.threshold, "min_area": config.min_area}
    if kind == "mask":
        settings["bits"] = config.bits
    if kind == "pose":
        settings["focal"] = config.focal
    return settings
