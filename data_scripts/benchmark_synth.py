"""Measure how fast photos are rendered: in all processes together, and in one, style by style and stage by stage.

    python data_scripts/benchmark_synth.py --assets ASSETS --backgrounds PHOTOS --count 60

Times are those of the processor, so that other work on the machine matters little, and leave out the first photos, for
which files are read and patterns drawn that are then kept. Only photos a second of all processes are told by the clock.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import defaultdict
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import get_args

import cv2
import numpy as np

from handseg_cli.config.synth import STYLES, EngineName
from handseg_cli.datasets.encode import Policy, encode
from handseg_cli.datasets.pool import run
from handseg_cli.datasets.prepare import cores
from handseg_cli.synth import render as steps
from handseg_cli.synth.drawing.engine import open_engine
from handseg_cli.synth.drawing.soup import lit_soup
from handseg_cli.synth.labels import seen_joints
from handseg_cli.synth.photos.lens import random_lens
from handseg_cli.synth.photos.photograph import Shot, photograph
from handseg_cli.synth.photos.plate import layer_of
from handseg_cli.synth.scenes.studio import open_studio
from handseg_cli.synth.settings import SynthSettings, rng_of

WARM = 150  # photos: by then nearly all patterns and skins have been read
STAGES = ("stage", "light", "draw", "compose", "photograph", "encode")


class Watch:
    """Milliseconds of this process's processor time, by what they went to."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self.last = time.process_time()

    def lap(self, stage: str) -> None:
        """Count the time since the last lap."""
        now = time.process_time()
        self.spent[stage] += 1e3 * (now - self.last)
        self.last = now


def one_photo(settings: SynthSettings, style: str, index: int, watch: Watch) -> None:
    """Do what `render` does for one photo of a style, and encode it."""
    rng, studio, engine = rng_of(settings, index), open_studio(settings), open_engine(settings.engine)
    watch.lap("other")
    scene = None
    while scene is None:
        scene = steps.staged(studio, style, settings.size, rng)
    watch.lap("stage")
    soup = lit_soup(scene.surfaces, scene.camera, scene.environment.lights)
    watch.lap("light")
    drawing = engine.drawn(soup, scene.camera, scene.environment.lights)
    watch.lap("draw")
    layer = layer_of(drawing, [surface.kind for surface in scene.surfaces])
    plate = steps.before_and_behind(studio, scene, layer, settings, rng)
    watch.lap("compose")
    shot = Shot(plate, scene.camera, seen_joints(scene.joints, scene.camera), f"{index:06d}", style)
    made = photograph(shot, random_lens(rng, bent=style == "ego"), rng)
    watch.lap("photograph")
    encode(replace(made.sample, depth=made.depth), None, Policy("parts", 0))
    watch.lap("encode")


def peak(settings: SynthSettings, index: int) -> float:
    """Render one photo and return the most memory, MiB, that this process has had."""
    steps.render(settings, index)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def together(settings: SynthSettings, count: int) -> tuple[float, float]:
    """Return the photos a second of as many processes as there are cores, and the peak of one of them in MiB."""
    warm, began, most = WARM * cores(), 0.0, 0.0
    for number, memory in enumerate(run(range(warm + count), partial(peak, settings), cores())):
        most = max(most, memory)
        if number == warm - 1:
            began = time.perf_counter()
    return count / (time.perf_counter() - began), most


def main() -> None:
    """Print what all processes do, and the table of one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=Path)
    parser.add_argument("--backgrounds", type=Path)
    parser.add_argument("--engine", choices=get_args(EngineName), default="auto")
    parser.add_argument("--count", type=int, default=60, help="photos of each style, and of all processes together")
    given = parser.parse_args()
    even = tuple((style, 1.0) for style in STYLES)
    settings = SynthSettings(0, even, (320, 320), given.assets, given.backgrounds, engine=given.engine)
    rate, memory = together(settings, given.count)
    print(f"{rate:.1f} photos/s in {cores()} processes, each of at most {memory:.0f} MiB")
    cv2.setNumThreads(1)
    for index in range(WARM):
        steps.render(settings, index)
    print(f"{'ms each':14}" + "".join(f"{stage:>11}" for stage in (*STAGES, "all")))
    table = []
    for style in STYLES:
        watch = Watch()
        for index in range(WARM, WARM + given.count):
            one_photo(settings, style, index, watch)
        each = [watch.spent[stage] / given.count for stage in STAGES]
        table.append([*each, sum(each)])
        print(f"{style:14}" + "".join(f"{value:11.1f}" for value in table[-1]))
    print(f"{'mean':14}" + "".join(f"{value:11.1f}" for value in np.mean(table, axis=0)))


if __name__ == "__main__":
    main()
