"""What comes is joined to what is there only if both are of the same file, and never more than was told."""

from __future__ import annotations

import hashlib
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handseg_cli.errors import DownloadError
from handseg_cli.io import download, transfer
from handseg_cli.io.download import fetch
from handseg_cli.io.files import part_of
from handseg_cli.io.partial import MARK, Origin

if TYPE_CHECKING:
    from tests.tiny.server import Server

    Begin = Callable[[Path, bytes, Origin], None]

pytestmark = pytest.mark.usefixtures("impatient")

DATA = random.Random(5).randbytes(200_000)
OTHER = random.Random(6).randbytes(200_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
PAGE = b"<!DOCTYPE html><html><head><title>Sign &amp; in</title></head></html>"


def bytes_kept(target: Path) -> bytes:
    part = part_of(target)
    return part.read_bytes() if part.exists() else b""


# --- going on ---------------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(
    cuts=st.lists(st.integers(0, 5000), max_size=4),
    reset=st.booleans(),
    chunked=st.booleans(),
    validators=st.sampled_from([('"one"', ""), ("", "x"), ('W/"weak"', ""), ("", "")]),
)
def test_a_download_cut_at_any_byte_resumes_to_the_whole_file(
    web: Server, cuts: list[int], reset: bool, chunked: bool, validators: tuple[str, str]
) -> None:
    served = web.served(DATA[:5000], etag=validators[0], modified=validators[1])
    url = web.serve(served, *(web.fault(cut=cut, reset=reset, chunked=chunked) for cut in cuts))
    with tempfile.TemporaryDirectory() as folder:
        target = fetch(url, Path(folder) / "file.zip")
        assert target.read_bytes() == DATA[:5000]
        assert len(list(Path(folder).iterdir())) == 2


def test_the_next_run_asks_only_for_the_rest(web: Server, target: Path) -> None:
    served = web.served(DATA, always=web.fault(cut=0))
    url = web.serve(served, web.fault(cut=150_000))
    with pytest.raises(DownloadError, match=r"the 0.1 MB that have come are kept: run the same again"):
        fetch(url, target)
    assert not target.exists()
    served.always = web.fault()
    fetch(url, target)
    assert target.read_bytes() == DATA
    assert served.ranges_asked[-1] == 150_000 - (64 << 10)
    assert served.asked[-1]["if-range"] == '"one"'


def test_a_weak_etag_is_no_condition_but_the_date_is(web: Server, target: Path) -> None:
    served = web.served(DATA, etag='W/"one"')
    fetch(web.serve(served, web.fault(cut=1000)), target)
    assert served.asked[1]["if-range"] == served.modified


def test_a_file_that_changed_in_between_starts_over(web: Server, target: Path, begin_part: Begin) -> None:
    url = web.serve(web.served(OTHER, etag='"two"'))
    begin_part(target, DATA[:100_000], Origin(url, '"one"', "", len(DATA)))
    fetch(url, target)
    assert target.read_bytes() == OTHER


@pytest.mark.parametrize("etag", ["", '"two"'])
def test_a_server_that_passes_off_another_file_as_the_rest_is_found_out(
    web: Server, target: Path, etag: str, begin_part: Begin
) -> None:
    served = web.served(OTHER, etag=etag, modified="")
    url = web.serve(served)
    begin_part(target, DATA[:100_000], Origin(url, "", "", len(DATA)))
    fetch(url, target)
    assert target.read_bytes() == OTHER
    assert len(served.asked) == 2


def test_a_file_that_became_shorter_starts_over(web: Server, target: Path, begin_part: Begin) -> None:
    served = web.served(DATA[:1000], etag="", modified="")
    url = web.serve(served)
    begin_part(target, DATA, Origin(url))
    fetch(url, target)
    assert target.read_bytes() == DATA[:1000]


def test_a_server_without_ranges_sends_all_again(web: Server, target: Path) -> None:
    served = web.served(DATA, ranges=False)
    url = web.serve(served, web.fault(cut=150_000), web.fault(cut=10))
    fetch(url, target)
    assert target.read_bytes() == DATA
    assert len(served.asked) == 3


@pytest.mark.parametrize("lie", ["bytes 5-199999/200000", "bytes 90000-1/2", "pages 1-2", "bytes 50000-99/*", ""])
def test_a_content_range_that_lies_is_not_believed(web: Server, target: Path, lie: str) -> None:
    url = web.serve(web.served(DATA), web.fault(cut=100_000), web.fault(headers={"Content-Range": lie}))
    fetch(url, target)
    assert target.read_bytes() == DATA


def test_wrong_bytes_within_pieces_are_fetched_again(web: Server, target: Path, begin_part: Begin) -> None:
    # They fit at the seam, so that only the hash can tell.
    wrong = DATA[:10] + b"wrong" + DATA[15:100_000]
    served = web.served(DATA)
    url = web.serve(served)
    begin_part(target, wrong, Origin(url, served.etag, served.modified, len(DATA)))
    fetch(url, target, sha256=SHA256)
    assert target.read_bytes() == DATA


def test_damaged_notes_are_no_reason_to_fail(web: Server, target: Path, begin_part: Begin) -> None:
    url = web.serve(web.served(DATA))
    begin_part(target, OTHER[:1000], Origin(url))
    part_of(target, MARK).write_bytes(b'{"url": 3')
    fetch(url, target)
    assert target.read_bytes() == DATA


def test_a_mirror_goes_on_with_a_file_known_by_its_hash(web: Server, target: Path) -> None:
    url = web.serve(web.served(DATA, always=web.fault(status=404)), web.fault(cut=150_000))
    mirror = web.served(DATA, etag='"mirror"')
    fetch(url, target, mirrors=(web.serve(mirror),), sha256=SHA256)
    assert target.read_bytes() == DATA
    assert mirror.ranges_asked == [150_000 - (64 << 10)]


def test_a_mirror_starts_over_where_nothing_tells_that_it_has_the_same(web: Server, target: Path) -> None:
    url = web.serve(web.served(DATA, always=web.fault(status=404)), web.fault(cut=150_000))
    mirror = web.served(DATA)
    fetch(url, target, mirrors=(web.serve(mirror),))
    assert target.read_bytes() == DATA
    assert mirror.ranges_asked == [0]


def test_a_stalled_line_is_cut_and_taken_up_again(web: Server, target: Path) -> None:
    fetch(web.serve(web.served(DATA), web.fault(cut=1000, stall_s=20)), target)
    assert target.read_bytes() == DATA


def test_a_line_that_gets_on_may_be_cut_more_often_than_there_are_tries(
    web: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "PROGRESS", 1000)
    monkeypatch.setattr(transfer, "OVERLAP", 100)
    fetch(web.serve(web.served(DATA[:40_000]), *[web.fault(cut=6000)] * 12), target)
    assert target.read_bytes() == DATA[:40_000]


def test_a_file_that_starts_over_each_time_does_not_go_on_for_ever(
    web: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "PROGRESS", 1000)
    served = web.served(DATA)
    lie = web.fault(headers={"Content-Range": "bytes 1-2/3"})
    url = web.serve(served, *[web.fault(cut=5000), lie] * 10)
    with pytest.raises(DownloadError, match="another part than was asked for: starting over"):
        fetch(url, target)
    assert len(served.asked) == download.TRIES


# --- sizes and lengths ------------------------------------------------------------------------------------------------


def test_a_web_page_does_not_cost_what_has_come(web: Server, target: Path, begin_part: Begin) -> None:
    url = web.serve(web.served(PAGE, type="application/zip", ranges=False))
    begin_part(target, DATA[:1000], Origin(url, '"one"', "", len(DATA)))
    with pytest.raises(DownloadError, match="is a web page"):
        fetch(url, target)
    assert bytes_kept(target) == DATA[:1000]


@pytest.mark.parametrize("size", [199_999, 200_001])
def test_a_file_of_another_size_is_refused_before_it_is_fetched(web: Server, target: Path, size: int) -> None:
    with pytest.raises(DownloadError, match=f"has 200000 bytes, expected {size}"):
        fetch(web.serve(web.served(DATA)), target, size=size)
    assert not target.exists()


def test_no_more_is_written_than_is_wanted(web: Server, target: Path) -> None:
    url = web.serve(web.served(DATA, always=web.fault(chunked=True)))
    with pytest.raises(DownloadError, match="sends more than 10000 bytes"):
        fetch(url, target, size=10_000)
    assert len(bytes_kept(target)) <= 10_000


@pytest.mark.parametrize("told", [100_000, 300_000])
def test_a_length_that_lies_is_found_out(web: Server, target: Path, told: int) -> None:
    lie = web.fault(headers={"Content-Length": str(told)})
    with pytest.raises(DownloadError):
        fetch(web.serve(web.served(DATA, always=lie)), target, sha256=SHA256)
    assert not target.exists()


def test_a_length_that_lies_once_is_got_over(web: Server, target: Path) -> None:
    fetch(web.serve(web.served(DATA), web.fault(headers={"Content-Length": "300000"})), target, sha256=SHA256)
    assert target.read_bytes() == DATA


def test_an_empty_file_is_refused(web: Server, target: Path) -> None:
    with pytest.raises(DownloadError, match="is empty"):
        fetch(web.serve(web.served(b"")), target)


def test_a_file_without_length_is_taken_only_if_its_hash_tells_that_it_is_whole(web: Server, target: Path) -> None:
    url = web.serve(web.served(DATA, always=web.fault(unending=True)))
    with pytest.raises(DownloadError, match="a cut could not be noticed"):
        fetch(url, target)
    fetch(url, target, sha256=SHA256)
    assert target.read_bytes() == DATA


def test_bytes_that_are_sent_again_replace_other_ones(web: Server, target: Path, begin_part: Begin) -> None:
    served = web.served(DATA, ranges=False)
    url = web.serve(served)
    begin_part(target, DATA[:50_000] + OTHER[50_000:100_000], Origin(url, served.etag, served.modified, len(DATA)))
    fetch(url, target)
    assert target.read_bytes() == DATA


def test_a_part_nobody_asked_for_is_refused(web: Server, target: Path) -> None:
    with pytest.raises(DownloadError, match="although the whole was asked for"):
        fetch(web.serve(web.served(DATA, always=web.fault(status=206))), target)


def test_another_etag_or_size_of_the_rest_means_another_file(web: Server, target: Path, begin_part: Begin) -> None:
    # The bytes fit at the seam, so that only what the server tells of the file can tell.
    for number, headers in enumerate(({"ETag": '"two"'}, {"Content-Range": "bytes 50000-199999/300000"})):
        served = web.served(DATA)
        url, other = web.serve(served, web.fault(headers=headers)), target.with_name(str(number))
        begin_part(other, DATA[:100_000], Origin(url, served.etag, served.modified, len(DATA)))
        fetch(url, other)
        assert other.read_bytes() == DATA
        assert served.ranges_asked == [50_000, 0]


def test_a_part_beyond_the_end_of_what_is_there_leaves_no_hole(web: Server, target: Path) -> None:
    beyond = web.fault(headers={"Content-Range": "bytes 150000-199999/200000"}, body=DATA[150_000:])
    fetch(web.serve(web.served(DATA), web.fault(cut=100_000), beyond), target)
    assert target.read_bytes() == DATA


def test_a_new_try_from_the_beginning_costs_nothing_that_has_come(web: Server, target: Path) -> None:
    url = web.serve(web.served(DATA, ranges=False, always=web.fault(cut=10)), web.fault(cut=150_000))
    with pytest.raises(DownloadError, match="cut after 10 of 200000"):
        fetch(url, target)
    assert part_of(target).read_bytes() == DATA[:150_000]


def test_what_is_there_beyond_the_end_of_the_file_is_cut_off(web: Server, target: Path, begin_part: Begin) -> None:
    served = web.served(DATA[:1000], ranges=False, always=web.fault(chunked=True))
    url = web.serve(served)
    begin_part(target, DATA, Origin(url, served.etag, served.modified))
    fetch(url, target)
    assert target.read_bytes() == DATA[:1000]
