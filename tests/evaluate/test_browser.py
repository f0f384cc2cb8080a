"""The page in a real browser: its script sorts, filters and pages, and hostile names do nothing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from handseg_cli.config import EvalConfig
from handseg_cli.evaluate.run import evaluate
from tests.tiny.judged import Hand, build

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next((found for name in NAMES if (found := shutil.which(name))), None)

HOSTILE = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"

# What is done to the page, as a person would, and what is then to be seen.
STEPS = """
<script>
const seen = {}, rows = () => [...document.querySelectorAll("#photos-table tbody tr")];
const column = at => rows().map(row => row.children[at].textContent);
const head = at => document.querySelectorAll("#photos-table th")[at];
const type = (id, value) => {
  document.getElementById(id).value = value;
  document.getElementById(id).dispatchEvent(new Event("input"));
};
seen.first = column(2).slice(0, 3);
seen.shown = rows().length;
document.getElementById("more").click();
seen.more = rows().length;
head(2).querySelector("button").click();
seen.descending = [column(2)[0], head(2).getAttribute("aria-sort")];
head(1).querySelector("button").click();
seen.names = column(1).slice(1, 7);
type("find", "V/1");
seen.found = [...new Set(column(1).map(name => name.slice(0, 3)))];
seen.count = document.getElementById("count").textContent;
type("find", "");
type("which", "1");
seen.result = [...new Set(column(0))];
type("find", "<script>");
seen.hostile = column(1);
document.querySelector("figure").click();
seen.large = document.querySelectorAll("figure.large").length;
seen.width = document.documentElement.scrollWidth <= window.innerWidth;
seen.title = document.title;
document.body.replaceChildren();
document.body.append(JSON.stringify(seen));
</script>
"""


@pytest.fixture
def seen(tmp_path: Path) -> Any:
    hands = [Hand(f"v/{at}", 70, at % 71) for at in range(140)] + [Hand(HOSTILE, 20, None)]
    file, masks = build(tmp_path, hands)
    models = (str(masks), "lite")
    evaluate(EvalConfig(models=models, datasets=(str(file),), html=tmp_path / "page.html", quiet=True))
    page = (tmp_path / "page.html").read_text().replace("</body>", f"{STEPS}</body>")
    (tmp_path / "driven.html").write_text(page)
    switches = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=500,900", "--dump-dom"]
    command = [str(BROWSER), *switches, f"--user-data-dir={tmp_path / 'profile'}", f"file://{tmp_path}/driven.html"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    found = re.search(r"<body>\s*({.*})\s*</body>", done.stdout, re.S)
    assert found, done.stdout[-1000:] + done.stderr[-1000:]
    return json.loads(unescape(found[1]))


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
def test_table_sorts_and_filters_and_names_do_nothing(seen: Any) -> None:
    assert seen["first"] == sorted(seen["first"])
    assert (seen["shown"], seen["more"]) == (100, 200)
    assert seen["descending"] == ["1.000", "descending"]
    assert seen["names"] == ["v/0", "v/0", "v/1", "v/1", "v/2", "v/2"]  # by number, so not v/10 yet
    assert seen["found"] == ["v/1"]
    assert seen["count"].startswith("102 photos.")
    assert seen["result"] == ["lite · tiny test"]
    assert seen["hostile"] == [HOSTILE]
    assert seen["large"] == 1
    assert seen["width"]  # nothing but the tables scrolls sideways on a phone
    assert seen["title"].endswith("handseg eval")
