"""Reading the files that bodies are made of, and what to say where one is missing or damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from handseg_cli.errors import DatasetError

MOST_BYTES = 64_000_000  # ten times the largest file that there is


def damaged(path: Path, why: str) -> DatasetError:
    """Return the error that says what is wrong with an asset file, and what to do."""
    return DatasetError(f"{path}: {why}; delete it and run `handseg download assets`, or give --assets")


def read_text(path: Path) -> str:
    """Return the text of an asset file."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise damaged(path, "is far too large")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise damaged(path, "is no text") from None
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"{path}: cannot be read ({reason}); run `handseg download assets`, or give --assets"
        raise DatasetError(message) from error


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON asset file."""
    try:
        found = json.loads(read_text(path))
    except (ValueError, RecursionError):
        raise damaged(path, "is no JSON") from None
    if not isinstance(found, dict):
        raise damaged(path, "holds no JSON object")
    return found
