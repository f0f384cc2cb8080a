"""A small tree of files, packed in every way that is unpacked."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from handseg_cli.io.archives import MARKS

Make = Callable[[Path, dict[str, bytes]], None]
TREE = {
    "hands/a.jpg": b"a" * 5000,
    "hands/deep/er/b.png": os.urandom(3000),
    "hands/empty.txt": b"",
    "read me.txt": "Hände".encode(),
}


def write_zip(path: Path, tree: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in tree.items():
            archive.writestr(name, data)


def write_tar(path: Path, tree: dict[str, bytes], mode: str = "w", form: int = tarfile.PAX_FORMAT) -> None:
    with tarfile.open(path, mode, format=form) as archive:  # type: ignore[call-overload]
        for name, data in tree.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return what is below a folder: kinds, modes and bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        found[str(path.relative_to(folder))] = (mode, path.read_bytes() if stat.S_ISREG(mode) else b"")
    return found


def tree_in(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder, without the marks."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and MARKS not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


MAKERS: dict[str, Make] = {
    "deflated zip": write_zip,
    "stored zip": lambda path, tree: write_zip(path, tree, zipfile.ZIP_STORED),
    "tar": write_tar,
    "GNU tar": lambda path, tree: write_tar(path, tree, "w", tarfile.GNU_FORMAT),
    "ustar": lambda path, tree: write_tar(path, tree, "w", tarfile.USTAR_FORMAT),
    "tar.gz": lambda path, tree: write_tar(path, tree, "w:gz"),
    "tar.bz2": lambda path, tree: write_tar(path, tree, "w:bz2"),
}
