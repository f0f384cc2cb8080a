"""Who is judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from handseg_cli.config import EvalConfig
from handseg_cli.errors import CheckpointError, DatasetError
from handseg_cli.evaluate.candidates import MaskCandidate, open_candidates, seed_photo, seed_shot, short_name
from handseg_cli.evaluate.sources import Shot
from handseg_cli.io.images import Photo
from handseg_cli.io.png import encode_grey
from handseg_cli.predict.predictor import Predictor
from handseg_cli.runtime.session import Batch
from handseg_cli.sample import Mask


def half(height: int, width: int) -> Mask:
    mask = np.zeros((height, width), np.uint8)
    mask[:, : width // 2] = 255
    return mask


def shot(key: str, names: tuple[str, ...] = (), size: tuple[int, int] = (60, 80)) -> Shot:
    photo = Photo(np.zeros((*size, 3), np.uint8), size)
    return Shot(key, key, names or (key,), photo, half(*size))


@pytest.mark.parametrize("name", ["v/a.png", "v/a.jpg.png", "v/a.JPG.png"])
def test_a_finished_mask_is_found_by_key_or_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "v").mkdir()
    (tmp_path / name).write_bytes(encode_grey(half(60, 80)))
    (found,) = MaskCandidate("masks", tmp_path).predict([shot("v/a", ("v/a", "v/a.JPG"))])
    assert np.array_equal(found.mask, half(60, 80))


def test_a_finished_mask_of_the_whole_photo_is_scaled_to_the_stored_one(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encode_grey(half(241, 320)))
    (found,) = MaskCandidate("masks", tmp_path).predict([shot("a")])
    assert found.mask.shape == (60, 80)
    assert np.count_nonzero(found.mask) == 60 * 40


@pytest.mark.parametrize(
    ("key", "size", "hint"),
    [("b", (60, 80), "has no mask of b"), ("a", (80, 60), "not the shape"), ("../a", (60, 80), "has no mask of")],
)
def test_a_mask_that_cannot_be_used_says_why(tmp_path: Path, key: str, size: tuple[int, int], hint: str) -> None:
    (tmp_path / "a.png").write_bytes(encode_grey(half(60, 80)))
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "a.png").write_bytes(encode_grey(half(60, 80)))
    with pytest.raises(DatasetError, match=hint):
        MaskCandidate("masks", tmp_path / "masks").predict([shot(key, size=size)])


def test_models_are_named_as_shortly_as_they_differ(tmp_path: Path) -> None:
    assert short_name("lite") == "lite"
    assert short_name("runs/mine/best.safetensors") == "mine/best"
    folders = [tmp_path / name / "masks" for name in "ab"]
    for folder in folders:
        folder.mkdir(parents=True)
    both = open_candidates(EvalConfig(models=tuple(map(str, folders))))
    assert [each.name for each in both] == [str(folder) for folder in folders]


def test_a_model_that_is_not_there_is_an_error() -> None:
    with pytest.raises(CheckpointError, match="nothing"):
        open_candidates(EvalConfig(models=("nothing",)))


def test_first_system_counts_what_a_blurred_truth_touches() -> None:
    squashed = seed_shot(shot("a", size=(512, 1024))).truth
    assert squashed.shape == (256, 256)
    # 128 columns, and one that the filter's foot reaches.
    assert set(np.count_nonzero(squashed, axis=1).tolist()) <= {128, 129, 130}
    assert np.count_nonzero(squashed) > 256 * 128


class Still:
    """A net that finds nothing."""

    device = "cpu"

    def run(self, batch: Batch) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
        return {"mask": np.full((len(batch), 1, 8, 8), -9, np.float32)}


def test_a_net_that_squashes_sees_the_squares_of_the_first_system() -> None:
    photo = Photo(np.zeros((300, 700, 3), np.uint8), (300, 700))
    squashed = seed_photo(photo, Predictor(Still(), size=128, fit="squash"))
    assert (squashed.image.shape, squashed.size) == ((128, 128, 3), (256, 256))
    assert seed_photo(photo, Predictor(Still(), size=128)) is photo
