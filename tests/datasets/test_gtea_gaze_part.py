from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.gtea_gaze_part import GteaGazePart
from handseg_cli.errors import DatasetError
from tests.tiny import gtea_gaze_part as tiny


def find(raw: Path) -> list[Entry]:
    return list(GteaGazePart().find(raw))


def test_frames_are_sorted_by_name_and_grouped_by_recipe(raw: Path) -> None:
    assert [entry.key for entry in find(raw)] == sorted(tiny.NAMES)
    assert {entry.group for entry in find(raw)} == {"carlos_pasta", "yin_pizza", "rahul_turkey"}
    assert all(entry.key.endswith(entry.group) for entry in find(raw))


def test_ones_are_hand_in_grey_and_in_every_palette(raw: Path) -> None:
    for entry in find(raw):
        mask = GteaGazePart().read(entry).mask
        assert mask is not None
        assert np.count_nonzero(mask == 255) == 21 * 10


def test_a_number_alone_is_its_own_group(raw: Path) -> None:
    first = find(raw)[0]
    assert first.labels is not None
    first.image.rename(first.image.with_name("0000000001.jpg"))
    first.labels.rename(first.labels.with_name("0000000001.png"))
    assert find(raw)[0].group == "0000000001"


@pytest.mark.parametrize("inner", ["GTEA_gaze_part/Resize", "GTEA_gaze_part"])
def test_each_inner_folder_will_do(raw: Path, inner: str) -> None:
    assert len(find(raw / inner)) == len(tiny.NAMES)


def test_a_missing_photo_costs_only_itself(raw: Path) -> None:
    first, second, *_ = find(raw)
    first.image.unlink()
    assert [entry.key for entry in find(raw)][:2] == [first.key, second.key]
    with pytest.raises(DatasetError, match="is missing; run `handseg download gtea_gaze_part` again"):
        GteaGazePart().read(first)
    assert GteaGazePart().read(second).key == second.key
