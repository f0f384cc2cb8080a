"""A block with one bone and a target, as files like MakeHuman's."""

from __future__ import annotations

import json
from pathlib import Path

OBJ = """# a block of 2 x 2 x 2 dm, and a marker of a joint
v -1 -1 -1
v -1 -1 1
v -1 1 -1
v -1 1 1
v 1 -1 -1
v 1 -1 1
v 1 1 -1
v 1 1 1
v 0 3 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
g body
f 1/1 2/2 4/3 3/4
f 5/1 7/2 8/3 6/4
f 1/1 5/2 6/3 2/4
f 3/1 4/2 8/3 7/4
f 1/1 3/2 7/3 5/4
f 2/1 6/2 8/3 4/4
g joint-top
f 9/1 9/2 9/3 9/4
"""
SKELETON = {
    "bones": {
        "neck": {"parent": "root", "head": "middle", "tail": "top"},
        "root": {"parent": None, "head": "bottom", "tail": "middle"},
    },
    "joints": {"bottom": [0, 1, 4, 5], "middle": [0, 1, 2, 3, 4, 5, 6, 7], "top": [8]},
}
WEIGHTS = {"weights": {"root": [[point, 1.0] for point in range(6)], "neck": [[point, 0.5] for point in (4, 5, 6, 7)]}}
TARGET = "# taller\n2 0 .5 0\n3 0 .5 0\n6 0 .5 0\n7 0 .5 0\n8 0 1 0\n"


def build(assets: Path) -> Path:
    """Write the files below `assets` and return it."""
    folder = assets / "makehuman"
    (folder / "targets" / "macrodetails").mkdir(parents=True)
    (folder / "base.obj").write_text(OBJ)
    (folder / "default.mhskel").write_text(json.dumps(SKELETON))
    (folder / "default_weights.mhw").write_text(json.dumps(WEIGHTS))
    (folder / "targets" / "macrodetails" / "taller.target").write_text(TARGET)
    return assets
