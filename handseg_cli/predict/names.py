"""What names tell: of photos, and of pictures that were made of photos beside them."""

from __future__ import annotations

import os
from collections.abc import Container

from handseg_cli.io.images import IMAGE_SUFFIXES
from handseg_cli.predict.stamps import SUFFIXES


def is_image_name(name: str) -> bool:
    """Tell whether a name ends as those of photos do."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def is_likely(name: str, siblings: Container[str]) -> bool:
    """Tell whether a file looks like a photo by its name: a mask of one beside it, by whichever tool, does not."""
    return is_image_name(name) and not any(is_image_name(stem) and stem in siblings for stem in stems(name))


def stems(name: str) -> list[str]:
    """Return the names of the photos of which a file may be a picture of ours."""
    return [name.removesuffix(suffix) for suffix in SUFFIXES.values() if name.endswith(suffix)]


def names_picture(name: str) -> bool:
    """Tell whether a file may be a picture of ours, of a photo that may be gone."""
    return any(map(is_image_name, stems(name)))
