"""How far away hands are of which a net tells points in the photo and, in mm, how far joints are behind each other.

The nearer they were, the smaller they would be: so a usual length of their bones tells how far they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.pose.camera import rays

NEAREST, FARTHEST = 50.0, 20_000.0  # mm of any joint before the camera
ROUNDS = 50  # of halving, after which nothing changes

Points = NDArray[np.floating[Any]]


def distance(points: Points, depths: Points, bones: NDArray[np.intp], length: float, camera: Points) -> float:
    """Return how many mm lie before depth 0 for the `bones` (N, 2) between joints to have a `length` all together.

    A camera (3, 3) sees the joints at pixels (J, 2), `depths` (J,) in mm behind each other. Where depths alone make the
    bones longer than that, the hand is as near as it can be.
    """
    seen = rays(points, camera)
    parents, children = bones.T
    # A joint is at seen * (away + depth): so is each bone a vector that grows evenly, and their length bends one way.
    along = seen[children] - seen[parents]
    start = seen[children] * depths[children, None] - seen[parents] * depths[parents, None]
    near = NEAREST - float(depths[bones].min())
    far = max(near, FARTHEST)
    for _ in range(ROUNDS):
        middle = (near + far) / 2
        if np.linalg.norm(start + middle * along, axis=1).sum() < length:
            near = middle
        else:
            far = middle
    return far
