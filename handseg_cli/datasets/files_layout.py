"""Rendered photos as files to look at, which `handseg finetune` and `handseg eval` take as they are.

Beside train/000000.jpg lie its mask (.jpg.png), parts (.jpg.parts.png, coloured), depth (.jpg.depth.png, tenths of a
millimetre) and numbers (.jpg.json).
"""

from __future__ import annotations

import colorsys
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from handseg_cli.datasets.laid import Laid, Note, Place, labels_of
from handseg_cli.io.encoded import encode_depth, encode_jpeg
from handseg_cli.io.png import encode_grey
from handseg_cli.sample import Mask
from handseg_cli.synth.labels import NAMES
from handseg_cli.synth.rendered import Rendered

GOLDEN = 0.618  # of the circle of hues, from one part to the next: neighbours never look alike


def laid_out(place: Place, rendered: Rendered) -> Laid:
    """Return the files of one photo."""
    labels, photo = labels_of(rendered), f"{place.split}/{place.key}.jpg"
    files = {
        photo: encode_jpeg(rendered.sample.image),
        f"{photo}.png": encode_grey(labels.mask),
        f"{photo}.parts.png": coloured(labels.parts),
        f"{photo}.depth.png": encode_depth(rendered.depth),
        f"{photo}.json": json.dumps(numbers(place, rendered), indent=1).encode(),
    }
    return Laid(files, {})


def numbers(place: Place, rendered: Rendered) -> dict[str, Any]:
    """Return all that is no picture; None stands for coordinates that there are not."""
    labels = labels_of(rendered)
    return {
        "key": place.key,
        "style": rendered.style,
        "split": place.split,
        "hands": rendered.sample.hands,
        "camera": listed(labels.camera),
        "joints_mm": listed(labels.joints),
        "points_px": listed(labels.points),
        "inside": labels.valid.tolist(),
        "visible": rendered.visible.tolist(),
        "parts": list(NAMES),
    }


def listed(rows: NDArray[np.float32]) -> list[list[float | None]]:
    """Return rows as lists, None in place of what is no number."""
    return [[value if np.isfinite(value) else None for value in row] for row in rows.tolist()]


def coloured(parts: Mask) -> bytes:
    """Encode numbers of parts as a PNG that shows each in a colour of its own."""
    hues = [colorsys.hsv_to_rgb(part * GOLDEN % 1, 0.65, 1.0) for part in range(2, len(NAMES))]
    palette = np.array([(0, 0, 0), (0.35, 0.35, 0.35), *hues]) * 255
    picture = Pillow.fromarray(parts).convert("P")
    picture.putpalette(palette.astype(np.uint8).tobytes())
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def finish(folder: Path, notes: Callable[[], Iterator[Note]]) -> None:
    """Write nothing: each photo tells all of itself."""
