"""All things that can be held, by name, and one drawn at random."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from handseg_cli.synth.objects import flats, rounds, tools, vessels
from handseg_cli.synth.objects.thing import Thing

# Each: how often it comes, what makes it, and which families of poses can hold it.
THINGS: dict[str, tuple[float, Callable[[np.random.Generator], Thing], tuple[str, ...]]] = {
    "mug": (1.2, vessels.mug, ("cylinder", "hook", "disc")),
    "cup": (1.0, vessels.cup, ("cylinder", "disc")),
    "bottle": (1.2, vessels.bottle, ("cylinder",)),
    "can": (0.8, vessels.can, ("cylinder", "disc")),
    "plate": (0.4, vessels.plate, ("plate",)),
    "phone": (1.5, flats.phone, ("plate", "typing")),
    "remote": (0.6, flats.remote, ("plate", "cylinder")),
    "book": (0.8, flats.book, ("plate",)),
    "sheet": (0.9, flats.sheet, ("plate", "pinch", "key")),
    "box": (0.8, flats.carton, ()),
    "keyboard": (0.8, flats.keyboard, ("typing",)),
    "mouse": (0.6, flats.mouse, ("typing",)),
    "pen": (1.2, tools.pen, ("tripod", "pinch")),
    "screwdriver": (0.6, tools.screwdriver, ("cylinder",)),
    "hammer": (0.5, tools.hammer, ("cylinder",)),
    "cutlery": (0.9, tools.cutlery, ("key", "tripod")),
    "brush": (0.6, tools.brush, ("cylinder", "tripod")),
    "wheel": (0.3, tools.wheel, ("cylinder",)),
    "ball": (0.7, rounds.sports_ball, ("sphere",)),
    "fruit": (1.0, rounds.fruit, ("sphere",)),
    "loaf": (0.7, rounds.loaf, ("cylinder",)),
}


def random_thing(rng: np.random.Generator, family: str = "") -> Thing:
    """Draw a thing, one that poses of `family` hold if that is given."""
    rows = [row for row in THINGS.values() if not family or family in row[2]]
    shares = np.array([row[0] for row in rows])
    while True:
        thing = rows[rng.choice(len(rows), p=shares / shares.sum())][1](rng)
        # Some are too large for some of the poses that hold their kind.
        if not family or any(grip.family == family for grip in thing.grips):
            return thing
