"""Answers of web servers: redirects that are safe, and what is taken for a file."""

from __future__ import annotations

import io
import random
import ssl
from collections.abc import Callable
from email.message import Message
from http.client import HTTPMessage
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import Request

import pytest

from handseg_cli.errors import DownloadError
from handseg_cli.io import download
from handseg_cli.io import web as web_of_io
from handseg_cli.io.download import fetch
from handseg_cli.io.partial import Origin
from handseg_cli.io.web import Redirects, direct, retry_after

if TYPE_CHECKING:
    from tests.tiny.server import Server

    Begin = Callable[[Path, bytes, Origin], None]

pytestmark = pytest.mark.usefixtures("impatient")

DATA = random.Random(5).randbytes(200_000)
PAGE = b"<!DOCTYPE html><html><head><title>Sign &amp; in</title></head></html>"


def test_a_web_page_in_place_of_an_archive_is_told_by_its_title(web: Server, target: Path) -> None:
    url = web.serve(web.served(PAGE, type="text/html"))
    with pytest.raises(DownloadError, match=r"is a web page \(Sign & in\), not the file"):
        fetch(url, target)


def test_an_archive_that_is_called_a_page_is_taken(web: Server, target: Path) -> None:
    fetch(web.serve(web.served(DATA, type="text/html; charset=utf-8")), target)
    assert target.read_bytes() == DATA


def test_a_compressed_answer_is_refused_unless_the_file_itself_is_compressed(web: Server, target: Path) -> None:
    url = web.serve(web.served(DATA, always=web.fault(headers={"Content-Encoding": "gzip"})))
    with pytest.raises(DownloadError, match="comes encoded as gzip"):
        fetch(url, target)
    fetch(url, target.with_name("file.tar.gz"))
    assert target.with_name("file.tar.gz").read_bytes() == DATA


@pytest.mark.parametrize(
    "address", ["ftp://127.0.0.1/x", "file:///etc/passwd", "https:///x", "x.zip", "http://[x/", ""]
)
def test_what_is_no_address_of_the_web_is_refused(target: Path, address: str) -> None:
    with pytest.raises(DownloadError, match="no address of the web"):
        fetch(address, target)


def test_a_closed_port_is_tried_again_and_told(web: Server, target: Path) -> None:
    told: list[str] = []
    with pytest.raises(DownloadError, match=r"Connection refused.*run the same again later"):
        fetch("http://127.0.0.1:1/file.zip", target, tell=told.append)
    assert len(told) == download.TRIES - 1


def test_spaces_and_letters_in_an_address_are_quoted(web: Server, target: Path) -> None:
    served = web.served(DATA)
    web.serve(served, path="/h%C3%A4nde%20%281%29.zip")
    with pytest.raises(DownloadError, match="404"):
        fetch(f"{web.base}/hände (2).zip", target)
    web.serve(served, path="/h%C3%A4nde%20(1).zip")
    fetch(f"{web.base}/hände (1).zip", target)


# --- redirects --------------------------------------------------------------------------------------------------------


def redirect(web: Server, to: str) -> str:
    return web.serve(web.served(DATA, always=web.fault(status=302, headers={"Location": to}, body=PAGE)))


def test_a_redirect_is_followed_also_for_the_rest(web: Server, target: Path) -> None:
    served = web.served(DATA)
    fetch(redirect(web, web.serve(served, web.fault(cut=100_000))), target)
    assert target.read_bytes() == DATA
    assert served.ranges_asked == [0, 50_000]


def test_more_than_ten_redirects_are_refused(web: Server, target: Path) -> None:
    url = web.serve(web.served(DATA))
    for _ in range(10):
        url = redirect(web, url)
    fetch(url, target)
    with pytest.raises(DownloadError, match="redirects in circles, more than 10 times"):
        fetch(redirect(web, url), target.with_name("more.zip"))


@pytest.mark.parametrize("to", ["http://example.org/x", "ftp://example.org/x", "file:///etc/passwd"])
def test_https_is_never_left(to: str) -> None:
    with pytest.raises(DownloadError, match="which is not safe"):
        Redirects().redirect_request(Request("https://a.org/"), io.BytesIO(), 302, "Found", HTTPMessage(), to)


def test_http_may_become_https() -> None:
    asked = Request("http://a.org/")
    new = Redirects().redirect_request(asked, io.BytesIO(), 302, "Found", HTTPMessage(), "https://a.org/")
    assert new is not None


def test_a_redirect_to_a_file_of_this_machine_is_refused(web: Server, target: Path) -> None:
    with pytest.raises(DownloadError):
        fetch(redirect(web, "file:///etc/passwd"), target)


@pytest.mark.parametrize(
    ("page", "file"),
    [
        ("https://www.dropbox.com/s/k2/hand.zip", "https://www.dropbox.com/s/k2/hand.zip?dl=1"),
        ("https://www.dropbox.com/s/k2/hand.zip?dl=0&rlkey=7", "https://www.dropbox.com/s/k2/hand.zip?dl=1&rlkey=7"),
        ("https://example.org/hand.zip?dl=0", "https://example.org/hand.zip?dl=0"),
    ],
)
def test_dropbox_is_asked_for_the_file_not_the_page(page: str, file: str) -> None:
    assert direct(page) == file


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7), ("", 0), ("soon", 0), ("-3", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("Wed, 21 Oct 15", 0)],
)
def test_the_pause_a_server_asks_for_is_understood(said: str, seconds: float) -> None:
    headers = Message()
    headers["Retry-After"] = said
    assert retry_after(headers) == seconds


def test_the_web_archive_is_said_to_be_slow(web: Server, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_of_io, "ARCHIVE", "127.0.0.1")
    url = web.serve(web.served(DATA, always=web.fault(status=503)))
    with pytest.raises(DownloadError, match=r"the web archive is slow or busy; run the same again later"):
        fetch(url, target)


def test_a_certificate_that_is_not_valid_is_no_passing_trouble() -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    said = web_of_io.trouble(URLError(error))
    assert not isinstance(said, web_of_io.TransientError)
    assert "not valid (self-signed certificate); check the clock" in str(said)
