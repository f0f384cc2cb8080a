"""How paths, and what is said of them, are shown to people."""

from __future__ import annotations

from pathlib import Path


def shown(text: Path | str) -> str:
    r"""Return a text as one line of plain letters: control and undecodable characters are spelt out, as \x1b."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(text))
