"""Light from all around: panoramas as directional lights, turned, dimmed and joined by a lamp at random.

Power is such that a white surface turned at random has a mean colour of one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.errors import HandsegError
from handseg_cli.synth.body import Floats
from handseg_cli.synth.surface import Lights
from handseg_cli.synth.turning import unit

COUNT = 16  # soft lights of an environment
FINE = (160, 320)  # rows and columns at which peaks are looked for
PEAK = np.radians(4.0)  # how far from its brightest point a peak reaches
PEAK_SHARE = 0.06  # of all power: a peak with more of it is a sharp light of its own
LIMITS = (0.005, 0.06)  # radius of a sharp light, rad


@dataclass(frozen=True)
class Environment:
    """What is all around: radiance (h, w, 3), linear RGB, of mean one; the first row is up, y.

    A world direction is seen in the panorama at the direction turn @ it; direction (x, y, z) lies in the row
    acos(y) / pi * h and the column atan2(z, x) / 2 pi * w. Its radiance there is to be multiplied by `tint`.
    """

    panorama: NDArray[np.float32]
    lights: Lights
    turn: Floats = field(default_factory=lambda: np.eye(3, dtype=np.float32))
    tint: Floats = field(default_factory=lambda: np.ones(3, np.float32))


def read_environment(path: Path) -> Environment:
    """Read a Radiance panorama of any size."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if path.is_file() else None
    if picture is None or picture.ndim != 3 or picture.shape[2] < 3 or not np.nanmax(picture) > 0:
        raise HandsegError(f"{path}: no Radiance panorama; delete it and fetch it again with `handseg download assets`")
    scale = 255.0 if picture.dtype == np.uint8 else 1.0
    bright = np.nan_to_num(picture[..., 2::-1].astype(np.float32) / scale, nan=0.0, posinf=1e4, neginf=0.0)
    return environment_of(bright)


def environment_of(panorama: NDArray[np.float32]) -> Environment:
    """Return the environment with this radiance (h, w, 3), linear RGB, whatever its scale."""
    image = cv2.resize(panorama, FINE[::-1], interpolation=cv2.INTER_AREA).clip(0)
    sky, share = sky_of(*FINE)
    mean = float((image * share[..., None]).sum() / 3)
    # A white surface under light of radiance one from all around has colour one: the power of all is four then.
    power = image * (4 * share[..., None] / mean)
    towards, peaks, sharp = _peaks(sky, power)
    soft_towards, soft = _soft(sky.reshape(-1, 3), power.reshape(-1, 3))
    lights = Lights(np.concatenate([towards, soft_towards]), np.concatenate([peaks, soft]), sharp)
    return Environment(np.asarray(panorama / np.float32(mean), np.float32), lights)


def sky_of(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the direction (h, w, 3) of each pixel of a panorama, and its share (h, w) of all directions."""
    down = (np.arange(height) + 0.5) / height * np.pi
    around = (np.arange(width) + 0.5) / width * 2 * np.pi
    sine, cosine = np.sin(down)[:, None], np.cos(down)[:, None]
    sky = np.stack(np.broadcast_arrays(sine * np.cos(around), cosine, sine * np.sin(around)), axis=-1)
    share = np.broadcast_to(sine / sine.sum() / width, (height, width))
    return sky.astype(np.float32), share.astype(np.float32)


def _peaks(sky: Floats, power: Floats) -> tuple[Floats, Floats, tuple[float, ...]]:
    """Take the at most two strongest small sources out of `power`; return where they are, how strong and how large."""
    towards, taken, sharp = [], [], []
    total = float(power.sum())
    for _ in range(2):
        grey = cv2.blur(power.sum(axis=2), (3, 3), borderType=cv2.BORDER_REPLICATE)
        middle = sky[divmod(int(grey.argmax()), power.shape[1])]
        for _ in range(4):
            near = sky @ middle > np.cos(PEAK)
            middle = unit(grey[near] @ sky[near])
        near, around = sky @ middle > np.cos(PEAK), sky @ middle > np.cos(2.5 * PEAK)
        around &= ~near
        level = power[around].mean(axis=0)
        extra = np.maximum(power[near] - level, 0)
        weight = extra.sum(axis=1)
        if weight.sum() < PEAK_SHARE * total or weight.sum() < 0.6 * power[near].sum():
            break
        middle = unit(weight @ sky[near])
        spread = np.arccos(np.clip(sky[near] @ middle, -1, 1))
        towards.append(middle)
        taken.append(extra.sum(axis=0))
        sharp.append(float(np.clip(np.sqrt((weight * spread**2).sum() / weight.sum()), *LIMITS)))
        power[near] -= extra
    return np.array(towards, np.float32).reshape(-1, 3), np.array(taken, np.float32).reshape(-1, 3), tuple(sharp)


def _soft(sky: Floats, power: Floats) -> tuple[Floats, Floats]:
    """Sum the power (P, 3) of directions (P, 3) into COUNT lights all around, each where its own power is."""
    nearest = (sky @ evenly(COUNT).T).argmax(axis=1)
    summed = np.stack([np.bincount(nearest, power[:, i], COUNT) for i in range(3)], axis=1)
    grey = power.sum(axis=1) + 1e-12
    towards = np.stack([np.bincount(nearest, grey * sky[:, i], COUNT) for i in range(3)], axis=1).astype(np.float32)
    return unit(towards), summed.astype(np.float32)


def evenly(count: int) -> Floats:
    """Return directions (count, 3) spread evenly over a sphere, on a spiral."""
    step = np.arange(count) + 0.5
    up, around = 1 - 2 * step / count, np.pi * (1 + 5**0.5) * step
    ring = np.sqrt(1 - up**2)
    return np.stack([ring * np.cos(around), up, ring * np.sin(around)], axis=1).astype(np.float32)


def random_environment(environment: Environment, rng: np.random.Generator) -> Environment:
    """Turn an environment about y, dim it from below, fill its shadows, balance its white, at times add a lamp."""
    yaw = float(rng.uniform(0, 2 * np.pi))
    cosine, sine = np.cos(yaw), np.sin(yaw)
    turn = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]], np.float32)
    lights = environment.lights
    towards = lights.towards @ turn  # which is turn.T @ each
    # What stands about hides most of what comes from below, and nothing is lit by points alone.
    power = lights.power * np.where(towards[:, 1:2] < -0.1, rng.uniform(0.3, 0.9), 1)
    fill = power.sum(axis=0) / COUNT * rng.uniform(0.05, 0.35)
    power = power + fill * (np.arange(len(power)) >= len(lights.sharp))[:, None]
    lights = Lights(towards, power.astype(np.float32), lights.sharp)
    if rng.uniform() < 0.25:
        strength = float(power.sum() / 3 * rng.uniform(0.15, 0.7))
        warm = np.array([1.0, rng.uniform(0.75, 1), rng.uniform(0.45, 1.1)])
        above = np.array([0, rng.uniform(0.3, 1.2), 0]) + rng.normal(0, 0.7, 3)
        lights = with_lamp(lights, above, strength * warm, float(rng.uniform(0.01, 0.06)))
    total = lights.power.sum(axis=0)
    tint = ((total.mean() / total) ** rng.uniform(0.6, 1.05)).astype(np.float32)
    return replace(environment, lights=replace(lights, power=lights.power * tint), turn=turn, tint=tint)


def with_lamp(lights: Lights, towards: Floats, power: Floats, radius: float) -> Lights:
    """Add a sharp light of the given radius, rad; beyond two of them the weakest gives its edge up."""
    count = len(lights.sharp)
    where = np.concatenate([lights.towards[:count], unit(towards)[None], lights.towards[count:]])
    powers = np.concatenate([lights.power[:count], [power], lights.power[count:]]).astype(np.float32)
    sharp = np.array([*lights.sharp, radius])
    order = np.argsort(-powers[: count + 1].sum(axis=1), kind="stable")
    where[: count + 1], powers[: count + 1] = where[order], powers[order]
    return Lights(where.astype(np.float32), powers, tuple(sharp[order][:2].tolist()))
