"""What a download would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from handseg_cli.config import DownloadConfig
from handseg_cli.datasets.dataset import Archive
from handseg_cli.datasets.fetch import download
from handseg_cli.datasets.plan import Step, described, megabytes, source, what_to_fetch
from handseg_cli.errors import ConfigError
from handseg_cli.registry import DATASETS, DOWNLOADS, FIRST_SYSTEM

FETCHED = [name for name in [*DATASETS, *DOWNLOADS] if source(name).archives]


@pytest.mark.parametrize("name", FETCHED)
def test_a_dry_run_tells_terms_and_addresses_and_touches_nothing(tmp_path: Path, name: str) -> None:
    plan = str(download(DownloadConfig((name,), root=tmp_path, dry_run=True)))
    about = source(name)
    assert all(text in plan for text in (about.licence, about.citation, about.page, about.archives[0].url))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [*DATASETS, *DOWNLOADS])
def test_terms_fit_on_a_line_and_hashes_are_hashes(name: str) -> None:
    about = source(name)
    assert all("\n" not in text and text for text in (about.licence, about.citation, about.page))
    for archive in about.archives:
        assert archive.url.startswith(("https://", "http://", "gdrive:")) or archive.brings
        assert len(archive.sha256) in (0, 64)
        assert len(archive.md5) in (0, 32)
        assert "/" not in archive.name
    assert len({archive.name for archive in about.archives}) == len(about.archives)


def test_without_a_name_the_four_hand_mask_datasets_are_meant(tmp_path: Path) -> None:
    assert tuple(dict.fromkeys(step.name for step in what_to_fetch((), tmp_path))) == FIRST_SYSTEM


def test_an_alias_and_its_name_are_one(tmp_path: Path) -> None:
    assert what_to_fetch(("eh", "egohands"), tmp_path) == what_to_fetch(("egohands",), tmp_path)


@pytest.mark.parametrize(("name", "said"), [("egohand", "egohands, hof"), ("coco", "nothing to fetch")])
def test_what_cannot_be_fetched_says_why(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        what_to_fetch((name,), tmp_path)


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    (first, *_) = what_to_fetch(("hof",), tmp_path)
    assert first.state == "missing"
    first.file.parent.mkdir(parents=True)
    first.file.write_bytes(b"x")
    assert what_to_fetch(("hof",), tmp_path)[0].state == "fetched"


def test_what_people_have_to_get_is_told_with_the_page_and_the_way_back(tmp_path: Path) -> None:
    steps = what_to_fetch(("interhand",), tmp_path)
    by_hand = f"by hand: annotations.zip from {source('interhand').page}, then handseg download interhand --from FILE"
    assert f"  {by_hand}\nto fetch: 45 files, 81.7 GB" in described(steps)
    (tmp_path / "raw" / "interhand" / "annotations").mkdir(parents=True)
    assert what_to_fetch(("interhand",), tmp_path)[-1].state == "done"


def test_sizes_are_told_or_said_to_be_unknown(tmp_path: Path) -> None:
    steps = [
        Step("hof", Archive(f"{size}.zip", "https://example.org", size=size), tmp_path, tmp_path, "missing")
        for size in (0, 2_500_000_000)
    ]
    assert "to fetch: 2 files, 2.5 GB, and some of unknown size" in described(steps)
    assert [megabytes(size) for size in (0, 10, 17_000_000)] == ["? MB", "0.1 MB", "17.0 MB"]
