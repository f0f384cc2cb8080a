from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.gtea import Gtea
from handseg_cli.errors import DatasetError
from handseg_cli.sample import Mask
from tests.tiny import gtea as tiny


def find(raw: Path) -> list[Entry]:
    return list(Gtea().find(raw))


def sides_of(entry: Entry) -> Mask:
    sides = Gtea().read(entry).sides
    assert sides is not None
    return sides


def codes_of(entry: Entry) -> Mask:
    assert entry.labels is not None
    with Image.open(entry.labels) as mask:
        return np.asarray(mask)


def annotation_of(entry: Entry) -> Path:
    assert isinstance(entry.detail, Path)
    return entry.detail


def test_gtea_comes_before_gaze_plus_and_old_photos_not_at_all(raw: Path) -> None:
    flat = [f"GTEA/{name}" for name in sorted(tiny.FLAT)]
    nested = [f"GTEA_GAZE_PLUS/{name}" for name in sorted(tiny.NESTED)]
    assert [entry.key for entry in find(raw)] == [*flat, *nested]


def test_groups_are_a_cook_with_a_recipe(raw: Path) -> None:
    cooks = ["s1_tea", "s1_tea", "s2_cheese", "s2_cheese", "s3_pealate"]
    assert [entry.group for entry in find(raw)] == [
        *cooks,
        *("carlos_pasta", "carlos_pasta", "rahul_turkey", "yin_pizza"),
    ]


def test_every_code_is_hand(raw: Path) -> None:
    for entry in find(raw):
        mask = Gtea().read(entry).mask
        assert mask is not None
        assert np.array_equal(mask > 0, codes_of(entry) > 0)


def test_codes_have_the_sides_that_the_annotations_name(raw: Path) -> None:
    sides = np.zeros(256, np.uint8)
    sides[[tiny.LEFT, tiny.RIGHT, tiny.BOTH]] = 1, 2, 3
    for entry in find(raw):
        assert np.array_equal(sides_of(entry), sides[codes_of(entry)])


def test_loose_outlines_still_decide_tight_codes(raw: Path) -> None:
    entry = find(raw)[0]
    wanted = sides_of(entry)
    path = annotation_of(entry)
    path.write_text(path.read_text().replace("<y>13</y>", "<y>15</y>"))
    assert np.array_equal(sides_of(entry), wanted)


def test_a_mask_of_one_code_is_divided_by_the_outlines(raw: Path) -> None:
    for entry in find(raw):
        wanted = sides_of(entry)
        assert entry.labels is not None
        Image.fromarray((codes_of(entry) > 0).astype(np.uint8) * np.uint8(255)).save(entry.labels)
        assert np.array_equal(sides_of(entry), wanted)


def test_outlines_drawn_at_another_size_are_scaled(raw: Path) -> None:
    entry = find(raw)[0]
    wanted = sides_of(entry)
    path = annotation_of(entry)
    path.write_text(re.sub(r"(?<=[xysw]>)\d+(?=<)", lambda number: str(2 * int(number[0])), path.read_text()))
    assert "<nrows>54</nrows><ncols>96</ncols>" in path.read_text()
    assert np.array_equal(sides_of(entry), wanted)


def test_hands_without_a_named_side_are_undecided(raw: Path) -> None:
    entry = find(raw)[0]
    path = annotation_of(entry)
    path.write_text(path.read_text().lower().replace("left", "a").replace("right", "a"))
    assert np.array_equal(sides_of(entry) == 3, codes_of(entry) > 0)


def test_masks_alone_will_do_with_undecided_sides(raw: Path) -> None:
    for part in ("GTEA", "GTEA_GAZE_PLUS"):
        shutil.rmtree(raw / "hand2K_dataset" / part / "Annotations")
    for entry in find(raw):
        assert np.array_equal(sides_of(entry) == 3, codes_of(entry) > 0)


def test_one_annotation_missing_among_others_is_a_loss(raw: Path) -> None:
    entry = find(raw)[0]
    annotation_of(entry).unlink()
    with pytest.raises(DatasetError, match=r"\.xml: is missing; run `handseg download gtea` again"):
        Gtea().read(entry)


@pytest.mark.parametrize("part", ["GTEA", "GTEA_GAZE_PLUS", "GTEA/Masks", "GTEA_GAZE_PLUS/Images"])
def test_half_of_it_is_refused(raw: Path, part: str) -> None:
    shutil.rmtree(raw / "hand2K_dataset" / part)
    with pytest.raises(DatasetError, match=f"{part}.*: is missing; run `handseg download gtea` again"):
        find(raw)


def test_noise_below_all_codes_is_no_hand(raw: Path) -> None:
    entry = find(raw)[0]
    codes = codes_of(entry)
    assert entry.labels is not None
    Image.fromarray(np.where(codes > 0, codes, 19).astype(np.uint8)).save(entry.labels)
    mask = Gtea().read(entry).mask
    assert mask is not None
    assert np.array_equal(mask > 0, codes > 0)
