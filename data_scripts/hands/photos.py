"""Compose the sample photos: rendered arms over procedural backdrops, finished like a camera would."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from hands import backdrops, picture
from hands.arms import Studio, dress, pose_arm
from hands.backdrops import Size
from hands.body import Floats, floats
from hands.cloth import Skin, random_skin
from hands.shot import Bytes, Camera, Window, draw, gather, random_camera, random_light, shrink
from PIL import Image


@dataclass(frozen=True)
class Limb:
    """One arm: hand's place (x, y) and length as shares of the photo's height, where it points (degrees, 0 right)."""

    side: str
    pose: str
    view: str
    clothes: str
    place: tuple[float, float]
    length: float
    points: float
    seed: int = 0


@dataclass(frozen=True)
class Photo:
    """One sample photo: file name, (height, width), backdrop, skin's file name start, and arms from back to front."""

    name: str
    size: Size
    backdrop: str
    skin: str
    limbs: tuple[Limb, ...]
    orientation: int = 1


PHOTOS = (
    Photo(
        "desk_two_hands",
        (720, 1280),
        "office",
        "young_lightskinned_male_diffuse2",
        (
            Limb("L", "typing", "top", "sleeve", (0.62, 0.56), 0.36, 78.0, 5),
            Limb("R", "typing", "top", "sleeve", (1.12, 0.56), 0.36, 104.0, 5),
        ),
    ),
    Photo(
        "point_at_wall",
        (720, 1280),
        "wall",
        "young_darkskinned_male",
        (Limb("R", "point", "third", "short", (0.85, 0.5), 0.42, 170.0, 1),),
    ),
    Photo(
        "reach_over_stone",
        (720, 1280),
        "stone",
        "middleage_lightskinned_female",
        (Limb("R", "wide_grasp", "ego", "bare", (1.05, 0.45), 0.42, 115.0, 8),),
    ),
    Photo(
        "spread_on_mat",
        (960, 1280),
        "mat",
        "middleage_darkskinned_male",
        (Limb("L", "spread", "top", "sleeve", (0.7, 0.5), 0.55, 35.0, 4),),
    ),
    Photo(
        "palm_at_night",
        (1280, 960),
        "night",
        "young_lightskinned_female_diffuse3",
        (Limb("R", "spread", "palm", "bare", (0.38, 0.42), 0.36, 85.0, 8),),
    ),
    Photo(
        "thumb_up",
        (1280, 960),
        "red_wall",
        "old_darkskinned_male",
        (Limb("L", "thumb_up", "third", "sleeve", (0.36, 0.5), 0.34, 20.0, 2),),
        orientation=6,
    ),
    Photo(
        "glove_at_bench",
        (720, 1280),
        "bench",
        "middleage_lightskinned_male_diffuse2",
        (
            Limb("R", "grasp", "ego", "glove", (1.1, 0.5), 0.42, 130.0, 2),
            Limb("L", "point", "ego", "glove", (0.6, 0.55), 0.4, 60.0, 2),
        ),
    ),
    Photo("no_hands", (720, 1280), "office", "young_lightskinned_male_diffuse2", ()),
)


def compose(photo: Photo, studio: Studio, seed: int) -> tuple[Bytes, Bytes]:
    """Return the photo (H, W, 3) and its hand mask (H, W), 0 or 255."""
    rng = np.random.default_rng([seed, *photo.name.encode()])
    scene = backdrop(photo.backdrop, photo.size, rng)
    mask = np.zeros(photo.size, np.uint8)
    path = next(path for path in studio.skins if path.name.startswith(photo.skin))
    skin = random_skin(path, np.random.default_rng([seed, 1]))
    for limb in photo.limbs:
        image, label = _limb(limb, photo.size, studio, skin)
        alpha = image[..., 3:].astype(np.float32) / 255
        colour = (image[..., :3].astype(np.float32) / 255) ** 2.2
        backdrops.cast_shadow(
            scene, alpha[..., 0], 26 if limb.view != "top" else 10, 0.5 if limb.view != "palm" else 0.0
        )
        scene = scene * (1 - alpha) + colour * alpha
        mask = np.where(label > 0, np.where(label == 1, 255, 0), mask).astype(np.uint8)
    return finish(scene, rng), mask


def _limb(limb: Limb, size: Size, studio: Studio, skin: Skin) -> tuple[Bytes, Bytes]:
    for attempt in range(200):
        rng = np.random.default_rng([limb.seed, attempt, ord(limb.side)])
        arm = pose_arm(studio.arms[limb.side], limb.side, rng, limb.pose)
        clothes = np.random.default_rng([limb.seed, len(limb.clothes)])
        _, camera = random_camera(arm, rng, "top" if limb.view == "palm" else limb.view)
        facing = float(np.dot(picture.unit(camera.eye - arm.wrist), arm.palm))
        if (limb.view == "palm") != (facing > 0.6) and limb.view in ("palm", "top"):
            continue
        camera = _roll(camera, arm.fore, limb.points)
        view = (arm.points[arm.along > 0] - camera.eye) @ camera.turn.T
        flat = view[:, :2] / view[:, 2:]
        scale = 2 * size[0] * limb.length / float(np.linalg.norm(np.ptp(flat, axis=0)))
        corner = flat.mean(axis=0) - np.array(limb.place) * 2 * size[0] / scale
        window = Window(float(corner[0]), float(corner[1]), scale, (2 * size[1], 2 * size[0]))
        surfaces = dress(arm, skin, clothes, limb.clothes)
        drawn = draw(gather(surfaces, camera), window, random_light(studio.lights, camera.up, clothes), rng)
        if drawn is not None:
            return shrink(*drawn)
    raise RuntimeError(f"no view of {limb} keeps the arm's end out of the photo")


def _roll(camera: Camera, along: Floats, degrees: float) -> Camera:
    right, down, _ = camera.turn @ along
    turn = np.arctan2(-down, right) - np.radians(degrees)
    sine, cosine = np.sin(turn), np.cos(turn)
    roll = floats([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    return Camera(camera.eye, roll @ camera.turn, camera.up)


def backdrop(kind: str, size: Size, rng: np.random.Generator) -> Floats:
    """Return the named scene without people, linear RGB (H, W, 3)."""
    height, width = size
    if kind == "office":
        scene = backdrops.wood(size, rng, (0.42, 0.24, 0.11))
        backdrops.lay(scene, backdrops.paper(int(height * 0.7), rng), (width * 0.14, height * 0.4), 12)
        backdrops.lay(scene, backdrops.keyboard(int(width * 0.52), True), (width * 0.5, height * 0.42), -2, 10)
        backdrops.lay(scene, backdrops.mug(height // 4, (0.1, 0.25, 0.4)), (width * 0.9, height * 0.24), 30, 22)
        backdrops.lay(scene, backdrops.phone(int(height * 0.34)), (width * 0.9, height * 0.72), -14)
    elif kind == "wall":
        scene = backdrops.plaster(size, rng, (0.5, 0.52, 0.48))
        backdrops.lay(
            scene, backdrops.book(int(height * 0.66), (0.05, 0.16, 0.22)), (width * 0.24, height * 0.42), 0, 8
        )
        backdrops.lay(scene, backdrops.paper(int(height * 0.5), rng), (width * 0.8, height * 0.3), 1, 4)
        scene = floats(cv2.GaussianBlur(scene, (0, 0), 3))
    elif kind == "stone":
        scene = backdrops.marble(size, rng, (0.62, 0.62, 0.6))
        backdrops.lay(scene, backdrops.mug(height // 3, (0.6, 0.12, 0.05)), (width * 0.25, height * 0.35), -40, 24)
        backdrops.lay(scene, backdrops.book(height // 2, (0.3, 0.22, 0.05)), (width * 0.85, height * 0.3), -24)
    elif kind == "mat":
        scene = backdrops.plaster(size, rng, (0.06, 0.1, 0.09), 0.12)
        backdrops.lay(scene, backdrops.book(int(height * 0.5), (0.5, 0.14, 0.02)), (width * 0.62, height * 0.4), 20)
        backdrops.lay(scene, backdrops.paper(int(height * 0.5), rng), (width * 0.14, height * 0.2), -20)
    elif kind == "night":
        scene = backdrops.bokeh(size, rng, (0.05, 0.06, 0.09))
    elif kind == "red_wall":
        scene = backdrops.plaster(size, rng, (0.35, 0.13, 0.08), 0.1)
    else:
        scene = backdrops.plaster(size, rng, (0.3, 0.32, 0.34), 0.1)
        backdrops.lay(
            scene, backdrops.panel(height // 2, width // 2, (0.12, 0.3, 0.2), 8), (width * 0.5, height * 0.5), 3
        )
        backdrops.lay(scene, backdrops.phone(int(height * 0.3)), (width * 0.15, height * 0.3), 64)
    light = np.exp(0.25 * cv2.GaussianBlur(backdrops.fractal(size, rng, 1.0, 1), (0, 0), height / 8))
    return np.asarray(scene * light[..., None], np.float32)


def finish(scene: Floats, rng: np.random.Generator) -> Bytes:
    """Return what a small camera makes of linear light: lens blur, falling corners, noise, tone curve, 8 bit."""
    height, width = scene.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    scene = cv2.GaussianBlur(scene, (0, 0), 0.7) * (1 - 0.16 * (x**2 + y**2))[..., None]
    grain = rng.normal(0, 1, scene.shape) * np.sqrt(np.maximum(scene, 0) * 0.0006 + 0.00001)
    return np.round(picture.tone((scene + grain).astype(np.float32)) * 255).astype(np.uint8)


def write_photos(studio: Studio, photos: Path, masks: Path, seed: int) -> None:
    """Write every sample photo as JPEG and its hand mask, as the photo is displayed, as PNG."""
    photos.mkdir(parents=True, exist_ok=True)
    masks.mkdir(parents=True, exist_ok=True)
    for photo in PHOTOS:
        image, mask = compose(photo, studio, seed)
        # Orientation 6 says: turn the stored pixels clockwise to display them.
        stored = np.rot90(image) if photo.orientation == 6 else image
        exif = Image.Exif()
        exif[0x0112] = photo.orientation
        path = photos / f"{photo.name}.jpg"
        Image.fromarray(np.ascontiguousarray(stored)).save(path, quality=86, exif=exif.tobytes())
        cv2.imwrite(str(masks / f"{photo.name}.png"), mask)
