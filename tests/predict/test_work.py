"""What threads do to photos."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handseg_cli.config import PredictConfig
from handseg_cli.io.images import Photo
from handseg_cli.predict import work
from handseg_cli.predict.predictor import Predictor
from handseg_cli.predict.stream import predict
from handseg_cli.sample import Prediction


@pytest.mark.parametrize(("limit", "most"), [(99 * 80, 1), (100 * 80, 4)])
def test_huge_photos_are_done_one_at_a_time(
    tmp_path: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch, limit: int, most: int
) -> None:
    for index in range(4):
        Image.fromarray(np.full((80, 100, 3), 50 * index, np.uint8)).save(tmp_path / f"{index}.png")
    inside: set[int] = set()
    together = []
    plain = Predictor.segment

    def counted(self: Predictor, photos: Sequence[Photo]) -> list[Prediction]:
        inside.add(threading.get_ident())
        time.sleep(0.2)
        together.append(len(inside))
        inside.discard(threading.get_ident())
        return plain(self, photos)

    monkeypatch.setattr(Predictor, "segment", counted)
    monkeypatch.setattr(work, "HUGE", limit)
    summary = predict(PredictConfig(paths=(tmp_path,), weights=str(tiny_weights), workers=4, quiet=True))
    assert (summary.done, max(together)) == (4, most)
