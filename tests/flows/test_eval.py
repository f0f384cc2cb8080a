"""From photos with masks to figures, as a person types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny.folder import build

WITHOUT_TORCH = """
import sys
from handseg_cli.cli import main
try:
    main(sys.argv[1:])
finally:
    assert not {"torch", "torchvision"} & set(sys.modules)
"""


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    build(tmp_path / "raw")
    return tmp_path / "raw"


def handseg(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HANDSEG_HOME": str(home), "COLUMNS": "110"}
    command = [sys.executable, "-c", WITHOUT_TORCH, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


def test_prepare_then_eval_prints_dataset_by_partition(raw: Path, tmp_path: Path) -> None:
    assert handseg("prepare", "folder", "--raw", str(raw), "-q", home=tmp_path).returncode == 0
    files = ("--json", str(tmp_path / "a.json"), "--html", str(tmp_path / "a.html"))
    done = handseg("eval", "lite", "-d", "folder", "--split", "val", "--split", "test", *files, home=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[:4] for line in lines[1:3]] == [["lite", "folder", "val", "2"], ["lite", "folder", "test", "2"]]
    results = json.loads((tmp_path / "a.json").read_text())["results"]
    assert [f"{result['scores']['seed_miou']:.3f}" for result in results] == [line[4] for line in lines[1:3]]
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")


def test_broken_photo_is_named_and_ends_with_1(raw: Path, tmp_path: Path) -> None:
    (raw / "images" / "ben" / "02.jpg").write_bytes(b"broken")
    done = handseg("eval", "-d", str(raw), home=tmp_path)
    assert done.returncode == 1
    assert "ben/02" in done.stderr
    assert "in no figure: 1 of 6 photos" in done.stdout


def test_no_dataset_is_bad_usage(tmp_path: Path) -> None:
    done = handseg("eval", home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "give --datasets" in done.stderr
