"""Open an OpenGL context without a screen or window system, through EGL, on the first device that can."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator

import moderngl

from handseg_cli.errors import DeviceError

VERSION = 330
ADVICE = "apt-get install libegl1 libgl1-mesa-dri, or a graphics driver with EGL"
# Numbers as in the registry of EGL
OPENGL_API, PLATFORM_DEVICE = 0x30A2, 0x313F
MAJOR, MINOR, PROFILE, CORE, NONE = 0x3098, 0x30FB, 0x30FD, 1, 0x3038
MOST_DEVICES = 16


class Egl:
    """A current OpenGL context of this thread."""

    def __init__(self) -> None:
        # Several processes share the cores, so Mesa is to draw in the one that asks, unless told otherwise.
        os.environ.setdefault("LP_NUM_THREADS", "0")
        self.library = _library()
        self.display, self.handle = next(self._contexts(), (0, 0))
        if not self.handle:
            raise DeviceError(f"no device draws with OpenGL {VERSION / 100:.1f}: {ADVICE}")
        self.use()
        moderngl.init_context(self)
        self.context = moderngl.get_context()
        # What moderngl has no call for: writing a level of a texture of one's own.
        number, pointer = ctypes.c_int, ctypes.c_void_p
        set_level = ctypes.CFUNCTYPE(None, *[number] * 8, pointer)
        self.set_level = set_level(self.load_opengl_function("glTexImage2D"))

    def use(self) -> None:
        """Make the context current again, if another has been meanwhile."""
        self.library.eglMakeCurrent(self.display, None, None, self.handle)

    def release(self) -> None:
        """Give the context back; moderngl calls it when its own is released."""
        self.library.eglMakeCurrent(self.display, None, None, None)
        self.library.eglDestroyContext(self.display, self.handle)

    def load_opengl_function(self, name: str) -> int:
        """Return the address of an OpenGL function, 0 for none: moderngl asks for them all."""
        return self.library.eglGetProcAddress(name.encode()) or 0

    def _contexts(self) -> Iterator[tuple[int, int]]:
        """Yield the display and the context of each device that has one."""
        attributes = (ctypes.c_int * 7)(MAJOR, VERSION // 100, MINOR, VERSION // 10 % 10, PROFILE, CORE, NONE)
        for display in self._displays():
            if self.library.eglInitialize(display, None, None) and self.library.eglBindAPI(OPENGL_API):
                handle = self.library.eglCreateContext(display, None, None, attributes)
                if handle and self.library.eglMakeCurrent(display, None, None, handle):
                    yield display, handle

    def _displays(self) -> Iterator[int]:
        query, platform = (
            self.library.eglGetProcAddress(name) for name in (b"eglQueryDevicesEXT", b"eglGetPlatformDisplayEXT")
        )
        if query and platform:
            devices, count = (ctypes.c_void_p * MOST_DEVICES)(), ctypes.c_int()
            ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(query)(
                MOST_DEVICES, devices, ctypes.byref(count)
            )
            display_of = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)(platform)
            yield from (display_of(PLATFORM_DEVICE, device, None) or 0 for device in devices[: count.value])
        yield self.library.eglGetDisplay(None) or 0


def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libEGL.so.1")
    except OSError as error:
        raise DeviceError(f"libEGL is not installed: {ADVICE}") from error
    pointer = ctypes.c_void_p
    for function, result, arguments in (
        ("eglGetProcAddress", pointer, [ctypes.c_char_p]),
        ("eglGetDisplay", pointer, [pointer]),
        ("eglInitialize", ctypes.c_uint, [pointer] * 3),
        ("eglBindAPI", ctypes.c_uint, [ctypes.c_uint]),
        ("eglCreateContext", pointer, [pointer] * 4),
        ("eglMakeCurrent", ctypes.c_uint, [pointer] * 4),
        ("eglDestroyContext", ctypes.c_uint, [pointer] * 2),
    ):
        getattr(library, function).restype = result
        getattr(library, function).argtypes = arguments
    return library
