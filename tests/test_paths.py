"""Names are shown so that a terminal cannot be fooled by them."""

from __future__ import annotations

from pathlib import Path

import pytest

from handseg_cli.errors import ConfigError
from handseg_cli.paths import Url, place, shown


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("photos/hände.jpg", "photos/hände.jpg"),
        ("a\nb.jpg", r"a\nb.jpg"),
        ("\x1b[31mred.jpg", r"\x1b[31mred.jpg"),
        ("bad\udcff.jpg", r"bad\udcff.jpg"),
        ("right\u202eto left", r"right\u202eto left"),
    ],
)
def test_control_characters_are_spelt_out(name: str, text: str) -> None:
    assert shown(Path(name)) == text


@pytest.mark.parametrize("text", ["s3://bucket/a b/c?d#e.jpg", "gs://b", "memory://x/y", "https://host/a.jpg"])
def test_an_address_is_shown_as_it_was_written(text: str) -> None:
    assert isinstance(place(text), Url)
    assert str(place(text)) == text


def test_what_is_no_address_is_a_path() -> None:
    assert place("photos//a.jpg") == Path("photos/a.jpg")
    assert place("file:///srv/a.jpg") == Path("/srv/a.jpg")
    assert place("-") == Path("-")


@pytest.mark.parametrize(
    "text",
    [
        *("https://me:hush@host/a.jpg", "https://hush@host/a.jpg", "s3://me:hush@bucket/a.jpg"),
        *("https://host/a.jpg?sig=hush", "https://host/a.jpg#hush", "https://host?hush"),
        *("ftp://me:hush@host/a.jpg", "ftp://hush@host/a?hush", "s3://", "http:///a?hush"),
    ],
)
def test_an_address_with_a_secret_is_refused_without_telling_it(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        place(text)
    assert "hush" not in str(caught.value)


def test_an_address_of_azure_may_name_its_account() -> None:
    found = place("abfs://photos@account.dfs.core.windows.net/a/b.jpg")
    assert isinstance(found, Url)
    assert (found.bucket, found.key) == ("photos@account.dfs.core.windows.net", "a/b.jpg")


def test_addresses_are_put_together_as_paths_are() -> None:
    folder = Url("s3", "bucket/photos/")
    assert str(folder / "in/a.jpg") == "s3://bucket/photos/in/a.jpg"
    assert folder.name == "photos"
    assert str((folder / "a.jpg").with_name("a.jpg.png")) == "s3://bucket/photos/a.jpg.png"
