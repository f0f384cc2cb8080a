"""The rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from handseg_cli.about.inventory import PACKAGES
from handseg_cli.registry import EXTRAS

ROOT = Path(__file__).parents[1] / "handseg_cli"

# Modules in the root of the package are rooms of their own, save two sets that hold what everybody shares
# and what a person types.
WORDS = ("errors", "paths", "config", "registry", "sample")
FRONT = ("cli", "notes", "options", "api", "__main__", "__init__")
LAYERS = (
    WORDS,
    ("io", "synth", "pose", "models", "metrics", "runtime"),
    ("datasets", "checkpoints"),
    ("loading",),
    ("tasks",),
    ("predict", "export"),
    ("evaluate", "about"),
    ("train",),
    FRONT,
)
TORCH_ROOMS = ("models", "checkpoints", "export", "tasks", "loading", "train")
TORCH_FILES = ("runtime/torch_session.py", "about/devices.py")
TORCH_FREE_FILES = ("checkpoints/weights.py", "tasks/decode.py", "tasks/sides.py")
# What may not load torch, not even through what it imports.
STARTS_WITHOUT_TORCH = ("io", "synth", "predict", "evaluate", "metrics", "sample", "config", "cli", "api", "__init__")

FILES = sorted(ROOT.rglob("*.py"))
NAMES = [path.relative_to(ROOT).as_posix() for path in FILES]


@cache
def tree(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text())


def room(name: str) -> str:
    return name.partition("/")[0].removesuffix(".py")


def layer(name: str) -> int:
    found = [number for number, rooms in enumerate(LAYERS) if room(name) in rooms]
    assert found, f"{name} is in no layer"
    return found[0]


@cache
def file_of(module: str) -> str | None:
    """Return the file of a dotted name, None if it is no module of ours."""
    path = ROOT.parent / module.replace(".", "/")
    for candidate in (path / "__init__.py", path.with_suffix(".py")):
        if candidate.is_file() and candidate.is_relative_to(ROOT):
            return candidate.relative_to(ROOT).as_posix()
    return None


def modules(node: ast.AST) -> Iterator[str]:
    """Yield the dotted names that an import statement loads."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module:
        inner = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name if file_of(name) else node.module for name in inner)


@cache
def imports(name: str) -> set[str]:
    return {module for node in ast.walk(tree(name)) for module in modules(node)}


@cache
def imports_at_start(name: str) -> set[str]:
    """Return what importing a file loads at once: not what its functions import, or type checkers alone."""
    return {module for node in tree(name).body for module in modules(node)}


def loads_at_start(name: str) -> set[str]:
    """Return all top-level packages that importing a file ends up loading."""
    todo, seen, outside = [name], set(), set()
    while todo:
        current = todo.pop()
        seen.add(current)
        for module in imports_at_start(current):
            ours = file_of(module)
            if ours is None:
                outside.add(module.partition(".")[0])
            elif ours not in seen:
                todo.append(ours)
    return outside


def test_imports_only_reach_down() -> None:
    for name in NAMES:
        # Every module may read the version: the package's __init__ is loaded before any of its modules anyway.
        ours = {file_of(module) for module in imports(name) if module != "handseg_cli"} - {None}
        for target in ours:
            assert target is not None
            both = {room(target), room(name)}
            same_room = len(both) == 1 or both <= {*WORDS} or both <= {*FRONT}
            assert layer(target) < layer(name) or (same_room and layer(target) <= layer(name)), f"{name}: {target}"


def test_torch_stays_in_its_rooms() -> None:
    for name in NAMES:
        allowed = name in TORCH_FILES or (room(name) in TORCH_ROOMS and name not in TORCH_FREE_FILES)
        packages = {module.partition(".")[0] for module in imports(name)}
        assert allowed or not packages & {"torch", "torchvision"}, name


def test_predict_reaches_no_torch() -> None:
    for name in (name for name in NAMES if room(name) in STARTS_WITHOUT_TORCH):
        assert not loads_at_start(name) & {"torch", "torchvision"}, name


def test_file_is_short() -> None:
    for name in NAMES:
        assert len((ROOT / name).read_text().splitlines()) <= 300, name


def test_functions_are_short() -> None:
    for name in NAMES:
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                assert node.end_lineno - node.lineno < 60, f"{name}: {node.name}"


def test_public_things_say_what_they_are() -> None:
    for name in NAMES:
        module = tree(name)
        assert ast.get_docstring(module) or not module.body, f"{name} has no docstring"
        for node in module.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{name}: {node.name} has no docstring"


def test_only_the_command_line_prints() -> None:
    for name in NAMES:
        calls = [node.func for node in ast.walk(tree(name)) if isinstance(node, ast.Call)]
        prints = [func for func in calls if isinstance(func, ast.Name) and func.id == "print"]
        assert not prints or name in ("cli.py", "train/log.py"), name


def test_no_error_is_swallowed_by_a_broad_except() -> None:
    for name in NAMES:
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else "everything"
                assert caught not in ("everything", "Exception"), f"{name}:{node.lineno}"


def test_no_drawer_for_odds_and_ends() -> None:
    for name in NAMES:
        assert not {"utils", "util", "common", "helpers", "misc"} & set(Path(name).with_suffix("").parts), name


def as_imported(package: str) -> str:
    """Return the name under which a package is imported."""
    return {"opencv-python-headless": "cv2", "pillow": "PIL"}.get(package, package.replace("-", "_"))


def declared() -> dict[str, set[str]]:
    """Return what the package needs ("") and what each extra adds, by the names that are imported."""
    project = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    names = {group: [re.split(r"[<>=;\[]", wanted)[0] for wanted in group_] for group, group_ in groups.items()}
    return {group: {as_imported(name) for name in names[group]} for group in names}


def test_what_is_imported_is_what_is_declared() -> None:
    imported = {module.partition(".")[0] for name in NAMES for module in imports(name)} - sys.stdlib_module_names
    groups = declared()
    extras = set().union(*(groups[extra] for extra in groups if extra not in ("", "dev")))
    # ONNX's exporter imports onnxscript, and PyTorch's own code both.
    assert groups[""] <= imported - {"handseg_cli"} <= groups[""] | extras
    assert set(EXTRAS) == extras


def test_doctor_looks_at_every_dependency() -> None:
    assert {as_imported(name) for name in PACKAGES} == declared()[""]


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60)


LOADED_BY = """
import sys
from handseg_cli.cli import main
try:
    main(sys.argv[1:])
except SystemExit as stop:
    assert stop.code == 0, stop.code
print("loaded:", *sorted(sys.modules))
"""


def loaded_by(*arguments: str) -> set[str]:
    """Return the modules that a fresh process has loaded after one command."""
    done = run(LOADED_BY, *arguments)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("loaded:")[2].split())


def test_predict_never_loads_torch(tmp_path: Path) -> None:
    Image.new("RGB", (320, 240), "salmon").save(tmp_path / "a.jpg")
    loaded = loaded_by("predict", str(tmp_path))
    assert (tmp_path / "a.jpg.png").is_file()
    assert not loaded & {"torch", "torchvision", "moderngl", "scipy", "ray"}


@pytest.mark.parametrize("command", [[], ["predict"], ["synth"], ["train"], ["eval"], ["export"], ["doctor"], ["show"]])
def test_help_loads_nothing_heavy(command: list[str]) -> None:
    loaded = loaded_by(*command, "--help")
    assert not loaded & {"numpy", "PIL", "cv2", "onnxruntime", "rich", "torch", "pydantic"}
