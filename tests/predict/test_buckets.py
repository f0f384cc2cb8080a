"""The predict verb from bucket to bucket, on an S3-compatible server in a process of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from handseg_cli.config import PredictConfig
from handseg_cli.errors import ImageError, OutputError
from handseg_cli.paths import Url, place
from handseg_cli.predict.manifest import Summary
from handseg_cli.predict.stream import predict
from tests.tiny.buckets import Bucket, serving

pytest.importorskip("moto")
pytest.importorskip("s3fs")

Run = Callable[..., Summary]


class Photos(Bucket):
    """A bucket of photos."""

    def photo(self, key: str, seed: int = 0) -> None:
        """Put a photo there."""
        stream = io.BytesIO()
        pixels = np.random.default_rng(seed).integers(0, 255, (90, 120, 3), np.uint8)
        Image.fromarray(pixels).save(stream, "JPEG")
        self.put(key, stream.getvalue())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Start a server; return the file that it notes requests in."""
    log = tmp_path_factory.mktemp("moto") / "log"
    with serving(log):
        yield log


@pytest.fixture
def bucket(server: Path, request: pytest.FixtureRequest) -> Photos:
    """Return an empty bucket."""
    return Photos(f"b{abs(hash(request.node.name))}", server)


@pytest.fixture
def run(tiny_weights: Path) -> Run:
    """Return predict on paths and addresses, with a small net."""

    def predict_places(*paths: str | Url, **settings: Any) -> Summary:
        defaults: dict[str, Any] = {"weights": str(tiny_weights), "quiet": True, "workers": 4}
        return predict(PredictConfig(paths=tuple(place(str(path)) for path in paths), **(defaults | settings)))

    return predict_places


def test_a_tree_is_mirrored_from_bucket_to_bucket_as_on_a_disk(bucket: Photos, run: Run, tmp_path: Path) -> None:
    for number, key in enumerate(("a.jpg", "x/a.jpg", "x/b c#?é.jpg")):
        bucket.photo(f"photos/{key}", number)
        (tmp_path / "photos" / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / key).write_bytes(bucket.store.read(bucket.url(f"photos/{key}"))[0])
    summary = run(bucket.url("photos"), output=bucket.url("masks"), recursive=True, manifest=bucket.url("run.jsonl"))
    assert (summary.done, summary.exit_code) == (3, 0)
    run(str(tmp_path / "photos"), output=tmp_path / "masks", recursive=True)
    for key in ("a.jpg.png", "x/a.jpg.png", "x/b c#?é.jpg.png"):
        ours = Image.open(io.BytesIO(bucket.store.read(bucket.url(f"masks/{key}"))[0]))
        assert np.array_equal(np.asarray(ours), np.asarray(Image.open(tmp_path / "masks" / key)))
    lines = bucket.store.read(bucket.url("run.jsonl"))[0].decode().splitlines()
    assert [json.loads(line)["outputs"]["mask"] for line in lines] == [
        str(bucket.url(f"masks/{key}.png")) for key in ("a.jpg", "x/a.jpg", "x/b c#?é.jpg")
    ]


def test_a_photo_takes_three_requests_and_one_that_is_done_a_single_one(bucket: Photos, run: Run) -> None:
    for number in range(6):
        bucket.photo(f"photos/{number}.jpg", number)
    bucket.forget()
    assert run(bucket.url("photos"), output=bucket.url("masks")).done == 6
    assert bucket.asked() == {"GET": 6, "HEAD": 6, "LIST": 1, "PUT": 6}
    bucket.forget()
    assert run(bucket.url("photos"), output=bucket.url("masks")).skipped == 6
    assert bucket.asked() == {"HEAD": 6, "LIST": 1}


def test_a_mask_goes_beside_its_photo_and_is_none(bucket: Photos, run: Run) -> None:
    bucket.photo("in/a.jpg")
    assert run(bucket.url("in")).done == 1
    assert bucket.there() == ["in/a.jpg", "in/a.jpg.png"]
    assert run(bucket.url("in")).skipped == 1
    bucket.store.fs.call_s3("delete_object", Bucket=bucket.name, Key="in/a.jpg")
    assert run(bucket.url("in")).skipped == 1
    assert bucket.there() == ["in/a.jpg.png"]


def test_a_photo_that_has_changed_is_done_again_and_one_that_was_copied_is_not(bucket: Photos, run: Run) -> None:
    bucket.photo("a.jpg", 1)
    run(bucket.url("a.jpg"))
    bucket.photo("a.jpg", 2)
    assert run(bucket.url("a.jpg")).done == 1
    time.sleep(1.1)  # S3 tells whole seconds
    bucket.photo("a.jpg", 2)
    bucket.forget()
    assert run(bucket.url("a.jpg")).skipped == 1
    assert "PUT" not in bucket.asked()
    assert run(bucket.url("a.jpg"), threshold=0.9).done == 1
    assert run(bucket.url("a.jpg"), threshold=0.9, refresh=True).skipped == 0


def test_a_mask_without_its_metadata_is_known_by_its_first_bytes(bucket: Photos, run: Run) -> None:
    bucket.photo("a.jpg")
    run(bucket.url("a.jpg"))
    bucket.store.write(bucket.url("b.jpg.png"), bucket.store.read(bucket.url("a.jpg.png"))[0], "no stamp")
    body = bucket.store.read(bucket.url("a.jpg.png"))[0]
    bucket.store.fs.call_s3("put_object", Bucket=bucket.name, Key="a.jpg.png", Body=body)
    assert run(bucket.url("a.jpg")).skipped == 1


def test_what_others_have_written_is_kept(bucket: Photos, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    bucket.photo("a.jpg")
    bucket.photo("a.jpg.png")
    assert run(bucket.url("a.jpg"), quiet=False).exit_code == 1
    assert "--overwrite replaces it" in capsys.readouterr().err
    assert run(bucket.url("a.jpg"), overwrite=True).done == 1


def test_parts_cover_a_bucket_once_and_keep_lines_of_their_own(bucket: Photos, run: Run) -> None:
    for number in range(12):
        bucket.photo(f"in/{number}.jpg", number)
    settings: dict[str, Any] = {"output": bucket.url("out"), "manifest": bucket.url("m/run.jsonl")}
    counts = [run(bucket.url("in"), shard=f"{part}/3", **settings).done for part in (1, 2, 3)]
    assert sum(counts) == 12
    assert sum(key.startswith("out/") for key in bucket.there()) == 12
    assert [key for key in bucket.there() if key.startswith("m/")] == [f"m/run.{part}-of-3.jsonl" for part in (1, 2, 3)]


def test_one_named_twice_is_done_once(bucket: Photos, run: Run) -> None:
    bucket.photo("a.jpg")
    summary = run(*[bucket.url("a.jpg")] * 4)
    assert summary.done + summary.busy + summary.skipped == 4
    assert summary.exit_code == 0
    assert bucket.asked()["PUT"] - 1 == summary.done  # and the photo itself


def test_from_a_bucket_to_a_disk_and_back(bucket: Photos, run: Run, tmp_path: Path) -> None:
    bucket.photo("in/a.jpg")
    assert run(bucket.url("in"), output=tmp_path / "masks").done == 1
    assert (tmp_path / "masks/a.jpg.png").is_file()
    (tmp_path / "a.jpg").write_bytes(bucket.store.read(bucket.url("in/a.jpg"))[0])
    assert run(str(tmp_path / "a.jpg"), output=bucket.url("masks")).done == 1
    assert "masks/a.jpg.png" in bucket.there()


def test_pages_are_asked_for_one_after_the_other(bucket: Photos) -> None:
    for number in range(5):
        bucket.photo(f"{number}.jpg")
    plain = bucket.store.fs.call_s3
    bucket.forget()
    bucket.store.fs.call_s3 = lambda name, **asked: plain(name, MaxKeys=2, **asked)
    try:
        pages = bucket.store.pages(bucket.url(""), False)
        assert [key for key, _ in next(pages)] == ["0.jpg", "1.jpg"]
        assert bucket.asked() == {"LIST": 1}
        assert [key for page in pages for key, _ in page] == ["2.jpg", "3.jpg", "4.jpg"]
    finally:
        bucket.store.fs.call_s3 = plain


def test_what_is_missing_is_told_for_each_input(bucket: Photos, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    bucket.photo("a.jpg")
    assert run(bucket.url("gone.jpg"), bucket.url("none"), "s3://no-such-bucket/x", quiet=False).exit_code == 1
    told = capsys.readouterr().err
    assert f"{bucket.url('gone.jpg')}: does not exist" in told
    assert f"{bucket.url('none')}: does not exist" in told
    assert "s3://no-such-bucket/x: there is no such bucket" in told
    with pytest.raises(OutputError, match="no such bucket"):
        bucket.store.write(Url("s3", "no-such-bucket/x"), b"", "")
    with pytest.raises(ImageError, match="is larger than"):
        bucket.store.read(bucket.url("a.jpg"), limit=10)


def test_a_local_run_never_loads_what_stores_take(tmp_path: Path, tiny_weights: Path) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "a.jpg")
    script = (
        "import sys; from handseg_cli.cli import main\ntry: main(sys.argv[1:])\nexcept SystemExit: print(*sys.modules)"
    )
    command = [sys.executable, "-c", script, "predict", str(tmp_path), "--model", str(tiny_weights)]
    root = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    loaded = subprocess.run(command, capture_output=True, text=True, timeout=100, env=root).stdout.split()
    assert "handseg_cli.predict.work" in loaded
    assert not {"fsspec", "s3fs", "botocore", "aiohttp", "asyncio", "http.client"} & {*loaded}
