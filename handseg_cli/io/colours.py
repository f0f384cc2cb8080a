"""Decoded photos of every Pillow mode into 8-bit RGB: palettes, CMYK, transparency, 16 bits and floats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def to_rgb(image: Image.Image) -> Image.Image:
    """Bring a decoded photo of any mode to RGB; transparent parts become white."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(to_uint8(np.asarray(image))).convert("RGB")
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    image = image if image.mode == "RGBA" else image.convert("RGBA")
    alpha = image.getchannel("A")
    # Nothing to be seen at all is a writer's mistake in the fourth byte, not a photo.
    if alpha.getextrema() in ((255, 255), (0, 0)):
        return image.convert("RGB")
    # White is what most viewers show behind a photo; the colours under full transparency are often noise.
    sheet = Image.new("RGB", image.size, "white")
    sheet.paste(image, mask=alpha)
    return sheet


def to_uint8(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Bring greys of more than 8 bits to 0..255, by their highest bit in use or by the range of floats."""
    if values.dtype.kind == "f":
        return _from_floats(values.astype(np.float32))
    low, high = int(values.min()), int(values.max())
    integers = values if low >= 0 else values.astype(np.int64) - low
    # Cameras store 10, 12 or 14 bits in 16, so the type alone does not tell what white is.
    shift = max(0, (high - min(low, 0)).bit_length() - 8)
    return np.right_shift(integers, shift).astype(np.uint8)


def _from_floats(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Take 0..1 and 0..255 as they are meant and stretch any other range."""
    values = np.clip(np.nan_to_num(values), -1e30, 1e30)
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 255:
        values, high = (values - low) / max(high - low, 1e-30), 1.0
    return np.rint(values * (255 if high <= 1 else 1)).astype(np.uint8)
