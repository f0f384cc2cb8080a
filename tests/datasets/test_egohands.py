from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.egohands import EgoHands, session
from handseg_cli.errors import DatasetError
from tests.tiny import egohands as tiny


def find(raw: Path) -> list[Entry]:
    return list(EgoHands().find(raw))


def test_frames_come_in_the_order_of_the_metadata(raw: Path) -> None:
    numbers = ("0011", "0120", "0999", "2697")
    assert [entry.key for entry in find(raw)] == [
        f"{video}/frame_{number}" for video, number in itertools.product(tiny.VIDEOS, numbers)
    ]


def test_the_two_cameras_of_a_session_are_one_group() -> None:
    assert session("CHESS_OFFICE_S_B") == session("CHESS_OFFICE_B_S") == "CHESS_OFFICE_B_S"
    assert session("CHESS_OFFICE_S_B") != session("CHESS_OFFICE_H_T")


def test_without_metadata_the_folders_tell_the_same(raw: Path) -> None:
    told = {entry.key: entry for entry in find(raw)}
    (raw / "egohands_data" / "metadata.mat").unlink()
    found = find(raw)
    assert [entry.key for entry in found] == sorted(told)
    for entry in found:
        one, other = EgoHands().read(entry), EgoHands().read(told[entry.key])
        assert one.sides is not None
        assert other.sides is not None
        assert np.array_equal(one.sides, other.sides)


def test_own_and_the_others_hands_have_their_sides(raw: Path) -> None:
    sides = EgoHands().read(find(raw)[0]).sides
    assert sides is not None
    # Own left below on the left, own right beside it, the other's left across from that.
    assert [sides[28, 16], sides[27, 46], sides[8, 44], sides[9, 18]] == [1, 2, 1, 2]
    assert sides[0, 0] == 0


def test_absent_hands_and_lines_leave_nothing(raw: Path) -> None:
    sides = EgoHands().read(find(raw)[1]).sides
    assert sides is not None
    assert set(np.unique(sides)) == {0, 2}


def test_a_frame_without_hands_has_an_empty_mask(raw: Path) -> None:
    mask = EgoHands().read(find(raw)[3]).mask
    assert mask is not None
    assert not mask.any()


def test_a_hand_that_leaves_the_frame_is_cut(raw: Path) -> None:
    sides = EgoHands().read(find(raw)[2]).sides
    assert sides is not None
    assert sides[-1, -1] == 2


def test_a_missing_frame_is_refused_alone(raw: Path) -> None:
    first, second, *_ = find(raw)
    first.image.unlink()
    with pytest.raises(DatasetError, match=r"frame_0011\.jpg: is missing; run `handseg download egohands` again"):
        EgoHands().read(first)
    assert EgoHands().read(second).key == second.key


def test_frames_that_do_not_match_their_outlines_are_refused(raw: Path) -> None:
    root = raw / "egohands_data"
    (root / "metadata.mat").unlink()
    (root / "_LABELLED_SAMPLES" / tiny.VIDEOS[0] / "frame_0011.jpg").unlink()
    with pytest.raises(DatasetError, match=r"polygons\.mat: outlines 4 photos where there are 3"):
        find(raw)


def test_fields_go_by_position_however_they_are_spelt(raw: Path) -> None:
    told = [entry.key for entry in find(raw)]
    path = raw / "egohands_data" / "metadata.mat"
    video = loadmat(path)["video"]
    video.dtype.names = tuple(f"field{number}" for number in range(len(video.dtype.names)))
    savemat(path, {"video": video})
    assert [entry.key for entry in find(raw)] == told


def test_a_video_that_leads_out_of_the_folder_is_refused(raw: Path) -> None:
    path = raw / "egohands_data" / "metadata.mat"
    video = loadmat(path)["video"]
    video[0, 0][0] = "../../elsewhere"
    savemat(path, {"video": video})
    with pytest.raises(DatasetError, match="holds no records of EgoHands"):
        find(raw)


@pytest.mark.parametrize("content", [{"video": np.arange(3)}, {"other": 1}, {"video": np.array([["a"]])}])
def test_another_matlab_file_is_refused(raw: Path, content: dict[str, object]) -> None:
    savemat(raw / "egohands_data" / "metadata.mat", content)
    with pytest.raises(DatasetError, match=r"metadata\.mat: holds no records of EgoHands; run `handseg download"):
        find(raw)


def test_damage_anywhere_in_the_metadata_raises_nothing_unexpected(raw: Path) -> None:
    path = raw / "egohands_data" / "metadata.mat"
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    cuts = [whole[:at] for at in rng.integers(0, len(whole), 20)]
    flips = [whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :] for at in rng.integers(0, len(whole), 40)]
    for damaged in (*cuts, *flips):
        path.write_bytes(damaged)
        # Some damage only changes a number, and some is met where nothing is looked up.
        with contextlib.suppress(DatasetError):
            find(raw)


def test_entries_hold_the_outlines_of_their_frame(raw: Path) -> None:
    entry = find(raw)[0]
    assert all(points.dtype == np.float32 and points.shape == (12, 2) for points in entry.detail)
