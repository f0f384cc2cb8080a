"""Lines of a run, in a file or in an object."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handseg_cli.io.store import Store, store_of
from handseg_cli.paths import Place, Url, place
from handseg_cli.predict import appending
from handseg_cli.predict.appending import of_shard, open_lines
from handseg_cli.predict.shards import Shard

URL = Url("memory", "b/run.jsonl")


@pytest.fixture
def store() -> Iterator[Store]:
    """Return an empty store in memory."""
    pytest.importorskip("fsspec")
    store: Any = store_of(URL)
    store.fs.store.clear()
    yield store
    store.fs.store.clear()


def test_lines_are_appended_to_an_object(store: Store) -> None:
    for line in (b"1\n", b"2\n"):
        lines = open_lines(URL)
        lines.write(line)
        lines.close()
    assert store.read(URL)[0] == b"1\n2\n"


def test_an_object_that_was_cut_gets_its_newline(store: Store) -> None:
    store.write(URL, b"cut", "")
    lines = open_lines(URL)
    lines.write(b"2\n")
    lines.close()
    assert store.read(URL)[0] == b"cut\n2\n"


def test_no_line_is_no_object(store: Store) -> None:
    open_lines(URL).close()
    assert store.look(URL) is None


def test_lines_are_there_before_the_run_ends(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appending, "PUT_EVERY_S", 0.0)
    monkeypatch.setattr(appending, "PATIENCE", 0)
    lines = open_lines(URL)
    lines.write(b"1\n")
    assert store.read(URL)[0] == b"1\n"
    lines.close()


@pytest.mark.parametrize(
    ("given", "shard", "told"),
    [
        (URL, Shard(2, 8), "memory://b/run.3-of-8.jsonl"),
        (URL, Shard(), "memory://b/run.jsonl"),
        (place("s3://b/run"), Shard(0, 2), "s3://b/run.1-of-2"),
        (Path("run.jsonl"), Shard(2, 8), "run.jsonl"),
    ],
)
def test_parts_of_a_run_have_objects_of_their_own(given: Place, shard: Shard, told: str) -> None:
    assert str(of_shard(given, shard)) == told
