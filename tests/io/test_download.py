"""Downloads end in the right file or in a reason that says what to do, whatever servers and other runs do."""

from __future__ import annotations

import hashlib
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from handseg_cli.errors import DiskFullError, DownloadError
from handseg_cli.io.download import fetch, import_file
from handseg_cli.io.files import part_of
from handseg_cli.io.partial import Origin

if TYPE_CHECKING:
    from tests.tiny.server import Server

    Begin = Callable[[Path, bytes, Origin], None]

pytestmark = pytest.mark.usefixtures("impatient")

DATA = random.Random(5).randbytes(200_000)
OTHER = random.Random(6).randbytes(200_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
MD5 = hashlib.md5(DATA).hexdigest()
PAGE = b"<!DOCTYPE html><html><head><title>Sign &amp; in</title></head></html>"


def bytes_kept(target: Path) -> bytes:
    part = part_of(target)
    return part.read_bytes() if part.exists() else b""


def test_a_file_comes_whole_with_its_hash_recorded_and_nothing_else(web: Server, target: Path) -> None:
    told: list[str] = []
    assert fetch(web.serve(web.served(DATA)), target, tell=told.append) == target
    assert target.read_bytes() == DATA
    assert sorted(path.name for path in target.parent.iterdir()) == ["file.zip", "file.zip.sha256"]
    assert target.with_name("file.zip.sha256").read_text() == f"{SHA256}  file.zip\n"
    assert SHA256 in told[0]
    assert (
        subprocess.run(["sha256sum", "-c", "file.zip.sha256"], cwd=target.parent, capture_output=True).returncode == 0
    )


def test_a_known_hash_is_not_recorded(web: Server, target: Path) -> None:
    fetch(web.serve(web.served(DATA)), target, size=len(DATA), sha256=SHA256.upper(), md5=MD5)
    assert [path.name for path in target.parent.iterdir()] == ["file.zip"]


def test_progress_ends_with_all_bytes(web: Server, target: Path) -> None:
    reports: list[tuple[int, int]] = []
    fetch(web.serve(web.served(DATA)), target, report=lambda done, of: reports.append((done, of)))
    assert reports[-1] == (len(DATA), len(DATA))
    assert reports == sorted(reports)


def test_what_is_there_is_checked_but_not_fetched_again(web: Server, target: Path) -> None:
    served = web.served(DATA)
    url = web.serve(served)
    fetch(url, target)
    fetch(url, target)
    assert len(served.asked) == 1
    target.write_bytes(OTHER)
    with pytest.raises(DownloadError, match=r"recorded in .*file.zip.sha256.*delete it and run again"):
        fetch(url, target)


def test_the_bytes_are_asked_for_as_they_are(web: Server, target: Path) -> None:
    served = web.served(DATA)
    fetch(web.serve(served), target)
    assert served.asked[0]["accept-encoding"] == "identity"


# --- other runs -------------------------------------------------------------------------------------------------------


FETCH = """
import sys
from pathlib import Path
from handseg_cli.errors import DownloadError
from handseg_cli.io.download import fetch
try:
    fetch(sys.argv[1], Path(sys.argv[2]))
except DownloadError as error:
    sys.exit(str(error))
"""


def start_fetch(url: str, target: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", FETCH, url, str(target)], stderr=subprocess.PIPE, text=True)


def wait_for(target: Path, size: int) -> None:
    deadline = time.monotonic() + 20
    while len(bytes_kept(target)) < size:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_killed_run_is_gone_on_with_by_the_next(web: Server, target: Path) -> None:
    served = web.served(DATA)
    url = web.serve(served, web.fault(pause_s=0.02))
    running = start_fetch(url, target)
    wait_for(target, 20_000)
    with pytest.raises(DownloadError, match="another run is fetching it"):
        fetch(url, target)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    kept = len(bytes_kept(target))
    assert 20_000 <= kept < len(DATA)
    fetch(url, target)
    assert target.read_bytes() == DATA
    assert served.ranges_asked == [0, kept - min(64 << 10, kept // 2)]


def test_of_two_runs_at_once_one_fetches_and_the_other_says_so(web: Server, target: Path) -> None:
    served = web.served(DATA, always=web.fault(pause_s=0.004))
    url = web.serve(served)
    runs = [start_fetch(url, target) for _ in range(2)]
    said = [run.communicate()[1] for run in runs]
    assert target.read_bytes() == DATA
    assert len(served.asked) == 1
    for run, text in zip(runs, said, strict=True):
        assert run.returncode == 0 or "another run is fetching it" in text


# --- trying again, and elsewhere --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_dead_link_is_not_tried_again_but_the_mirror_is(web: Server, target: Path, status: int) -> None:
    served = web.served(DATA, always=web.fault(status=status))
    dead = web.serve(served)
    fetch(dead, target, mirrors=(web.serve(web.served(DATA)),))
    assert target.read_bytes() == DATA
    assert len(served.asked) == 1


def test_dead_links_all_round_are_named_with_what_to_do(web: Server, target: Path) -> None:
    first, second = (web.serve(web.served(DATA, always=web.fault(status=status))) for status in (404, 410))
    with pytest.raises(DownloadError) as caught:
        fetch(first, target, mirrors=(second,))
    assert str(caught.value) == (
        f"file.zip: cannot be fetched from {first}: 404 Not Found, a dead link; {second}: 410 Gone, a dead link; "
        "get the file by hand and give it with --from FILE"
    )
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(web: Server, target: Path, status: int) -> None:
    busy = web.fault(status=status, headers={"Retry-After": "0"}, body=PAGE)
    fetch(web.serve(web.served(DATA), busy, busy), target)
    assert target.read_bytes() == DATA


def test_a_server_is_left_alone_as_long_as_it_asks(web: Server, target: Path) -> None:
    url = web.serve(web.served(DATA), web.fault(status=503, headers={"Retry-After": "1"}))
    begin = time.monotonic()
    fetch(url, target)
    assert time.monotonic() - begin >= 1


def test_a_server_that_asks_for_too_much_is_not_waited_for(web: Server, target: Path) -> None:
    served = web.served(DATA, always=web.fault(status=429, headers={"Retry-After": "7200"}))
    with pytest.raises(DownloadError, match=r"left alone for 120 min; run the same again later"):
        fetch(web.serve(served), target)
    assert len(served.asked) == 1


def test_wrong_bytes_are_refused_and_forgotten(web: Server, target: Path) -> None:
    url = web.serve(web.served(DATA, always=web.fault(flipped=True)))
    with pytest.raises(DownloadError, match=r"sha256 is \w{16}..., expected " + SHA256[:16]):
        fetch(url, target, sha256=SHA256)
    with pytest.raises(DownloadError, match=r"md5 is \w{16}..., expected " + MD5[:16]):
        fetch(url, target, md5=MD5)
    assert list(target.parent.iterdir()) == []


def test_a_hash_recorded_once_holds_ever_after(web: Server, target: Path) -> None:
    served = web.served(DATA)
    url = web.serve(served)
    fetch(url, target)
    target.unlink()
    served.data = OTHER
    with pytest.raises(DownloadError, match=r"recorded in .*file.zip.sha256; delete that if you trust the new file"):
        fetch(url, target)
    assert not target.exists()


def test_a_damaged_record_costs_no_bytes(web: Server, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("file.zip.sha256").write_text("no hash")
    with pytest.raises(DownloadError, match="holds no SHA-256"):
        fetch(web.serve(web.served(DATA)), target)


def test_a_full_disk_is_told_before_anything_is_fetched(web: Server, target: Path) -> None:
    served = web.served(DATA)
    with pytest.raises(DiskFullError, match=r"file.zip needs 1,000,000,000,000.0 MB more.*--root"):
        fetch(web.serve(served), target, size=10**18)
    with pytest.raises(DiskFullError, match="make room"):
        fetch(web.serve(served), target, about=10**18)
    assert served.asked == []
    with pytest.raises(DiskFullError):
        fetch(web.serve(web.served(DATA), web.fault(headers={"Content-Length": str(10**18)})), target)
    assert list(target.parent.iterdir()) == []


# --- files got by hand ------------------------------------------------------------------------------------------------


def test_a_file_got_by_hand_is_copied_and_its_hash_recorded(target: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(DATA)
    told: list[str] = []
    assert import_file(tmp_path / "mine", target, tell=told.append) == target
    assert target.read_bytes() == DATA
    assert sorted(path.name for path in target.parent.iterdir()) == ["file.zip", "file.zip.sha256"]
    assert len(told) == 1


@pytest.mark.parametrize(
    ("content", "reason"), [(OTHER, "sha256 is"), (DATA[:-1], "has 199999 bytes, expected 200000"), (PAGE, "web page")]
)
def test_a_wrong_file_got_by_hand_is_refused(
    target: Path, tmp_path: Path, content: bytes, reason: str, begin_part: Begin
) -> None:
    (tmp_path / "mine").write_bytes(content)
    begin_part(target, DATA[:1000], Origin("https://example.org"))
    with pytest.raises(DownloadError, match=f"mine: .*{reason}"):
        import_file(tmp_path / "mine", target, size=len(DATA), sha256=SHA256)
    assert bytes_kept(target) == DATA[:1000]
    assert not target.exists()


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_path_that_is_no_file_is_refused(target: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(DownloadError, match=r"give the path|check the path"):
        import_file(tmp_path / name, target)


def test_a_file_that_lies_where_it_belongs_is_left_there(target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(DATA)
    before = target.stat()
    import_file(target, target, md5=MD5)
    assert target.stat() == before
