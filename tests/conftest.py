"""Fixtures that every test folder may use."""

from __future__ import annotations

import gc
import hashlib
import os
import signal
from collections.abc import Iterator
from multiprocessing import resource_tracker
from pathlib import Path

import pytest
from hypothesis import settings

# On a machine that others use too, an example may take any time.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# On such a machine, two threads of torch wait for each other most of the time. Processes that tests start do likewise.
os.environ["OMP_NUM_THREADS"] = "1"

# A shell's background job, as this suite may be, is born deaf to Ctrl-C, and so would be all that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _garbage_is_not_looked_for_in_what_was_imported() -> Iterator[None]:
    """Spare the collector what will stay anyway: looking through it takes half a second, many times."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def _nothing_outlives_the_suite() -> Iterator[None]:
    """End the process that comes with spawned workers: where coverage is measured, it writes a file as it ends."""
    yield
    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def tiny_weights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return tiny.onnx, a Lite net of fixed random weights that works at 128 x 128; tiny.safetensors lies beside it.

    They are kept in pytest's cache for as long as nothing they are made of changes: the export takes ten seconds.
    """
    import onnx
    import torch

    from tests.tiny import weights

    package = Path(__file__).parents[1] / "handseg_cli"
    sources = sorted(path for room in ("models", "checkpoints", "export") for path in (package / room).glob("*.py"))
    digest = hashlib.sha256(f"{torch.__version__} {onnx.__version__}".encode())
    for path in (Path(weights.__file__), *sources):
        digest.update(path.read_bytes())
    cached = getattr(request.config, "cache", None)  # not there with `-p no:cacheprovider`
    folder = cached.mkdir(f"weights-{digest.hexdigest()[:16]}") if cached else tmp_path_factory.mktemp("weights")
    if (folder / "tiny.onnx").is_file():
        return folder / "tiny.onnx"
    weights.build(folder)
    return folder / "tiny.onnx"
