"""The page of pairs of hands: whole, self-contained, with parts side by side and both hands to be turned."""

from __future__ import annotations

import json
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from handseg_cli.config import EvalConfig
from handseg_cli.evaluate.verb import evaluate
from tests.evaluate.test_browser import BROWSER
from tests.evaluate.test_page import Parsed
from tests.tiny import two_red_hands
from tests.tiny.two_red_hands import Two, prepare

STEPS = """
<script>
const canvas = document.querySelector("canvas.hand"), seen = {}, look = () => canvas.toDataURL(), first = look();
const key = name => canvas.dispatchEvent(new KeyboardEvent("keydown", { key: name, cancelable: true }));
key("ArrowLeft");
seen.turned = look() !== first;
key("Home");
seen.back = look() === first;
const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
seen.painted = pixels.filter((value, at) => at % 4 === 3 && value > 0).length / (canvas.width * canvas.height);
seen.broken = [...document.images].filter(image => !image.naturalWidth).length;
seen.narrow = document.documentElement.scrollWidth <= window.innerWidth;
document.body.replaceChildren();
document.body.append(JSON.stringify(seen));
</script>
"""


@pytest.fixture
def page(tmp_path: Path) -> str:
    (tmp_path / "pairs.onnx").write_bytes(two_red_hands.model(shift=2.0))
    photos = [Two((150, 150), (167, 150)), Two(right=(100, 100)), Two(left=(200, 120)), Two((80, 90), (95, 90))]
    file = prepare(tmp_path / "a&amp;<b>.h5", photos)
    settings: dict[str, Any] = {"models": (str(tmp_path / "pairs.onnx"),), "datasets": (str(file),)}
    out = tmp_path / "page.html"
    evaluate(EvalConfig(task="hands3d", given="hands", html=out, quiet=True, **settings))
    return out.read_text()


def test_page_is_whole_and_asks_nothing_of_any_network(page: str) -> None:
    parsed = Parsed(page)
    assert parsed.open == []
    links = [value or "" for _, found in parsed.elements for name, value in found.items() if name in ("src", "href")]
    assert all(value.startswith(("#", "data:image/jpeg;base64,", "data:image/png;base64,")) for value in links)
    assert not re.search(r"@import|url\(|{{", page)
    assert page.count("<script") == 2
    assert "<b>.h5" not in page


def test_each_photo_has_joints_and_parts_twice_and_is_there_in_space(page: str) -> None:
    tags = [tag for tag, _ in Parsed(page).elements]
    assert (tags.count("figure"), tags.count("canvas")) == (4, 4)
    assert (page.count('alt="parts as labelled"'), page.count('alt="parts as found"')) == (4, 4)
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    hands = json.loads(text)["hands"]
    assert {len(hand[name]) for hand in hands for name in ("truth", "found")} == {42}
    for hand in hands:
        there = [[joint is not None for joint in hand[name]] for name in ("truth", "found")]
        assert there[0] == there[1]
    # Ours begins with the wrist: that of the right hand is the origin, the left one is 25 mm behind.
    both = next(hand for hand in hands if hand["truth"][0] and hand["truth"][21])
    assert both["truth"][0] == both["found"][0] == [0, 0, 0]
    assert both["found"][21][2] == both["truth"][21][2] == 25


def test_tables_name_each_joint_and_each_part(page: str) -> None:
    assert len(re.findall(r"<tr><th>(?:thumb|index|middle|ring|pinky)\d</th>", page)) == 20
    assert len(re.findall(r'<li><b style="background:#[0-9a-f]{6}"></b>\d+ ', page)) == 33


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
def test_both_hands_are_turned_and_back(page: str, tmp_path: Path) -> None:
    (tmp_path / "driven.html").write_text(page.replace("</body>", f"{STEPS}</body>"))
    switches = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=500,900", "--dump-dom"]
    command = [str(BROWSER), *switches, f"--user-data-dir={tmp_path / 'profile'}", f"file://{tmp_path}/driven.html"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    found = re.search(r"<body>\s*({.*})\s*</body>", done.stdout, re.S)
    assert found, done.stdout[-1000:] + done.stderr[-1000:]
    seen = json.loads(unescape(found[1]))
    assert seen["turned"]
    assert seen["back"]
    assert 0.005 < seen["painted"] < 0.3
    assert seen["broken"] == 0
    assert seen["narrow"]
