"""Sleeves and cuffs around a bent arm, from the palm's heel to the shoulder: tubes of cloth with folds and hems."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from handseg_cli.synth.body import Floats
from handseg_cli.synth.dress.limb import Limb, place, tube
from handseg_cli.synth.looks.cloth import fabric, matching
from handseg_cli.synth.looks.colours import painted
from handseg_cli.synth.looks.shapes import Shape, ball, moved
from handseg_cli.synth.surface import Kind, Material, Surface

# How often each is worn.
KINDS = {"plain": 0.3, "shirt": 0.2, "knit": 0.2, "jacket": 0.12, "rolled": 0.13, "tight": 0.05}
EASE = {"plain": (3.5, 9.0), "shirt": (4.0, 9.0), "knit": (4.0, 9.0), "jacket": (7.0, 16.0), "rolled": (4.0, 9.0),
        "tight": (1.2, 2.0), "short": (5.0, 18.0)}  # fmt: skip
THICK = {"plain": 1.0, "shirt": 0.8, "knit": 2.0, "jacket": 2.2, "rolled": 1.0, "tight": 0.8, "short": 0.9}
SECTORS = 40
UNDER = 25.0  # mm of skin that go on under a sleeve: so far one can look into it


@dataclass(frozen=True)
class Sleeve:
    """A sleeve of a kind of EASE; what both sleeves of a garment share."""

    kind: str
    end: float  # mm beyond the wrist
    ease: float  # mm between skin and cloth
    cuff: float  # how long the cuff or the rolled part is, mm
    fold: float  # how deep folds are, as a share of the ease
    material: Material
    trim: Material  # of the cuff
    tile: float  # mm

    @property
    def bare_from(self) -> float:
        """Where skin begins to be needed, mm beyond the wrist."""
        return self.end - UNDER - 2 * self.ease


def random_sleeve(rng: np.random.Generator, elbow: float, length: str = "") -> Sleeve:
    """Draw a sleeve that is "long" or "short"; `elbow` is where that joint lies, mm beyond the wrist."""
    length = length or str(rng.choice(["long", "short"], p=[0.82, 0.18]))
    kind = "short" if length == "short" else str(rng.choice(list(KINDS), p=list(KINDS.values())))
    material, tile = fabric(rng)
    trim, cuff = material, 0.0
    if kind == "knit":
        trim, cuff = matching(material, "rib", rng), float(rng.uniform(35, 75))
    if kind == "shirt":
        cuff = float(rng.uniform(45, 70))
    if kind == "rolled":
        cuff = float(rng.uniform(30, 60))
        trim = material if rng.uniform() < 0.7 else fabric(rng)[0]
    ease = float(rng.uniform(*EASE[kind]))
    fold = 0.0 if kind == "tight" else float(rng.uniform(0.2, 0.6))
    return Sleeve(kind, _end(kind, elbow, rng), ease, cuff, fold, material, trim, tile)


def _end(kind: str, elbow: float, rng: np.random.Generator) -> float:
    """Return where a sleeve ends, mm beyond the wrist."""
    if kind == "short":
        return elbow - float(rng.uniform(45, 150))
    if kind == "rolled":
        return elbow * float(rng.uniform(0.25, 0.8))
    # Mostly at the wrist, at times over the palm's heel or pushed up the forearm.
    return 16 - min(float(rng.exponential(38)), -elbow * 0.9)


def sleeve_surfaces(
    limb: Limb, sleeve: Sleeve, rng: np.random.Generator, root: tuple[float, float] | None = None
) -> list[Surface]:
    """Return the sleeve around a posed arm with its cuff; it begins at `root`, mm beyond the wrist and off the skin."""
    start, off = root or (float(limb.along[0]) - 15, sleeve.ease)
    along = _rings(min(start, sleeve.end - 60), sleeve.end)
    ease = sleeve.ease + _folds(along, sleeve, limb.elbow, rng)
    ease = np.maximum(ease, 1.0 + 0.8 * THICK[sleeve.kind])
    if root:
        # It comes out from under the cloth of the trunk.
        share = np.clip((along - start) / 45, 0, 1)[:, None]
        ease = off + share * (ease - off)
    surfaces = []
    if sleeve.kind in ("shirt", "knit"):
        ease = _gathered(along, ease, sleeve)
        surfaces += _cuff(limb, sleeve, rng)
    if sleeve.kind == "rolled":
        surfaces.append(_rolls(limb, sleeve, rng))
    return [_cloth(_hemmed(limb, along, ease, sleeve), sleeve.material), *surfaces]


def _cloth(shape: Shape, material: Material) -> Surface:
    return Surface(Kind.CLOTH, shape.points, shape.triangles, shape.uv, material)


def _rings(start: float, end: float) -> Floats:
    """Return where rings lie: close to each other towards the hand, where one looks."""
    near = np.arange(end, max(end - 150, start), -4.5)
    far = np.arange(near[-1], start, -9.0)[1:]
    return np.concatenate([[start], far[::-1], near[::-1]])


def _folds(along: Floats, sleeve: Sleeve, elbow: float, rng: np.random.Generator) -> Floats:
    """Return how far folds lift the cloth (N, SECTORS): it bunches towards its end and about the elbow."""
    turn = np.linspace(0, 2 * np.pi, SECTORS, endpoint=False)[None, :]
    from_end = (along - sleeve.end)[:, None]
    lifted = np.zeros((len(along), SECTORS))
    for _ in range(5):
        phase, tilt, bow = rng.uniform(0, 6.3, 3)
        length, slant = float(rng.uniform(35, 120)), float(rng.uniform(8, 45))
        # Folds run slantwise around, each over one part of the way, and not at even distances.
        moved_ = from_end + slant * np.sin(turn + tilt) + 0.3 * slant * np.sin(2 * turn + bow)
        wave = np.sin(np.pi * moved_ / length + 1.2 * np.sin(moved_ / 61 + phase) + phase)
        part = np.clip(0.3 + np.sin(turn + rng.uniform(0, 6.3) + from_end / 90), 0, 1)
        lifted += (1 - np.abs(wave)) ** 2 * part
    bunched = 0.45 + 0.6 * np.exp(from_end / 60) + 0.8 * np.exp(-(((along[:, None] - elbow) / 55) ** 2))
    depth = sleeve.fold * (sleeve.ease + 2) * bunched
    return np.asarray(depth * (lifted - 0.7))


def _gathered(along: Floats, ease: Floats, sleeve: Sleeve) -> Floats:
    """Draw cloth in where its cuff begins."""
    share = np.clip((sleeve.end - sleeve.cuff + 4 - along) / 22, 0, 1)[:, None]
    share = np.sqrt(share)
    tight = 2.0 if sleeve.kind == "knit" else 0.55 * sleeve.ease + 1
    lifted = ease * (1 + (0.5 if sleeve.kind == "knit" else 0.15) * share * np.exp(-((1 - share) ** 2)))
    return np.asarray(share * lifted + (1 - share) * tight)


def _hemmed(limb: Limb, along: Floats, ease: Floats, sleeve: Sleeve) -> Shape:
    """Return the tube with an edge as thick as its cloth, turned in."""
    thick = THICK[sleeve.kind]
    if sleeve.cuff:
        keep = along < sleeve.end - sleeve.cuff + 8
        along, ease = along[keep], ease[keep]
    along = np.concatenate([along, [along[-1] + 0.4 * thick], along[-1:-4:-1]])
    ease = np.concatenate([ease, ease[-1:] - 0.5 * thick, ease[-1:-4:-1] - thick])
    return tube(limb, along, np.maximum(ease, 0.6), sleeve.tile, SECTORS)


def _band(limb: Limb, span: tuple[float, float], profile: Floats, tile: float, thick: float) -> Shape:
    """Return a closed band over a span whose ease is `profile` (N,) or (N, SECTORS), with edges on both ends."""
    along = np.linspace(*span, len(profile))
    ease = profile if profile.ndim == 2 else profile[:, None]
    first, last = ease[:1], ease[-1:]
    along = np.concatenate([[span[0] + 6, span[0]], along, [span[1] + 0.3 * thick, span[1], span[1] - 14]])
    ease = np.concatenate([first - thick, first - thick, ease, last - 0.5 * thick, last - thick, last - thick])
    return tube(limb, along, np.maximum(ease, 0.6), tile, SECTORS)


def _cuff(limb: Limb, sleeve: Sleeve, rng: np.random.Generator) -> list[Surface]:
    span = (sleeve.end - sleeve.cuff, sleeve.end)
    if sleeve.kind == "knit":
        profile = 2.6 + 0.8 * np.sin(np.linspace(0, np.pi, 9)) + rng.normal(0, 0.15, 9)
        return [_cloth(_band(limb, span, profile, sleeve.tile, 1.6), sleeve.trim)]
    flare = float(rng.uniform(0.0, 2.5))
    profile = 0.55 * sleeve.ease + 2.4 + np.linspace(0, flare, 7)
    surfaces = [_cloth(_band(limb, span, profile, sleeve.tile, 1.4), sleeve.trim)]
    if rng.uniform() < 0.7:
        where, frame = place(limb, sleeve.end - sleeve.cuff / 2, float(rng.uniform(0.45, 0.55)), profile[3] + 0.4)
        button = moved(ball((5.0, 5.0, 1.4), 6, 12), where.tolist(), frame.T)
        colour = np.broadcast_to(np.array(painted(rng), np.float32), (2, 2, 3)).copy()
        surfaces.append(Surface(Kind.CLOTH, button.points, button.triangles, button.uv, Material(colour, gloss=0.2)))
    return surfaces


def _rolls(limb: Limb, sleeve: Sleeve, rng: np.random.Generator) -> Surface:
    """Return the thick, uneven band of a sleeve that has been rolled up."""
    turn = np.linspace(0, 2 * np.pi, SECTORS, endpoint=False)
    turns = int(rng.integers(1, 3))
    step = np.linspace(0, 1, 12)
    bulge = np.sqrt(np.abs(np.sin(np.pi * (0.02 + 0.96 * step) * turns)))
    uneven = 1 + 0.2 * np.sin(turn + rng.uniform(0, 6.3)) + 0.12 * np.sin(3 * turn + rng.uniform(0, 6.3))
    profile = sleeve.ease + 1.5 + float(rng.uniform(2.5, 5)) * bulge[:, None] * uneven
    return _cloth(_band(limb, (sleeve.end - sleeve.cuff, sleeve.end), profile, sleeve.tile, 2.5), sleeve.trim)
