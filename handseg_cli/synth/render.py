"""Photo by photo: a scene, drawn, put before its surroundings, and taken with some camera."""

from __future__ import annotations

import numpy as np

from handseg_cli.config.synth import EngineName
from handseg_cli.errors import HandsegError
from handseg_cli.synth.drawing.engine import open_engine
from handseg_cli.synth.labels import seen_joints
from handseg_cli.synth.photos.backdrop import Sources, backdrop, level_of
from handseg_cli.synth.photos.cutouts import distractor, real_hand
from handseg_cli.synth.photos.lens import random_lens
from handseg_cli.synth.photos.paste import pasted, random_place
from handseg_cli.synth.photos.photograph import Shot, photograph
from handseg_cli.synth.photos.plate import Layer, Plate, empty, layer_of, over
from handseg_cli.synth.rendered import Rendered
from handseg_cli.synth.scenes.lone import lone_arms
from handseg_cli.synth.scenes.meeting import meeting
from handseg_cli.synth.scenes.people import person_scene
from handseg_cli.synth.scenes.stage import Scene
from handseg_cli.synth.scenes.studio import Studio, open_studio
from handseg_cli.synth.settings import SynthSettings, drawn_style, rng_of

TRIES = 40  # of scenes, of which nearly all come out at once
LEAST = 0.002  # of a photo's pixels are hand
PASTED = 0.25  # how often pieces of photos are put in


def engine_for(name: EngineName) -> tuple[EngineName, str]:
    """Return the engine that draws where this one is asked for, and what is to be said of that, "" for nothing."""
    engine = open_engine(name)
    return engine.name, engine.note


def render(settings: SynthSettings, index: int) -> Rendered:
    """Render photo `index` of a run: the same for the same settings, wherever and whenever it is made."""
    rng = rng_of(settings, index)
    style = drawn_style(settings, rng)
    studio, engine = open_studio(settings), open_engine(settings.engine)
    for _ in range(TRIES):
        scene = staged(studio, style, settings.size, rng)
        if scene is None:
            continue
        drawing = engine.draw(scene.surfaces, scene.camera, scene.environment.lights)
        layer = layer_of(drawing, [surface.kind for surface in scene.surfaces])
        plate = before_and_behind(studio, scene, layer, settings, rng)
        shot = Shot(plate, scene.camera, seen_joints(scene.joints, scene.camera), f"{index:06d}", style)
        made = photograph(shot, random_lens(rng, bent=not settings.pinhole and style == "ego"), rng)
        if made.sample.mask is not None and made.sample.mask.mean() > 255 * LEAST:
            return made
    raise HandsegError(f"photo {index} of seed {settings.seed}: no scene came out; take another --seed")


def staged(studio: Studio, style: str, size: tuple[int, int], rng: np.random.Generator) -> Scene | None:
    """Draw a scene of a style; None where it cannot be shown."""
    whole = studio.assets is not None
    if style == "two-hands" and not (whole and rng.uniform() < 0.4):
        return meeting(studio, size, rng)
    if whole and style in ("third-person", "over-face", "two-hands"):
        return person_scene(studio, style, size, rng)
    return lone_arms(studio, style, size, rng)


def before_and_behind(
    studio: Studio, scene: Scene, layer: Layer, settings: SynthSettings, rng: np.random.Generator
) -> Plate:
    """Put what has been drawn before its surroundings, at times with pieces of photos behind and before it."""
    sources = Sources(scene.environment, studio.photos, level_of(scene.environment.lights))
    plate = empty(backdrop(sources, scene.camera, rng))
    depth = layer.depth[np.isfinite(layer.depth)]
    near, far = (float(depth.min()), float(depth.max())) if depth.size else (500.0, 500.0)
    if rng.uniform() < PASTED:
        plate = paste_piece(studio, plate, far + 200, settings, rng)
    plate = over(plate, layer)
    if rng.uniform() < PASTED / 2:
        plate = paste_piece(studio, plate, 0.8 * near, settings, rng)
    return plate


def paste_piece(studio: Studio, plate: Plate, depth: float, settings: SynthSettings, rng: np.random.Generator) -> Plate:
    """Put a real hand or something that is none at a depth in mm."""
    # Layouts of other datasets have no word for a hand without parts.
    real = real_hand(studio.scraps, rng) if not settings.pinhole and rng.uniform() < 0.5 else None
    piece = real or distractor(studio.scraps, rng)
    return pasted(plate, piece, random_place(plate, piece, depth, rng), rng)
