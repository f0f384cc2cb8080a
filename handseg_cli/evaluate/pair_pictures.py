"""Photos of two hands for the page: joints and parts as labelled and as found, and both hands in space."""

from __future__ import annotations

import math
from html import escape

import numpy as np
from numpy.typing import NDArray

from handseg_cli.evaluate.pair_judge import Look, PairRow
from handseg_cli.evaluate.pair_truth import PairShot
from handseg_cli.evaluate.pictures import address, data_url, drawn_on
from handseg_cli.evaluate.pictures import small as shrunk
from handseg_cli.evaluate.pose_pictures import InSpace, canvas, skeleton
from handseg_cli.io.part_colours import PART_COLOURS
from handseg_cli.io.png import encode_palette
from handseg_cli.pose.pairs import STRIDE, WRISTS, moved
from handseg_cli.pose.skeleton import JOINTS, reorder
from handseg_cli.predict.pairs import THERE
from handseg_cli.sample import Image, Mask

OURS = reorder("interhand", "ours")
BOTH = np.concatenate([OURS, OURS + JOINTS])

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]


def figure_of(name: str, row: PairRow, shot: PairShot, look: Look | None, in_space: list[InSpace]) -> str:
    """Return the pictures of one photo; what its canvas shows is appended to `in_space`."""
    if look is None:
        panels = f'<img src="{data_url(shrunk(shot.sample.image))}" alt=""/>'
    else:
        in_three = canvas(truth_in_space(shot), found_in_space(shot, look), in_space)
        panels = joint_panels(shot, look, name) + in_three + part_panels(shot, look)
    caption = f'<b>{said(row)}</b> {escape(row.hands)} <span class="key">{escape(row.key)}</span>'
    return f"<figure><div>{panels}</div><figcaption>{caption}</figcaption></figure>"


def said(row: PairRow) -> str:
    """Return the figures of a photo, in words."""
    if not row.found:
        return "missed"
    values = ((row.error, "{:.1f} mm"), (float(row.two.between[0]), "{:.1f} mm apart"), (row.iou, "IoU {:.2f}"))
    return ", ".join(how.format(value) for value, how in values if not math.isnan(value))


def joint_panels(shot: PairShot, look: Look, name: str) -> str:
    """Return what the window shows with the true joints in it, and with those that were found."""
    picture: Image = look.window.cut(shot.sample.image)
    points = shot.sample.points
    assert points is not None
    assert shot.sample.valid is not None
    true = skeletons(moved(points.astype(np.float64), look.window.matrix), shot.sample.valid)
    found = skeletons(look.answer.joints[:, :2] * STRIDE, np.repeat(look.answer.chances > THERE, JOINTS))
    return drawn_on(picture, name, true, found)


def skeletons(points: Floats, known: Bits) -> str:
    """Return the bones of both hands between known joints (42, 2)."""
    hands = np.split(BOTH, 2)
    return "".join(skeleton(points[hand], known[hand]) for hand in hands)


def part_panels(shot: PairShot, look: Look) -> str:
    """Return the parts in the window as labelled, if they are, and as found."""
    found = look.answer.parts.argmax(axis=0).astype(np.uint8)
    panels = ((shot.parts(look.window), "parts as labelled"), (found, "parts as found"))
    return "".join(
        f'<img class="parts" src="{part_url(parts)}" alt="{name}"/>' for parts, name in panels if parts is not None
    )


def part_url(parts: Mask) -> str:
    """Return parts (h, w) in their colours as an address that holds all of them."""
    return address(encode_palette(parts, PART_COLOURS), "png")


def truth_in_space(shot: PairShot) -> Floats:
    """Return the true joints (42, 3), mm from the right wrist on or, where that is not known, from the left one."""
    joints, valid = shot.sample.joints, shot.sample.valid
    assert joints is not None
    assert valid is not None
    seen = np.where(valid[:, None], joints, np.nan).astype(np.float64)
    return np.asarray((seen - origin(seen))[BOTH])


def found_in_space(shot: PairShot, look: Look) -> Floats:
    """Return the joints (42, 3) of the hands that were told to be there, mm from one wrist on as those of the truth."""
    joints, wrists = look.joints(shot).reshape(2, JOINTS, 3), look.wrists(shot)
    true = shot.sample.valid
    assert true is not None
    is_there = (look.answer.chances > THERE) | true.reshape(2, JOINTS).any(axis=1)
    hands = joints - joints[:, -1:]
    # How far the left hand is behind the right one is the net's own word, whatever depths were given.
    apart = np.nan_to_num(wrists[1] - wrists[0])
    if true[WRISTS[1]] and not true[WRISTS[0]]:
        hands[0] -= apart
    else:
        hands[1] += apart
    shown = np.where(is_there[:, None, None], hands, np.nan)
    return np.asarray(shown.reshape(2 * JOINTS, 3)[BOTH])


def origin(joints: Floats) -> Floats:
    """Return the first wrist (3,) that is known, or the middle of what is."""
    for wrist in WRISTS:
        if np.isfinite(joints[wrist]).all():
            return np.asarray(joints[wrist])
    return np.asarray(np.nanmean(joints, axis=0))
