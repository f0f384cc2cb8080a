"""The folder of a hand3d: which file is which net, and what is said of folders that are none."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from handseg_cli.checkpoints.chain import find_chain
from handseg_cli.errors import CheckpointError


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_bytes(name.encode())
    return folder


@pytest.mark.parametrize(
    ("names", "nets"),
    [
        (
            ("handsegnet.safetensors", "posenet.safetensors", "poselift.safetensors"),
            ("handsegnet.safetensors", "posenet.safetensors", "poselift.safetensors"),
        ),
        (
            ("handsegnet-rhd.pickle", "posenet-rhd-stb.pickle", "lifting-proposed.pickle", "readme.txt"),
            ("handsegnet-rhd.pickle", "posenet-rhd-stb.pickle", "lifting-proposed.pickle"),
        ),
        (
            ("posenet3d-rhd-stb.pickle",),
            ("", "posenet3d-rhd-stb.pickle#posenet", "posenet3d-rhd-stb.pickle#poselift"),
        ),
        (
            ("posenet.pth.tar", "poseprior.pth.tar", "viewpoint.pth.tar"),
            ("", "posenet.pth.tar", "poseprior.pth.tar"),
        ),
    ],
)
def test_a_folder_has_the_nets_that_its_names_say(
    tmp_path: Path, names: tuple[str, ...], nets: tuple[str, str, str]
) -> None:
    chain = find_chain(fill(tmp_path, *names))
    found = (chain.finder, chain.posenet, chain.poselift)
    assert found == tuple(name and str(tmp_path / name) for name in nets)
    assert chain.name == tmp_path.name


def test_its_hash_is_of_all_nets_and_of_nothing_else(tmp_path: Path) -> None:
    first = find_chain(fill(tmp_path, "posenet.pickle", "poselift.pickle", "notes.txt")).sha256
    assert find_chain(fill(tmp_path, "other.txt")).sha256 == first
    parts = (hashlib.sha256(name).digest() for name in (b"poselift.pickle", b"posenet.pickle"))
    assert first == hashlib.sha256(b"".join(parts)).hexdigest()
    (tmp_path / "poselift.pickle").write_bytes(b"more")
    assert find_chain(tmp_path).sha256 != first


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "has no posenet and no poselift"),
        (("posenet.pickle",), "has no poselift; it takes"),
        (("posenet.pickle", "posenet.safetensors", "poselift.pickle"), "has posenet more than once"),
        (("posenet.pickle", "posenet3d.pickle"), r"more than once \(posenet.pickle, posenet3d.pickle#posenet\)"),
    ],
)
def test_what_is_missing_or_there_twice_is_named(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        find_chain(fill(tmp_path, *names))
