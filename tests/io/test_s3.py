"""S3 on a server that misbehaves; `tests/predict/test_buckets.py` has one that does not."""

from __future__ import annotations

from functools import partial

import pytest

from handseg_cli.errors import ImageError
from handseg_cli.paths import Url
from tests.tiny.server import Fault, Served, Server

pytest.importorskip("s3fs")
import s3fs

from handseg_cli.io import bucket
from handseg_cli.io.s3 import S3

DATA = bytes(range(256)) * 40
URL = Url("s3", "bucket/a.jpg")


@pytest.fixture
def store(web: Server, monkeypatch: pytest.MonkeyPatch) -> S3:
    """Return what takes the server for S3."""
    monkeypatch.setattr(bucket, "FIRST_WAIT_S", 0.0)
    settings = {"endpoint_url": web.base, "client_kwargs": {"region_name": "us-east-1"}, "skip_instance_cache": True}
    return S3(partial(s3fs.S3FileSystem, key="none", secret="none", **settings))


def test_a_server_that_is_busy_is_asked_again(web: Server, store: S3) -> None:
    web.serve(Served(DATA), Fault(status=503, body=b""), path="/bucket/a.jpg")
    assert store.read(URL)[0] == DATA
    assert len(web.files["/bucket/a.jpg"].asked) == 2


def test_an_answer_that_is_cut_is_asked_for_again(web: Server, store: S3) -> None:
    web.serve(Served(DATA), Fault(cut=100), path="/bucket/a.jpg")
    assert store.read(URL)[0] == DATA


def test_what_is_denied_is_told_without_the_credentials(web: Server, store: S3) -> None:
    denied = b"<Error><Code>AccessDenied</Code><Message>key none is no good</Message></Error>"
    web.serve(Served(DATA, always=Fault(status=403, body=denied)), path="/bucket/a.jpg")
    with pytest.raises(ImageError, match=r"s3://bucket/a\.jpg: access is denied; check the credentials") as caught:
        store.read(URL)
    assert "none" not in str(caught.value)
