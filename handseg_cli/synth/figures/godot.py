"""The hands of Godot XR Tools, bare, with long nails or in gloves: hand and wrist only, no forearm."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from handseg_cli.synth.body import Body, Bone, Floats, Side, strongest
from handseg_cli.synth.figures.asset_files import damaged
from handseg_cli.synth.figures.gltf import read_gltf
from handseg_cli.synth.figures.loops import subdivided
from handseg_cli.synth.figures.marks import mark

# What each mesh may wear; a texture holds both hands.
SKINS = (
    "african_baseColor",
    "african_realistic_baseColor",
    "caucasian_baseColor",
    "caucasian_realistic_baseColor",
)
GLOVES = (
    "cleaning_glove_baseColor",
    "labglove_baseColor",
    "glove_african_dark_camo",
    "glove_african_green_camo",
    "glove_caucasian_dark_camo",
    "glove_caucasian_green_camo",
)
TEXTURES = {"hand": SKINS, "Hand_Nails": SKINS, "Hand_Glove": GLOVES}
FILES = {
    "hand": {"L": "hand_l", "R": "hand_r"},
    "Hand_Nails": {"L": "Hand_Nails_L", "R": "Hand_Nails_R"},
    "Hand_Glove": {"L": "Hand_Glove_L", "R": "Hand_Glove_R"},
}
# Metres with z backwards and x to the right, against ours.
TURN = np.array([-1000.0, 1000.0, -1000.0])

OF_A_FINGER = ("Metacarpal", "Proximal", "Intermediate", "Distal", "Tip")
JOINTS = {"Thumb": ("Metacarpal", "Proximal", "Distal", "Tip")} | dict.fromkeys(
    ("Index", "Middle", "Ring", "Little"), OF_A_FINGER
)
FORE = np.array([0.0, 0.0, -1.0])  # from the hand to the elbow, ours


@lru_cache(maxsize=8)
def godot_hand(assets: Path, kind: str, side: Side) -> Body:
    """Read one hand, of a kind in TEXTURES, below the folder `assets`, smoothed by one step of subdivision."""
    path = assets / "godot_hands" / f"{FILES[kind][side]}.gltf"
    mesh = read_gltf(path)
    heads = dict(zip(mesh.names, mesh.binds[:, :3, 3] * TURN, strict=True))
    try:
        bones = _bones(heads, side)
    except KeyError as missing:
        raise damaged(path, f"has no joint {missing}") from None
    place = {bone.name: number for number, bone in enumerate(bones)}
    ours = np.array([place[_holder(name, side)] for name in mesh.names])
    points, welded = np.unique(np.round(mesh.points * TURN, 3), axis=0, return_inverse=True)
    dense = np.zeros((len(points), len(bones)))
    np.add.at(dense, (welded[:, None], ours[mesh.holders]), mesh.weights)
    dense /= dense.sum(axis=1, keepdims=True)
    # What lies behind the wrist is the forearm's.
    behind = np.clip(0.5 + (points - bones[place[f"wrist.{side}"]].head) @ FORE / 20, 0, 1)[:, None]
    dense *= 1 - behind
    dense[:, place[f"lowerarm02.{side}"]] += behind[:, 0]
    matrix, triangles, uv = subdivided(welded[mesh.triangles], mesh.uv[mesh.triangles], len(points))
    smooth = (matrix @ points).astype(np.float32)
    holders, weights = strongest(matrix @ dense, 5)
    return Body(smooth, triangles, uv, bones, holders, weights, mark(smooth, bones, holders, weights))


def _bones(heads: dict[str, Floats], side: Side) -> tuple[Bone, ...]:
    """Return our bones with the joints of the file, and behind the hand those of an arm as long as arms are."""
    chains = [[heads[f"{finger}_{joint}_{side}"] for joint in joints] for finger, joints in JOINTS.items()]
    wrist = (chains[2][0] + chains[3][0]) / 2
    arm = [*(wrist + FORE * far for far in (540, 390, 250, 125, 0)), chains[2][0]]
    names = enumerate(("upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist"))
    bones = [Bone(f"{name}.{side}", number - 1, arm[number], arm[number + 1]) for number, name in names]
    for number, chain in enumerate(chains, 1):
        parent = 4
        if number > 1:
            parent = len(bones)
            bones.append(Bone(f"metacarpal{number - 1}.{side}", 4, chain[0], chain[1]))
            chain = chain[1:]
        for joint in range(3):
            bones.append(Bone(f"finger{number}-{joint + 1}.{side}", parent, chain[joint], chain[joint + 1]))
            parent = len(bones) - 1
    return tuple(bones)


def _holder(name: str, side: Side) -> str:
    """Return the bone of ours that does what a joint of the file does."""
    finger, _, joint = name.removesuffix(f"_{side}").partition("_")
    if joint not in JOINTS.get(finger, ()):
        return f"wrist.{side}"
    number, place = [*JOINTS].index(finger) + 1, JOINTS[finger].index(joint)
    if number > 1 and place == 0:
        return f"metacarpal{number - 1}.{side}"
    return f"finger{number}-{min(place + (number == 1), 3)}.{side}"
