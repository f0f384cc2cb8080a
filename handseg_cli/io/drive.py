"""Files that are shared on Google Drive, which asks before it hands out large ones and refuses very popular ones.

Written here rather than taken from gdown, which keeps partial files, locks and retries in its own way, and would add
requests and Beautiful Soup for the reading of one form.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from html.parser import HTMLParser
from http.client import HTTPResponse
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from handseg_cli.errors import DownloadError
from handseg_cli.io.web import PAGE, is_html, open_url, pieces, title

PREFIX = "gdrive:"
BASE = "https://drive.usercontent.google.com"
PAGE_OF = "https://drive.google.com/file/d/{}/view"
FORM = "download-form"
QUOTA = ("too many users have viewed or downloaded", "quota exceeded")


def open_drive(identity: str, headers: Mapping[str, str]) -> HTTPResponse:
    """Ask for a shared file by its id and say yes to the question whether it may come unscanned."""
    first = open_url(f"{BASE}/download?{urlencode({'id': identity, 'export': 'download'})}", {})
    if not is_html(first.headers.get("Content-Type", "")):
        if not headers:
            return first
        first.close()  # only now is it clear that parts can be asked for: of a page there are none
        return open_url(first.url, headers)
    page = read_page(first)
    confirmed = confirmation(page, first.url)
    if not confirmed:
        return refused(first, page, identity)
    answer = open_url(confirmed, headers)
    if is_html(answer.headers.get("Content-Type", "")):
        return refused(answer, read_page(answer), identity)
    return answer


def refused(answer: HTTPResponse, page: str, identity: str) -> HTTPResponse:
    """Raise what a page means that comes in place of the file; an answer that says it by its status is returned."""
    where = PAGE_OF.format(identity)
    if any(words in page.lower() for words in QUOTA):
        raise DownloadError(
            "Google Drive refuses it for now, as too many people have fetched it lately; open "
            f"{where} in a browser that is signed in, or try again tomorrow"
        )
    if urlsplit(answer.url).hostname == "accounts.google.com":
        raise DownloadError(f"Google Drive asks for a login: it is not shared with everyone; open {where} in a browser")
    if answer.status in (200, 206):
        raise DownloadError(
            f"Google Drive answers with a page ({title(page.encode())}), not with the file; open {where} in a browser"
        )
    return answer


def read_page(answer: HTTPResponse) -> str:
    """Return the text of a page, of a large one its beginning, and end the connection."""
    data = b""
    with closing(answer):
        for piece in pieces(answer):
            data += piece
            if len(data) >= PAGE:
                break
    return data[:PAGE].decode("utf-8", "replace")


def confirmation(page: str, url: str) -> str:
    """Return the address that the button of a confirmation page leads to, "" where there is no such button."""
    form = Form()
    form.feed(page)
    if form.action is None:
        return ""
    parts = urlsplit(urljoin(url, form.action))
    if parts.scheme != urlsplit(url).scheme:
        raise DownloadError("Google Drive's page leads away from https, which is not safe")
    fields = dict(parse_qsl(parts.query)) | form.fields
    return urlunsplit(parts._replace(query=urlencode(fields)))


class Form(HTMLParser):
    """Finds where the download form of a page leads, and its hidden fields: id, export, confirm and uuid."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the form and its fields."""
        named = {name: value or "" for name, value in attrs}
        if tag == "form" and named.get("id") == FORM:
            self.action, self.inside = named.get("action", ""), True
        elif tag == "input" and self.inside and named.get("type", "").lower() == "hidden":
            self.fields[named.get("name", "")] = named.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Note the end of the form."""
        self.inside = self.inside and tag != "form"
