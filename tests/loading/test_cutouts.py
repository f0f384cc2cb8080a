"""Hands from a folder, and how they are pasted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handseg_cli.errors import DatasetError
from handseg_cli.loading import cutouts
from handseg_cli.loading.cutouts import read_cutouts
from handseg_cli.loading.paste import Cutout, pasted
from handseg_cli.sample import Sample
from tests.tiny import folder as tiny

HAND = Cutout(np.full((40, 30, 3), 200, np.uint8), np.full((40, 30), 255, np.uint8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny.build(tmp_path)
    return tmp_path


def test_hands_are_cut_to_their_boxes(folder: Path) -> None:
    found = read_cutouts(folder)
    assert len(found) == 6
    for each in found:
        assert each.image.shape[:2] == each.mask.shape
        assert max(each.mask.shape) < 30
        # Their rim is left out, so all of what is pasted has the colour of the hand.
        assert np.abs(each.image[each.mask == 255].astype(int) - (224, 172, 140)).mean() < 12


def test_large_hands_are_kept_small(tmp_path: Path) -> None:
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
        Image.new("RGB", (900, 600), "white").save(tmp_path / kind / "a.png")
    assert read_cutouts(tmp_path)[0].mask.shape == (171, 256)


def test_no_more_are_kept_than_memory_is_meant_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutouts, "MOST", 4)
    assert len(read_cutouts(folder)) == 4


def test_a_folder_without_hands_is_an_error(tmp_path: Path) -> None:
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
        Image.new("RGB", (60, 40)).save(tmp_path / kind / "a.png")
    with pytest.raises(DatasetError, match="none of its masks shows a hand"):
        read_cutouts(tmp_path)


def test_what_is_pasted_is_hand_and_all_else_stays() -> None:
    sample = Sample("a", np.full((64, 64, 3), 10, np.uint8), np.zeros((64, 64), np.uint8))
    total = 0
    for seed in range(20):
        made = pasted(sample, [HAND], np.random.default_rng(seed))
        assert made.mask is not None
        assert ((made.image.min(axis=2) > 10) >= (made.mask == 1)).all()
        total += int((made.mask == 1).sum())
    assert total > 20 * 50


def test_a_sample_of_which_more_is_known_stays_as_it_is() -> None:
    sample = Sample("a", np.full((64, 64, 3), 10, np.uint8), np.zeros((64, 64), np.uint8))
    told = replace(sample, parts=sample.mask)
    assert pasted(told, [HAND], np.random.default_rng(0)) is told
    assert pasted(sample, [], np.random.default_rng(0)) is sample
