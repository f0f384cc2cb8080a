"""What is worn on hands and arms: sleeves, gloves, watches, bracelets, rings and nails over any posed body."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from handseg_cli.synth.body import Floats, Posed, Side
from handseg_cli.synth.dress.gloves import Glove, glove_surfaces, random_glove
from handseg_cli.synth.dress.jewellery import bracelet, random_rings, watch
from handseg_cli.synth.dress.limb import NUMBER, Limb, measured
from handseg_cli.synth.dress.nails import nail_surfaces
from handseg_cli.synth.dress.sleeves import Sleeve, random_sleeve, sleeve_surfaces
from handseg_cli.synth.surface import Kind, Material, Surface

STYLES = ("sleeve", "short", "bare", "glove")
SHARES = (0.5, 0.12, 0.31, 0.07)
# How often what is worn; watches and bracelets only where a wrist is bare.
WATCH, BRACELET, RINGS, NAILS = 0.25, 0.15, 0.25, 0.12


@dataclass(frozen=True)
class Outfit:
    """What somebody wears on their arms; letters such as "LR" tell which sides wear what need not be on both."""

    sleeve: Sleeve | None
    glove: Glove | None
    watch: str = ""
    bracelet: str = ""
    rings: str = ""
    nails: bool = False


def random_outfit(rng: np.random.Generator, elbow: float, style: str = "") -> Outfit:
    """Draw an outfit of a style of STYLES; `elbow` is where that joint lies, mm beyond the wrist."""
    style = style or str(rng.choice(STYLES, p=SHARES))
    sleeve = None
    if style in ("sleeve", "short"):
        sleeve = random_sleeve(rng, elbow, "long" if style == "sleeve" else "short")
    glove = random_glove(rng) if style == "glove" else None
    if glove and rng.uniform() < 0.5:
        sleeve = random_sleeve(rng, elbow, "long")
    watch_, bracelet_, rings = (_worn_on(rng, share) for share in (WATCH, BRACELET, RINGS))
    return Outfit(sleeve, glove, watch_, bracelet_, rings, bool(rng.uniform() < NAILS))


def _worn_on(rng: np.random.Generator, share: float) -> str:
    return str(rng.choice(["L", "R", "LR"], p=[0.5, 0.3, 0.2])) if rng.uniform() < share else ""


def sides_of(figure: Posed) -> list[Side]:
    """Return which sides' hands a figure has."""
    sides: tuple[Side, Side] = ("L", "R")
    return [side for side in sides if (figure.body.marks.side == NUMBER[side]).any()]


def dressed(figure: Posed, skin: Material, outfit: Outfit | None, rng: np.random.Generator) -> list[Surface]:
    """Return the skin of lone arms, cut away where something covers it, and all that is worn on them."""
    limbs = [measured(figure, side) for side in sides_of(figure)]
    outfit = outfit or random_outfit(rng, limbs[0].elbow)
    bare = np.full(len(figure.points), 50.0, np.float32)
    worn: list[Surface] = []
    for limb in limbs:
        surfaces, keep = worn_on(figure, limb, outfit, rng)
        worn += surfaces
        # Points on no arm are what is left of the shoulder: they go with the sleeve.
        elsewhere = (figure.body.marks.side != NUMBER[limb.side]) & (figure.body.marks.side != 0)
        bare = np.where(elsewhere, bare, np.minimum(bare, keep))
    return [skin_surface(figure, skin, bare), *worn]


def skin_surface(figure: Posed, skin: Material, keep: Floats) -> Surface:
    """Return a figure's skin where `keep` (V,) is not negative."""
    body = figure.body
    return Surface(Kind.SKIN, figure.points, body.triangles, body.uv, skin, body.marks, keep.astype(np.float32))


def worn_on(
    figure: Posed, limb: Limb, outfit: Outfit, rng: np.random.Generator, root: tuple[float, float] | None = None
) -> tuple[list[Surface], Floats]:
    """Return what is worn on one arm, and where its skin shows (V,); `root` is where its sleeve begins, and how far
    off the skin, mm."""
    marks, side = figure.body.marks, limb.side
    sleeve, glove = _fitted(outfit, limb, rng)
    keep = np.full(len(marks.along), 50.0, np.float32)
    surfaces: list[Surface] = []
    if sleeve:
        surfaces += sleeve_surfaces(limb, sleeve, rng, root)
        keep = np.minimum(keep, np.maximum(marks.along - sleeve.bare_from, -50))
    if glove:
        surfaces += glove_surfaces(figure, limb, glove, tucked=sleeve is not None)
        keep = np.minimum(keep, glove.bare(marks))
        return surfaces, keep
    if sleeve is None or sleeve.end < -70:
        surfaces += watch(limb, rng) if side in outfit.watch else []
        surfaces += bracelet(limb, rng) if side in outfit.bracelet and side not in outfit.watch else []
    surfaces += random_rings(figure, side, rng) if side in outfit.rings else []
    surfaces += nail_surfaces(figure, side, rng) if outfit.nails else []
    return surfaces, keep


def _fitted(outfit: Outfit, limb: Limb, rng: np.random.Generator) -> tuple[Sleeve | None, Glove | None]:
    """Return sleeve and glove for one arm: no two sleeves end at quite the same place."""
    sleeve, glove = outfit.sleeve, outfit.glove
    if sleeve:
        sleeve = replace(sleeve, end=min(sleeve.end + float(rng.normal(0, 8)), 18.0))
        if sleeve.end - 60 < limb.along[0]:
            # The arm has no skin where this sleeve would end.
            sleeve = None
    if sleeve and glove:
        # Either the sleeve lies over the glove's end, or it ends before the glove begins.
        over = rng.uniform() < 0.5
        end = min(sleeve.end, 0.0) if over else min(sleeve.end, glove.end - 6)
        sleeve = replace(sleeve, end=end) if end - 60 > limb.along[0] else None
    return sleeve, glove
