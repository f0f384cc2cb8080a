"""Pictures for people: hands tinted on their photo, hands cut out of it, and many small pictures on one sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from handseg_cli.io.part_colours import draw_parts
from handseg_cli.io.png import SIDE_COLOURS
from handseg_cli.io.skeletons import draw_skeleton
from handseg_cli.sample import Hand, Image, Mask, Pose, Prediction


class Look(NamedTuple):
    """Colours of a hand: over its pixels, and of the line around it, which lies on a dark one for bright grounds."""

    tint: tuple[int, int, int]
    line: tuple[int, int, int]


CASING = (0, 40, 52)
# A green-blue that neither skin nor most rooms have, and for left and right what the colour-blind tell apart, too.
LINE = (120, 255, 228)
LOOKS = {
    "left": Look(SIDE_COLOURS[1], (165, 190, 255)),
    "right": Look(SIDE_COLOURS[2], (255, 226, 130)),
    "": Look(SIDE_COLOURS[3], LINE),
}
TINT_SHARE = 0.42

SIDE = 1024  # of the parts in which large photos are drawn

Weights = NDArray[np.float32]
Slices = tuple[slice, slice]


def overlay(image: Image, mask: Mask, hands: Sequence[Hand] = (), sides: Mask | None = None) -> Image:
    """Tint the hands of a (H, W, 3) uint8 RGB photo by its (H, W) mask, outline them and frame those in `hands`.

    Where `sides`, as those of a prediction, are given, left and right have colours of their own.
    """
    picture = image.copy()
    width = _line_width(image)
    for look, hard in [(LOOKS[""], mask)] if sides is None else _by_side(sides):
        before = picture.copy() if sides is not None else image
        for part in _parts(hard, margin=round(6 * width) + 4):
            picture[part.inner] = _tinted(before[part.outer], hard[part.outer], width, look)[part.inner_of_outer]
    _mark(picture, hands, width, max(1, round(0.6 * width)))
    return picture


def told(image: Image, prediction: Prediction) -> Image:
    """Draw what a net says of a (H, W, 3) uint8 RGB photo on it: joints and parts where it tells them, or the mask."""
    if prediction.poses is None:
        return overlay(image, prediction.mask, prediction.hands, prediction.sides)
    picture, width = image.copy(), _line_width(image)
    if prediction.parts is not None:
        draw_parts(picture, prediction.parts)
    for pose in prediction.poses:
        draw_skeleton(picture, pose.points)
    # Joints say more than their label, which is to lie above them.
    _mark(picture, [_raised(pose, round(10 * width)) for pose in prediction.poses], width, 0)
    return picture


def cutout(image: Image, probability: Mask, mask: Mask) -> NDArray[np.uint8]:
    """Cut the hands of a photo out: (H, W, 4) uint8 RGBA, soft at the border, with no colour of the ground in it."""
    result = np.zeros((*mask.shape, 4), np.uint8)
    reach = round(2 * _line_width(image)) + 1
    threshold = _level_of_border(probability, mask)
    for part in _parts(mask, margin=4 * reach):
        alpha = _soft_alpha(probability[part.outer], mask[part.outer], reach, threshold)
        result[part.inner][..., :3] = _own_colours(image[part.outer], alpha, reach)[part.inner_of_outer]
        result[part.inner][..., 3] = np.rint(alpha[part.inner_of_outer] * 255)
    return result


def contact_sheet(tiles: Sequence[Image], columns: int, height: int = 200, captions: Sequence[str] = ()) -> Image:
    """Lay pictures of any size out in rows of `columns`, each `height` pixels high, with its caption below."""
    small = [_scaled(tile, height) for tile in tiles]
    gap, size = max(4, height // 32), max(10, height // 14)
    cell = max((tile.shape[1] for tile in small), default=1)
    step = height + gap + (round(size * 1.6) if captions else 0)
    rows = -(-len(small) // columns)
    sheet = Pillow.new("RGB", (columns * (cell + gap) + gap, rows * step + gap), (24, 26, 30))
    pen = ImageDraw.Draw(sheet)
    for index, tile in enumerate(small):
        left, top = gap + index % columns * (cell + gap), gap + index // columns * step
        sheet.paste(Pillow.fromarray(tile), (left + (cell - tile.shape[1]) // 2, top))
        if index < len(captions):
            middle = (left + cell / 2, top + height + size * 0.7)
            pen.text(middle, _shortened(captions[index], cell, size), (205, 208, 214), _font(size), anchor="mm")
    return np.array(sheet)


def _line_width(image: Image) -> float:
    """Choose a width of lines, in pixels, that looks alike on photos of every size."""
    height, width = image.shape[:2]
    return max(1.5, 0.0026 * float(np.sqrt(height * width)))


class _Part(NamedTuple):
    """A part of a photo: what is drawn, and the larger part that has to be looked at for that."""

    inner: Slices
    outer: Slices
    inner_of_outer: Slices


def _parts(mask: Mask, margin: int) -> Iterator[_Part]:
    """Divide what is within `margin` of a mask: all else need not be touched, and all at once would take gigabytes."""
    left, top, width, height = cv2.boundingRect(mask)
    first, last = max(0, top - margin), min(mask.shape[0], top + height + margin)
    begin, end = max(0, left - margin), min(mask.shape[1], left + width + margin)
    side = max(SIDE, 4 * margin)
    for upper, before in product(range(first, last, side), range(begin, end, side)):
        lower, after = min(upper + side, last), min(before + side, end)
        above, ahead = max(0, upper - margin), max(0, before - margin)
        outer = np.s_[above : lower + margin, ahead : after + margin]
        if cv2.countNonZero(mask[outer]):
            inner_of_outer = np.s_[upper - above : lower - above, before - ahead : after - ahead]
            yield _Part(np.s_[upper:lower, before:after], outer, inner_of_outer)


def _distance(mask: Mask) -> Weights:
    """Measure how far each pixel is from the border, in pixels, positive within the mask."""
    # A frame of ground makes the edge of the photo no border, and a mask without any ground measurable.
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    outside = cv2.distanceTransform(cv2.bitwise_not(mask), cv2.DIST_L2, 3)
    return np.asarray(np.minimum(inside, 1e6) - np.minimum(outside, 1e6), np.float32)


def _by_side(sides: Mask) -> Iterator[tuple[Look, Mask]]:
    """Yield the mask of the hands of each side that there is, and how they look."""
    for number, look in enumerate(LOOKS.values(), 1):
        hard = (sides == number).astype(np.uint8) * np.uint8(255)
        if cv2.countNonZero(hard):
            yield look, hard


def _tinted(image: Image, mask: Mask, width: float, look: Look) -> Image:
    hard = np.where(mask > 127, np.uint8(255), np.uint8(0))
    # Pixels make stairs of a contour; the blur of its distance turns them into a line.
    distance: Weights = cv2.GaussianBlur(_distance(hard), (0, 0), max(0.8, width / 2)).astype(np.float32)
    picture = image.astype(np.float32)
    for colour, share in (
        (look.tint, TINT_SHARE * np.clip(distance + 0.5, 0, 1)),
        (CASING, 0.55 * _band(distance + width / 2, 1.1 * width)),
        (look.line, _band(distance, width / 2)),
    ):
        picture += (np.asarray(colour, np.float32) - picture) * share[..., None]
    return np.rint(picture).astype(np.uint8)


def _band(distance: Weights, half: float) -> Weights:
    """Weigh the pixels within `half` of a line, with a smooth edge a pixel wide."""
    return (half + 0.5 - np.abs(distance)).clip(0, 1)


def _raised(pose: Pose, rise: int) -> Hand:
    (left, top), (right, bottom) = pose.points.min(axis=0), pose.points.max(axis=0)
    return replace(pose.hand, box=(int(left), int(top) - rise, int(right) + 1, int(bottom) + 1))


def _mark(picture: Image, hands: Sequence[Hand], width: float, line: int) -> None:
    """Draw a frame of a line, if that has a width, around each hand, and its confidence, into the picture."""
    away = round(2.5 * width)
    rows = max(1, SIDE**2 // picture.shape[1])
    for top in range(0, len(picture), rows) if hands else ():  # Pillow draws on copies
        sheet = Pillow.fromarray(picture[top : top + rows])
        pen = ImageDraw.Draw(sheet, "RGBA")
        for hand in hands:
            left, upper, right, lower = hand.box
            frame = (left - away, upper - away - top, right - 1 + away, lower - 1 + away - top)
            # Pillow cannot round the corners of a frame that has hardly any room between them.
            radius = round(min(3 * width, (frame[2] - frame[0]) / 4, (frame[3] - frame[1]) / 4))
            if line:
                pen.rounded_rectangle(frame, radius, outline=(*LOOKS[hand.side].line, 255), width=line)
            text = f"{hand.side[:1].upper()} {hand.confidence:.0%}".lstrip()
            _label(pen, text, frame, width, (-top, len(picture) - top))
        picture[top : top + rows] = np.asarray(sheet)


def _label(
    pen: ImageDraw.ImageDraw, text: str, frame: tuple[int, int, int, int], width: float, ends: tuple[int, int]
) -> None:
    """Write a text on the upper left corner of a frame, within the picture, which `ends` above and below the sheet."""
    font, pad = _font(round(max(11, 7 * width))), round(2 * width)
    left, top, right, bottom = pen.textbbox((0, 0), text, font)
    wide, high = right - left + 2 * pad, bottom - top + 2 * pad
    x = min(max(frame[0] + round(3 * width), 0), max(pen.im.size[0] - round(wide), 0))
    y = min(max(frame[1] - round(high) // 2, ends[0]), max(ends[1] - round(high), ends[0]))
    pen.rounded_rectangle((x, y, x + wide, y + high), round(high / 2.5), fill=(*CASING, 225))
    pen.text((x + pad - left, y + pad - top), text, (*LINE, 255), font)


def _level_of_border(probability: Mask, mask: Mask) -> float:
    """Return what the probability is along the border of a mask, about the threshold that made it."""
    border = cv2.subtract(mask, cv2.erode(mask, np.ones((3, 3), np.uint8)))
    # By counting: the median of a list of them would take more memory than the photo.
    counts = np.cumsum(cv2.calcHist([probability], [0], border, [256], [0, 256]))
    return float(np.clip(np.searchsorted(counts, counts[-1] / 2), 48, 207)) if counts[-1] else 128.0


def _soft_alpha(probability: Mask, mask: Mask, reach: int, threshold: float) -> Weights:
    """Turn probability into alpha, half at the threshold, within `reach` of the border; beyond, the mask counts."""
    hard = np.where(mask > 127, np.uint8(255), np.uint8(0))
    distance = _distance(hard)
    ramp = (probability.astype(np.float32) - threshold) / 96 + 0.5
    return np.asarray(np.clip(ramp, np.clip(distance / reach, 0, 1), np.clip(1 + distance / reach, 0, 1)), np.float32)


def _own_colours(image: Image, alpha: Weights, reach: int) -> Image:
    """Replace the ground's share in half transparent pixels by the mean colour of the hand close by."""
    sure = (alpha > 0.95).astype(np.float32)
    size = (4 * reach + 1, 4 * reach + 1)
    colours = image.astype(np.float32)
    weight = cv2.boxFilter(sure, -1, size)[..., None]
    near = cv2.boxFilter(colours * sure[..., None], -1, size) / np.maximum(weight, 1e-6)
    # A pixel that is half ground lends nothing: its colour is not the hand's.
    share = np.clip(2 * alpha[..., None] - 1, 0, 1)
    own = np.where(weight > 1e-6, colours * share + near * (1 - share), colours * (alpha[..., None] > 0))
    rounded: Image = own.clip(0, 255).round().astype(np.uint8)
    return rounded


def _scaled(picture: Image, height: int) -> Image:
    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    shrinks = height < picture.shape[0]
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.asarray(small, np.uint8)


def _shortened(text: str, width: int, size: int) -> str:
    """Take letters out of the middle of a caption until it fits."""
    font, short = _font(size), text
    while len(short) > 3 and font.getlength(short) > width:
        keep = (len(short) - 2) // 2
        short = f"{short[:keep]}…{short[-keep:]}"
    return short


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
