"""Where the points of a mesh lie on hands and arms, told by planes through the joints and not by ragged weights.

A finger's mark goes on a little into the palm, where its reach is negative: what `reach` cuts is a straight border.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import LEFT, RIGHT, Bone, Floats, Ints, Marks, Side, chain_joints
from handseg_cli.synth.lately import lately
from handseg_cli.synth.turning import cross

OFF_ARMS = -1e4
SIDES: tuple[tuple[int, Side], ...] = ((LEFT, "L"), (RIGHT, "R"))
ARM = ("upperarm", "lowerarm", "wrist", "metacarpal", "finger")
LOWER = ("lowerarm", "wrist", "metacarpal", "finger")
STRIP = 2.5  # mm of palm on either side of the middle of the web between two fingers
STEEP = 12.0  # mm over which a finger's reach rises by one beside its borders with web and palm, at most
# Within so many mm of a joint's plane the reach changes by so much, alike on either side: its border stays straight.
NEAR, NEAR_SHARE = 4.0, 0.16
INTO_PALM = 12.0  # mm by which a finger's mark goes on


def mark(points: Floats, bones: tuple[Bone, ...], holders: Ints, weights: Floats) -> Marks:
    """Return the marks of points (V, 3) at rest, each held by the bones `holders` (V, K) with `weights` (V, K)."""
    side, along = np.zeros(len(points), np.uint8), np.full(len(points), OFF_ARMS, np.float32)
    finger, reach = np.zeros(len(points), np.uint8), np.full(len(points), -1, np.float32)
    names = " ".join(bone.name for bone in bones)
    for number, letter in SIDES:
        held, lower = _held(names, holders, weights, letter)
        if not len(held):
            continue
        beyond, shoulder = _along(points[held], bones, letter, lower)
        arm = held[beyond > shoulder]
        side[arm], along[arm] = number, beyond[beyond > shoulder]
        hand = arm[along[arm] > -INTO_PALM]
        finger[hand], reach[hand] = fingers_of(points[hand], chain_joints(bones, letter))
    return Marks(side, along, finger, reach)


@lately(16)
def _held(names: str, holders: Ints, weights: Floats, side: Side) -> tuple[Ints, Floats]:
    """Return which points the arm of a side holds, of bones with these names, and how far its lower half does."""
    whole, lower = (
        np.array([name.startswith(starts) and name.endswith(f".{side}") for name in names.split()])
        for starts in (ARM, LOWER)
    )
    held = np.flatnonzero(np.einsum("vk,vk->v", weights, whole[holders]) > 0.45)
    return held, np.asarray(np.einsum("vk,vk->v", weights[held], lower[holders[held]]))


def _along(points: Floats, bones: tuple[Bone, ...], side: Side, lower: Floats) -> tuple[Floats, float]:
    """Return how far points lie beyond the wrist's plane, as the lower arm holds them, and where the shoulder's is."""
    place = {bone.name: bone.head for bone in bones}
    shoulder, elbow, wrist = (place[f"{name}.{side}"] for name in ("upperarm01", "lowerarm01", "wrist"))
    fore, upper = float(np.linalg.norm(wrist - elbow)), float(np.linalg.norm(elbow - shoulder))
    on_lower = (points - wrist) @ _unit(wrist - elbow)
    on_upper = (points - elbow) @ _unit(elbow - shoulder) - fore
    return np.asarray(lower * on_lower + (1 - lower) * on_upper), -fore - upper


def fingers_of(points: Floats, joints: Floats) -> tuple[NDArray[np.uint8], Floats]:
    """Return each point's finger (V,), 0 off them, and how far along it (V,), for a hand of joints (21, 3)."""
    chains = joints[1:].reshape(5, 4, 3)
    thumb, inside = _thumb(points, chains)
    across = _sides(points, chains)
    # The sector of a point: on which side of the middles between neighbouring fingers it lies.
    finger = 2 + (across < 0).sum(axis=1)
    reach, before = np.empty(len(points)), np.empty(len(points))
    for number in range(2, 6):
        mine = np.flatnonzero(finger == number)
        chain = chains[number - 1]
        before[mine] = (points[mine] - chain[0]) @ _unit(chain[1] - chain[0])
        webs = np.abs(across[mine, max(number - 3, 0) : number - 1])
        reach[mine] = _without_webs(reached(points[mine], chain), before[mine], webs)
    on_thumb = (inside > 0) | ((inside > before) & (reach <= 0))
    finger, reach = np.where(on_thumb, 1, finger), np.where(on_thumb, thumb, reach)
    near = np.where(on_thumb, inside, before) > -INTO_PALM
    return np.where(near, finger, 0).astype(np.uint8), np.where(near, reach, -1)


def _sides(points: Floats, chains: Floats) -> Floats:
    """Return how far points lie from the three planes between four fingers (V, 3), positive before each."""
    middle = (chains[1:-1, :2] + chains[2:, :2]) / 2
    normals = _unit(cross(middle[:, 1] - middle[:, 0], _palm(chains)))
    normals *= np.sign(np.einsum("fa,fa->f", normals, chains[1:-1, 0] - chains[2:, 0]))[:, None]
    return np.asarray(points @ normals.T - np.einsum("fa,fa->f", middle[:, 0], normals))


def _without_webs(reach: Floats, before: Floats, webs: Floats) -> Floats:
    """Return the reach of a finger's points that lie `webs` (V, 1 or 2) mm from the middles of its webs, less these.

    A web ends where skin last is near its middle; the other side of a finger's first joint there is none.
    """
    first = (reach > 0) & (reach < 0.6)
    limited = reach.copy()
    for away in webs.T:
        apex = before[first & (away < STRIP)].max(initial=0)
        limited = np.minimum(limited, np.maximum((away - STRIP) / STEEP, (before - apex) / (STEEP / 4)))
    return np.where(reach < 1, limited, reach)


def _thumb(points: Floats, chains: Floats) -> tuple[Floats, Floats]:
    """Return how far points lie along the thumb (V,), and how far inside its borders (V,), mm.

    Its base part ends at a plane across its first bone, and at one half way from that bone to the index finger's base.
    """
    base = chains[0, 0]
    bone, index = _unit(chains[0, 1] - base), _unit(chains[1, 0] - base)
    border = cross(_palm(chains), bone + index)
    border = _unit(border * np.sign(border @ bone))
    inside = (points - base) @ border
    reach = reached(points, chains[0])
    # Within the web beyond its next joint a thumb has no base part, and its end has no web.
    limited = np.minimum(reach, inside / np.interp(reach, (0.7, 1.2), (STEEP, STEEP / 5)))
    reach = np.where((reach < 1.4) | (inside < 0), limited, reach)
    return reach, np.minimum(inside, (points - base) @ bone)


def _palm(chains: Floats) -> Floats:
    """Return the direction (3,) across the palm's plane."""
    return _unit(cross(chains[1, 0] - chains[0, 0], chains[4, 0] - chains[0, 0]))


def reached(points: Floats, chain: Floats) -> Floats:
    """Return where points (V, 3) lie between the planes through a chain of joints (J, 3): 0 at the first, 1, ..."""
    ways = _unit(np.diff(chain, axis=0))
    normals = _unit(np.concatenate([ways[:1], ways[:-1] + ways[1:], ways[-1:]]))
    beyond = normals @ points.T - np.einsum("ja,ja->j", chain, normals)[:, None]
    passed = (beyond[1:-1] > 0).sum(axis=0)
    behind, ahead = np.take_along_axis(beyond, np.stack([passed, passed + 1]), axis=0) * [[1], [-1]]
    inner = np.maximum(behind - NEAR, 0) / np.maximum(behind + ahead - 2 * NEAR, 1e-6)
    between = NEAR_SHARE + (1 - 2 * NEAR_SHARE) * np.minimum(inner, 1)
    share = np.where(ahead < NEAR, 1 - NEAR_SHARE * ahead / NEAR, between)
    share = np.where((behind < NEAR) & (behind < ahead), NEAR_SHARE * behind / NEAR, share)
    return np.asarray(np.minimum(passed + share, len(chain) - 1))


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
