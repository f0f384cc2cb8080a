from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.hof import Hof
from handseg_cli.errors import DatasetError
from tests.tiny import hof as tiny


def find(raw: Path) -> list[Entry]:
    return list(Hof().find(raw))


def keep_originals_only(raw: Path) -> None:
    for kind in ("images_resized", "masks"):
        shutil.rmtree(raw / "hand_over_face" / kind)


def test_photos_are_sorted_as_text(raw: Path) -> None:
    assert [entry.key for entry in find(raw)] == ["1", "10", "100", "2", "216"]


def test_each_photo_is_a_group_of_its_own(raw: Path) -> None:
    assert [entry.group for entry in find(raw)] == [entry.key for entry in find(raw)]


def test_a_nested_root_is_found(raw: Path) -> None:
    keys = [entry.key for entry in find(raw)]
    (raw / "hand_over_face_corrected").mkdir()
    (raw / "hand_over_face").rename(raw / "hand_over_face_corrected" / "hand_over_face")
    assert [entry.key for entry in find(raw)] == keys


def test_masks_are_those_of_the_resized_photos(raw: Path) -> None:
    for entry in find(raw):
        sample = Hof().read(entry)
        assert sample.mask is not None
        assert sample.image.shape[:2] == tiny.SIZES[tiny.NAMES.index(entry.key)]
        assert np.count_nonzero(sample.mask) == 10 * 8


def test_photos_of_original_size_have_their_outlines_filled(raw: Path) -> None:
    small = {entry.key: Hof().read(entry).mask for entry in find(raw)}
    keep_originals_only(raw)
    assert [entry.key for entry in find(raw)] == ["1", "10", "100", "2", "216"]
    for entry in find(raw):
        large, wanted = Hof().read(entry).mask, small[entry.key]
        assert large is not None
        assert wanted is not None
        half = large[::2, ::2]
        assert half.shape == wanted.shape
        assert np.array_equal(half, wanted)


def test_a_gif_named_jpg_is_read(raw: Path) -> None:
    keep_originals_only(raw)
    entry = find(raw)[-1]
    assert entry.image.read_bytes().startswith(b"GIF8")
    assert Hof().read(entry).image.shape == (48, 72, 3)


def test_resized_photos_that_are_lost_are_not_replaced_by_others(raw: Path) -> None:
    shutil.rmtree(raw / "hand_over_face" / "images_resized")
    with pytest.raises(DatasetError, match="images_resized: is missing"):
        find(raw)


def test_a_missing_mask_is_refused_by_name(raw: Path) -> None:
    (raw / "hand_over_face" / "masks" / "10.png").unlink()
    broken = find(raw)[1]
    assert broken.key == "10"
    with pytest.raises(DatasetError, match=r"10\.png: is missing; run `handseg download hof` again"):
        Hof().read(broken)
