"""What a camera makes of the light that reaches its sensor: exposure, noise, white balance and a tone curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.sample import Image
from handseg_cli.synth.photos.optics import Light

LUMA = np.array([[0.2126, 0.7152, 0.0722]], np.float32)  # of linear light, ITU-R BT.709
GREY = 0.23  # what metering brings the middle of a scene to
FEWEST, MOST = 1e-5, 1e5  # of the gain that metering may choose
STEPS = 4096  # of the tone curve's table
NORMALS = 1 << 21  # that all noise of smaller pictures is cut from


@dataclass(frozen=True)
class Sensor:
    """How a camera meters, what its sensor adds, and how it renders colour and tone."""

    metering: str = "all"  # or "middle", "highlights"
    stops: float = 0.0  # that the exposure is off by
    noise: float = 0.0  # deviation at middle grey, of white
    colour_noise: float = 0.5  # share of it that differs between colours
    grain: float = 0.5  # how far noise is smoothed, pixels
    balance: tuple[float, float, float] = (1.0, 1.0, 1.0)  # what is left of the light's colour, or too much taken
    saturation: float = 1.0
    twist: float = 0.0  # by how much hues are turned, radians
    lift: float = 0.0  # how far dark regions are brought up, 0 to 0.6
    knee: float = 0.6  # where the tone curve begins to bend to the shoulder
    headroom: float = 2.0  # light that becomes white
    contrast: float = 0.0  # of the curve's middle, about -0.3 to 0.5
    black: float = 0.0  # haze above 0, crushed shadows below


def developed(light: Light, sensor: Sensor, rng: np.random.Generator) -> Image:
    """Turn linear light (H, W, 3) into a picture (H, W, 3) uint8 RGB."""
    signal = light * np.float32(gain(light, sensor))
    if sensor.noise > 0:
        signal = noisy(np.minimum(signal, np.float32(8)), sensor, rng)
    if sensor.lift > 0:
        signal = lifted(signal, sensor.lift)
    signal = np.asarray(cv2.transform(signal, colour_matrix(sensor)), np.float32)
    index = np.sqrt((signal / np.float32(sensor.headroom)).clip(0, 1)) * np.float32(STEPS - 1) + np.float32(0.5)
    return np.asarray(tone_table(sensor).take(index.astype(np.uint16)), np.uint8)


def gain(light: Light, sensor: Sensor) -> float:
    """Meter a scene: return the factor that brings it to middle grey, and what it is off by."""
    height, width = light.shape[:2]
    size = (max(1, width // 8), max(1, height // 8))
    small = cv2.transform(cv2.resize(light, size, interpolation=cv2.INTER_AREA), LUMA)
    # A lamp in the picture must not make night of all else.
    luma = np.minimum(small, 6 * np.median(small) + 1e-6).reshape(size[::-1])
    if sensor.metering == "middle":
        y, x = (np.linspace(-1, 1, length) for length in luma.shape)
        level = float(np.average(luma, weights=np.exp(-3 * (y[:, None] ** 2 + x**2))))
    elif sensor.metering == "highlights":
        level = max(float(luma.mean()), float(np.percentile(small, 98)) * GREY / 0.9)
    else:
        level = float(np.sqrt(luma.mean() * np.exp(np.log(luma + 1e-5).mean())))
    return min(max(GREY / max(level, 1e-9), FEWEST), MOST) * math.pow(2, sensor.stops)


def noisy(signal: Light, sensor: Sensor, rng: np.random.Generator) -> Light:
    """Add a sensor's noise: of light itself, more where there is more, and of reading."""
    height, width = signal.shape[:2]
    half = ((height + 1) // 2, (width + 1) // 2)
    grain = normals((height, width), rng)
    if sensor.grain >= 0.3:
        # Smoothing takes strength away, which the deviation is to tell.
        smooth = cv2.getGaussianKernel(5, sensor.grain, cv2.CV_32F)
        grain = np.asarray(cv2.sepFilter2D(grain, -1, smooth, smooth), np.float32) / np.float32((smooth**2).sum())
    blots = cv2.resize(normals((*half, 3), rng), (width, height), interpolation=cv2.INTER_CUBIC)
    share = np.float32(sensor.colour_noise)
    variance = np.float32(sensor.noise**2)
    sigma = np.asarray(cv2.sqrt(signal * (variance * np.float32(0.75 / GREY)) + variance / 25), np.float32)
    own = cv2.addWeighted(cv2.merge([grain, grain, grain]), float(1 - share / 2), blots, float(share), 0)
    return np.asarray(cv2.multiply(own, sigma, dst=own), np.float32) + signal


def normals(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw independent numbers of mean 0 and deviation 1: a stretch of a list of them, from any place on."""
    count = math.prod(shape)
    if count > NORMALS // 2:
        return rng.standard_normal(shape, np.float32)
    start = int(rng.integers(NORMALS - count))
    return _normals()[start : start + count].reshape(shape)


@lru_cache(maxsize=1)
def _normals() -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal(NORMALS, np.float32)


def lifted(signal: Light, amount: float) -> Light:
    """Bring up dark regions and hold back bright ones, as phones do."""
    height, width = signal.shape[:2]
    size = (max(1, width // 16), max(1, height // 16))
    small = cv2.transform(cv2.resize(signal, size, interpolation=cv2.INTER_AREA), LUMA)
    region = cv2.GaussianBlur(np.maximum(small, 0), (0, 0), 1.5)
    factor = ((region + np.float32(0.03)) / np.float32(GREY + 0.03)) ** np.float32(-amount)
    smooth = cv2.resize(np.clip(factor, 0.35, 3), (width, height), interpolation=cv2.INTER_CUBIC)
    return signal * np.asarray(smooth, np.float32)[..., None]


def colour_matrix(sensor: Sensor) -> NDArray[np.float32]:
    """Return (3, 3): white balance, then saturation and hue about the axis of greys."""
    cos, sin = np.cos(sensor.twist), np.sin(sensor.twist)
    across = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    turn = cos * np.eye(3) + sin * across + (1 - cos) / 3
    saturated = sensor.saturation * np.eye(3) + (1 - sensor.saturation) * LUMA
    return np.asarray(turn @ saturated @ np.diag(sensor.balance), np.float32)


def tone_table(sensor: Sensor) -> NDArray[np.uint8]:
    """Return the display levels of light, by the root of its share of the headroom."""
    light = np.linspace(0, 1, STEPS) ** 2 * sensor.headroom
    knee, top = sensor.knee, 1 - sensor.knee
    shoulder = (1 - np.exp(-(light - knee) / top)) / (1 - np.exp(-(max(sensor.headroom, knee + 1e-3) - knee) / top))
    linear = np.where(light < knee, light, knee + top * np.clip(shoulder, 0, 1))
    level = np.where(linear < 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    steep = 1 + sensor.contrast
    level = level**steep / (level**steep + (1 - level).clip(0) ** steep)
    level = sensor.black + (1 - sensor.black) * level
    return np.asarray(np.rint(255 * level.clip(0, 1)), np.uint8)
