"""Textures and frames of an OpenGL context, kept for the next drawing that needs the same."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import moderngl
import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.drawing.egl import Egl
from handseg_cli.synth.drawing.pyramid import halvings

TEXTURE_BYTES = 176 << 20  # all atlases, and what else lately came
# Numbers as in the registry of OpenGL: what is held as, and is handed over as, bytes and halves.
TEXTURE_2D, RGBA = 0x0DE1, 0x1908
TYPES = {"f1": (0x8058, 0x1401), "f2": (0x881A, 0x140B)}
MOST_FRAMES = 2  # sizes: those of 2048 pixels take half a gigabyte


class Textures:
    """Pictures on the device, each uploaded once while it is in use."""

    def __init__(self, egl: Egl) -> None:
        self.egl = egl
        self.kept: OrderedDict[tuple[int, bool], tuple[NDArray[Any], moderngl.Texture]] = OrderedDict()
        self.bytes = 0

    def bind(self, picture: NDArray[Any], repeat: bool, unit: int) -> None:
        """Make a picture (h, w, 3), uint8 or linear float32, the texture of a unit."""
        key = (id(picture), repeat)
        if key not in self.kept:
            # The picture is kept as well, so that no other can have its identity meanwhile.
            self.kept[key] = (picture, uploaded(self.egl, picture, repeat))
            self.bytes += picture.nbytes
        self.kept.move_to_end(key)
        while len(self.kept) > 1 and self.bytes > TEXTURE_BYTES:
            _, (held, texture) = self.kept.popitem(last=False)
            self.bytes -= held.nbytes
            texture.release()
        self.kept[key][1].use(unit)


def uploaded(egl: Egl, picture: NDArray[Any], repeat: bool) -> moderngl.Texture:
    """Upload a picture (h, w, 3) with all its smaller ones."""
    # Mesa takes several times as long to make the smaller ones as OpenCV does, and to take pixels of three values.
    kind: Literal["f1", "f2"] = "f1" if picture.dtype == np.uint8 else "f2"
    held, handed = TYPES[kind]
    levels = [
        np.ascontiguousarray(cv2.cvtColor(level, cv2.COLOR_RGB2RGBA), np.uint8 if kind == "f1" else np.float16)
        for level in halvings(picture)
    ]
    texture = egl.context.texture(picture.shape[1::-1], 4, levels[0], dtype=kind)
    texture.repeat_x = texture.repeat_y = repeat
    texture.filter = moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR
    texture.use()
    for number, values in enumerate(levels[1:], start=1):
        height, width = values.shape[:2]
        egl.set_level(TEXTURE_2D, number, held, width, height, 0, RGBA, handed, values.ctypes.data)
    return texture


@dataclass(frozen=True)
class Frames:
    """Where pictures of one size are drawn: triangles and depths of all samples; colours and fragments."""

    nearest: moderngl.Framebuffer
    triangles: moderngl.Texture
    depths: moderngl.Texture
    colour: moderngl.Framebuffer


class FrameStore:
    """Frames of the sizes that were drawn lately."""

    def __init__(self, context: moderngl.Context) -> None:
        self.context = context
        self.kept: OrderedDict[tuple[int, int], Frames] = OrderedDict()

    def of(self, size: tuple[int, int]) -> Frames:
        """Return frames of this (height, width)."""
        if size not in self.kept:
            self.kept[size] = _made(self.context, size[::-1])
        self.kept.move_to_end(size)
        if len(self.kept) > MOST_FRAMES:
            _, old = self.kept.popitem(last=False)
            for thing in (old.nearest, old.triangles, old.depths, old.colour, *old.colour.color_attachments):
                thing.release()
        return self.kept[size]


def _made(context: moderngl.Context, size: tuple[int, int]) -> Frames:
    samples = (2 * size[0] + 1, 2 * size[1] + 1)
    triangles, depths = context.texture(samples, 1, dtype="u4"), context.depth_texture(samples)
    depths.compare_func = ""
    for texture in (triangles, depths):
        texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
    pictures = [context.renderbuffer(size, 4, dtype="f4") for _ in range(2)]
    return Frames(context.framebuffer(triangles, depths), triangles, depths, context.framebuffer(pictures))
