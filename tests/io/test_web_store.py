"""Photos from web servers: whole and bounded, and never from a network that is not the open internet."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from handseg_cli.errors import ConfigError, ImageError, OutputError
from handseg_cli.io import web_store
from handseg_cli.io.store import Meta, store_of
from handseg_cli.io.web_store import WebStore, is_public
from handseg_cli.paths import Url, place
from tests.tiny.server import Fault, Served, Server

DATA = bytes(range(256)) * 40


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this machine be taken for the internet, and have nobody wait."""
    monkeypatch.setattr(web_store, "is_public", lambda text: text == "127.0.0.1")
    monkeypatch.setattr(web_store, "FIRST_WAIT_S", 0.0)


def served(web: Server, *faults: Fault, always: Fault | None = None, path: str = "") -> Url:
    found = place(web.serve(Served(DATA, always=always or Fault()), *faults, path=path))
    assert isinstance(found, Url)
    return found


@pytest.mark.usefixtures("near")
def test_a_photo_comes_whole_with_what_it_is(web: Server) -> None:
    url = served(web)
    meta = Meta(len(DATA), 1_600_000_000 * 10**9, '"one"')
    assert store_of(url).read(url) == (DATA, meta)
    assert store_of(url).look(url) == meta


@pytest.mark.usefixtures("near")
def test_a_server_that_does_not_tell_of_its_files_is_asked_for_them(web: Server) -> None:
    url = served(web, always=Fault(status=200, headers={"ETag": "", "Last-Modified": ""}))
    assert WebStore().look(url) == Meta(-1, 0)
    assert WebStore().read(url)[0] == DATA
    assert WebStore().look(url.with_name("gone.jpg")) == Meta(-1, 0)


@pytest.mark.usefixtures("near")
def test_what_may_pass_is_tried_again(web: Server) -> None:
    url = served(web, Fault(status=503), Fault(cut=100), Fault(status=429))
    assert WebStore().read(url)[0] == DATA
    with pytest.raises(ImageError, match="503 Service Unavailable; tried 4 times"):
        WebStore().read(served(web, always=Fault(status=503)))


@pytest.mark.usefixtures("near")
def test_what_does_not_pass_is_told(web: Server) -> None:
    with pytest.raises(ImageError, match="404 Not Found, a dead link"):
        WebStore().read(served(web, always=Fault(status=404)))
    with pytest.raises(ImageError, match="redirects more than 5 times"):
        WebStore().read(served(web, always=Fault(status=302, headers={"Location": "file.zip"})))


@pytest.mark.usefixtures("near")
@pytest.mark.parametrize("fault", [Fault(), Fault(chunked=True), Fault(unending=True)])
def test_more_bytes_than_a_photo_may_have_are_refused(web: Server, fault: Fault) -> None:
    with pytest.raises(ImageError, match="is larger than"):
        WebStore().read(served(web, fault), limit=1000)


@pytest.mark.usefixtures("near")
def test_a_photo_that_drips_is_left(web: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_store, "WHOLE_S", 0.1)
    with pytest.raises(ImageError, match="takes more than"):
        WebStore().read(served(web, Fault(pause_s=0.1)))


def test_headers_that_drip_end_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, web_store.ended_after(ours, 0.05):
        assert ours.recv(1) == b""


def test_this_machine_is_never_asked(web: Server) -> None:
    url = served(web)
    with pytest.raises(ImageError, match="private network"):
        WebStore().read(url)
    assert not web.files[f"/{url.key}"].asked


@pytest.mark.usefixtures("near")
def test_nor_where_a_server_redirects_to_it(web: Server) -> None:
    secret = served(web).place.partition("/")[2]
    inner = f"http://127.0.0.2:{web.server_port}/{secret}?token"
    with pytest.raises(ImageError, match="private network") as caught:
        WebStore().read(served(web, always=Fault(status=302, headers={"Location": inner})))
    assert "token" not in str(caught.value)
    assert not web.files[f"/{secret}"].asked


@pytest.mark.usefixtures("near")
def test_a_host_is_looked_up_once(web: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its owner could name a public address when it is judged, and a private one when it is connected to."""
    lookups = []

    def look_up(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        lookups.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    asked = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: (
            look_up(host, *rest, **more) if host == "photos.example" else asked(host, *rest, **more)
        ),
    )
    url = served(web)
    assert WebStore().read(Url("http", f"photos.example:{web.server_port}/{url.key}"))[0] == DATA
    assert lookups == ["photos.example"]


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1"),
        *("2002:7f00:1::", "64:ff9b::7f00:1", "::127.0.0.1", "2001:db8::1"),
    ],
)
def test_private_addresses_are_known_however_they_are_wrapped(text: str) -> None:
    assert not is_public(text)


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_known(text: str) -> None:
    assert is_public(text)


def test_the_web_is_not_written_to(tmp_path: Any) -> None:
    url = Url("https", "host/a.jpg.png")
    with pytest.raises(OutputError, match="cannot be written to"):
        WebStore().write(url, b"", "")
    assert list(WebStore().pages(url, True)) == []
    with pytest.raises(ConfigError):
        place("https://host/a.jpg?x")


@pytest.mark.usefixtures("near")
def test_parts_of_a_file_come_as_they_were_asked_for(web: Server) -> None:
    url = served(web, Fault(cut=10), Fault(status=503))
    met = store_of(url).look(url)
    assert met is not None
    assert WebStore().parts(url, [(5, 20), (0, 7), (10_000, 240)], met) == [DATA[5:25], DATA[:7], DATA[10_000:]]


@pytest.mark.usefixtures("near")
def test_parts_of_what_is_replaced_or_not_parted_are_refused(web: Server) -> None:
    url = served(web)
    with pytest.raises(ImageError, match="has been replaced while it was read"):
        WebStore().parts(url, [(0, 7)], Meta(len(DATA), 0, '"two"'))
    whole = place(web.serve(Served(DATA, ranges=False)))
    assert isinstance(whole, Url)
    with pytest.raises(ImageError, match="its server gives no parts of files; put it into a bucket"):
        WebStore().parts(whole, [(0, 7)], Meta(len(DATA), 0))
