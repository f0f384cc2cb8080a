"""Cameras as people have them: settings drawn for a phone, a webcam and others, and the picture that they take."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from handseg_cli.sample import Image
from handseg_cli.synth.body import LEFT, RIGHT
from handseg_cli.synth.photos.coding import Coding, coded
from handseg_cli.synth.photos.optics import Optics, through
from handseg_cli.synth.photos.plate import Plate
from handseg_cli.synth.photos.sensor import Sensor, developed


@dataclass(frozen=True)
class Lens:
    """All settings of one photo; `bend` is the amount of `distortion`, 0 for straight lines."""

    kind: str = ""
    bend: float = 0.0
    optics: Optics = field(default_factory=Optics)
    sensor: Sensor = field(default_factory=Sensor)
    coding: Coding = field(default_factory=Coding)


@dataclass(frozen=True)
class Make:
    """What is usual for a kind of camera; what a photo has is drawn about it."""

    share: float  # of all photos
    aperture: float  # mm
    noise: float  # deviation at middle grey in good light
    smear: float  # what is taken away with the noise, as a share of its deviation
    sharpen: float
    lift: float
    headroom: float
    contrast: float
    colour: float  # saturation
    balance: float  # deviation of the logarithm of what white balance misses
    quality: tuple[int, int]
    small: float  # how often it is kept in fewer pixels
    shake: float  # how often it moves
    falloff: float
    bend: float
    grey: float = 0.01  # how often it sees no colour


MAKES = {
    "phone": Make(0.40, 3.0, 0.004, 1.5, 0.5, 0.25, 3.0, 0.2, 1.1, 0.05, (60, 97), 0.1, 0.08, 0.12, -0.02),
    "webcam": Make(0.20, 1.2, 0.010, 1.2, 0.6, 0.08, 1.5, 0.12, 0.95, 0.09, (45, 92), 0.35, 0.08, 0.2, -0.06),
    "head camera": Make(0.17, 1.0, 0.006, 1.2, 0.7, 0.1, 2.0, 0.22, 1.05, 0.07, (45, 92), 0.3, 0.2, 0.25, -0.25),
    "compact": Make(0.13, 7.0, 0.004, 0.6, 0.35, 0.0, 2.0, 0.25, 1.05, 0.06, (75, 97), 0.05, 0.07, 0.2, -0.03),
    "old compact": Make(0.05, 3.0, 0.012, 0.4, 0.8, 0.0, 1.1, 0.25, 1.05, 0.1, (40, 85), 0.3, 0.1, 0.25, -0.08),
    "security": Make(0.05, 1.5, 0.014, 1.2, 0.7, 0.05, 1.3, 0.15, 0.75, 0.08, (25, 70), 0.6, 0.08, 0.25, -0.15, 0.25),
}


def random_lens(rng: np.random.Generator, kind: str = "", bent: bool = False) -> Lens:
    """Draw a camera of a kind, or of any, and how one photo is taken with it; lines stay straight unless `bent`."""
    shares = np.array([make.share for make in MAKES.values()])
    kind = kind or str(rng.choice(list(MAKES), p=shares / shares.sum()))
    make = MAKES[kind]
    # In the dark shutters are open longer, noise grows and so does what is done about it.
    dark = rng.beta(1, 3)
    sensor = _sensor(make, dark, rng)
    bend = float(np.clip(make.bend * rng.uniform(0.4, 1.4), -0.4, 0.2)) if bent else 0.0
    return Lens(kind, bend, _optics(make, dark, rng), sensor, _coding(make, sensor, rng))


def photo(plate: Plate, lens: Lens, focal: float, rng: np.random.Generator) -> Image:
    """Return the picture (H, W, 3) uint8 RGB that a camera takes, focal length in pixels, of a scene bent before."""
    return coded(developed(through(plate, lens.optics, focal), lens.sensor, rng), lens.coding)


def _optics(make: Make, dark: float, rng: np.random.Generator) -> Optics:
    wide = rng.random() < 0.7
    missed = rng.random() < 0.12
    shaken = rng.random() < make.shake * (0.5 + 2 * dark)
    waving = rng.random() < 0.12 * (0.5 + 2 * dark)
    hands = ((LEFT,), (RIGHT,), (LEFT, RIGHT))[rng.integers(3)]
    return Optics(
        aperture=make.aperture * math.exp(rng.normal(0, 0.4)) if wide else 0.0,
        focus=math.exp(rng.normal(0, 0.5)) if missed else math.exp(rng.normal(0, 0.05)),
        softness=max(0.0, rng.normal(0.35, 0.2)),
        shake=_way(0.012, rng) if shaken else (0.0, 0.0),
        wave=_way(0.03, rng) if waving else (0.0, 0.0),
        waving=hands if waving else (),
        glare=0.1 * rng.beta(1, 4),
        spread=math.exp(rng.uniform(math.log(0.01), math.log(0.15))),
        falloff=min(0.6, make.falloff * rng.gamma(2, 0.5)),
        fringe=rng.normal(0, 0.0012) if rng.random() < 0.3 else 0.0,
    )


def _way(usual: float, rng: np.random.Generator) -> tuple[float, float]:
    angle, length = rng.uniform(0, math.tau), min(0.06, usual * rng.gamma(2, 0.5))
    return length * math.cos(angle), length * math.sin(angle)


def _sensor(make: Make, dark: float, rng: np.random.Generator) -> Sensor:
    warmth, tint = rng.normal(0, make.balance), rng.normal(0, make.balance / 3)
    balance = (math.exp(warmth), math.exp(tint), math.exp(-warmth))
    return Sensor(
        metering=str(rng.choice(["all", "middle", "highlights"], p=[0.5, 0.3, 0.2])),
        stops=float(np.clip(rng.normal(0.05 - 0.7 * dark, 0.4), -2.0, 1.3)),
        noise=min(0.06, make.noise * math.exp(rng.normal(0, 0.4)) * 2 ** (3.5 * dark)),
        colour_noise=rng.uniform(0.1, 0.6),
        grain=rng.uniform(0.2, 0.8),
        balance=balance,
        saturation=max(0.3, make.colour * math.exp(rng.normal(0, 0.15)) - 0.3 * dark),
        twist=rng.normal(0, 0.02),
        lift=max(0.0, make.lift + rng.normal(0, 0.1)),
        knee=rng.uniform(0.3, 0.7),
        headroom=max(1.05, make.headroom * math.exp(rng.normal(0, 0.25))),
        contrast=float(np.clip(make.contrast + rng.normal(0, 0.14), -0.3, 0.6)),
        black=float(np.clip(rng.normal(0.005, 0.02), -0.05, 0.1)),
    )


def _coding(make: Make, sensor: Sensor, rng: np.random.Generator) -> Coding:
    small = rng.random() < make.small
    video = rng.random() < 0.04
    return Coding(
        smear=255 * sensor.noise * make.smear * math.exp(rng.normal(0, 0.4)),
        sharpen=max(0.0, make.sharpen * rng.gamma(3, 1 / 3)),
        radius=rng.uniform(0.7, 1.3),
        scale=rng.uniform(0.4, 0.9) if small else 1.0,
        soft=bool(rng.random() < 0.7),
        grey=bool(rng.random() < make.grey),
        quality=100 if video else int(rng.integers(make.quality[0], make.quality[1] + 1)),
        video=int(rng.integers(10, 70)) if video else 100,
    )
