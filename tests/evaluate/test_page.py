"""The page: whole, self-contained, and deaf to what names ask of it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from handseg_cli.config import EvalConfig
from handseg_cli.evaluate import page as mask_page
from handseg_cli.evaluate.frame import as_data
from handseg_cli.evaluate.run import evaluate
from tests.tiny.judged import Hand, build

HOSTILE = "</script><script>document.title='taken'</script>{{data}}<img src=x onerror=\"document.title='taken'\">"


class Parsed(HTMLParser):
    """The elements of a page, and whether each that was opened was closed."""

    VOID = frozenset({"meta", "input", "br", "image", "use", "rect", "path"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))


@pytest.fixture
def page(tmp_path: Path) -> str:
    hands = [Hand(f"v/{at}", 30, 3 * at, f"v{at % 3}") for at in range(12)]
    file, masks = build(tmp_path, [*hands, Hand("missing", 30, None), Hand("empty", 0, 0)])
    evaluate(EvalConfig(models=(str(masks),), datasets=(str(file),), html=tmp_path / "page.html", quiet=True))
    return (tmp_path / "page.html").read_text()


def test_page_is_whole_and_asks_nothing_of_any_network(page: str) -> None:
    parsed = Parsed(page)
    assert parsed.open == []
    asked = [
        value or ""
        for _, attributes in parsed.elements
        for name, value in attributes.items()
        if name in ("src", "href")
    ]
    assert all(value.startswith(("#", "data:image/jpeg;base64,")) for value in asked)
    assert not re.search(r"@import|url\(|{{", page)


def test_page_shows_figures_pictures_and_what_was_not_judged(page: str) -> None:
    tags = [tag for tag, _ in Parsed(page).elements]
    assert tags.count("figure") == 12  # of 13: where no hand is and none was found there is nothing to look at
    assert "<b>tiny/missing</b>" in page
    assert "in no figure: 1 of 14 photos" in page
    assert re.search(r"<dt>digest</dt><dd>[0-9a-f]{64}</dd>", page)


def test_rows_are_data(page: str) -> None:
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    content = json.loads(text)
    assert len(content["rows"]) == content["total"] == 13
    assert content["rows"][0][:3] == [0, "v/0", 0.0]


def test_names_stay_names(tmp_path: Path) -> None:
    file, masks = build(tmp_path, [Hand("a", 20, 20), Hand(HOSTILE, 20, None)])
    config = EvalConfig(models=("lite", str(masks)), datasets=(str(file),), html=tmp_path / "page.html", quiet=True)
    report = evaluate(config)
    text = (tmp_path / "page.html").read_text()
    assert [len(result.rows) for result in report.results] == [2, 1]
    assert text.count("<script") == 2
    assert "<img" not in text
    assert Parsed(text).open == []


def test_data_cannot_end_its_script() -> None:
    text = as_data({"key": "</script><!--\u2028&"})
    assert not re.search("[<>&\u2028]", text)
    assert json.loads(text) == {"key": "</script><!--\u2028&"}


def test_too_many_rows_are_cut_to_the_worst(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(mask_page, "MOST_ROWS", 3)
    file, masks = build(tmp_path, [Hand(str(at), 20, at) for at in range(9, 0, -1)])
    report = evaluate(EvalConfig(models=(str(masks),), datasets=(str(file),)))
    found: Any = mask_page.photo_rows(report.results)
    assert [row[1] for row in found["rows"]] == ["1", "2", "3"]
    assert found["total"] == 9
