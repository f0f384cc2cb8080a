"""Hands for the page: the photo around each with the joints as labelled and as found, and both in space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Protocol, TypedDict, TypeVar

import numpy as np

from handseg_cli.evaluate.pictures import drawn_on, hexed
from handseg_cli.evaluate.pictures import small as shrunk
from handseg_cli.evaluate.pose_judge import Floats, HandRow, extent, in_scale, mean_of
from handseg_cli.evaluate.pose_truth import Bits, PoseShot, TrueHand
from handseg_cli.io.skeletons import CASING, FINGERS
from handseg_cli.pose.skeleton import JOINTS, bones
from handseg_cli.sample import Image, Pose

AROUND = 1.7  # sides of a hand that are shown

Joint = list[float] | None


class InSpace(TypedDict):
    """One hand or two as the page's script draws them: 21 joints of each, mm from a wrist on, None if not known."""

    truth: list[Joint]
    found: list[Joint]


class Off(Protocol):
    """A hand or a photo that was found or missed, and by how much it is off, NaN if that is not known."""

    @property
    def found(self) -> bool: ...
    @property
    def error(self) -> float: ...


Row = TypeVar("Row", bound=Off)


def chosen(rows: Sequence[Row], count: int) -> dict[str, list[Row]]:
    """Choose the worst and the typical of what was found, and some of what was missed, evenly from all."""
    order = sorted((row for row in rows if row.found and not math.isnan(row.error)), key=lambda row: -row.error)
    worst = order[: min(count, -(-len(order) // 2))]
    rest = order[len(worst) :]
    middle = max(0, len(order) // 2 - len(worst) - count // 2)
    missed = [row for row in rows if not row.found]
    step = max(1, len(missed) // count)
    return {"worst": worst, "typical": rest[middle : middle + count], "missed": missed[::step][:count]}


def figure_of(name: str, row: HandRow, shot: PoseShot, pose: Pose | None, in_space: list[InSpace]) -> str:
    """Return the pictures of one hand; what its canvas shows is appended to `in_space`."""
    hand = next(each for each in shot.hands if each.side == row.side)
    photo, factor, corner = around(shot.image, hand)
    true = skeleton((hand.points - corner) * factor, np.asarray(np.isfinite(hand.points).all(axis=1)))
    if pose is None:
        panels = drawn_on(photo, name, true)
    else:
        found = skeleton((pose.points - corner) * factor, np.ones(JOINTS, bool))
        panels = drawn_on(photo, name, true, found)
        panels += canvas(hand.joints - hand.joints[0], in_scale(pose, hand), in_space)
    caption = f'<b>{told(row)}</b> {row.side}{said(row)} <span class="key">{escape(row.key)}</span>'
    return f"<figure><div>{panels}</div><figcaption>{caption}</figcaption></figure>"


def canvas(truth: Floats, found: Floats, in_space: list[InSpace]) -> str:
    """Return where the page's script draws joints (N, 3), mm, which are appended to `in_space`."""
    in_space.append({"truth": listed(truth), "found": listed(found)})
    number = len(in_space) - 1
    return f'<canvas class="hand" data-hand="{number}" tabindex="0" role="img" aria-label="in space"></canvas>'


def told(row: HandRow) -> str:
    """Return the errors of a hand, in words."""
    if not row.found:
        return "missed"
    values = ((mean_of(row.pixels), "px"), (mean_of(row.millimetres), "mm"))
    return ", ".join(f"{value:.1f} {unit}" for value, unit in values if not math.isnan(value))


def said(row: HandRow) -> str:
    """Return which side was told of a hand, if it is the wrong one."""
    return f", taken for {row.said}" if row.said not in ("", row.side) else ""


def around(image: Image, hand: TrueHand) -> tuple[Image, float, Floats]:
    """Return what is around a hand, by which factor it was shrunk, and where in the photo its corner (x, y) was."""
    seen = hand.points[hand.judged]
    middle, reach = (seen.min(axis=0) + seen.max(axis=0)) / 2, AROUND / 2 * extent(hand)
    height, width = image.shape[:2]
    left, top = np.clip(np.floor(middle - reach), 0, (width - 1, height - 1)).astype(int).tolist()
    right, bottom = np.ceil(middle + reach).astype(int).tolist()
    part = image[top : max(top + 1, bottom), left : max(left + 1, right)]
    photo = shrunk(part)
    return photo, photo.shape[1] / part.shape[1], np.array([left, top], np.float64)


def skeleton(points: Floats, known: Bits) -> str:
    """Return the bones between known joints (21, 2) as paths, a colour for each finger."""
    paths = [""] * 5
    for parent, child in bones("ours").tolist():
        if known[parent] and known[child]:
            (x, y), (to_x, to_y) = points[parent], points[child]
            paths[(child - 1) // 4] += f"M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}"
    casing = f'<path class="bones casing" stroke="{hexed(CASING)}" d="{"".join(paths)}"/>'
    fingers = zip(FINGERS, paths, strict=True)
    lines = (f'<path class="bones" stroke="{hexed(colour)}" d="{path}"/>' for colour, path in fingers if path)
    return casing + "".join(lines)


def listed(joints: Floats) -> list[Joint]:
    """Return joints (21, 3) as JSON can hold them."""
    return [None if np.isnan(joint).any() else np.round(joint, 1).tolist() for joint in joints]
