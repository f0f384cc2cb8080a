"""Photos of the page."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from html import unescape
from xml.etree import ElementTree

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from handseg_cli.evaluate.candidates import Found
from handseg_cli.evaluate.judge import Row
from handseg_cli.evaluate.pictures import chosen, figure_of, shape
from handseg_cli.evaluate.sources import Shot
from handseg_cli.io.images import Photo
from handseg_cli.metrics.regions import Counts
from handseg_cli.sample import Mask


def row(tp: int, fn: int, key: str = "a") -> Row:
    counts = Counts(tp, 0, fn, 1000)
    return Row(0, key, key, counts, counts, 0.5, 0.1)


def square(left: int, right: int) -> Mask:
    mask = np.zeros((600, 800), np.uint8)
    mask[100:500, left:right] = 255
    return mask


def drawn(truth: Mask, mask: Mask, key: str = "a") -> str:
    shot = Shot(key, "", (key,), Photo(np.full((600, 800, 3), 90, np.uint8), (600, 800)), truth)
    return figure_of("p0", row(1, 1, key), (shot, Found(mask, mask, 0.1)))


def kinds(html: str) -> list[str]:
    return re.findall(r'<path class="(\w+)"', html)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25), st.integers(1, 6))
def test_no_photo_is_shown_twice_and_the_worst_come_first(pairs: Sequence[tuple[int, int]], count: int) -> None:
    rows = [row(tp, fn, str(at)) for at, (tp, fn) in enumerate(pairs)]
    found = chosen(rows, count)
    keys = [each.key for group in found.values() for each in group]
    assert len(keys) == len(set(keys))
    assert all(len(group) <= count for group in found.values())
    scores = [each.counts.tp / max(1, each.counts.tp + each.counts.fn) for each in found["worst"] if each.share]
    assert scores == sorted(scores)


def test_what_is_right_false_and_missed_is_told_apart() -> None:
    assert kinds(drawn(square(200, 400), square(300, 500))) == ["veil", "true", "veil", "right", "false", "missed"]
    assert kinds(drawn(square(0, 0), square(300, 500))) == ["veil", "veil", "false"]
    assert kinds(drawn(square(0, 0), square(0, 0))) == ["veil", "veil"]


def test_a_region_is_where_its_pixels_are() -> None:
    mask = np.zeros((40, 50), np.uint8)
    mask[10:30, 20:45] = 255
    mask[15:20, 25:30] = 0
    path = ElementTree.fromstring(shape(mask, "right")).attrib["d"]
    outlines = [np.array(re.findall(r"[\d.]+", each), float).reshape(-1, 2) for each in path.split("Z") if each]
    (outer, hole) = sorted(outlines, key=lambda each: -np.ptp(each))
    assert np.abs(outer.min(0) - (20, 10)).max() <= 1
    assert np.abs(outer.max(0) - (45, 30)).max() <= 1
    assert np.abs(hole.mean(0) - (27.5, 17.5)).max() <= 1


def test_the_photo_is_kept_once_and_small() -> None:
    html = drawn(square(200, 400), square(300, 500))
    (data,) = re.findall(r"base64,([^\"]+)", html)
    image = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (360, 480, 3)


def test_a_key_cannot_break_out_of_its_caption() -> None:
    html = drawn(square(0, 9), square(0, 9), "<img src=x onerror=alert(1)>.jpg")
    assert "<img" not in html
    assert "<img src=x onerror=alert(1)>.jpg" in unescape(html)
