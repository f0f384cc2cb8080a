"""Synthetic photos as they are truly rendered: a prepared file holds what the renderer has rendered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from handseg_cli.config import SynthConfig
from handseg_cli.datasets import stretches, synthetic
from handseg_cli.datasets.encode import Policy, encode
from handseg_cli.datasets.synthetic import synth
from handseg_cli.io.encoded import decode
from handseg_cli.io.hdf5 import Reader
from handseg_cli.sample import Sample
from handseg_cli.synth.settings import SynthSettings
from tests.tiny.rendered import render

COUNT, SIZE = 5, 48


def made(folder: Path, workers: int) -> Path:
    """Make a prepared file in stretches of three, with no assets that the machine may have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HANDSEG_HOME", str(folder / "home"))
        for module in (stretches, synthetic):
            patch.setattr(module, "LENGTH", 3)
        if workers == 1:
            patch.setattr(synthetic, "RENDER", "tests.tiny.rendered:render")
        return synth(SynthConfig(folder / "a.h5", COUNT, size=SIZE, engine="numpy", workers=workers, quiet=True)).path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("whole"), 1)


def sample_at(index: int) -> Sample:
    settings = SynthSettings(0, tuple(SynthConfig(Path("a")).styles.items()), (SIZE, SIZE), engine="numpy")
    rendered = render(settings, index)
    return replace(rendered.sample, depth=rendered.depth)


def test_every_photo_comes_back_with_all_that_is_known_of_it(whole: Path) -> None:
    with Reader(whole) as reader:
        reader.verify()
        assert len(reader) == COUNT
        for index in range(COUNT):
            found, rendered = reader[index], sample_at(index)
            assert (found.key, found.group, found.hands) == (f"{index:06}", f"{index:06}", rendered.hands)
            assert np.abs(found.image.astype(int) - rendered.image).mean() < 4
            for name in ("mask", "parts", "valid", "camera"):
                assert np.array_equal(getattr(found, name), getattr(rendered, name)), name
            for name in ("joints", "points"):
                assert np.array_equal(getattr(found, name), getattr(rendered, name), equal_nan=True), name


def test_depth_comes_back_to_a_tenth_of_a_millimetre(whole: Path) -> None:
    with Reader(whole) as reader:
        found, rendered = reader[0].depth, sample_at(0).depth
    assert found is not None
    assert rendered is not None
    there = np.isfinite(rendered)
    assert there.any()
    assert np.array_equal(np.isfinite(found), there)
    assert np.abs(found[there] - np.minimum(rendered[there], 6553.5)).max() <= 0.051


def test_depth_is_scaled_with_its_photo() -> None:
    rendered = encode(sample_at(0), None, Policy("parts", SIZE // 2))
    depth, parts = decode(rendered).depth, decode(rendered).parts
    assert depth is not None
    assert parts is not None
    assert depth.shape == (SIZE // 2, SIZE // 2)
    assert np.isfinite(depth[parts > 0]).all()


def test_two_processes_render_the_same_as_one(whole: Path, tmp_path: Path) -> None:
    assert made(tmp_path, 2).read_bytes() == whole.read_bytes()
