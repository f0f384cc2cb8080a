"""What all pages are made of: each section is linked, no name is used twice, and a wheel has all of it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import handseg_cli.evaluate
from handseg_cli.config import EvalConfig
from handseg_cli.evaluate.frame import asset, links
from handseg_cli.evaluate.verb import evaluate
from handseg_cli.io.skeletons import FINGERS
from tests.tiny import red_hands
from tests.tiny.red_hands import Labelled, prepare

ROOT = Path(handseg_cli.evaluate.__file__).parents[2]


@pytest.mark.parametrize("kind", ["masks", "poses", "pairs"])
def test_each_section_is_linked_by_its_heading(kind: str) -> None:
    sections = asset(f"{kind}.html")
    names = re.findall(r'<section id="(\w+)">', sections)
    assert re.findall(r'<a href="#(\w+)">[A-Z]', links(sections)) == names
    assert len(set(names)) == len(names) == sections.count("<h2>")


def test_all_that_pages_are_made_of_is_packaged() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["handseg_cli"]
    packaged = {path for pattern in patterns for path in (ROOT / "handseg_cli").glob(pattern)}
    own = {path for path in (ROOT / "handseg_cli" / "evaluate").iterdir() if path.is_file() and path.suffix != ".py"}
    assert own <= packaged


def test_pictures_of_several_models_are_not_mixed_up(tmp_path: Path) -> None:
    red_hands.build(tmp_path)
    (tmp_path / "other.onnx").write_bytes(red_hands.model())
    # A hand that is missed comes last of the first model, and has one picture alone.
    file = prepare(tmp_path / "red.h5", [Labelled([(60, 60, "left")]), Labelled([(90, 60, "right")], off=90.0)])
    models, finder = (str(tmp_path / "pose.onnx"), str(tmp_path / "other.onnx")), str(tmp_path / "finder.onnx")
    html = tmp_path / "page.html"
    evaluate(EvalConfig(task="pose", models=models, finder=finder, datasets=(str(file),), html=html, quiet=True))
    text = html.read_text()
    names = re.findall(r'<image id="(\w+)"', text)
    assert len(names) == len(set(names)) == 4
    assert set(re.findall(r'<use href="#(\w+)"', text)) <= set(names)
    colours = re.findall(r'<path class="bones" stroke="#(\w+)"', text)
    assert {tuple(bytes.fromhex(colour)) for colour in colours} == set(FINGERS)
