"""Draw with OpenGL 3.3 without a screen, through EGL: on a graphics card or, with Mesa, on the processor.

The nearest triangle is found at all samples first. Only then are pixels shaded, most of them once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal

import moderngl
import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats
from handseg_cli.synth.drawing import glsl
from handseg_cli.synth.drawing.egl import Egl
from handseg_cli.synth.drawing.gl_pictures import Frames, FrameStore, Textures
from handseg_cli.synth.drawing.glsl import TILE
from handseg_cli.synth.drawing.shading import SHADOW_SIZE, Shade, grain, shades_of, sheen_of
from handseg_cli.synth.drawing.soup import Fragments, Part, Soup, labelled, lit_soup
from handseg_cli.synth.surface import Camera, Drawing, Lights, Surface

UNITS = {"atlas": 0, "grain": 1, "shade_0": 2, "shade_1": 3, "nearest": 4, "depths": 5, "corners": 6}
BITS = 32  # of a whole number, each of which stands for a part


class GlEngine:
    """An OpenGL context with its programs, buffers and textures."""

    name: Literal["gl"] = "gl"
    note = ""

    def __init__(self) -> None:
        self.egl = Egl()
        self.context = context = self.egl.context
        # Threads, and graphics cards, do not follow into a process that is forked off.
        self.forks = "llvmpipe" in context.info["GL_RENDERER"] and os.environ["LP_NUM_THREADS"] == "0"
        self.textures, self.frames = Textures(self.egl), FrameStore(context)
        self.nearest = context.program(glsl.PLACED, glsl.NEAREST)
        self.shade = context.program(glsl.PLACED, glsl.DEPTH_ALONE)
        self.points, self.triangles, self.tiles = (context.buffer(reserve=1 << 20, dynamic=True) for _ in range(3))
        self.seen, self.shading = (
            context.vertex_array(program, [(self.points, "3f", "place")], self.triangles)
            for program in (self.nearest, self.shade)
        )
        self.painters: dict[int, moderngl.VertexArray] = {}
        self.shades = [_shade_frame(context, UNITS[f"shade_{number}"]) for number in range(2)]
        self.table = _table(context, 1)
        noise = context.texture3d(grain().shape[:3], 3, grain().tobytes())
        noise.build_mipmaps()
        noise.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
        noise.use(UNITS["grain"])

    def close(self) -> None:
        """Give everything back."""
        self.context.release()

    def draw(self, surfaces: Sequence[Surface], camera: Camera, lights: Lights) -> Drawing:
        """Draw surfaces as a camera sees them."""
        return self.drawn(lit_soup(surfaces, camera, lights), camera, lights)

    def drawn(self, soup: Soup, camera: Camera, lights: Lights) -> Drawing:
        """Draw a soup made for the same camera and lights."""
        self.egl.use()
        frames = self.frames.of(_padded(camera.size))
        self._find_nearest(soup, camera, frames)
        shades = self._draw_shades(soup, lights)
        painter = self._painter(len(lights.sharp))
        self._set_scene(painter.program, soup, camera, lights)
        self._set_shades(painter.program, shades)
        frames.colour.use()
        frames.colour.clear()
        frames.triangles.use(UNITS["nearest"])
        frames.depths.use(UNITS["depths"])
        self.context.enable_only(moderngl.BLEND | moderngl.PROGRAM_POINT_SIZE)
        self.context.blend_func = moderngl.ONE, moderngl.ONE
        self._draw_parts(painter, soup.parts, _shown(frames, soup.parts))
        colour, found = (_read(frames.colour, number, camera.size) for number in range(2))
        return labelled(soup, _fragments(found), colour)

    def _painter(self, sharp: int) -> moderngl.VertexArray:
        """Return what shades tiles under so many sharp lights."""
        if sharp not in self.painters:
            program = self.context.program(glsl.TILES, glsl.colour(sharp))
            for name, unit in UNITS.items():
                if name in program:
                    program[name] = unit
            self.painters[sharp] = self.context.vertex_array(program, [(self.tiles, "2f", "tile")])
        return self.painters[sharp]

    def _find_nearest(self, soup: Soup, camera: Camera, frames: Frames) -> None:
        self.context.enable_only(moderngl.DEPTH_TEST)
        frames.nearest.use()
        frames.nearest.clear()
        _fill(self.points, soup.seen)
        _fill(self.triangles, soup.triangles)
        _set(self.nearest, "view", _clip_matrix(camera).T)
        if len(soup.triangles):
            self.seen.render(vertices=soup.triangles.size)

    def _draw_shades(self, soup: Soup, lights: Lights) -> list[Shade]:
        """Draw how far each sharp light gets, for the colours' program to look at."""
        shades = shades_of(soup, lights)
        if shades:
            _fill(self.points, soup.shading_points)
            _fill(self.triangles, soup.shading_triangles)
        self.context.enable_only(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        for shade, frame in zip(shades, self.shades, strict=False):
            frame.use()
            frame.clear()
            clip = np.eye(4, dtype=np.float32)
            clip[:3] = 2 * shade.matrix
            clip[:3, 3] -= 1
            _set(self.shade, "view", clip.T)
            self.shading.render(vertices=soup.shading_triangles.size)
        return shades

    def _set_scene(self, program: moderngl.Program, soup: Soup, camera: Camera, lights: Lights) -> None:
        rows = -(-len(soup.corners) // glsl.ROW)
        if rows > self.table.height:
            self.table.release()
            self.table = _table(self.context, rows + rows // 2)
        padded = np.zeros((rows * glsl.ROW, 36), np.float32)
        padded[: len(soup.corners)] = soup.corners.reshape(-1, 36)
        if rows:
            self.table.write(padded, viewport=(0, 0, 9 * glsl.ROW, rows))
        self.table.use(UNITS["corners"])
        ray = np.linalg.inv(camera.matrix @ camera.turn)
        height, width = _padded(camera.size)
        sheen = sheen_of(lights)
        _set(program, "ray", ray.T)
        _set(program, "scale", np.array([2 * TILE / width, 2 * TILE / height]))
        _set(program, "key_towards", sheen.towards)
        _set(program, "key_power", sheen.power)
        _set(program, "key_wide", sheen.wide)
        _set(program, "sky", _terms(sheen.sky))
        _set(program, "lean", sheen.lean)

    def _set_shades(self, program: moderngl.Program, shades: Sequence[Shade]) -> None:
        if shades:
            views = np.zeros((2, 4, 4), np.float32)
            sizes = np.ones((2, 3), np.float32)
            for number, shade in enumerate(shades):
                views[number, :3] = shade.matrix
                sizes[number] = shade.across, shade.deep, shade.radius
            _set(program, "shade_view", views.transpose(0, 2, 1))
            _set(program, "shade_size", sizes)

    def _draw_parts(self, painter: moderngl.VertexArray, parts: Sequence[Part], shown: NDArray[np.bool_]) -> None:
        """Shade each part in the tiles (P, h, w) in which it is shown."""
        tiles = [np.argwhere(mine)[:, ::-1].astype(np.float32) for mine in shown]
        _fill(self.tiles, np.concatenate([np.zeros((0, 2), np.float32), *tiles]))
        program, first = painter.program, 0
        for part, mine in zip(parts, tiles, strict=True):
            material = part.material
            power = material.power if material.texture.dtype == np.uint8 else 0.0
            program["tone"] = (*material.gain, power)
            program["matter"] = (material.gloss, material.rough, material.grain, material.soft)
            program["range"] = (part.start, part.stop)
            self.textures.bind(material.texture, material.repeat, UNITS["atlas"])
            painter.render(moderngl.POINTS, vertices=len(mine), first=first)
            first += len(mine)


def _shown(frames: Frames, parts: Sequence[Part]) -> NDArray[np.bool_]:
    """Tell (P, h, w) in which tiles each part is seen by some sample of a pixel."""
    width, height = frames.triangles.size
    samples = np.frombuffer(frames.triangles.read(), np.uint32).reshape(height, width)
    shown = [np.zeros((0, height // (2 * TILE), width // (2 * TILE)), bool)]
    for first in range(0, len(parts), BITS):
        owner = np.zeros(parts[-1].stop + 1, np.uint32)
        for number, part in enumerate(parts[first : first + BITS]):
            owner[part.start + 1 : part.stop + 1] = 1 << number
        bits = _joined(_joined(owner.take(samples)).T).T
        shown.append((bits >> np.arange(len(parts[first : first + BITS]), dtype=np.uint32)[:, None, None] & 1) > 0)
    return np.concatenate(shown)


def _joined(bits: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the bits of all rows of samples in each row of tiles, with those on both of its edges."""
    tiles = np.bitwise_or.reduce(bits[:-1].reshape(-1, 2 * TILE, bits.shape[1]), axis=1)
    return np.asarray(tiles | bits[2 * TILE :: 2 * TILE])


def _set(program: moderngl.Program, name: str, values: Floats) -> None:
    """Set a uniform: matrices column by column."""
    uniform = program[name]
    assert isinstance(uniform, moderngl.Uniform)
    uniform.write(values.astype(np.float32).tobytes())


def _terms(quadrics: Floats) -> Floats:
    """Return the factors (10, 3) of quadrics (3, 4, 4) in x x, y y, z z, x y, x z, y z, x, y, z and 1."""
    rows, columns = [0, 1, 2, 0, 0, 1, 0, 1, 2, 3], [0, 1, 2, 1, 2, 2, 3, 3, 3, 3]
    twice = np.where(np.equal(rows, columns), 1, 2)
    return np.asarray((quadrics[:, rows, columns] * twice).T)


def _padded(size: tuple[int, int]) -> tuple[int, int]:
    """Return the (height, width) of whole tiles that hold a picture: points whose middles lie outside are not drawn."""
    height, width = (-(-side // TILE) * TILE for side in size)
    return height, width


def _shade_frame(context: moderngl.Context, unit: int) -> moderngl.Framebuffer:
    texture = context.depth_texture((SHADOW_SIZE, SHADOW_SIZE))
    texture.compare_func, texture.filter = "", (moderngl.NEAREST, moderngl.NEAREST)
    texture.repeat_x = texture.repeat_y = False
    texture.use(unit)
    return context.framebuffer([], texture)


def _table(context: moderngl.Context, rows: int) -> moderngl.Texture:
    texture = context.texture((9 * glsl.ROW, rows), 4, dtype="f4")
    texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
    return texture


def _fill(buffer: moderngl.Buffer, values: NDArray[np.generic]) -> None:
    # What is still being drawn from the old storage keeps it.
    buffer.orphan(max(buffer.size, values.nbytes))
    if values.nbytes:
        buffer.write(values)


def _read(frame: moderngl.Framebuffer, attachment: int, size: tuple[int, int]) -> NDArray[np.float32]:
    data = frame.read(viewport=(0, 0, size[1], size[0]), components=4, attachment=attachment, dtype="f4")
    return np.frombuffer(data, np.float32).reshape(*size, 4)


def _fragments(found: NDArray[np.float32]) -> Fragments:
    triangle = found[..., 0].astype(np.int32) - 1
    second, third = found[..., 1], found[..., 2]
    weights = np.stack([1 - second - third, second, third], axis=-1)
    return Fragments(triangle, weights, np.where(triangle < 0, np.float32(np.inf), found[..., 3]))


def _clip_matrix(camera: Camera) -> Floats:
    """Return (4, 4) how places from the eye come into OpenGL's clip space, of samples half a pixel apart.

    The first row, at -1, has its samples on the picture's edge.
    """
    height, width = (side + 0.5 for side in _padded(camera.size))
    near, far = glsl.NEAR_PLANE, glsl.FAR_PLANE
    flat = np.zeros((4, 4))
    flat[[0, 1, 3], :3] = camera.matrix @ camera.turn
    flat[0] = 2 / width * (flat[0] + flat[3] / 4) - flat[3]
    flat[1] = 2 / height * (flat[1] + flat[3] / 4) - flat[3]
    flat[2] = (far + near) / (far - near) * flat[3]
    flat[2, 3] = -2 * far * near / (far - near)
    return flat
