"""What DIGIT's 33 parts look like: right hands in warm colours and left ones in cold, tips light and bases dark.

Numbers are those of DIGIT: 0 is no hand, 1 to 16 are of the right one, and 16 more of the left one.
"""

from __future__ import annotations

import cv2
import numpy as np

from handseg_cli.sample import Image, Mask

PART_COLOURS = (
    (0, 0, 0),  # background
    (130, 160, 8),  # right ring base
    (249, 125, 36),  # right index middle
    (160, 8, 97),  # right little base
    (160, 130, 8),  # right middle base
    (252, 233, 156),  # right middle tip
    (233, 252, 156),  # right ring tip
    (252, 156, 212),  # right little tip
    (160, 13, 8),  # right thumb base
    (165, 110, 70),  # right palm
    (249, 43, 36),  # right thumb middle
    (160, 72, 8),  # right index base
    (252, 196, 156),  # right index tip
    (252, 159, 156),  # right thumb tip
    (249, 36, 161),  # right little middle
    (249, 207, 36),  # right middle middle
    (207, 249, 36),  # right ring middle
    (8, 54, 160),  # left ring base
    (36, 249, 214),  # left index middle
    (72, 8, 160),  # left little base
    (8, 119, 160),  # left middle base
    (156, 227, 252),  # left middle tip
    (156, 185, 252),  # left ring tip
    (196, 156, 252),  # left little tip
    (8, 160, 59),  # left thumb base
    (85, 95, 155),  # left palm
    (36, 249, 107),  # left thumb middle
    (8, 160, 135),  # left index base
    (156, 252, 236),  # left index tip
    (156, 252, 188),  # left thumb tip
    (125, 36, 249),  # left little middle
    (36, 193, 249),  # left middle middle
    (36, 100, 249),  # left ring middle
)
OF_RIGHT, OF_LEFT = range(1, 17), range(17, 33)
SHARE = 0.55  # of its colour on a photo

TABLE = np.zeros((1, 256, 3), np.uint8)
TABLE[0, : len(PART_COLOURS)] = PART_COLOURS


def coloured(parts: Mask) -> Image:
    """Return parts (H, W) as a picture (H, W, 3) of their colours."""
    return np.asarray(cv2.LUT(cv2.merge([parts] * 3), TABLE), np.uint8)


def draw_parts(picture: Image, parts: Mask) -> None:
    """Tint what parts (H, W) there are in a picture (H, W, 3), which is changed."""
    left, top, width, height = cv2.boundingRect(parts)
    inside = np.s_[top : top + height, left : left + width]
    if not width:
        return
    tinted = cv2.addWeighted(picture[inside], 1 - SHARE, coloured(np.ascontiguousarray(parts[inside])), SHARE, 0)
    np.copyto(picture[inside], tinted.astype(np.uint8, copy=False), where=parts[inside][..., None] > 0)
