"""Render photo-like hands and arms, with labels, from the CC0 MakeHuman body, its skins and HDRI light.

`arms OUT` writes cut-outs with alpha to paste into training scenes; `people OUT` whole frames of upper bodies;
`photos OUT` the sample photos of the tests. Labels: 1 hand, 2 arm, 3 cloth, 4 watch, 5 other skin, 6 hair.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from hands.arms import Studio, dress, open_studio, pose_arm
from hands.body import floats, load_body
from hands.cloth import random_skin
from hands.person import GESTURES, dress_person, pose_person
from hands.photos import write_photos
from hands.shot import Bytes, Window, aim, draw, frame, gather, random_camera, random_light, shrink

Rendered = tuple[Bytes, Bytes, dict[str, object]]
Render = Callable[[Studio, np.random.Generator], Rendered | None]


def render_arm(studio: Studio, rng: np.random.Generator) -> Rendered | None:
    """Return a random arm: RGBA (H, W, 4), labels (H, W) and facts; None if the drawn view shows too little."""
    side = str(rng.choice(["L", "R"]))
    arm = pose_arm(studio.arms[side], side, rng)
    skin = random_skin(studio.skins[rng.integers(len(studio.skins))], rng)
    surfaces = dress(arm, skin, rng)
    style, camera = random_camera(arm, rng)
    scene = gather(surfaces, camera)
    view = (arm.points - camera.eye) @ camera.turn.T
    reach = float(rng.choice([rng.uniform(0.1, 1), rng.uniform(0.5, 3.5)]))
    window = frame(view, arm.along, reach, 2 * int(rng.integers(180, 385)))
    drawn = draw(scene, window, random_light(studio.lights, camera.up, rng), rng)
    if drawn is None:
        return None
    image, label = shrink(*drawn)
    hand = label == 1
    if hand.sum() < 400 or hand.sum() < 0.12 * (label > 0).sum():
        return None
    wrist = (arm.wrist - camera.eye) @ camera.turn.T
    place = [(wrist[0] / wrist[2] - window.left), (wrist[1] / wrist[2] - window.top)]
    facts = {"side": side, "style": style, "touches": touched(label)}
    return image, label, facts | {"wrist": [round(float(p) * window.scale / 2, 1) for p in place]}


def render_person(studio: Studio, rng: np.random.Generator) -> Rendered | None:
    """Return a random upper body as a whole frame: RGBA, labels and facts; None if hardly any hand shows."""
    gestures = dict(
        zip("LR", (str(g) for g in rng.choice(GESTURES, 2, p=[0.32, 0.2, 0.15, 0.15, 0.1, 0.08])), strict=True)
    )
    if "meet" in gestures.values():
        gestures = {"L": "meet", "R": "meet"}
    person = pose_person(studio.torso, gestures, rng)
    surfaces = dress_person(person, random_skin(studio.skins[rng.integers(len(studio.skins))], rng), rng)
    chosen = str(rng.choice(["L", "R"]))
    target = person.wrists[chosen] * 0.6 + floats([0, 6.8, 1]) * 0.4 + rng.normal(0, 0.4, 3).astype(np.float32)
    yaw, pitch = rng.normal(0, 0.6), float(np.clip(rng.normal(0.1, 0.25), -0.4, 0.9))
    away = floats([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    up = floats([rng.normal(0, 0.08), 1, 0])
    camera = aim(target + away * np.float32(rng.uniform(8, 20)), target, up, pitch)
    shape = [(384, 288), (384, 216), (288, 384), (352, 352)][rng.choice(4, p=[0.35, 0.35, 0.15, 0.15])]
    across = float(rng.uniform(4, 11)) / float(np.linalg.norm(camera.eye - target))
    scale = 2 * max(shape) / across
    width, height = 2 * shape[0], 2 * shape[1]
    window = Window(-width / scale / 2, -height / scale / 2, scale, (width, height))
    drawn = draw(gather(surfaces, camera), window, random_light(studio.lights, camera.up, rng), rng)
    if drawn is None:
        return None
    image, label = shrink(*drawn)
    if (label == 1).sum() < 300:
        return None
    return image, label, {"style": "person", "gestures": gestures, "touches": touched(label)}


def touched(label: Bytes) -> list[str]:
    """Return the names of the borders that something runs into."""
    edges = {"left": label[:, 0], "top": label[0], "right": label[:, -1], "bottom": label[-1]}
    return [name for name, edge in edges.items() if edge.any()]


def write_cutouts(studio: Studio, out: Path, render: Render, count: int, seed: int) -> None:
    """Write `count` cut-outs: images/, labels/ and facts.jsonl below `out`; the i-th depends on (seed, i) alone."""
    for folder in ("images", "labels"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    with (out / "facts.jsonl").open("a", encoding="utf-8") as facts_file:
        for index in range(count):
            name = f"{index:05d}.png"
            if (out / "labels" / name).exists():
                continue
            drawn = None
            rng = np.random.default_rng([seed, index])
            while drawn is None:
                drawn = render(studio, rng)
            image, label, facts = drawn
            cv2.imwrite(str(out / "images" / name), cv2.cvtColor(image, cv2.COLOR_RGBA2BGRA))
            cv2.imwrite(str(out / "labels" / name), label)
            facts_file.write(json.dumps({"file": name, **facts}) + "\n")
            facts_file.flush()


def main() -> None:
    """Read the arguments and render."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("product", choices=["arms", "people", "photos"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--assets", type=Path, default=os.environ.get("HANDSEG_ASSETS"), help="folder with makehuman/")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.assets is None:
        parser.error("give --assets DIR or set HANDSEG_ASSETS")
    cv2.setNumThreads(1)
    studio = open_studio(Path(arguments.assets), load_body(Path(arguments.assets)))
    if arguments.product == "photos":
        write_photos(studio, arguments.out / "photos", arguments.out / "masks", arguments.seed)
    else:
        render = render_arm if arguments.product == "arms" else render_person
        write_cutouts(studio, arguments.out, render, arguments.count, arguments.seed)


if __name__ == "__main__":
    main()
