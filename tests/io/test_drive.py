"""Google Drive's pages, served from this machine: the question before large files, and the refusals."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from handseg_cli.errors import DownloadError
from handseg_cli.io import drive
from handseg_cli.io.download import fetch
from handseg_cli.io.drive import confirmation

if TYPE_CHECKING:
    from tests.tiny.server import Server

pytestmark = pytest.mark.usefixtures("impatient")

DATA = random.Random(7).randbytes(100_000)
ID = "1EwjJx-V-Gq7NZtfiT6L"
START = f"/download?id={ID}&export=download"
FIELDS = {"id": ID, "export": "download", "confirm": "t", "uuid": "5b7&x=1"}

# As Drive writes them, without styles and scripts.
WARNING = """<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>
<form action="/search"><input type="hidden" name="q" value="no"></form>
<p class="uc-warning-subcaption"><a href="/open?id=1">eyth.tar.gz</a> (1.2G) is too large for Google to scan.</p>
<form id="download-form" action="{action}" method="get"><input type="submit" id="uc-download-link" value="Anyway"/>
<input type="hidden" name="id" value="{id}"><input type="hidden" name="export" value="download">
<input type="hidden" name="confirm" value="t"><input type="hidden" name="uuid" value="5b7&amp;x=1"></form>
<form action="/other"><input type="hidden" name="late" value="no"></form></body></html>"""
QUOTA = b"""<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>
<p class="uc-error-caption">Sorry, you can&#39;t view or download this file at this time.</p>
<p class="uc-error-subcaption">Too many users have viewed or downloaded this file recently.</p></body></html>"""


@pytest.fixture(autouse=True)
def drive_here(web: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test server stand in for Google's."""
    monkeypatch.setattr(drive, "BASE", web.base)
    web.files.clear()


def ask_first(web: Server, action: str = "/confirmed") -> None:
    page = WARNING.format(action=action, id=ID).encode()
    web.serve(web.served(page, type="text/html; charset=utf-8"), path=START)


def test_a_small_file_comes_at_once(web: Server, target: Path) -> None:
    served = web.served(DATA)
    web.serve(served, path=START)
    assert fetch(f"gdrive:{ID}", target).read_bytes() == DATA
    assert len(served.asked) == 1


def test_a_small_file_is_gone_on_with(web: Server, target: Path) -> None:
    served = web.served(DATA)
    web.serve(served, web.fault(cut=60_000), path=START)
    assert fetch(f"gdrive:{ID}", target).read_bytes() == DATA
    assert served.ranges_asked == [0, 0, 30_000]


def test_a_large_file_comes_once_the_question_is_answered_and_is_gone_on_with(web: Server, target: Path) -> None:
    served = web.served(DATA)
    ask_first(web)
    web.serve(served, web.fault(cut=60_000), path="/confirmed")
    assert fetch(f"gdrive:{ID}", target).read_bytes() == DATA
    assert served.ranges_asked == [0, 30_000]


def test_the_hidden_fields_of_the_form_are_handed_back() -> None:
    page = WARNING.format(action="https://drive.usercontent.google.com/download?authuser=0", id=ID)
    parts = urlsplit(confirmation(page, "https://drive.usercontent.google.com/download?id=1"))
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "drive.usercontent.google.com", "/download")
    assert parse_qs(parts.query) == {name: [value] for name, value in {"authuser": "0", **FIELDS}.items()}


def test_a_form_that_leads_away_from_https_is_refused() -> None:
    with pytest.raises(DownloadError, match="not safe"):
        confirmation(WARNING.format(action="http://example.org/", id=ID), "https://drive.usercontent.google.com/")


@pytest.mark.parametrize("status", [200, 403, 429])
@pytest.mark.parametrize("confirmed", [False, True])
def test_a_spent_quota_is_told_with_what_to_do(web: Server, target: Path, status: int, confirmed: bool) -> None:
    if confirmed:
        ask_first(web)
    served = web.served(QUOTA, type="text/html", always=web.fault(status=status))
    web.serve(served, path="/confirmed" if confirmed else START)
    with pytest.raises(DownloadError) as caught:
        fetch(f"gdrive:{ID}", target)
    assert str(caught.value) == (
        f"file.zip: cannot be fetched from gdrive:{ID}: Google Drive refuses it for now, as too many people have "
        f"fetched it lately; open https://drive.google.com/file/d/{ID}/view in a browser that is signed in, or try "
        "again tomorrow; get the file by hand and give it with --from FILE"
    )
    assert len(served.asked) == 1
    assert list(target.parent.iterdir()) == []


def test_a_file_that_is_gone_is_a_dead_link(target: Path) -> None:
    with pytest.raises(DownloadError, match="404 Not Found, a dead link"):
        fetch(f"gdrive:{ID}", target)


def test_another_page_is_told_by_its_title(web: Server, target: Path) -> None:
    web.serve(web.served(b"<html><title>Sign in\x1b[31m</title></html>", type="text/html"), path=START)
    with pytest.raises(DownloadError, match=r"answers with a page \(Sign in\\x1b\[31m\).*open https://drive.google"):
        fetch(f"gdrive:{ID}", target)


def test_a_question_after_the_answer_is_no_endless_loop(web: Server, target: Path) -> None:
    ask_first(web)
    web.files["/confirmed"] = web.files[START]
    with pytest.raises(DownloadError, match="Virus scan warning"):
        fetch(f"gdrive:{ID}", target)


def test_a_busy_drive_is_asked_again(web: Server, target: Path) -> None:
    ask_first(web)
    web.serve(web.served(DATA), web.fault(status=503, headers={"Content-Type": "text/html"}), path="/confirmed")
    assert fetch(f"gdrive:{ID}", target).read_bytes() == DATA


def test_a_mirror_steps_in_for_drive(web: Server, target: Path) -> None:
    web.serve(web.served(QUOTA, type="text/html"), path=START)
    assert fetch(f"gdrive:{ID}", target, mirrors=(web.serve(web.served(DATA)),)).read_bytes() == DATA
