"""Renders as `handseg synth` does, but slowly, or fails at one photo: for what becomes of any run."""

from __future__ import annotations

import os
import time

from handseg_cli.errors import ImageError
from handseg_cli.synth.render import render as rendered
from handseg_cli.synth.rendered import Rendered
from handseg_cli.synth.settings import SynthSettings


def render(settings: SynthSettings, index: int) -> Rendered:
    """Render a photo."""
    time.sleep(float(os.environ.get("SCENE_TAKES_S", "0")))
    if os.environ.get("SCENE_FAILS") == str(index):
        raise ImageError("a.jpg: is empty")
    return rendered(settings, index)
