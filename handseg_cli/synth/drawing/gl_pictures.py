"""Textures and frames of an OpenGL context, kept for the next drawing that needs the same."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

TEXTURE_BYTES = 96 << 20
MOST_FRAMES = 2  # sizes: those of 2048 pixels take half a gigabyte


class Textures:
    """Pictures on the device, each uploaded once while it is in use."""

    def __init__(self, context: moderngl.Context) -> None:
        self.context = context
        self.kept: OrderedDict[tuple[int, bool], tuple[NDArray[Any], moderngl.Texture]] = OrderedDict()
        self.bytes = 0

    def bind(self, picture: NDArray[Any], repeat: bool, unit: int) -> None:
        """Make a picture (h, w, 3), uint8 or linear float32, the texture of a unit."""
        key = (id(picture), repeat)
        if key not in self.kept:
            # The picture is kept as well, so that no other can have its identity meanwhile.
            self.kept[key] = (picture, uploaded(self.context, picture, repeat))
            self.bytes += picture.nbytes
        self.kept.move_to_end(key)
        while len(self.kept) > 1 and self.bytes > TEXTURE_BYTES:
            _, (held, texture) = self.kept.popitem(last=False)
            self.bytes -= held.nbytes
            texture.release()
        self.kept[key][1].use(unit)


def uploaded(context: moderngl.Context, picture: NDArray[Any], repeat: bool) -> moderngl.Texture:
    """Upload a picture (h, w, 3) with all its smaller ones."""
    held = picture if picture.dtype == np.uint8 else picture.astype(np.float16)
    height, width = held.shape[:2]
    texture = context.texture((width, height), 3, dtype="f1" if held.dtype == np.uint8 else "f2")
    texture.write(np.ascontiguousarray(held))
    texture.build_mipmaps()
    texture.repeat_x = texture.repeat_y = repeat
    return texture


@dataclass(frozen=True)
class Frames:
    """Where pictures of one size are drawn: triangles and depths of nine samples a pixel; colours and fragments."""

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
    samples = (3 * size[0], 3 * size[1])
    triangles, depths = context.texture(samples, 1, dtype="u4"), context.depth_texture(samples)
    depths.compare_func = ""
    for texture in (triangles, depths):
        texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
    pictures = [context.renderbuffer(size, 4, dtype="f4") for _ in range(2)]
    return Frames(context.framebuffer(triangles, depths), triangles, depths, context.framebuffer(pictures))
