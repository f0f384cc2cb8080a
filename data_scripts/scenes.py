"""Whole training scenes for the default model, made of the pieces of `composites.py` and of labelled photos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from composites import (
    CUTOUT_WEIGHTS,
    HAND,
    LABELLED_WEIGHTS,
    OTHER,
    Array,
    Cutout,
    Rng,
    darken_skin,
    dyed,
    floats,
    paste,
    read,
    read_cutouts,
    read_pairs,
    read_rendered,
    recolour,
    sleeve,
    turned,
    with_arm,
)


@dataclass(frozen=True)
class Pools:
    """Everything that scenes are made of, read into memory once."""

    cutouts: dict[str, list[Cutout]]
    labelled: dict[str, list[tuple[Array, Array]]]
    arms: list[Cutout]
    people: list[Cutout]
    backgrounds: list[Array]
    faces: list[Array]


def read_pools(data: Path, arms: Path | None, people: Path | None) -> Pools:
    """Read cutouts/, labelled/ and backgrounds/ below `data`, and folders of rendered arms and people."""

    def photos(name: str) -> list[Array]:
        return [read(path) for path in sorted((data / "backgrounds" / name).glob("*.jpg"))]

    return Pools(
        cutouts={n: read_cutouts(data / "cutouts" / n) for n in CUTOUT_WEIGHTS if (data / "cutouts" / n).is_dir()},
        labelled={n: read_pairs(data / "labelled" / n) for n in LABELLED_WEIGHTS if (data / "labelled" / n).is_dir()},
        arms=read_rendered(arms) if arms else [],
        people=read_rendered(people) if people else [],
        backgrounds=photos("indoor") + photos("desk") * 4,
        faces=photos("faces"),
    )


def draw(weights: dict[str, float], names: list[str], rng: Rng) -> str:
    """Draw a name by weight."""
    shares = np.array([weights[name] for name in names])
    return names[rng.choice(len(names), p=shares / shares.sum())]


def crop(image: Array, mask: Array, size: int, rng: Rng, sides: tuple[float, float]) -> tuple[Array, Array]:
    """Cut a random turned window out of a photo and scale it to (size, size).

    `sides` are the least and the most that the window's side may be of the photo's shorter side.
    """
    height, width = mask.shape
    side = min(height, width) * np.exp(rng.uniform(*np.log(sides)))
    aspect = np.exp(rng.normal(0, 0.12))
    scale = size / side
    angle = rng.normal(0, 0.2)
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = matrix @ np.diag([aspect * (-1) ** rng.integers(2), 1 / aspect])
    room = np.maximum(np.array([width, height]) - side, 0) / 2
    centre = np.array([width, height]) / 2 + rng.uniform(-room, room)
    affine = floats(np.column_stack([matrix, size / 2 - matrix @ centre]))
    if scale < 0.5:
        image = cv2.blur(image, (round(0.7 / scale),) * 2)
    return (
        cv2.warpAffine(image, affine, (size, size), borderMode=cv2.BORDER_REFLECT),
        cv2.warpAffine(mask, affine, (size, size), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT),
    )


def background(pools: Pools, size: int, rng: Rng) -> Array:
    """Return a (size, size) picture without hands."""
    pool = pools.faces if pools.faces and rng.random() < 0.3 else pools.backgrounds
    image = pool[rng.integers(len(pool))]
    return crop(image, np.zeros(image.shape[:2], np.uint8), size, rng, (0.5, 1.25))[0]


def any_cutout(pools: Pools, rng: Rng) -> Cutout:
    """Draw a real cut-out hand."""
    pool = pools.cutouts[draw(CUTOUT_WEIGHTS, list(pools.cutouts), rng)]
    return pool[rng.integers(len(pool))]


def hand(pools: Pools, size: int, rng: Rng) -> Cutout:
    """Draw a hand, with or without an arm behind it, scaled and coloured at random."""
    length = size * np.exp(rng.uniform(np.log(0.1), np.log(1.2)))
    if pools.arms and rng.random() < 0.5:
        piece = maybe_dyed(pools.arms[rng.integers(len(pools.arms))], rng)
        length *= 1.8
    else:
        piece = any_cutout(pools, rng)
        if rng.random() < 0.55:
            piece = with_arm(piece, rng)
            length *= max(piece.label.shape) / 250
        if rng.random() < 0.4:
            piece = Cutout(darken_skin(piece.image, rng), piece.label)
    # Skin may be lit in any way but keeps its hues: they tell it from red cloth.
    piece = Cutout(recolour(piece.image, rng, 0.6), piece.label)
    return turned(piece, min(length, 2.2 * size), rng)


def distractor(pools: Pools, size: int, rng: Rng) -> Cutout:
    """Make something that is no hand in a hand's outline or a blob's: cloth, a piece of a room, a face, skin."""
    rendered = bool(pools.arms) and rng.random() < 0.5
    shape = pools.arms[rng.integers(len(pools.arms))] if rendered else any_cutout(pools, rng)
    label = (shape.label > 0).astype(np.uint8) * OTHER
    if rng.random() < 0.4:
        label = np.zeros((200, int(rng.uniform(60, 260))), np.uint8)
        cv2.ellipse(label, (label.shape[1] // 2, 100), (label.shape[1] // 2 - 2, 98), 0, 0, 360, OTHER, -1)
    height, width = label.shape
    kind = rng.random()
    if kind < 0.45:
        image = sleeve((height, width, 3), rng)
    elif kind < 0.65 and pools.faces:
        image = cv2.resize(pools.faces[rng.integers(len(pools.faces))], (width, height))
    elif kind < 0.78:
        skin = any_cutout(pools, rng)
        colour = cv2.mean(skin.image, (skin.label > 0).astype(np.uint8))[:3]
        image = np.clip(sleeve((height, width, 3), rng) * 0.25 + np.array(colour) * 0.75, 0, 255).astype(np.uint8)
    else:
        image = cv2.resize(background(pools, 128, rng), (width, height))
    length = size * np.exp(rng.uniform(np.log(0.1), np.log(1.1)))
    return turned(Cutout(recolour(image, rng), label), length, rng)


def maybe_dyed(piece: Cutout, rng: Rng) -> Cutout:
    """Give rendered cloth another colour every other time."""
    return dyed(piece, rng) if rng.random() < 0.5 else piece


def place(piece: Cutout, size: int, rng: Rng) -> tuple[int, int]:
    """Return the (x, y) where a piece's centre goes: mostly so that an arm's cut end lies outside the picture."""
    centre = (int(rng.integers(size)), int(rng.integers(size)))
    if not (piece.label > HAND).any() or not (piece.label == HAND).any() or rng.random() < 0.25:
        return centre
    middle = np.array(piece.label.shape[::-1]) / 2
    palm, arm = (np.argwhere(on).mean(0)[::-1] for on in (piece.label == HAND, piece.label > HAND))
    for _ in range(12):
        wanted = rng.uniform(0.05, 0.95, 2) * size
        end = wanted + 1.7 * (arm - palm)
        if not ((end > 0) & (end < size)).all():
            x, y = wanted - palm + middle
            return int(x), int(y)
    return centre


def composite(pools: Pools, size: int, rng: Rng) -> tuple[Array, Array]:
    """Paste a person, hands and distractors into a background."""
    canvas, truth = background(pools, size, rng), np.zeros((size, size), np.uint8)
    hands, others = int(rng.choice(4, p=[0.1, 0.42, 0.33, 0.15])), int(rng.poisson(1.2))
    if pools.people and rng.random() < 0.35:
        person = maybe_dyed(pools.people[rng.integers(len(pools.people))], rng)
        person = Cutout(*crop(recolour(person.image, rng), person.label, size, rng, (0.5, 1.1)))
        paste(canvas, truth, person, (size // 2, size // 2), rng)
        hands, others = min(hands // 2, 1), others // 2
    for is_hand in rng.permutation([True] * hands + [False] * others):
        piece = hand(pools, size, rng) if is_hand else distractor(pools, size, rng)
        paste(canvas, truth, piece, place(piece, size, rng), rng)
    return canvas, truth


def photographed(image: Array, rng: Rng) -> Array:
    """Give a scene the faults of a photo: colour, grey, blur, few pixels, noise, JPEG."""
    size = image.shape[0]
    image = recolour(image, rng, 0.7)
    if rng.random() < 0.1:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if rng.random() < 0.25:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.8))
    if rng.random() < 0.2:
        few = int(size * rng.uniform(0.35, 0.8))
        image = cv2.resize(cv2.resize(image, (few, few), interpolation=cv2.INTER_AREA), (size, size))
    if rng.random() < 0.35:
        noise = rng.normal(0, rng.uniform(2, 14), image.shape).astype(np.float32)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(25, 90))])[1]
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    return image


def scene(pools: Pools, size: int, rng: Rng, labelled: float = 0.2) -> tuple[Array, Array]:
    """Return one training picture: (size, size, 3) uint8 RGB and (size, size) uint8, 1 on hands."""
    if pools.labelled and rng.random() < labelled:
        pool = pools.labelled[draw(LABELLED_WEIGHTS, list(pools.labelled), rng)]
        image, truth = crop(*pool[rng.integers(len(pool))], size, rng, (0.45, 1.25))
    else:
        image, truth = composite(pools, size, rng)
    return cv2.cvtColor(photographed(image, rng), cv2.COLOR_BGR2RGB), truth
