"""Prepared files in a store, on a server that misbehaves; `tests/flows/test_far.py` trains on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from handseg_cli.errors import DatasetError
from handseg_cli.io.far import FarReader, Wanted, joined, reader_of
from handseg_cli.io.hdf5 import Reader
from handseg_cli.paths import Url
from tests.tiny import discs
from tests.tiny.server import Fault, Served, Server

pytest.importorskip("s3fs")
import s3fs

from handseg_cli.io import bucket, far, outline
from handseg_cli.io.s3 import S3

URL = Url("s3", "bucket/discs.h5")
DENIED = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("discs") / "discs.h5"
    discs.build(path)
    return path


@pytest.fixture
def served(web: Server, near: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """Return the same file, on a server that is taken for S3."""
    monkeypatch.setattr(bucket, "FIRST_WAIT_S", 0.0)
    settings = {"endpoint_url": web.base, "client_kwargs": {"region_name": "us-east-1"}, "skip_instance_cache": True}
    store = S3(partial(s3fs.S3FileSystem, key="none", secret="none", **settings))
    monkeypatch.setattr(far, "store_of", lambda url: store)
    file = Served(near.read_bytes())
    web.serve(file, path="/bucket/discs.h5")
    return file


@pytest.fixture
def open_far(served: Served, tmp_path: Path) -> Callable[[], Reader]:
    return lambda: reader_of(URL, tmp_path)


def test_a_file_in_a_store_is_what_it_is_on_a_disk(open_far: Callable[[], Reader], near: Path) -> None:
    here, there = Reader(near), open_far()
    assert there.header == here.header
    assert np.array_equal(there.sizes(), here.sizes())
    assert np.array_equal(there.indices("val"), here.indices("val"))
    assert [there.encoded(at) for at in range(-2, len(there) - 2)] == [here.encoded(at) for at in range(-2, 38)]
    there.verify()


def test_what_is_expected_is_asked_for_once_and_at_once(open_far: Callable[[], Reader], served: Served) -> None:
    there = open_far()
    assert len(there) == 40
    served.asked.clear()
    there.expect([3, 30, 17])
    there.expect([30, 17, 5, 5])
    assert [there.encoded(at).key for at in (17, 30, 5, 5)] == ["017", "030", "005", "005"]
    # All photos of so small a file are near each other.
    assert len(served.asked) == 2


def test_photos_stay_where_they_are(
    open_far: Callable[[], Reader], served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outline, "BLOCK", 512)
    there = open_far()
    there.groups()
    (kept,) = (tmp_path / "outlines").iterdir()
    assert kept.stat().st_size == len(served.data)
    photo = there.encoded(20).image
    at = served.data.index(photo)
    assert not any(kept.read_bytes()[at : at + len(photo)])


def test_an_outline_is_made_once_and_anew_where_the_file_is(
    open_far: Callable[[], Reader], served: Served, tmp_path: Path
) -> None:
    first = open_far()
    assert len(first) == 40
    count = len(served.asked)
    assert len(open_far()) == 40
    assert len(served.asked) == count
    served.etag = '"two"'
    assert len(open_far()) == 40
    assert len([*(tmp_path / "outlines").iterdir()]) == 1
    assert isinstance(first, FarReader)
    assert first.__reduce__()[1][2].version == "one"


def test_a_store_that_is_busy_or_cut_off_is_asked_again(open_far: Callable[[], Reader], served: Served) -> None:
    served.faults += [Fault(status=503, body=b""), Fault(cut=100)]
    there = open_far()
    assert len(there) == 40
    served.faults += [Fault(cut=100), Fault(status=503, body=b"")]
    assert there.encoded(7).key == "007"


def test_a_file_that_is_replaced_ends_the_reading(open_far: Callable[[], Reader], served: Served) -> None:
    there = open_far()
    assert len(there) == 40
    served.always = Fault(status=412, body=b"<Error><Code>PreconditionFailed</Code></Error>")
    with pytest.raises(DatasetError, match=r"^s3://bucket/discs\.h5: has been replaced while it was read; start again"):
        there.encoded(7)


def test_what_is_denied_or_gone_is_told_with_the_address(open_far: Callable[[], Reader], served: Served) -> None:
    there = open_far()
    assert len(there) == 40
    served.always = Fault(status=403, body=DENIED)
    with pytest.raises(DatasetError, match=r"^s3://bucket/discs\.h5: access is denied"):
        there.encoded(7)
    served.always = Fault(status=404, body=b"<Error><Code>NoSuchKey</Code></Error>")
    with pytest.raises(DatasetError, match=r"^s3://bucket/discs\.h5: does not exist"):
        there.encoded(7)
    with pytest.raises(DatasetError, match=r"^s3://bucket/discs\.h5: is not there; give the address"):
        len(open_far())


def test_what_is_no_prepared_file_leaves_no_outline(
    open_far: Callable[[], Reader], served: Served, tmp_path: Path
) -> None:
    served.data = bytes(100_000)
    with pytest.raises(DatasetError, match=r"^s3://bucket/discs\.h5: is damaged or no prepared file"):
        len(open_far())
    served.data = b""
    with pytest.raises(DatasetError, match=r"^s3://bucket/discs\.h5: is damaged or no prepared file"):
        len(open_far())
    assert not [*(tmp_path / "outlines").iterdir()]


def test_near_cells_are_asked_for_together() -> None:
    places = [0, 1000, 1000 + far.GAP + 11, 1_000_000, 1_040_000, 1_100_000]
    cells = [Wanted(start, 10, at, "image") for at, start in enumerate(places)]
    assert [[each.at for each in group] for group in joined(cells)] == [[0, 1], [2], [3, 4, 5]]
    assert [*joined([])] == []
    assert max(map(len, joined([Wanted(40_000 * at, 10, at, "image") for at in range(60)]))) == 27
