"""At which size a net sees a photo: the same in predict, in validation and in torch.hub."""

from __future__ import annotations

import math

Size = tuple[int, int]  # (height, width)

STRIDE = 32  # of which both sides are multiples, unless a net's card says otherwise
LONGEST = 4  # no side gets longer than so many times what was asked for, however narrow the photo is


def net_shape(size: Size, side: int, stride: int = STRIDE, fit: str = "area") -> Size:
    """Return the (height, width) at which a net sees a photo of a size (height, width).

    "area": about side x side pixels of the photo's shape; "squash": that square. Sides are multiples of the stride.
    """
    if fit == "squash":
        size = (side, side)
    scale = side / math.sqrt(size[0] * size[1])
    limit = max(stride, LONGEST * side // stride * stride)
    height, width = (min(limit, max(stride, round(edge * scale / stride) * stride)) for edge in size)
    return height, width
