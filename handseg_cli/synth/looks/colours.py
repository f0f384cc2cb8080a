"""Colours as they are about us: of clothes, wood, paint, metal, and those that pass for skin. Linear RGB, 0 to 1."""

from __future__ import annotations

import numpy as np

from handseg_cli.synth.body import Floats

Colour = tuple[float, float, float]
Range = tuple[int, int]
Row = tuple[float, Range, Range, Range]

# Each row is how often it comes, then ranges of lightness, chroma and hue angle, as in CIE LCh.
CLOTHES = (
    (0.20, (6, 24), (0, 4), (0, 360)),  # black
    (0.11, (28, 62), (0, 5), (0, 360)),  # grey
    (0.12, (78, 94), (0, 6), (60, 110)),  # white and cream
    (0.13, (14, 36), (8, 28), (255, 290)),  # navy and denim
    (0.08, (38, 66), (10, 30), (235, 275)),  # light blue
    (0.06, (22, 48), (8, 24), (95, 150)),  # olive and green
    (0.05, (22, 45), (25, 55), (8, 35)),  # wine and red
    (0.05, (35, 80), (35, 75), (0, 360)),  # vivid
)
# Orange, brown, red, beige and pink: about the hues of skin, a little wider than them.
FLESH = (
    (0.40, (45, 80), (12, 28), (45, 80)),  # beige, sand, camel
    (0.25, (22, 48), (12, 30), (40, 72)),  # brown
    (0.18, (55, 80), (12, 32), (5, 45)),  # pink, salmon
    (0.17, (42, 66), (35, 60), (32, 62)),  # terracotta, orange
)
WOODS = (
    (0.45, (52, 74), (18, 32), (62, 82)),  # oak, beech, pine
    (0.35, (28, 50), (14, 28), (48, 68)),  # walnut, cherry
    (0.20, (12, 28), (4, 16), (40, 75)),  # dark stain
)
PAINTS = (
    (0.25, (80, 95), (0, 5), (0, 360)),
    (0.20, (5, 22), (0, 5), (0, 360)),
    (0.15, (35, 70), (0, 8), (0, 360)),
    (0.40, (28, 78), (20, 70), (0, 360)),
)

FLESH_SHARE = 0.2


def draw(rows: tuple[Row, ...], rng: np.random.Generator) -> Colour:
    """Draw a colour from rows of a table such as CLOTHES."""
    shares = np.array([row[0] for row in rows])
    _, light, chroma, hue = rows[rng.choice(len(rows), p=shares / shares.sum())]
    return from_lch(float(rng.uniform(*light)), float(rng.uniform(*chroma)), float(rng.uniform(*hue)))


def clothing(rng: np.random.Generator) -> Colour:
    """Draw a colour of clothing; one in five is of skin's hues."""
    return draw(FLESH if rng.uniform() < FLESH_SHARE else CLOTHES, rng)


def painted(rng: np.random.Generator) -> Colour:
    """Draw a colour of painted, glazed or plastic things; one in five is of skin's hues."""
    return draw(FLESH if rng.uniform() < FLESH_SHARE else PAINTS, rng)


def wooden(rng: np.random.Generator) -> Colour:
    """Draw a colour of wood."""
    return draw(WOODS, rng)


def metallic(rng: np.random.Generator) -> Colour:
    """Draw the colour of a steel, dark, golden or copper metal, as it looks under soft light."""
    metals = ((0.42, 0.42, 0.41), (0.05, 0.05, 0.055), (0.55, 0.38, 0.14), (0.5, 0.26, 0.16))
    red, green, blue = np.array(metals[rng.choice(4, p=[0.6, 0.2, 0.14, 0.06])]) * rng.uniform(0.8, 1.15)
    return float(red), float(green), float(blue)


def from_lch(light: float, chroma: float, hue: float) -> Colour:
    """Return the linear RGB of CIE lightness (0 to 100), chroma and hue in degrees, cut to what a screen shows."""
    angle = np.radians(hue)
    return from_lab(light, chroma * float(np.cos(angle)), chroma * float(np.sin(angle)))


def from_lab(light: float, a: float, b: float) -> Colour:
    """Return the linear RGB of CIE L*a*b* under daylight, cut to what a screen shows."""
    y = (light + 16) / 116
    x, z = y + a / 500, y - b / 200
    x, y, z = (t**3 if t > 6 / 29 else (t - 4 / 29) * 108 / 841 for t in (x, y, z))
    x, z = x * 0.9505, z * 1.089
    red, green, blue = (
        3.2406 * x - 1.5372 * y - 0.4986 * z,
        1.8758 * y - 0.9689 * x + 0.0415 * z,
        0.0557 * x - 0.204 * y + 1.057 * z,
    )
    low, high = 0.003, 0.93
    return min(max(red, low), high), min(max(green, low), high), min(max(blue, low), high)


def lightness(colour: Floats) -> Floats:
    """Return the CIE lightness, 0 to 100, of linear RGB (..., 3)."""
    y = colour @ np.array([0.2126, 0.7152, 0.0722])
    return np.asarray(np.where(y > 0.008856, 116 * np.cbrt(np.maximum(y, 0)) - 16, 903.3 * y))
