"""A photo on stdin, a picture on stdout."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handseg_cli.config import Kind, PredictConfig
from handseg_cli.predict.stamps import read_stamp
from handseg_cli.predict.stream import predict


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    colours = np.random.default_rng(0).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    Image.fromarray(colours).resize((120, 90)).save(tmp_path / "a.jpg")
    return tmp_path / "a.jpg"


def pipe(data: bytes, weights: Path, *options: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "handseg_cli", "predict", "-", "--weights", str(weights), *options]
    return subprocess.run(command, input=data, capture_output=True, timeout=60)


def test_a_photo_on_stdin_gives_the_mask_that_its_file_gets(photo: Path, tiny_weights: Path) -> None:
    done = pipe(photo.read_bytes(), tiny_weights)
    predict(PredictConfig(paths=(photo,), weights=str(tiny_weights)))
    mask = np.asarray(Image.open(io.BytesIO(done.stdout)))
    assert done.returncode == 0
    assert np.array_equal(mask, np.asarray(Image.open(f"{photo}.png")))
    Path(f"{photo}.png").write_bytes(done.stdout)
    assert read_stamp(Path(f"{photo}.png")) is not None


@pytest.mark.parametrize(("kind", "mode"), [("probability", "L"), ("overlay", "RGB"), ("cutout", "RGBA")])
def test_every_kind_goes_to_stdout(
    photo: Path,
    tiny_weights: Path,
    kind: Kind,
    mode: str,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    with photo.open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        predict(PredictConfig(paths=(Path("-"),), kind=(kind,), weights=str(tiny_weights), quiet=True))
    out, said = capfdbinary.readouterr()
    picture = Image.open(io.BytesIO(out))
    assert (picture.mode, picture.size) == (mode, (120, 90))
    assert said == b""


def test_a_full_disk_behind_stdout_is_told_once(photo: Path, tiny_weights: Path) -> None:
    command = [sys.executable, "-m", "handseg_cli", "predict", "-", "--weights", str(tiny_weights)]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, input=photo.read_bytes(), stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 5
    assert done.stderr.count(b"\n") == 1
    assert b"no space left" in done.stderr


def test_rubbish_on_stdin_is_an_error_and_stdout_stays_empty(tmp_path: Path, tiny_weights: Path) -> None:
    done = pipe(b"no photo", tiny_weights, "--manifest", str(tmp_path / "m.jsonl"))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"holds no photo" in done.stderr
    assert json.loads((tmp_path / "m.jsonl").read_text())["status"] == "failed"
