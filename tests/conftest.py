"""Fixtures that every test folder may use."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import settings

# On a machine that others use too, an example may take any time.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# --- weights without training: `tiny_weights` ------------------------------------------------------------------


@pytest.fixture(scope="session")
def tiny_weights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return tiny.onnx, a Lite net of fixed random weights that works at 128 x 128; tiny.safetensors lies beside it.

    They are kept in pytest's cache for as long as nothing they are made of changes: the export takes ten seconds.
    """
    import onnx
    import torch

    from handseg_cli.checkpoints.store import save
    from handseg_cli.export.onnx import export_onnx
    from handseg_cli.models.lite import Lite

    package = Path(__file__).parents[1] / "handseg_cli"
    sources = sorted(path for room in ("models", "checkpoints", "export") for path in (package / room).glob("*.py"))
    digest = hashlib.sha256(f"{torch.__version__} {onnx.__version__}".encode())
    for path in (Path(__file__), *sources):
        digest.update(path.read_bytes())
    kept = request.config.cache.mkdir(f"weights-{digest.hexdigest()[:16]}") if request.config.cache else None
    folder = kept or tmp_path_factory.mktemp("weights")
    if (folder / "tiny.onnx").is_file():
        return folder / "tiny.onnx"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Lite(width=16)
        # Norms that fit their inputs let the picture through to the logits; untouched, these would all be alike.
        for norm in (module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)):
            norm.momentum = 1.0
        with torch.no_grad():
            logits = model(torch.rand(8, 3, 4, 4).repeat_interleave(32, 2).repeat_interleave(32, 3))["mask"]
            model.get_parameter("head.1.bias").sub_(logits.mean()).mul_(4 / logits.std())
            model.get_parameter("head.1.weight").mul_(4 / logits.std())
    card = {
        "model": "lite",
        "arguments": {"width": 16},
        "task": "hands",
        "classes": ["hand"],
        "size": 128,
        "stride": 32,
    }
    save(folder / "tiny.safetensors", model.eval(), card)
    export_onnx(folder / "tiny.safetensors", folder / "tiny.onnx")
    return folder / "tiny.onnx"


# ---------------------------------------------------------------------------------------------------------------
