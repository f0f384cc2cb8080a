"""A closer look: small hands that the net has found it sees again, each larger and by itself.

Specks are let go before, and what is still doubtful after.

Of a photo whose hands are large nothing is looked at again, so it costs nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.io.images import Photo
from handseg_cli.sample import Image, Mask
from handseg_cli.tasks.decode import Logits, binary, doubled, filled, probability, resized, sigmoid, single
from handseg_cli.tasks.decode import regions as outlines

Outputs = dict[str, NDArray[np.float32]]
Plane = NDArray[np.float32]
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels, right and bottom exclusive
Look = tuple[Box, Logits]  # a part of an image, and what the net says of it

# Round numbers from where the IoU of 81 photos and 60 renderings hardly changes with any of them.
MOST = 3  # looks at a photo; the fourth found nothing more
DETAIL = 2  # how many times the sides that the net sees a photo of is decoded: three times as many gained nothing
UNLIKELY = -2.0  # the logit that is left of a speck
SPECK = 1 / 50  # of the largest region: what is smaller is no hand, or one far too small beside it
LIKELY = 0.7  # the mean probability that a region has at least; nearly all whose is less were no hands
MARGIN = 1 / 3  # of the longer side of a hand, shown around it
LEAST = 1 / 10  # of the photo's side: a hand is not looked at from nearer
LEAST_PIXELS = 48  # for the same reason: there is nothing more to be seen
LARGEST = 1 / 4  # of the photo: what takes more was seen well enough
SIDE = 3 / 4  # of the size at which the net sees photos
SHARE = 0.7  # of the closer look in what is said at last
FADE = 0.15  # of a look's sides, over which it gives way to the first
STRIP = 256  # rows that are blended at a time: weights take eight times the memory of the photo's probability


def look_closer(
    run: Callable[[Image], Outputs], image: Image, logits: Logits
) -> tuple[Logits, list[tuple[Box, Outputs]]]:
    """Return the logits of an (H, W, 3) image without specks, and what a run on parts of it tells of each."""
    logit = without_specks(single(logits))
    parts = plan(regions(logit), (logit.shape[0], logit.shape[1]), (image.shape[0], image.shape[1]))
    return logit[None], [(part, run(image[part[1] : part[3], part[0] : part[2]])) for part in parts]


def seen(photo: Photo, logits: Logits, looks: Iterable[Look]) -> Mask:
    """Return the (H, W) uint8 probability that the first look at a photo tells, and closer ones at parts of it."""
    score = probability(logits, photo.size)
    work_in(score, logits, looks, (photo.image.shape[0], photo.image.shape[1]))
    return score


def without_specks(logit: Plane) -> Plane:
    """Return (h, w) logits without the regions that are far smaller than the largest."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((logit > 0).astype(np.uint8))
    pixels = stats[1:, cv2.CC_STAT_AREA]
    is_speck = np.append(False, pixels < SPECK * pixels.max(initial=0))
    return np.where(is_speck[labels], np.float32(UNLIKELY), logit) if is_speck.any() else logit


def without_doubt(score: Mask) -> None:
    """Halve, in place, the (H, W) uint8 probability of the regions that are not likely on the whole."""
    for contours in outlines(binary(score, 0.5)):
        (left, top, width, height), region = filled(contours)
        window = score[top : top + height, left : left + width]
        if cv2.mean(window, mask=region)[0] < 255 * LIKELY:
            np.floor_divide(window, 2, out=window, where=region > 0)


def regions(logit: Plane) -> list[Box]:
    """Return boxes of the regions where (h, w) logits tell of a hand, the largest first."""
    # Fingers that are a gap apart are one hand.
    near = cv2.dilate((logit > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    stats = cv2.connectedComponentsWithStats(near)[2]
    return [boxed(*box[:4].tolist()) for box in sorted(stats[1:], key=lambda box: -box[cv2.CC_STAT_AREA])]


def boxed(left: int, top: int, width: int, height: int) -> Box:
    """Return a box by its corners."""
    return left, top, left + width, top + height


def plan(boxes: Iterable[Box], grid: tuple[int, int], size: tuple[int, int]) -> list[Box]:
    """Choose at most `MOST` parts of an (H, W) image to be looked at, for regions on a grid of (h, w) cells."""
    chosen: list[Box] = []
    across, down = size[1] / grid[1], size[0] / grid[0]
    for left, top, right, bottom in boxes:
        region = left * across, top * down, right * across, bottom * down
        if any(is_within(region, other) for other in chosen):
            continue
        part = around(region, size)
        if (part[2] - part[0]) * (part[3] - part[1]) <= LARGEST * size[0] * size[1]:
            chosen.append(part)
        if len(chosen) == MOST:
            break
    return chosen


def is_within(box: tuple[float, float, float, float], other: Box) -> bool:
    """Tell whether a box lies in another."""
    return box[0] >= other[0] and box[1] >= other[1] and box[2] <= other[2] and box[3] <= other[3]


def around(region: tuple[float, float, float, float], size: tuple[int, int]) -> Box:
    """Return the part of an (H, W) image that shows a region with what is around it."""
    left, top, right, bottom = region
    margin = 2 * MARGIN * max(right - left, bottom - top)
    least = max(LEAST_PIXELS, LEAST * sqrt(size[0] * size[1]))
    low, high = span(left, right, max(right - left + margin, least), size[1])
    first, last = span(top, bottom, max(bottom - top + margin, least), size[0])
    return low, first, high, last


def span(begin: float, end: float, wanted: float, limit: int) -> tuple[int, int]:
    """Return where a span of a `wanted` length around the middle of another begins and ends, within 0 to `limit`."""
    length = min(limit, round(wanted))
    start = min(max(0, round((begin + end - length) / 2)), limit - length)
    return start, start + length


def work_in(score: Mask, first: Logits, looks: Iterable[Look], size: tuple[int, int]) -> None:
    """Work closer looks into the (H, W) uint8 probability that the logits of the first look have become.

    Their boxes are in an image of `size` (H', W'), to which the photo may have been reduced.
    """
    down, across = score.shape[0] / size[0], score.shape[1] / size[1]
    for box, logits in looks:
        left, right = (round(at * across) for at in (box[0], box[2]))
        top, bottom = (round(at * down) for at in (box[1], box[3]))
        closer = resized(mixed(single(first), single(logits), box, size), (bottom - top, right - left))
        rows = fade(bottom - top, top > 0, bottom < score.shape[0])[:, None]
        columns = fade(right - left, left > 0, right < score.shape[1])
        for row in range(0, bottom - top, STRIP):
            some = np.s_[row : row + STRIP]
            window = score[top:bottom, left:right][some]
            weight = rows[some] * columns
            window[:] = cv2.blendLinear(window, closer[some], 1 - weight, weight)


def mixed(first: Plane, closer: Plane, box: Box, size: tuple[int, int]) -> Mask:
    """Return the probability in a box of an (H, W) image by both looks, twice as fine as the closer one's (h, w)."""
    now = doubled(closer)
    height, width = now.shape
    across, down = first.shape[1] / size[1], first.shape[0] / size[0]
    step = (box[2] - box[0]) * across / width, (box[3] - box[1]) * down / height
    # Between the centres of cells, as everywhere.
    start = box[0] * across + step[0] / 2 - 0.5, box[1] * down + step[1] / 2 - 0.5
    turn = np.array([[step[0], 0, start[0]], [0, step[1], start[1]]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    before = cv2.warpAffine(first, turn, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE)
    return sigmoid(np.float32(1 - SHARE) * before + np.float32(SHARE) * now)


def fade(length: int, begins: bool, ends: bool) -> Plane:
    """Return how much each pixel along a side of a look counts, which fades where the photo goes on."""
    at = np.arange(length, dtype=np.float32) + np.float32(0.5)
    reach = max(1.0, FADE * length)
    weight = np.ones(length, np.float32)
    if begins:
        weight = np.minimum(weight, at / reach)
    if ends:
        weight = np.minimum(weight, at[::-1] / reach)
    return np.asarray(weight, np.float32)
