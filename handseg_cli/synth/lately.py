"""Remembering what was found of the last few objects: of bodies and meshes, which many steps of one scene ask about."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import TypeVar, TypeVarTuple

R = TypeVar("R")
Ts = TypeVarTuple("Ts")


def lately(most: int) -> Callable[[Callable[[*Ts], R]], Callable[[*Ts], R]]:
    """Let a function keep its last `most` results, by which objects it is given: none of them may change."""

    def keeping(work: Callable[[*Ts], R]) -> Callable[[*Ts], R]:
        kept: OrderedDict[tuple[object, ...], tuple[tuple[*Ts], R]] = OrderedDict()

        @wraps(work)
        def kept_or_new(*given: *Ts) -> R:
            key = tuple(each if isinstance(each, str | int) else id(each) for each in given)
            if key not in kept:
                # The objects are kept as well, so that no others can have their identities meanwhile.
                kept[key] = given, work(*given)
                if len(kept) > most:
                    kept.popitem(last=False)
            kept.move_to_end(key)
            return kept[key][1]

        return kept_or_new

    return keeping
