"""Names lead somewhere, and a missing package is explained."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from handseg_cli.about.doctor import CHECKS
from handseg_cli.cli import COMMANDS
from handseg_cli.errors import HandsegError
from handseg_cli.registry import DATASETS, MODELS, RUNTIMES, WEIGHTS, resolve

ROOT = Path(__file__).parents[1]
TARGETS = [
    *MODELS.values(),
    *DATASETS.values(),
    *RUNTIMES.values(),
    *CHECKS.values(),
    *(command.verb for command in COMMANDS.values()),
]


@pytest.mark.parametrize("target", TARGETS)
def test_target_is_defined_where_it_says(target: str) -> None:
    module, _, attribute = target.partition(":")
    tree = ast.parse((ROOT / module.replace(".", "/")).with_suffix(".py").read_text())
    assert attribute in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


@pytest.mark.parametrize("stem", sorted({*WEIGHTS.values()}))
def test_embedded_weights_are_packed_whole(stem: str) -> None:
    folder = ROOT / "handseg_cli" / "checkpoints"
    files = [folder / f"{stem}{suffix}" for suffix in (".onnx", ".safetensors", ".md")]
    assert all(path.is_file() for path in files), files


def test_resolve_returns_what_the_target_names() -> None:
    assert resolve("pathlib:Path") is Path


def test_missing_extra_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "handseg_cli.runtime.openvino_session", raising=False)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(HandsegError, match=r"needs openvino: pip install 'handseg\[openvino\]'"):
        resolve(RUNTIMES["openvino"])


def test_missing_package_is_named_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wants_absent.py").write_text("import absent_package.part\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(HandsegError, match="needs absent_package: pip install 'absent_package'"):
        resolve("wants_absent:thing")


@pytest.mark.parametrize("target", ["handseg_cli.nowhere:x", "handseg_cli.errors:Nothing"])
def test_mistake_of_ours_stays_a_bug(target: str) -> None:
    with pytest.raises((ImportError, AttributeError)):
        resolve(target)
