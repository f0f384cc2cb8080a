"""Objects by the interface that all file systems of fsspec share, on the one that is in memory."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from handseg_cli.errors import HandsegError, ImageError, OutputError
from handseg_cli.io.store import Meta, Store, open_store, store_of
from handseg_cli.paths import Url

pytest.importorskip("fsspec")
from handseg_cli.io.bucket import Bucket, in_ns, patiently, reason, told

ROOT = Url("memory", "bucket")


@pytest.fixture
def store() -> Iterator[Store]:
    """Return an empty store."""
    store = store_of(ROOT)
    assert isinstance(store, Bucket)
    store.fs.store.clear()
    yield store
    store.fs.store.clear()


def test_folders_are_listed_in_order_a_page_each(store: Store) -> None:
    for key in ("b.jpg", "a/c.jpg", "a/z/d.jpg", "b/a.jpg"):
        store.write(ROOT / key, b"photo", "")
    pages = [[key for key, _ in page] for page in store.pages(ROOT, True)]
    assert pages == [["b.jpg"], ["a/c.jpg"], ["a/z/d.jpg"], ["b/a.jpg"]]
    assert [[key for key, _ in page] for page in store.pages(ROOT / "a", False)] == [["a/c.jpg"]]
    assert list(store.pages(ROOT / "none", True)) == []


def test_an_object_is_read_with_what_it_is(store: Store) -> None:
    store.write(ROOT / "a.jpg", b"photo", "note")
    meta = store.look(ROOT / "a.jpg")
    assert meta is not None
    assert (meta.size, meta.note, meta.mtime_ns > 10**18) == (5, None, True)
    assert store.read(ROOT / "a.jpg") == (b"photo", meta)
    assert store.head(ROOT / "a.jpg", 2) == b"ph"
    assert store.look(ROOT / "none") is None
    assert store.look(ROOT) is None


def test_what_cannot_be_read_is_told(store: Store) -> None:
    store.write(ROOT / "a.jpg", b"photo", "")
    with pytest.raises(ImageError, match="is larger than the 0 MiB"):
        store.read(ROOT / "a.jpg", limit=4)
    with pytest.raises(ImageError, match=r"memory://bucket/b.jpg: does not exist; check the address"):
        store.read(ROOT / "b.jpg")
    with pytest.raises(OutputError, match="does not exist"):
        store.fetch(ROOT / "b.jpg", Path("nowhere"))


def test_an_object_that_is_replaced_meanwhile_is_not_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    metas = iter([Meta(5, 1), Meta(5, 2), Meta(5, 3), Meta(5, 4)])
    store.write(ROOT / "a.jpg", b"photo", "")
    monkeypatch.setattr(store, "look", lambda url: next(metas))
    with pytest.raises(ImageError, match="is being written to"):
        store.read(ROOT / "a.jpg")


def test_files_of_any_size_are_copied(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"lines")
    store.put(tmp_path / "a", ROOT / "a")
    store.fetch(ROOT / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"lines"


def failing(*errors: Exception) -> Callable[[], str]:
    """Return what fails with one error after the other, and then does not."""
    left = list(errors)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return call


def test_what_may_pass_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    assert patiently(failing(TimeoutError(), ConnectionResetError(), OSError(16, "SlowDown"))) == "done"
    assert waits == [0.5, 1.0, 2.0]
    with pytest.raises(PermissionError):
        patiently(failing(PermissionError()))
    with pytest.raises(TimeoutError):
        patiently(failing(*[TimeoutError() for _ in range(4)]))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PermissionError("Forbidden"), "access is denied; check the credentials"),
        (OSError(5, "at https://me:secret@host/x?sig=secret it broke"), "cannot do that now"),
        (ValueError("odd"), "odd"),
        (type("NoCredentialsError", (OSError,), {})(), "no credentials are found"),
    ],
)
def test_why_a_store_fails_is_told_without_secrets(error: Exception, text: str) -> None:
    with pytest.raises(HandsegError, match=text) as caught, told(ROOT, ImageError):
        raise error
    assert "secret" not in str(caught.value)


def test_a_bucket_that_is_missing_is_told_from_an_object() -> None:
    error: Any = FileNotFoundError("no")
    error.__cause__ = cause = Exception()
    cause.response = {"Error": {"Code": "NoSuchBucket"}}  # type: ignore[attr-defined]
    assert reason(error).startswith("there is no such bucket")


def test_times_are_read_in_every_form() -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)
    assert in_ns(when) == in_ns(when.replace(tzinfo=None)) == in_ns(when.isoformat()) == 1767323045000678000
    assert in_ns(1.5) == 1_500_000_000
    assert in_ns(None) == 0


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adlfs", None)
    open_store.cache_clear()
    with pytest.raises(HandsegError, match=r"needs adlfs: pip install 'handseg\[cloud\]'"):
        open_store("az")


def test_parts_of_an_object_come_as_they_were_asked_for(store: Store) -> None:
    store.write(ROOT / "a.h5", bytes(range(100)), "")
    met = store.look(ROOT / "a.h5")
    assert met is not None
    assert store.parts(ROOT / "a.h5", [(90, 10), (0, 2)], met) == [bytes(range(90, 100)), b"\0\1"]
    with pytest.raises(ImageError, match=r"memory://bucket/b.h5: does not exist"):
        store.parts(ROOT / "b.h5", [(0, 2)], met)
