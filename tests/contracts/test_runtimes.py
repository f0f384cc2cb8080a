"""What every runtime of the registry keeps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from handseg_cli.checkpoints.store import load
from handseg_cli.checkpoints.weights import Weights
from handseg_cli.registry import RUNTIMES, resolve
from handseg_cli.runtime.session import Batch, Session

SHAPES = [(1, 64, 96), (3, 160, 32), (1, 32, 32)]


@pytest.fixture(params=RUNTIMES, scope="module")
def session(request: pytest.FixtureRequest, tiny_weights: Path) -> Session:
    if request.param == "openvino":
        pytest.importorskip("openvino")
    weights = Weights("tiny", tiny_weights, tiny_weights.with_suffix(".safetensors"), "", {})
    open_session = cast(Any, resolve(RUNTIMES[request.param]))
    return cast(Session, open_session(weights, device="cpu", threads=1, half=False))


def images(shape: tuple[int, int, int], seed: int = 0) -> Batch:
    """Return a batch of blots."""
    count, height, width = shape
    coarse = np.random.default_rng(seed).integers(0, 256, (count, height // 32, width // 32, 3), np.uint8)
    return coarse.repeat(32, axis=1).repeat(32, axis=2)


@pytest.mark.parametrize("shape", SHAPES)
def test_it_agrees_with_torch(session: Session, tiny_weights: Path, shape: tuple[int, int, int]) -> None:
    model, _ = load(tiny_weights.with_suffix(".safetensors"))
    with torch.inference_mode():
        outputs = model(torch.from_numpy(images(shape)).permute(0, 3, 1, 2) / 255)
    given = session.run(images(shape))
    assert set(given) == set(outputs) == {"mask", "arm", "side"}
    for name, logits in given.items():
        wanted = outputs[name].numpy()
        assert logits.dtype == np.float32
        assert logits.shape == wanted.shape == (shape[0], 1, shape[1] // 4, shape[2] // 4)
        assert np.abs(logits - wanted).max() < 1e-3 * max(1, np.abs(wanted).max())


def test_a_batch_is_its_photos_one_by_one(session: Session) -> None:
    batch = images((3, 64, 96))
    single = np.concatenate([session.run(batch[index : index + 1])["mask"] for index in range(3)])
    assert np.allclose(session.run(batch)["mask"], single, atol=1e-3)


def test_threads_do_not_disturb_each_other(session: Session) -> None:
    batches = [images(SHAPES[index % 3], index) for index in range(24)]
    wanted = [session.run(batch)["mask"] for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lambda batch: session.run(batch)["mask"], batches))
    assert all(np.allclose(one, other, atol=1e-3) for one, other in zip(wanted, given, strict=True))


def test_it_says_where_it_runs(session: Session) -> None:
    assert session.device == "cpu"
