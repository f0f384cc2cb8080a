"""How far any place lies from the skin of a left hand and forearm that only numbers describe.

Millimetres; the wrist is the origin, x runs to the fingers, y out of the back of the hand, z towards the thumb.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from handseg_cli.synth.body import Floats

Place = tuple[float, float, float]


@dataclass(frozen=True)
class Limb:
    """A round stick between two places, thick `radii` at its ends; it melts into what was there over `melt` mm."""

    start: Place
    end: Place
    radii: tuple[float, float]
    melt: float
    flat: float = 1.0  # how much thinner it is along y than across
    waist: float = 0.0  # how much thinner it is half way, mm


# Wrist, then base, next, next and tip of each finger; an adult's, after tables of hand breadths and bone lengths.
ELBOW: Place = (-252.0, 0.0, 0.0)
SHOULDER: Place = (-540.0, 0.0, 0.0)
CHAINS: tuple[tuple[Place, Place, Place, Place], ...] = (
    ((17, -9, 19), (52, -22, 46), (78, -32, 64), (101, -38, 78)),
    ((89, 2, 24), (132.5, -3.5, 31.5), (156.5, -10, 35), (178.5, -18, 37.5)),
    ((92, 4, 4), (140.5, -2, 5.5), (169.5, -10, 6), (193.5, -19, 6)),
    ((86, 2, -15.5), (130, -4, -20.5), (157, -12, -23), (180, -21, -24.5)),
    ((76, -3, -33), (110, -8.5, -44), (129, -14, -50), (149, -21.5, -55)),
)
METACARPALS: tuple[Place, ...] = ((14, -2, 11), (14, -1, 3), (14, -2, -5), (14, -4, -12))
# The radii of each finger at base, next, next and tip.
GIRTHS = (
    (13.0, 11.4, 10.0, 8.0),
    (10.4, 9.2, 7.9, 6.6),
    (10.6, 9.4, 8.1, 6.8),
    (9.9, 8.8, 7.6, 6.4),
    (8.8, 7.7, 6.7, 5.6),
)
# x, half the width along z, half the thickness along y, how far the middle lies along y
FOREARM = np.array(
    [
        (-300, 41, 37, 0),
        (-250, 41, 37, 0),
        (-205, 43, 38, 0),
        (-150, 40, 34, 0),
        (-90, 33.5, 27, 0),
        (-45, 29, 21.5, -0.5),
        (-15, 27.5, 19, -1),
        (20, 28, 18, -1.5),
        (60, 30, 18, -2),
    ]
)


def finger_limbs(number: int) -> list[Limb]:
    """Return the sticks of one finger, 0 for the thumb."""
    chain, girth = CHAINS[number], GIRTHS[number]
    limbs = []
    for joint in range(3):
        start, end = np.array(chain[joint]), np.array(chain[joint + 1])
        radii = (girth[joint], girth[joint + 1])
        if joint == 2:
            # The tip is the skin's: the round end's middle lies before it.
            end = end - (end - start) / np.linalg.norm(end - start) * (girth[3] - 1.5)
        melt = 1.5 if joint else 7.0
        waist = (0.5, 0.7, -0.5)[joint]
        limbs.append(Limb(tuple(start), tuple(end), radii, melt, 0.96, waist))
    return limbs


PALM = (
    Limb((14, -3, 12), (88, -2.5, 24), (14, 11.5), 10),
    Limb((12, -2, 4), (91, -1, 4), (15, 12), 10),
    Limb((12, -3, -6), (85, -2.5, -15), (15, 11.5), 10),
    Limb((12, -5, -14), (75, -6, -32), (14, 10.5), 10),
    # The balls of thumb and little finger.
    Limb((15, -12, 15), (50, -20, 40), (14, 13), 10),
    Limb((20, -13, 12), (48, -17, 26), (12, 10), 14),
    Limb((14, -12, -17), (60, -12, -31), (11, 9.5), 12),
    # The webs: of the thumb, then the pads below and between the fingers.
    Limb((46, -17, 40), (80, -8, 27), (6, 6), 14),
    Limb((84, -7.5, 22), (101, -8, 23), (9, 6.5), 10),
    Limb((86, -7, 4), (105, -8, 4.5), (9.5, 6.5), 10),
    Limb((80, -8, -15), (99, -8.5, -16.5), (9, 6.2), 10),
    Limb((71, -11, -30), (86, -11.5, -35), (8, 5.8), 10),
    Limb((100, -4, 16.5), (103, -4.5, 12), (6, 6), 8),
    Limb((102, -4, -4), (99, -5, -9), (6, 6), 8),
    Limb((93, -6, -24), (87, -8, -30), (5.8, 5.5), 8),
    # Knuckles.
    Limb((87, 5, 24), (92, 4.5, 24.5), (7, 7), 8),
    Limb((90, 7, 4), (95, 6, 4), (7.2, 7), 8),
    Limb((84, 5, -15.5), (89, 4.5, -16), (6.6, 6.5), 8),
    Limb((74, 0.5, -32.5), (79, 0, -34), (6, 6), 8),
)
LIMBS = (*PALM, *(limb for number in range(5) for limb in finger_limbs(number)))


def skin_distance(points: Floats) -> Floats:
    """Return about how far points (N, 3) lie outside the skin (N,), negative inside."""
    found = _forearm(points)
    for limb in LIMBS:
        found = melted(found, limb_distance(points, limb), limb.melt)
    return found


def limb_distance(points: Floats, limb: Limb) -> Floats:
    """Return about how far points (N, 3) lie outside a limb (N,)."""
    start, way = np.array(limb.start), np.subtract(limb.end, limb.start)
    off = points - start
    share = np.clip(off @ way / (way @ way), 0, 1)
    off = off - share[:, None] * way
    off[:, 1] /= limb.flat
    radius = limb.radii[0] + share * (limb.radii[1] - limb.radii[0]) - limb.waist * 4 * share * (1 - share)
    return np.asarray(np.sqrt(np.einsum("na,na->n", off, off)) - radius)


def melted(first: Floats, second: Floats, melt: float) -> Floats:
    """Return the lesser of two distances (N,), rounded where they are within `melt` mm of each other."""
    overlap = np.maximum(melt - np.abs(first - second), 0)
    return np.minimum(first, second) - overlap**2 / (4 * melt)


def _forearm(points: Floats) -> Floats:
    x = points[:, 0]
    width, thickness, middle = (np.interp(x, FOREARM[:, 0], FOREARM[:, column]) for column in (1, 2, 3))
    round_ = np.hypot((points[:, 1] - middle) / thickness, points[:, 2] / width)
    side = (round_ - 1) * np.minimum(width, thickness)
    ends = np.maximum(-258 - x, x - 30)
    return -melted(-side, -ends, 12.0)
