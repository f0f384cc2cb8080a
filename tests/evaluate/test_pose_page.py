"""The page of poses: whole, self-contained, deaf to what names ask of it, and with hands that a browser turns."""

from __future__ import annotations

import json
import math
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handseg_cli.config import EvalConfig
from handseg_cli.evaluate.pose_judge import HandRow
from handseg_cli.evaluate.pose_pictures import chosen
from handseg_cli.evaluate.verb import evaluate
from tests.evaluate.test_browser import BROWSER
from tests.evaluate.test_page import Parsed
from tests.tiny import red_hands
from tests.tiny.red_hands import Labelled, prepare

# What is done to the first hand, as a person would, and what is then to be seen.
STEPS = """
<script>
const canvas = document.querySelector("canvas.hand"), seen = {}, looks = {};
const look = name => { looks[name] = canvas.toDataURL(); };
const point = (kind, x, y) => canvas.dispatchEvent(new PointerEvent(kind, { clientX: x, clientY: y, pointerId: 1 }));
const key = name => canvas.dispatchEvent(new KeyboardEvent("keydown", { key: name, cancelable: true }));
const painted = () => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.filter((value, at) => at % 4 === 3 && value > 0).length / (canvas.width * canvas.height);
};
look("first");
point("pointermove", 90, 30);
look("idle");
point("pointerdown", 20, 20);
point("pointermove", 90, 30);
look("dragged");
seen.painted = painted();
point("pointerup", 90, 30);
point("pointermove", 20, 20);
look("left");
canvas.dispatchEvent(new MouseEvent("dblclick"));
look("reset");
key("ArrowLeft");
look("key");
key("Home");
look("home");
seen.same = ["idle", "reset", "home"].map(name => looks[name] === looks.first);
seen.other = ["dragged", "key"].map(name => looks[name] !== looks.first);
seen.stays = looks.left === looks.dragged;
seen.canvases = document.querySelectorAll("canvas.hand").length;
seen.width = document.documentElement.scrollWidth <= window.innerWidth;
seen.title = document.title;
document.body.replaceChildren();
document.body.append(JSON.stringify(seen));
</script>
"""


@pytest.fixture
def page(tmp_path: Path) -> str:
    red_hands.build(tmp_path)
    photos = [Labelled([(60 + 8 * at, 60, "left")], off=float(at)) for at in range(15)]
    file = prepare(tmp_path / "red.h5", [*photos, Labelled([(60, 60, "right")], off=90.0)])
    config = EvalConfig(
        task="pose",
        models=(str(tmp_path / "pose.onnx"),),
        finder=str(tmp_path / "finder.onnx"),
        datasets=(str(file),),
        html=tmp_path / "page.html",
        quiet=True,
    )
    evaluate(config)
    return (tmp_path / "page.html").read_text()


def test_page_is_whole_and_asks_nothing_of_any_network(page: str) -> None:
    parsed = Parsed(page)
    assert parsed.open == []
    links = [value or "" for _, found in parsed.elements for name, value in found.items() if name in ("src", "href")]
    assert all(value.startswith(("#", "data:image/jpeg;base64,")) for value in links)
    assert not re.search(r"@import|url\(|{{", page)
    assert page.count("<script") == 2


def test_page_shows_worst_typical_and_missed_hands(page: str) -> None:
    tags = [tag for tag, _ in Parsed(page).elements]
    assert (tags.count("figure"), tags.count("canvas")) == (13, 12)
    assert re.findall("<h4>(.*?)</h4>", page) == ["worst", "typical", "missed"]
    captions = re.findall(r"<figcaption><b>(.*?)</b> (\w+)", page)
    assert captions[-1] == ("missed", "right")
    assert page.count('class="line m0"') == 2


def test_the_worst_come_first_and_none_twice() -> None:
    known = [row(str(at), float(at)) for at in range(20)]
    bands = chosen([*known, row("lost", math.inf), row("unknown", math.nan)], 4)
    assert [each.key for each in bands["worst"]] == ["19", "18", "17", "16"]
    assert [each.key for each in bands["typical"]] == ["11", "10", "9", "8"]
    assert [each.key for each in bands["missed"]] == ["lost"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_hands_are_all_shown(count: int) -> None:
    bands = chosen([row(str(at), float(at)) for at in range(count)], 4)
    assert sorted(each.key for band in bands.values() for each in band) == [str(at) for at in range(count)]


def row(key: str, error: float) -> HandRow:
    """Return a hand that is off by some mm, infinitely if it was missed."""
    errors = np.full(21, error)
    return HandRow(0, key, "", "left", math.isfinite(error) or math.isnan(error), "left", errors, errors)


def test_what_is_drawn_in_space_is_data(page: str) -> None:
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    hands = json.loads(text)["hands"]
    assert len(hands) == 12
    assert {len(hand[name]) for hand in hands for name in ("truth", "found")} == {21}
    for hand in hands:
        assert hand["truth"][0] == hand["found"][0] == [0, 0, 0]


def test_names_stay_names(tmp_path: Path) -> None:
    red_hands.build(tmp_path)
    file = prepare(tmp_path / "red.h5", [Labelled([(60, 60, "left")])])
    odd = tmp_path / "a&amp;<b>.h5"
    file.rename(odd)
    models = (str(tmp_path / "pose.onnx"),)
    evaluate(EvalConfig(task="pose", models=models, given="hands", datasets=(str(odd),), html=tmp_path / "a.html"))
    text = (tmp_path / "a.html").read_text()
    assert Parsed(text).open == []
    assert "<b>.h5" not in text
    assert "a&amp;amp;&lt;b&gt;" in text


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
def test_a_hand_is_turned_by_mouse_and_keys_and_back(page: str, tmp_path: Path) -> None:
    (tmp_path / "driven.html").write_text(page.replace("</body>", f"{STEPS}</body>"))
    switches = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=500,900", "--dump-dom"]
    command = [str(BROWSER), *switches, f"--user-data-dir={tmp_path / 'profile'}", f"file://{tmp_path}/driven.html"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    found = re.search(r"<body>\s*({.*})\s*</body>", done.stdout, re.S)
    assert found, done.stdout[-1000:] + done.stderr[-1000:]
    seen: Any = json.loads(unescape(found[1]))
    assert seen["same"] == [True] * 3
    assert seen["other"] == [True] * 2
    assert seen["stays"]
    assert 0.005 < seen["painted"] < 0.3
    assert seen["canvases"] == 12
    assert seen["width"]  # nothing but the tables scrolls sideways on a phone
    assert seen["title"].endswith("handseg eval")
