"""The folder of a `hand3d`: the three nets of the third system, which tell one after another where joints are.

A folder is the simplest name for three files: it takes those that are published as they are, and each net that a
training has made under its own name.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from handseg_cli.errors import CheckpointError
from handseg_cli.runtime.onnx_file import read_bounded

SUFFIXES = (".safetensors", ".pickle", ".pkl", ".tar", ".pth", ".pt")
# How names of files begin, ours and those of the authors and of a port, and of which nets such a file has the weights.
NETS = {
    "handsegnet": ("handsegnet",),
    "posenet3d": ("posenet", "poselift"),
    "posenet": ("posenet",),
    "poselift": ("poselift",),
    "lifting": ("poselift",),
    "poseprior": ("poselift",),
    "viewpoint": (),  # the other half of a port's poseprior, with which it is read
}
REQUIRED = ("posenet", "poselift")


@dataclass(frozen=True)
class Chain:
    """Where each net lies, by its name; a path may end with "#" and the net's name. `finder` is "" if there is none.

    `sha256` is of all three.
    """

    name: str
    finder: str
    posenet: str
    poselift: str
    sha256: str


def find_chain(folder: Path) -> Chain:
    """Find the nets in a folder; CheckpointError where one is missing, or is there twice."""
    found: dict[str, list[str]] = {"handsegnet": [], "posenet": [], "poselift": []}
    files = {path: nets for path in sorted(folder.iterdir()) if (nets := nets_of(path)) is not None}
    for path, nets in files.items():
        for net in nets:
            found[net].append(str(path) if len(nets) == 1 else f"{path}#{net}")
    for net, places in found.items():
        if len(places) > 1:
            named = ", ".join(Path(place).name for place in places)
            raise CheckpointError(f"{folder}: has {net} more than once ({named}); keep one of them there")
    lacking = [net for net in REQUIRED if not found[net]]
    if lacking:
        raise CheckpointError(
            f"{folder}: has no {' and no '.join(lacking)}; it takes files that begin with posenet and with poselift "
            "or lifting, and may have one that begins with handsegnet"
        )
    digest = hashlib.sha256(b"".join(hashlib.sha256(read_bounded(path)).digest() for path in files)).hexdigest()
    finder = "".join(found["handsegnet"])
    return Chain(folder.resolve().name, finder, found["posenet"][0], found["poselift"][0], digest)


def nets_of(path: Path) -> tuple[str, ...] | None:
    """Return the nets whose weights are in a file, by its name; None for a file of something else."""
    name = path.name.lower()
    begins = (begin for begin in NETS if name.startswith(begin) and name.endswith(SUFFIXES))
    return NETS[begin] if (begin := next(begins, "")) else None
