"""Preparing: what the file holds, that it is the same however it came about, and what happens when things go wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image as Pillow

from handseg_cli.config import PrepareConfig
from handseg_cli.datasets import chunks
from handseg_cli.datasets import prepare as verb
from handseg_cli.datasets.prepare import prepare
from handseg_cli.errors import ConfigError, DatasetError, DiskFullError, OutputError
from handseg_cli.io.files import claim
from handseg_cli.io.hdf5 import Reader, Writer
from handseg_cli.registry import DATASETS
from tests.tiny.fake import Fake, add, photo_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _is_a_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    # By a name that spawned workers can import, too.
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setitem(DATASETS, "fake", "tests.tiny.fake:Fake")
    monkeypatch.setattr(chunks, "chunk_length", lambda size: 4)
    monkeypatch.setattr(verb, "chunk_length", lambda size: 4)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    for seed in range(18):
        add(tmp_path / "raw" / "fake" / f"video{seed % 6}", seed)
    return tmp_path / "raw" / "fake"


def config_for(folder: Path, **changes: object) -> PrepareConfig:
    settings = {"names": ("fake",), "raw": folder, "root": folder.parents[1], "quiet": True, "workers": 1, **changes}
    return PrepareConfig(**settings)  # type: ignore[arg-type]


def made(raw: Path, **changes: object) -> Path:
    (file,) = prepare(config_for(raw, **changes)).files
    return file.path


def test_every_sample_comes_back_as_its_dataset_reads_it(raw: Path) -> None:
    entries = list(Fake().find(raw))
    with Reader(made(raw)) as reader:
        assert len(reader) == len(entries) == 18
        for entry, sample in zip(entries, map(reader.__getitem__, range(18)), strict=True):
            read = Fake().read(entry)
            assert (sample.key, sample.group, sample.hands) == (entry.key, entry.group, "left")
            for name in ("image", "mask", "joints", "points", "valid", "camera"):
                assert np.array_equal(getattr(sample, name), getattr(read, name)), name


def test_a_jpeg_that_fits_is_kept_byte_for_byte(raw: Path) -> None:
    with Reader(made(raw)) as reader:
        assert reader.encoded(0).image == next(iter(Fake().find(raw))).image.read_bytes()


def test_where_a_photo_was_taken_is_not_kept(raw: Path) -> None:
    plain = made(raw).read_bytes()
    exif = Pillow.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    for path in raw.rglob("*.photo"):
        data = path.read_bytes()
        note = b"Exif\0\0" + exif.tobytes()
        path.write_bytes(data[:20] + b"\xff\xe1" + (len(note) + 2).to_bytes(2) + note + data[20:] + b"my notes")
    with Reader(made(raw)) as reader:
        assert b"Exif" not in reader.encoded(0).image
        assert b"notes" not in reader.encoded(0).image
    assert len(made(raw).read_bytes()) == len(plain)


def test_large_photos_are_scaled_with_all_that_belongs_to_them(raw: Path) -> None:
    with Reader(made(raw, size=64, labels="sides")) as reader:
        sample, before = reader[0], Fake().read(next(iter(Fake().find(raw))))
    assert sample.image.shape == (36, 64, 3)
    assert sample.sides is not None
    assert sample.mask is not None
    assert before.mask is not None
    assert set(np.unique(sample.sides)) == {0, 1, 2}
    # One by areas, the other by the nearest pixel: they part at the border only.
    assert ((sample.mask > 0) != (sample.sides > 0)).mean() < 0.05
    assert abs(sample.mask.mean() - before.mask.mean()) < 2
    assert sample.camera is not None
    assert sample.joints is not None
    assert sample.points is not None
    seen = sample.joints @ sample.camera.T
    np.testing.assert_allclose(seen[:, :2] / seen[:, 2:], sample.points, atol=1e-4)
    np.testing.assert_allclose(sample.points[0], [(3 + 0.5) / 2 - 0.5, (5 + 0.5) / 2 - 0.5])


def test_two_processes_write_the_same_file_as_one_at_another_place(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    moved = tmp_path / "elsewhere" / "copy"
    one = made(raw).read_bytes()
    raw.rename(moved)
    two = made(moved, root=tmp_path / "other", workers=2)
    assert two.read_bytes() == one


def test_nothing_else_is_left_behind(raw: Path) -> None:
    path = made(raw)
    assert list(path.parent.iterdir()) == [path]


def test_groups_stay_together_and_every_split_has_some(raw: Path) -> None:
    with Reader(made(raw)) as reader:
        parted = [{reader[int(at)].group for at in reader.indices(name)} for name in ("train", "val", "test")]
    assert all(parted)
    assert sum(map(len, parted)) == len(set().union(*parted)) == 6


def test_official_and_published_splits_are_kept(raw: Path) -> None:
    with Reader(made(raw, split="official")) as reader:
        assert len(reader.indices("test")) == 18
    with Reader(made(raw, split="seed")) as reader:
        assert [len(reader.indices(name)) for name in ("train", "val", "test")] == [11, 4, 3]


def test_what_is_there_already_is_not_done_again(raw: Path) -> None:
    before = made(raw).stat()
    again = prepare(config_for(raw))
    assert again.files[0].was_there
    assert "is up to date" in str(again)
    assert made(raw).stat().st_ino == before.st_ino
    assert made(raw, seed=7).stat().st_ino != before.st_ino


def test_a_changed_label_is_noticed(raw: Path) -> None:
    before = prepare(config_for(raw)).files[0].header.digest
    mask = next(iter(sorted(raw.glob("*/*.mask"))))
    Pillow.fromarray(np.full((72, 128), 2, np.uint8)).save(mask, "PNG")
    assert prepare(config_for(raw)).files[0].header.digest != before


def test_unreadable_samples_are_skipped_and_told(raw: Path) -> None:
    broken = sorted(raw.glob("*/*.photo"))[3]
    kept = broken.read_bytes()
    broken.write_bytes(b"")
    result = prepare(config_for(raw))
    key = f"{broken.parent.name}/{broken.stem}"
    assert result.files[0].header.skipped == 1
    assert f"{key}: {key}.photo: is empty" in str(result)
    broken.write_bytes(kept)
    assert prepare(config_for(raw)).files[0].header.skipped == 0


def test_many_reasons_are_counted_but_not_all_shown(tmp_path: Path) -> None:
    raw = tmp_path / "raw" / "fake"
    for seed in range(60):
        add(raw / "video", seed)
        if seed < 25:
            (raw / "video" / f"{seed:04}.photo").write_bytes(b"")
    text = str(prepare(config_for(raw)))
    assert "skipped   25" in text
    assert text.count("is empty") == 20
    assert "and 5 more" in text


def test_more_failures_than_samples_are_an_error(raw: Path) -> None:
    for broken in sorted(raw.glob("*/*.photo"))[:10]:
        broken.write_bytes(b"")
    with pytest.raises(DatasetError, match="10 of 18 samples of fake cannot be used: video0/0000: "):
        prepare(config_for(raw))


def test_turned_and_other_photos_are_encoded_anew(tmp_path: Path) -> None:
    raw = tmp_path / "raw" / "fake"
    add(raw / "video", 1, kind="PNG")
    with Reader(made(raw)) as reader:
        difference = np.abs(reader[0].image.astype(int) - np.array(photo_of(1)))
    assert difference.mean() < 1.5


@pytest.mark.parametrize(("changes", "said"), [({"names": ("fade",)}, "no dataset"), ({"labels": "parts"}, "'parts'")])
def test_what_makes_no_sense_is_said_before_anything_is_read(raw: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        prepare(config_for(raw, **changes))


def test_an_empty_folder_and_a_missing_one_are_errors(tmp_path: Path) -> None:
    (tmp_path / "raw" / "fake").mkdir(parents=True)
    with pytest.raises(DatasetError, match="holds no samples"):
        prepare(config_for(tmp_path / "raw" / "fake"))
    with pytest.raises(DatasetError, match="is missing"):
        prepare(config_for(tmp_path / "raw" / "none"))


def test_one_dataset_that_fails_does_not_keep_the_others_away(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DATASETS, "gone", "tests.tiny.fake:Fake")
    result = prepare(config_for(raw, raw=None, names=("gone", "fake")))
    assert (len(result.files), len(result.failures), result.exit_code) == (1, 1, 1)


def test_a_foreign_file_is_not_replaced(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared" / "fake.h5").write_text("my notes")
    with pytest.raises(OutputError, match="move it away"):
        prepare(config_for(raw))
    assert (tmp_path / "prepared" / "fake.h5").read_text() == "my notes"


def test_hdf5_files_of_others_are_not_replaced_but_older_ones_of_ours_are(raw: Path) -> None:
    path = made(raw)
    with h5py.File(path, "r+") as file:
        file.attrs["version"] = np.int64(0)
    with Reader(made(raw)) as reader:
        assert len(reader) == 18
    with h5py.File(path, "w") as file:
        file.attrs["format"] = "mine"
    with pytest.raises(OutputError, match="no prepared file; move it away"):
        prepare(config_for(raw))


def test_two_runs_do_not_meet(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "prepared").mkdir()
    with (
        claim(tmp_path / "prepared" / "fake.h5") or pytest.fail("no claim"),
        pytest.raises(OutputError, match="another run"),
    ):
        prepare(config_for(raw))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "prepared").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="cannot be written to"):
        prepare(config_for(raw))


def test_a_full_disk_is_told_as_such_and_what_was_done_is_kept(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object, part: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Writer, "add", fail)
        with pytest.raises(DiskFullError, match="make room and run the same again"):
            prepare(config_for(raw))
    monkeypatch.setattr(Fake, "read", None)
    assert sum(prepare(config_for(raw)).files[0].splits.values()) == 18


def test_a_worker_that_dies_is_told_and_the_next_run_goes_on(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as deadly:
        deadly.setenv("FAKE_DIES", "video5/0017")
        with pytest.raises(DatasetError, match="run again"):
            prepare(config_for(raw, workers=2))
    assert any((raw.parents[1] / "prepared" / ".fake.h5.parts").iterdir())
    assert sum(prepare(config_for(raw)).files[0].splits.values()) == 18


RUN = """
import sys
from pathlib import Path
from handseg_cli import cli
from handseg_cli.config import PrepareConfig
from handseg_cli.datasets import chunks, prepare
from handseg_cli.registry import DATASETS

if __name__ == "__main__":
    DATASETS["fake"] = "tests.tiny.fake:Fake"
    chunks.chunk_length = prepare.chunk_length = lambda size: 4
    cli.COMMANDS["prepare"] = cli.Command(PrepareConfig, "handseg_cli.datasets.prepare:prepare", answers=True)
    cli.main(["prepare", "fake", "--workers", "2", "--root", sys.argv[1]])
"""


@pytest.mark.parametrize(("blow", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_run_that_is_stopped_goes_on_where_it_was(raw: Path, tmp_path: Path, blow: int, code: int) -> None:
    (tmp_path / "run.py").write_text(RUN)
    parts = tmp_path / "prepared" / ".fake.h5.parts"
    slow = {**os.environ, "FAKE_TAKES_S": "0.1", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    process = subprocess.Popen([sys.executable, tmp_path / "run.py", tmp_path], env=slow, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not (parts.is_dir() and any(not part.name.startswith(".") for part in parts.iterdir())):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(blow)
    _, said = process.communicate(timeout=30)
    assert process.returncode == code, said
    assert b"Traceback" not in said
    done = {part.name: part.stat().st_ino for part in parts.iterdir() if not part.name.startswith(".")}
    assert done
    path = made(raw)
    assert list(path.parent.iterdir()) == [path]
    with Reader(path) as reader:
        reader.verify()
        assert len(reader) == 18
