"""Plans of synthetic data: splits by shares, what the settings rest on, and what the result says of itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from handseg_cli.config import SynthConfig
from handseg_cli.datasets.synth_plan import Plan, places, plan_of, splits_of, trace
from handseg_cli.errors import ConfigError, DatasetError
from handseg_cli.io.progress import Progress


@pytest.fixture(autouse=True)
def _no_assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDSEG_HOME", str(tmp_path / "home"))


def plan(**changes: object) -> Plan:
    return plan_of(SynthConfig(**{"out": Path("a"), "engine": "numpy", **changes}), Progress(True, ""))  # type: ignore[arg-type]


def body(folder: Path, text: str = "v 0 0 0") -> Path:
    (folder / "makehuman").mkdir(parents=True)
    (folder / "makehuman" / "base.obj").write_text(text)
    return folder


@pytest.mark.parametrize("count", [1, 10, 100, 1000, 4321])
def test_any_number_of_photos_is_parted_by_shares(count: int) -> None:
    counts = np.bincount(splits_of(count, {"train": 0.8, "test": 0.05, "val": 0.15}), minlength=3)
    assert np.abs(counts - np.array([0.8, 0.15, 0.05]) * count).max() < 2.5


def test_a_split_without_a_share_has_none() -> None:
    assert set(splits_of(500, {"test": 3.0})) == {2}
    assert set(splits_of(500, {"train": 1.0, "test": 1.0})) == {0, 2}


def test_more_photos_move_none_to_another_split() -> None:
    shares = {"train": 0.9, "val": 0.1}
    assert np.array_equal(splits_of(1000, shares)[:300], splits_of(300, shares))


def test_photos_are_numbered_among_those_that_train_and_those_that_do_not() -> None:
    found = list(places(splits_of(50, {"train": 0.5, "val": 0.25, "test": 0.25})))
    assert [place.index for place in found] == list(range(50))
    for train in (True, False):
        mine = [place.number for place in found if (place.split == "train") is train]
        assert mine == list(range(len(mine)))


def test_a_prepared_file_has_its_suffix_and_a_folder_has_none() -> None:
    finals = [plan(out=Path("a.b")), plan(out=Path("a.h5")), plan(out=Path("a"), layout="rhd")]
    assert [each.final.name for each in finals] == ["a.b.h5", "a.h5", "a"]


def test_a_plan_depends_on_all_that_decides_what_is_made(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"one")
    changes: list[dict[str, object]] = [
        {},
        {"seed": 7},
        {"count": 7},
        {"size": 64},
        {"style": ("ego=2",)},
        {"split": ("train",)},
        {"labels": "hand"},
        {"layout": "files"},
        {"backgrounds": tmp_path / "photos"},
        {"cutouts": tmp_path / "photos"},
        {"assets": body(tmp_path / "assets")},
        {"assets": body(tmp_path / "others", "v 0 0 0\nv 1 1 1")},
    ]
    digests = {plan(**change).digest for change in changes}
    assert len(digests) == len(changes)
    assert plan(workers=3, out=Path("b"), quiet=True).digest == plan().digest
    assert plan(count=7).recipe == plan().recipe


def test_assets_are_the_same_wherever_they_lie(tmp_path: Path) -> None:
    one, other = body(tmp_path / "one"), body(tmp_path / "home" / "raw" / "assets")
    assert trace(one).content == trace(other).content
    # Those that were downloaded are found by themselves.
    assert plan().settings.assets == other
    assert plan().digest == plan(assets=one).digest


def test_a_folder_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no makehuman/base\.obj; `handseg download assets`"):
        plan(assets=tmp_path)
    for name in ("backgrounds", "cutouts"):
        with pytest.raises(DatasetError, match="nowhere: is no folder"):
            plan(**{name: tmp_path / "nowhere"})


def test_lenses_bend_no_lines_where_only_a_matrix_tells_of_them() -> None:
    bent = {layout: not plan(layout=layout).settings.pinhole for layout in ("prepared", "files", "rhd", "interhand")}
    assert bent == {"prepared": True, "files": True, "rhd": False, "interhand": False}


def test_photos_of_others_keep_their_terms(tmp_path: Path) -> None:
    assert "keep the terms" not in str(plan().card["licence"])
    assert "keep the terms" in str(plan(backgrounds=tmp_path).card["licence"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"style": ("egg",)}, "--style egg: there are ego, third-person"),
        ({"split": ("most",)}, "--split most: there are train, val, test"),
        ({"count": 0}, "--count is 0"),
        ({"size": 10}, "--size is 10"),
        ({"layout": "rhd", "count": 100_001}, "make several, each with a --seed of its own"),
        ({"layout": "rhd", "labels": "hand"}, "--layout rhd tells all"),
        ({"layout": "files", "out": Path("a.h5")}, "writes a folder"),
    ],
)
def test_what_makes_no_sense_is_said_at_once(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        SynthConfig(**{"out": Path("a"), **changes})  # type: ignore[arg-type]
