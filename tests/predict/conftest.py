"""The predict verb on an empty folder, with a small net."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handseg_cli.config import PredictConfig
from handseg_cli.predict.manifest import Summary
from handseg_cli.predict.stream import predict

Run = Callable[..., Summary]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder, which is the current one, too."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path, tiny_weights: Path) -> Run:
    """Return predict, on paths of the current folder; each run writes its records to m.jsonl anew."""

    def predict_paths(*paths: str, **settings: Any) -> Summary:
        Path("m.jsonl").unlink(missing_ok=True)
        defaults: dict[str, Any] = {"manifest": Path("m.jsonl"), "weights": str(tiny_weights), "quiet": True}
        return predict(PredictConfig(paths=tuple(map(Path, paths)), **(defaults | settings)))

    return predict_paths
