"""How paths, and what is said of them, are shown to people, and where data are kept."""

from __future__ import annotations

import os
from pathlib import Path


def shown(text: Path | str) -> str:
    r"""Return a text as one line of plain letters: control and undecodable characters are spelt out, as \x1b."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(text))


def home(folder: Path | None = None) -> Path:
    """Return the folder that data are kept in: the one given, $HANDSEG_HOME, or ~/.handseg."""
    return folder or Path(os.environ.get("HANDSEG_HOME") or Path.home() / ".handseg")
