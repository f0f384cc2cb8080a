"""The files that synthetic hands are made of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import replace
from io import StringIO
from pathlib import Path, PurePosixPath

import pytest

from handseg_cli.config import DownloadConfig
from handseg_cli.datasets.assets import POLY_HAVEN, Assets
from handseg_cli.datasets.fetch import download
from handseg_cli.datasets.plan import what_to_fetch
from tests.tiny.server import Server

ARCHIVES = Assets.archives
ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"/[0-9a-f]{40}/|/\d+(\.\d+)+/")  # a commit, or the number of a version


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str, str]]:
    """Return where all assets were fetched into from a mirror, what was said of it, and what a second run says."""
    root = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, Server() as web:
        patch.setenv("no_proxy", "127.0.0.1")
        patch.setattr(Assets, "archives", tuple(replace(each, size=0, sha256="") for each in ARCHIVES))
        for archive in ARCHIVES:
            web.serve(web.served(archive.name.encode()), path=f"/{archive.name}")
        config = DownloadConfig(("assets",), root=root, mirror=web.base, yes=True)
        with redirect_stderr(StringIO()) as said:
            first = download(config)
        yield root / "raw" / "assets", str(first), said.getvalue(), str(download(config))


def names(folder: str) -> set[str]:
    return {archive.name for archive in ARCHIVES if archive.into == folder}


def test_the_layout_has_all_its_folders() -> None:
    assert Counter(archive.into for archive in ARCHIVES) == {
        "makehuman": 4,
        "makehuman/targets/armslegs": 64,
        "makehuman/targets/macrodetails": 40,
        "skins": 11,
        "hdri": 26,
        "godot_hands": 19,
    }


def test_both_hands_have_the_same_targets() -> None:
    arms = names("makehuman/targets/armslegs")
    left, right = ({name[1:] for name in arms if name.startswith(side)} for side in ("l-", "r-"))
    assert left == right
    assert {"-hand-fingers-length-incr.target", "-hand-trans-out.target"} < left


def test_muscle_and_weight_vary_for_the_young_alone() -> None:
    body = names("makehuman/targets/macrodetails")
    assert sum("universal-male-young-" in name for name in body) == 9
    assert "universal-female-old-averagemuscle-averageweight.target" in body
    assert not any("old-max" in name or "child-max" in name for name in body)


def test_no_two_files_have_the_same_name() -> None:
    # A mirror has them in one folder, and --from knows them by their names.
    assert len({archive.name for archive in ARCHIVES}) == len(ARCHIVES)


def test_every_file_stays_as_it_is_and_within_its_folder() -> None:
    for archive in ARCHIVES:
        assert not archive.unpacked
        assert re.fullmatch(r"[\w.-]+", archive.name)
        assert ".." not in PurePosixPath(archive.into).parts
        assert not PurePosixPath(archive.into).is_absolute()


def test_every_address_is_safe_and_names_what_never_changes() -> None:
    for archive in ARCHIVES:
        for url in (archive.url, *archive.mirrors):
            assert url.startswith("https://")
            assert url.endswith(f"/{archive.name}")
            assert url.startswith(POLY_HAVEN) or PINNED.search(url), url


def test_mesh_and_rig_are_known_by_their_hash() -> None:
    known = {archive.name: archive.size for archive in ARCHIVES if archive.sha256}
    assert known.keys() == names("makehuman")
    assert all(known.values())


def test_a_dry_run_tells_it_in_a_few_lines(tmp_path: Path) -> None:
    lines = str(download(DownloadConfig(("assets",), root=tmp_path, dry_run=True))).splitlines()
    assert len(lines) < 16
    assert any("64 files  1.3 MB" in line and line.endswith("/armslegs/") for line in lines)
    assert lines[-1].startswith("to fetch: 164 files")


def test_what_is_there_is_told_apart_from_what_is_missing(tmp_path: Path) -> None:
    step = next(step for step in what_to_fetch(("assets",), tmp_path) if step.archive.into == "hdri")
    step.file.parent.mkdir(parents=True)
    step.file.write_bytes(b"x")
    plan = str(download(DownloadConfig(("assets",), root=tmp_path, dry_run=True)))
    assert "fetch     25 files" in plan
    assert "is there  1 files" in plan


def test_files_from_a_server_land_in_the_layout(home: tuple[Path, str, str, str]) -> None:
    for archive in ARCHIVES:
        assert (home[0] / archive.into / archive.name).read_text() == archive.name


def test_many_files_are_told_in_few_lines(home: tuple[Path, str, str, str]) -> None:
    root, first, said, _ = home
    assert f"fetched 64 files into {root / 'makehuman' / 'targets' / 'armslegs'}" in first
    assert len(first.splitlines()) < 12
    assert said.splitlines() == [
        "nobody has published the hashes of 164 files; they are recorded beside them for the next time"
    ]


def test_a_second_run_fetches_nothing(home: tuple[Path, str, str, str]) -> None:
    assert home[3] == "all there already"


def test_a_mirror_that_has_nothing_leaves_a_short_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = tuple(replace(each, url="ftp://127.0.0.1", mirrors=()) for each in ARCHIVES[:20])
    monkeypatch.setattr(Assets, "archives", nowhere)
    result = download(DownloadConfig(("assets",), root=tmp_path, yes=True, quiet=True))
    assert result.exit_code == 1
    assert str(result).splitlines()[-1] == "failed: 12 more"


def test_the_layout_is_that_of_a_copy_that_lies_beside() -> None:
    copy = ROOT.parent / "shared" / "assets"
    if not copy.is_dir():
        pytest.skip("no copy lies beside")
    # Copies may have been made smaller, and pictures packed anew: stems and folders are what counts.
    ours = {(PurePosixPath(archive.into) / archive.name).with_suffix("") for archive in ARCHIVES}
    theirs = {PurePosixPath(path.relative_to(copy).as_posix()) for path in copy.rglob("*") if path.is_file()}
    assert {path.with_suffix("") for path in theirs if path.suffix != ".md"} <= ours
