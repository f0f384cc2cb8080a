"""Which objects of a bucket are inputs, by which keys they are known, and in how little memory they are found."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handseg_cli.config import PredictConfig
from handseg_cli.errors import ConfigError
from handseg_cli.io.store import Meta, Page, Store, store_of
from handseg_cli.paths import Url, place
from handseg_cli.predict import objects
from handseg_cli.predict.shards import Shard
from handseg_cli.predict.sources import Item, Sources

pytest.importorskip("fsspec")


@pytest.fixture
def bucket() -> Iterator[Store]:
    """Return an empty store in memory."""
    store: Any = store_of(Url("memory", "b"))
    store.fs.store.clear()
    yield store
    store.fs.store.clear()


def put(store: Store, *keys: str) -> None:
    for key in keys:
        store.write(Url("memory", f"b/{key}"), b"photo", "")


def items(*paths: str, shard: Shard | None = None, **settings: Any) -> list[Item]:
    config = PredictConfig(paths=tuple(map(place, paths)), **settings)
    return [item for item in Sources(config, shard or Shard()) if item is not None]


def keys(*paths: str, **settings: Any) -> list[str]:
    return [item.key for item in items(*paths, **settings)]


def errors(*paths: str, **settings: Any) -> list[str]:
    return [item.error for item in items(*paths, **settings) if item.error]


def test_a_folder_brings_its_photos_and_those_below_on_demand(bucket: Store) -> None:
    put(bucket, "in/b.jpg", "in/a.png", "in/x/c.jpg", "in/notes.txt", "in/.d.jpg", "in/.x/e.jpg", "other/f.jpg")
    assert keys("memory://b/in") == keys("memory://b/in/") == ["a.png", "b.jpg"]
    assert keys("memory://b/in", recursive=True) == ["a.png", "b.jpg", "x/c.jpg"]
    assert keys("memory://b", recursive=True) == ["in/a.png", "in/b.jpg", "in/x/c.jpg", "other/f.jpg"]


def test_a_list_tells_size_and_time(bucket: Store) -> None:
    put(bucket, "a.jpg")
    (item,) = items("memory://b")
    assert item.source is not None
    assert item.source.size == 5
    assert str(item.path) == "memory://b/a.jpg"


def test_pictures_beside_their_photos_are_no_inputs(bucket: Store) -> None:
    pictures = [f"a.jpg{end}" for end in (".png", ".overlay.jpg", ".cutout.png", ".sides.png", ".probability.png")]
    put(bucket, "a.jpg", *pictures, "a.jpg-b.jpg", "a.jpg-b.jpg.png", "gone.jpg.png")
    assert keys("memory://b") == ["a.jpg", "a.jpg-b.jpg", "gone.jpg.png"]


def test_the_output_within_the_input_is_not_entered(bucket: Store) -> None:
    put(bucket, "a.jpg", "masks/x.jpg", "masks2/y.jpg")
    assert keys("memory://b", recursive=True, output=place("memory://b/masks")) == ["a.jpg", "masks2/y.jpg"]
    assert keys("memory://b/masks", output=place("memory://b/masks")) == ["x.jpg"]


def test_patterns_match_objects(bucket: Store) -> None:
    put(bucket, "in/a1.jpg", "in/a2.jpg", "in/b.jpg", "in/x/a3.jpg", "in/x/y/a4.jpg", "in/[1].jpg")
    assert keys("memory://b/in/a*.jpg") == ["a1.jpg", "a2.jpg"]
    assert keys("memory://b/in/**/a?.jpg") == ["a1.jpg", "a2.jpg", "x/a3.jpg", "x/y/a4.jpg"]
    assert keys("memory://b/in/*/a*") == ["x/a3.jpg"]
    assert keys("memory://b/in/[1].jpg") == ["[1].jpg"]
    assert errors("memory://b/in/q*.jpg") == ["nothing matches this pattern"]


def test_keys_of_several_addresses_never_collide(bucket: Store, tmp_path: Path) -> None:
    put(bucket, "in/a/x.jpg", "in/b/x.jpg", "thing")
    (tmp_path / "x.jpg").write_bytes(b"\xff\xd8\xff")
    assert keys("memory://b/in/a", "memory://b/in/b") == ["a/x.jpg", "b/x.jpg"]
    assert keys("memory://b/in/a/x.jpg") == ["x.jpg"]
    assert keys("memory://b/thing") == ["thing"]
    assert keys("memory://b/in/a", str(tmp_path)) == ["memory/b/in/a/x.jpg", "x.jpg"]


def test_keys_never_lead_out_of_the_output() -> None:
    config = PredictConfig(paths=(place("s3://b/in"),))
    found = [objects.Objects(config).key_of(Url("s3", f"b/in/{key}")) for key in ("../x.jpg", "a//./b.jpg", "c\0.jpg")]
    assert found == ["%2E%2E/x.jpg", "a/%/%2E/b.jpg", "c%00.jpg"]


def test_a_list_may_hold_addresses_and_paths(bucket: Store, tmp_path: Path) -> None:
    put(bucket, "a.jpg", "in/b.jpg")
    lines = ["memory://b/a.jpg", "memory://b/in", "memory://b/gone", "https://me:hush@host/a.jpg", "ftp://x/y"]
    (tmp_path / "list").write_text("\n".join(lines))
    found = items(files_from=str(tmp_path / "list"))
    assert [item.key for item in found[:3]] == ["memory/b/a.jpg", "memory/b/in/b.jpg", "memory/b/gone"]
    assert [item.error.partition(";")[0] for item in found[2:]] == [
        "does not exist",
        "names a user and a password",
        "addresses of this kind are not known",
    ]
    assert "hush" not in repr(found)


def test_a_list_may_be_an_object(bucket: Store) -> None:
    put(bucket, "a.jpg")
    bucket.write(Url("memory", "b/list"), b"memory://b/a.jpg\r\n", "")
    assert keys(files_from="memory://b/list") == ["memory/b/a.jpg"]
    with pytest.raises(ConfigError, match="the list of files does not exist"):
        keys(files_from="memory://b/none")


def test_a_video_is_told_that_it_has_to_be_on_a_disk(bucket: Store) -> None:
    bucket.write(Url("memory", "b/clip.mp4"), b"\0\0\0\x18ftypisom" + b"\0" * 400, "")
    assert errors("memory://b/clip.mp4") == ["is a video; copy it to a disk, where videos are done"]
    assert keys("memory://b") == []


def test_the_web_is_asked_only_where_that_was_allowed(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("https://host/a.jpg")
    assert "add --allow-http" in errors(files_from=str(tmp_path / "list"))[0]
    assert keys(files_from=str(tmp_path / "list"), allow_http=True) == ["https/host/a.jpg"]
    with pytest.raises(ConfigError, match="add --allow-http"):
        items("https://host/a.jpg")
    with pytest.raises(ConfigError, match="add --output"):
        items("https://host/a.jpg", allow_http=True)
    with pytest.raises(ConfigError, match="cannot be written to"):
        items("a.jpg", output=place("https://host/masks"))


class Endless:
    """A bucket of many photos, whose pages are made as they are asked for."""

    def pages(self, folder: Url, recursive: bool) -> Iterator[Page]:
        for number in range(6):
            yield [(f"photos/{number:03}/{each:03}.jpg", Meta(1, 2, "3")) for each in range(1000)]


def test_the_objects_of_a_bucket_are_never_in_memory_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "store_of", lambda url: Endless())
    config = PredictConfig(paths=(place("s3://b/photos"),), recursive=True)
    tracemalloc.start()
    counts = [sum(1 for _ in Sources(config, Shard(index, 2))) for index in range(2)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(counts) == 6_000
    assert min(counts) > 2_800
    assert peak < 1 << 20
