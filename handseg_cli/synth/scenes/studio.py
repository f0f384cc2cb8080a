"""What scenes are made of, read once in a process: bodies, skins, surroundings, photos and cut-outs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from handseg_cli.errors import DatasetError
from handseg_cli.synth.body import Body, Side
from handseg_cli.synth.drawing.light import Environment, random_environment, read_environment
from handseg_cli.synth.drawing.sky import made_environment
from handseg_cli.synth.dress.outfits import Outfit, random_outfit
from handseg_cli.synth.figures import godot, makehuman
from handseg_cli.synth.figures.procedural import procedural_hand, random_hand_shape
from handseg_cli.synth.looks.tones import atlas, skin
from handseg_cli.synth.photos.backdrop import photo_files
from handseg_cli.synth.photos.cutouts import Scraps, cutout_files
from handseg_cli.synth.settings import SynthSettings
from handseg_cli.synth.surface import Material

STRANGERS = 0.15  # how often hands are tried that have no forearms: most of these tries fail
FOREARM = -255.0  # mm beyond the wrist: about where elbows are


@dataclass(frozen=True)
class Studio:
    """The assets folder, if there is one, and what its files and the user's are."""

    assets: Path | None
    panoramas: tuple[Path, ...]
    photos: tuple[Path, ...]
    scraps: Scraps


@dataclass(frozen=True)
class Person:
    """Whose hands they are: the shape that all parts of the body have, and what is on them."""

    arms: dict[Side, Body]
    skin: Material
    outfit: Outfit


@lru_cache(maxsize=1)
def open_studio(settings: SynthSettings) -> Studio:
    """List what the settings' folders hold; an error that says what to do where something is missing."""
    panoramas: tuple[Path, ...] = ()
    if settings.assets is not None:
        panoramas = tuple(sorted((settings.assets / "hdri").glob("*.hdr")))
        if not panoramas:
            advice = "run `handseg download assets`, or give --assets"
            raise DatasetError(f"{settings.assets / 'hdri'}: holds no panorama (.hdr); {advice}")
    photos = photo_files(settings.backgrounds) if settings.backgrounds else ()
    sets = cutout_files(settings.cutouts) if settings.cutouts else ()
    return Studio(settings.assets, panoramas, photos, Scraps(sets, photos))


def random_light(studio: Studio, rng: np.random.Generator) -> Environment:
    """Draw the surroundings of a scene."""
    if not studio.panoramas or rng.uniform() < 0.1:
        return random_environment(made_environment(rng), rng)
    return random_environment(panorama(studio.panoramas[rng.integers(len(studio.panoramas))]), rng)


panorama = lru_cache(maxsize=32)(read_environment)


def random_skin(studio: Studio, rng: np.random.Generator) -> Material:
    """Draw somebody's skin."""
    return skin(rng, studio.assets / "skins" if studio.assets else None)


def random_person(
    studio: Studio, sides: Sequence[Side], rng: np.random.Generator, smooth: bool, strangers: float = STRANGERS
) -> Person:
    """Draw somebody of whom only arms, smooth or coarse, are seen, on these sides; some are strangers."""
    if studio.assets is None:
        shape = random_hand_shape(rng)
        arms = {side: procedural_hand(shape, side) for side in sides}
        return Person(arms, random_skin(studio, rng), random_outfit(rng, FOREARM))
    if rng.uniform() < strangers:
        return stranger(studio.assets, sides, rng)
    amounts, known = makehuman.random_shape(rng), figures(studio.assets, smooth)
    arms = {side: makehuman.shaped(known.arms[side], amounts) for side in sides}
    return Person(arms, random_skin(studio, rng), random_outfit(rng, FOREARM))


def stranger(assets: Path, sides: Sequence[Side], rng: np.random.Generator) -> Person:
    """Draw hands of Godot XR Tools, which have no forearms and bring what is on them in their textures."""
    kind = str(rng.choice(list(godot.TEXTURES)))
    arms = {side: godot.godot_hand(assets, kind, side) for side in sides}
    picture = atlas(assets / "godot_hands" / f"{rng.choice(godot.TEXTURES[kind])}.jpg")
    gain = np.exp(rng.normal(0, 0.12) + rng.normal(0, 0.04, 3))
    skin = Material(picture, 2.2, tuple(gain.tolist()), gloss=0.05, rough=0.5, grain=0.1, soft=0.8)
    return Person(arms, skin, Outfit(None, None))


def random_upper_body(studio: Studio, rng: np.random.Generator, smooth: bool) -> Body:
    """Draw the upper body of somebody, with both arms, smooth or coarse, and a face."""
    assert studio.assets is not None, "only the assets have whole bodies"
    return makehuman.shaped(figures(studio.assets, smooth).upper, makehuman.random_shape(rng))


@dataclass(frozen=True)
class Figures:
    """MakeHuman's arms, each alone, and all of the body from the hips up."""

    arms: dict[Side, makehuman.Figure]
    upper: makehuman.Figure


@lru_cache(maxsize=2)
def figures(assets: Path, smooth: bool) -> Figures:
    """Read MakeHuman's mesh once, with smooth or coarse arms."""
    whole = makehuman.load(assets, smooth)
    return Figures({"L": makehuman.arm(whole, "L"), "R": makehuman.arm(whole, "R")}, makehuman.upper_body(whole))
