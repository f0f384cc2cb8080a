"""Synthetic photos: what the file holds, that it is the same however it came about, and what happens on failures."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from handseg_cli.about.show import show
from handseg_cli.config import EvalConfig, ShowConfig, SynthConfig
from handseg_cli.datasets import stretches, synthetic
from handseg_cli.datasets.synthetic import synth
from handseg_cli.errors import DatasetError, DiskFullError, OutputError
from handseg_cli.evaluate.sources import find_sources
from handseg_cli.io.files import claim
from handseg_cli.io.hdf5 import Reader
from handseg_cli.loading.mix import Mix
from handseg_cli.loading.mix import parts as files_of
from handseg_cli.synth.labels import ARM
from handseg_cli.synth.settings import VERSION

ROOT = Path(__file__).parents[2]
COUNT, SIZE = 10, 32
SHARES = ("train=2", "val", "test")
SIMPLE = "tests.tiny.scenes:render"


@pytest.fixture(autouse=True)
def _small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Workers import it by name; no assets that the machine may have are used.
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setattr(synthetic, "RENDER", SIMPLE)
    monkeypatch.setenv("HANDSEG_HOME", str(tmp_path / "home"))
    for module in (stretches, synthetic):
        monkeypatch.setattr(module, "LENGTH", 4)


def config_for(path: Path, **changes: object) -> SynthConfig:
    settings = {
        "out": path,
        "count": COUNT,
        "size": SIZE,
        "split": SHARES,
        "workers": 1,
        "quiet": True,
        "engine": "numpy",
    }
    return SynthConfig(**{**settings, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a prepared file of simple pictures made in one go, which no test may change."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HANDSEG_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr(synthetic, "RENDER", SIMPLE)
        return synth(config_for(tmp_path_factory.mktemp("whole") / "hands.h5")).path


def content(path: Path) -> dict[str, bytes]:
    """Return the bytes of a file, or of all files of a folder."""
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}


# --- what it holds ---------------------------------------------------------------------------------------------


def test_the_file_says_that_it_is_synthetic_and_what_of(whole: Path) -> None:
    with Reader(whole) as reader:
        header = reader.header
    assert (header.dataset, header.labels, header.seed, header.split) == (
        "synthetic",
        "parts",
        0,
        "train=2,val=1,test=1",
    )
    assert "CC0" in header.licence
    assert f"generator {VERSION}, numpy; ego=1, third-person=1" in header.citation
    assert "assets none" in header.citation
    assert header.classes[17:19] == ("left palm", "right thumb tip")
    assert header.citation in show(ShowConfig(str(whole)))


def test_other_commands_take_it_like_any_other(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "home" / "prepared").mkdir(parents=True)
    shutil.copy(whole, tmp_path / "home" / "prepared" / "hands.h5")
    for name in ("hands", str(whole)):
        mix = Mix(files_of([name], tmp_path / "home"), "train")
        assert mix.about()["hands"]["dataset"] == "synthetic"
        assert mix[0].mask is not None
    (source,) = find_sources(EvalConfig(datasets=(str(whole),), split=("val",)))
    assert source.photos.read(source.places[0], None).truth.shape == (SIZE, SIZE)


def test_labels_are_chosen(whole: Path, tmp_path: Path) -> None:
    columns = {}
    for labels in ("sides", "hand", "hand+arm"):
        with Reader(synth(config_for(tmp_path / labels, count=4, labels=labels)).path) as reader:
            columns[labels] = {name for name in ("mask", "sides", "parts", "depth", "joints") if reader.has(name)}
            masks = [reader[index].mask for index in range(4)]
    assert columns == {
        "sides": {"mask", "sides", "joints"},
        "hand": {"mask", "joints"},
        "hand+arm": {"mask", "joints"},
    }
    with Reader(whole) as reader:
        for index, mask in enumerate(masks):
            made = reader[index]
            assert mask is not None
            assert made.mask is not None
            assert made.parts is not None
            assert ARM[made.parts].any()
            assert np.array_equal(mask, np.maximum(made.mask, ARM[made.parts]))


# --- the same however it came about ----------------------------------------------------------------------------


def test_two_processes_write_the_same_folder_as_one(tmp_path: Path) -> None:
    one, two = (
        synth(config_for(tmp_path / name, layout="interhand", workers=workers)).path
        for name, workers in (("one", 1), ("two", 2))
    )
    assert content(one) == content(two)


def test_a_photo_does_not_depend_on_how_many_there_are(whole: Path, tmp_path: Path) -> None:
    with Reader(whole) as many, Reader(synth(config_for(tmp_path / "few", count=5)).path) as few:
        assert [few.encoded(index) for index in range(5)] == [many.encoded(index) for index in range(5)]


def test_another_seed_makes_other_photos(whole: Path, tmp_path: Path) -> None:
    with Reader(whole) as one, Reader(synth(config_for(tmp_path / "other", seed=1)).path) as other:
        assert not any(one.encoded(index) == other.encoded(index) for index in range(COUNT))


def test_what_is_there_is_not_made_again(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synth(config_for(tmp_path / "folder", layout="rhd"))
    monkeypatch.setattr(synthetic, "RENDER", "nothing:at_all")
    before = whole.stat().st_ino
    for out, layout in ((whole, "prepared"), (tmp_path / "folder", "rhd")):
        again = synth(config_for(out, layout=layout))
        assert again.was_there
        assert "is up to date" in str(again)
    assert whole.stat().st_ino == before


def test_nothing_else_is_left_behind(tmp_path: Path) -> None:
    made = [synth(config_for(tmp_path / layout, layout=layout)).path for layout in ("prepared", "files")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["files", "prepared.h5"]
    assert made == [tmp_path / "prepared.h5", tmp_path / "files"]


RUN = """
import sys
from pathlib import Path
from handseg_cli import cli
from handseg_cli.datasets import stretches, synthetic

if __name__ == "__main__":
    synthetic.RENDER = "tests.tiny.scenes:render"
    stretches.LENGTH = synthetic.LENGTH = 4
    options = ["--count", "10", "--size", "32", "--engine", "numpy", "--workers", "2", "--layout", sys.argv[2]]
    cli.main(["synth", sys.argv[1], *options, *(f"--split={each}" for each in ("train=2", "val", "test"))])
"""


@pytest.mark.parametrize("layout", ["prepared", "rhd"])
def test_a_run_that_is_killed_goes_on_and_ends_in_the_same_bytes(layout: str, whole: Path, tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text(RUN)
    out = tmp_path / ("a.h5" if layout == "prepared" else "a")
    notes = tmp_path / f".{out.name}.parts" / "notes"
    slow = {**os.environ, "SCENE_TAKES_S": "0.4", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [sys.executable, str(tmp_path / "run.py"), str(out), layout]
    process = subprocess.Popen(command, env=slow, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not any(notes.glob("[0-9]*")):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=30)
    assert not out.exists()
    expected = whole if layout == "prepared" else synth(config_for(tmp_path / "b", layout=layout)).path
    assert content(synth(config_for(out, layout=layout)).path) == content(expected)


def stop_at(photo: int, out: Path, **changes: object) -> None:
    """Make photos up to one that fails."""
    with pytest.MonkeyPatch.context() as failing:
        failing.setenv("SCENE_FAILS", str(photo))
        with pytest.raises(DatasetError, match=rf"photo {photo} of seed \d: a\.jpg: is empty"):
            synth(config_for(out, **changes))


def test_what_was_made_before_a_stop_is_not_made_again(whole: Path, tmp_path: Path) -> None:
    out, notes = tmp_path / "a.h5", tmp_path / ".a.h5.parts" / "notes"
    for photo in (5, 9):
        stop_at(photo, out)
    before = {path.name: path.stat().st_ino for path in notes.iterdir()}
    assert sorted(before) == ["00000000-00000003", "00000004-00000007"]
    stop_at(8, out, count=20)
    assert {path.name: path.stat().st_ino for path in notes.iterdir()} == before
    (notes / "00000000-00000003").write_bytes(b"cut off")
    assert content(synth(config_for(out)).path) == content(whole)


@pytest.mark.parametrize("layout", ["prepared", "files"])
def test_what_was_made_with_other_settings_is_not_mixed_in(layout: str, tmp_path: Path) -> None:
    stop_at(9, tmp_path / "a", layout=layout, seed=1)
    found, expected = (synth(config_for(tmp_path / name, layout=layout)).path for name in ("a", "b"))
    assert content(found) == content(expected)


def test_a_file_that_was_lost_before_the_run_went_on_is_made_again(tmp_path: Path) -> None:
    stop_at(9, tmp_path / "a", layout="files")
    next((tmp_path / ".a.parts" / "tree").rglob("000002.jpg.json")).unlink()
    found, expected = (synth(config_for(tmp_path / name, layout="files")).path for name in ("a", "b"))
    assert content(found) == content(expected)


# --- when things fail ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{"seed": 1}, {"count": 9}, {"style": ("ego",)}, {"labels": "hand"}])
def test_a_file_of_other_settings_is_not_replaced(changes: dict[str, object], whole: Path) -> None:
    before = whole.stat().st_ino
    with pytest.raises(OutputError, match="was not made with these settings; remove it or write elsewhere"):
        synth(config_for(whole, **changes))
    assert whole.stat().st_ino == before


@pytest.mark.parametrize("layout", ["prepared", "rhd"])
def test_what_is_none_of_ours_is_not_replaced(layout: str, tmp_path: Path) -> None:
    for name in ("a.h5", "a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes").write_text("mine")
    with pytest.raises(OutputError, match="remove it or write elsewhere"):
        synth(config_for(tmp_path / "a", layout=layout))
    assert (tmp_path / "a" / "notes").read_text() == "mine"


def test_an_empty_folder_may_be_there(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert (synth(config_for(tmp_path / "a", layout="files", count=2)).path / "train" / "000000.jpg").is_file()


def test_two_runs_do_not_meet(tmp_path: Path) -> None:
    with claim(tmp_path / "a") or pytest.fail("no claim"), pytest.raises(OutputError, match="another run"):
        synth(config_for(tmp_path / "a", layout="files"))


def test_too_little_room_is_seen_before_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
        with pytest.raises(DiskFullError, match=r"MB more are needed, 0\.0 MB are free; make room"):
            synth(config_for(tmp_path / "a.h5"))
    assert len(list((tmp_path / ".a.h5.parts" / "notes").iterdir())) == 1
    assert synth(config_for(tmp_path / "a.h5")).path.is_file()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="closed: cannot be written to"):
        synth(config_for(tmp_path / "closed" / "a.h5"))


def test_a_place_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        synth(config_for(tmp_path / "file" / "a.h5"))
