"""From archives on a server to prepared files, as a researcher gets there."""

from __future__ import annotations

import functools
import hashlib
import importlib
import io
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handseg_cli.about.show import show
from handseg_cli.config import DownloadConfig, PrepareConfig, ShowConfig
from handseg_cli.datasets.dataset import Archive
from handseg_cli.datasets.fetch import download
from handseg_cli.datasets.plan import source
from handseg_cli.datasets.prepare import prepare
from handseg_cli.errors import ConfigError
from handseg_cli.io.hdf5 import Reader

FETCHED = ["eyth", "egohands", "hof", "gtea", "gtea_gaze_part", "rhd"]
OWN = ["folder", "coco", "labelme", "yolo", "pairs"]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Return a folder and the address at which its files are served."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, format: str, *args: Any) -> None:
        """Leave out what would go to stderr."""


def build(name: str, folder: Path) -> None:
    """Write the small raw tree of a dataset."""
    importlib.import_module(f"tests.tiny.{name}").build(folder)


def packed(folder: Path, name: str) -> bytes:
    """Pack what is in a folder into an archive of the kind that a name tells."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    stream = io.BytesIO()
    if name.endswith(".zip"):
        with zipfile.ZipFile(stream, "w") as archive:
            for file in files:
                archive.write(file, file.relative_to(folder))
    else:
        with tarfile.open(fileobj=stream, mode="w:gz" if name.endswith("gz") else "w") as tar:
            for file in files:
                tar.add(file, file.relative_to(folder))
    return stream.getvalue()


def serve(name: str, archives: tuple[Archive, ...], raw: Path, folder: Path) -> tuple[Archive, ...]:
    """Put the archives of a raw tree on the server, and return them with the sizes they have here."""
    found = []
    for archive in archives:
        data = packed(raw / archive.into, archive.name)
        (folder / archive.name).write_bytes(data)
        found.append(replace(archive, size=len(data), sha256=hashlib.sha256(data).hexdigest()))
    return tuple(found)


@pytest.mark.parametrize("name", FETCHED)
def test_an_archive_on_a_server_becomes_a_prepared_file(
    name: str, served: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(name, tmp_path / "built")
    about = source(name)
    monkeypatch.setattr(type(about), "archives", serve(name, about.archives, tmp_path / "built", served[0]))
    root = tmp_path / "home"
    fetched = download(DownloadConfig((name,), root=root, mirror=served[1], yes=True, quiet=True))
    assert fetched.exit_code == 0, fetched
    assert str(download(DownloadConfig((name,), root=root, quiet=True))) == "all there already"
    result = prepare(PrepareConfig((name,), root=root, size=64, workers=1, quiet=True))
    with Reader(root / "prepared" / f"{name}.h5") as reader:
        assert len(reader) > 0
        assert max(reader[0].image.shape[:2]) <= 64
        assert reader.header.licence == about.licence
        assert f"{len(reader):,}" in str(result)
        assert reader.header.digest in show(ShowConfig(str(root / "prepared" / f"{name}.h5")))


@pytest.mark.parametrize("name", OWN)
def test_photos_of_ones_own_become_a_prepared_file(name: str, tmp_path: Path) -> None:
    build(name, tmp_path / "mine")
    prepare(PrepareConfig((name,), raw=tmp_path / "mine", output=tmp_path / "out", workers=1, quiet=True))
    with Reader(tmp_path / "out" / f"{name}.h5") as reader:
        masks = [sample.mask for sample in (reader[at] for at in range(len(reader)))]
    assert masks
    assert any(mask is not None and np.any(mask) for mask in masks)


def test_a_split_tar_is_fetched_in_parts_and_checked_by_its_list(
    served: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build("interhand", tmp_path / "built")
    about = source("interhand")
    sums, *parts = about.archives
    whole = packed(tmp_path / "built" / parts[0].into, parts[0].part_of)
    third = len(whole) // 3 + 1
    pieces = [whole[at : at + third] for at in range(0, len(whole), third)]
    for part, piece in zip(parts, pieces, strict=False):
        (served[0] / part.name).write_bytes(piece)
    lines = [f"{hashlib.md5(piece).hexdigest()}  {part.name}\n" for part, piece in zip(parts, pieces, strict=False)]
    (served[0] / sums.name).write_text("".join(lines))
    known = (replace(sums, size=0), *(replace(part, size=0, about=1000) for part in parts[: len(pieces)]))
    monkeypatch.setattr(type(about), "archives", known)
    root = tmp_path / "home"
    config = DownloadConfig(("interhand",), root=root, mirror=served[1], yes=True, quiet=True)
    (served[0] / parts[1].name).write_bytes(pieces[1][::-1])
    assert "md5" in str(download(replace(config, mirror=served[1]))).lower()
    (served[0] / parts[1].name).write_bytes(pieces[1])
    assert download(config).exit_code == 0
    prepare(PrepareConfig(("interhand",), root=root, workers=1, quiet=True))
    with Reader(root / "prepared" / "interhand.h5") as reader:
        assert any(reader[at].joints is not None for at in range(len(reader)))


def test_nothing_is_fetched_without_a_yes(served: tuple[Path, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="add --yes"):
        download(DownloadConfig(("hof",), root=tmp_path / "home", mirror=served[1]))
    assert not (tmp_path / "home").exists()


def test_one_that_cannot_be_had_does_not_keep_the_others_away(
    served: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("hof", "eyth"):
        build(name, tmp_path / name)
        about = source(name)
        archives = tuple(replace(each, url=f"{served[1]}/{each.name}") for each in about.archives)
        monkeypatch.setattr(type(about), "archives", archives)
    (served[0] / source("hof").archives[0].name).write_bytes(packed(tmp_path / "hof", "hof.tar.gz"))
    result = download(DownloadConfig(("eyth", "hof"), root=tmp_path / "home", yes=True, quiet=True))
    assert (result.exit_code, len(result.failures)) == (1, 1)
    assert "--from" in result.failures[0]
    assert (tmp_path / "home" / "raw" / "hof").is_dir()


def test_an_archive_fetched_by_hand_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build("hof", tmp_path / "built")
    mine = tmp_path / source("hof").archives[0].name
    mine.write_bytes(packed(tmp_path / "built", "hof.tar.gz"))
    result = download(DownloadConfig(("hof",), root=tmp_path / "home", from_file=mine, quiet=True))
    assert result.exit_code == 0
    assert (tmp_path / "home" / "raw" / "hof" / "hand_over_face").is_dir()


def test_what_has_to_come_by_hand_is_told_and_taken(
    served: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = source("interhand")
    (served[0] / "sums").write_bytes(b"none\n")
    sums = replace(about.archives[0], url=f"{served[1]}/sums", mirrors=())
    monkeypatch.setattr(type(about), "archives", (about.archives[-1], sums))
    config = DownloadConfig(("interhand",), root=tmp_path / "home", quiet=True)
    result = download(replace(config, yes=True))
    assert result.exit_code == 1
    assert result.failures == [
        f"by hand: annotations.zip from {about.page}, then handseg download interhand --from FILE"
    ]
    assert (tmp_path / "home" / "raw" / "interhand" / sums.name).is_file()
    build("interhand", tmp_path / "built")
    mine = tmp_path / "annotations-20260101-001.zip"
    mine.write_bytes(packed(tmp_path / "built" / "InterHand2.6M_5fps_batch1", "a.zip"))
    assert download(replace(config, from_file=mine)).exit_code == 0
    assert (tmp_path / "home" / "raw" / "interhand" / "annotations" / "train").is_dir()
    assert str(download(config)) == "all there already"


def test_an_archive_that_has_changed_since_it_was_fetched_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build("hof", tmp_path / "built")
    mine = tmp_path / source("hof").archives[0].name
    mine.write_bytes(packed(tmp_path / "built", "hof.tar.gz"))
    root = tmp_path / "home"
    download(DownloadConfig(("hof",), root=root, from_file=mine, quiet=True))
    shutil.rmtree(root / "raw")
    kept = root / "archives" / "hof" / mine.name
    kept.write_bytes(packed(tmp_path / "built" / "hand_over_face", "other.tar.gz"))
    result = download(DownloadConfig(("hof",), root=root, quiet=True))
    assert result.exit_code == 1
    assert str(kept) in result.failures[0]
