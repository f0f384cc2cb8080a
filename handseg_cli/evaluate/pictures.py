"""Photos for the page: the photo once, small, and what is right, falsely found and missed as outlines on top of it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

import cv2
import numpy as np

from handseg_cli.evaluate.candidates import Found
from handseg_cli.evaluate.judge import Row
from handseg_cli.evaluate.sources import Shot
from handseg_cli.metrics.regions import iou
from handseg_cli.sample import Image, Mask

SIDE = 480  # pixels, of the longer side
QUALITY = 78

Seen = tuple[Shot, Found]


def chosen(rows: Sequence[Row], count: int) -> dict[str, list[Row]]:
    """Choose the worst, the typical and the best photos, so many of each at most and none twice."""
    order = sorted(rows, key=lambda row: (iou(row.counts), row.key))
    worst = order[: min(count, -(-len(order) // 3))]
    # To find nothing where there is nothing is no picture worth a look.
    rest = [row for row in order[len(worst) :] if row.share]
    best = rest[len(rest) - min(count, len(rest) // 2) :]
    rest = rest[: len(rest) - len(best)]
    middle = max(0, len(rest) // 2 - count // 2)
    return {"worst": worst, "typical": rest[middle : middle + count], "best": best[::-1]}


def figure_of(name: str, row: Row, seen: Seen) -> str:
    """Return a photo, the truth and the prediction side by side as HTML; `name` is unique in the page."""
    shot, found = seen
    image = small(shot.photo.image)
    height, width = image.shape[:2]
    truth, mask = (laid(each, (height, width)) for each in (shot.truth, found.mask))
    veil = f'<path class="veil" d="M0 0H{width}V{height}H0Z"/>'
    verdict = "".join(
        shape(region, kind)
        for region, kind in ((truth & mask, "right"), (mask & ~truth, "false"), (truth & ~mask, "missed"))
    )
    panels = drawn_on(image, name, "", veil + shape(truth, "true"), veil + verdict)
    caption = f'<b>{iou(row.counts):.3f}</b> <span class="key">{escape(row.key)}</span>'
    return f'<figure tabindex="0"><div>{panels}</div><figcaption>{caption}</figcaption></figure>'


def drawn_on(image: Image, name: str, *drawings: str) -> str:
    """Return a photo, which the page holds once under a name, with each of some drawings on it."""
    height, width = image.shape[:2]
    first = f'<image id="{name}" width="{width}" height="{height}" href="{data_url(image)}"/>'
    photos = (first, *[f'<use href="#{name}"/>'] * (len(drawings) - 1))
    pairs = zip(photos, drawings, strict=True)
    return "".join(f'<svg viewBox="0 0 {width} {height}">{photo}{drawing}</svg>' for photo, drawing in pairs)


def small(image: Image) -> Image:
    """Shrink a photo to what the page shows."""
    height, width = image.shape[:2]
    factor = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def laid(mask: Mask, size: tuple[int, int]) -> Mask:
    """Return a mask, 0 or 255, at the size of the small photo."""
    covered = cv2.resize(mask, size[::-1], interpolation=cv2.INTER_AREA)
    return (covered >= 128).astype(np.uint8) * np.uint8(255)


def data_url(image: Image) -> str:
    """Return a photo as an address that holds all of it."""
    encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, QUALITY))[1]
    return address(encoded.tobytes(), "jpeg")


def address(content: bytes, kind: str) -> str:
    """Return the content of a picture as an address that holds all of it."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def hexed(colour: tuple[int, int, int]) -> str:
    """Return a colour as pages name it."""
    return f"#{bytes(colour).hex()}"


def shape(mask: Mask, kind: str) -> str:
    """Return a region as the path of its borders and holes; nothing for an empty one."""
    # Borders run through the middles of pixels, so that regions at double size fit each other without gaps.
    double = cv2.resize(mask, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(double, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    path = ""
    for contour in contours:
        points = cv2.approxPolyDP(contour, 1.2, True).reshape(-1, 2) / 2
        if len(points) > 2:
            path += "M" + "L".join(f"{x:g} {y:g}" for x, y in points.tolist()) + "Z"
    return f'<path class="{kind}" fill-rule="evenodd" d="{path}"/>' if path else ""
