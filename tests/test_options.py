"""A dataclass becomes options, and what is typed comes back as the dataclass."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer

from handseg_cli.cli import COMMANDS
from handseg_cli.config import ExportConfig, Positional, PredictConfig, Short
from handseg_cli.options import options_from


@dataclass(frozen=True)
class Everything:
    """One field of each type there is."""

    first: Annotated[Path, "A required argument."]
    rest: Annotated[tuple[Path, ...], "More of them.", Positional("REST")] = ()
    text: Annotated[str, "A text."] = "a"
    maybe: Annotated[str | None, "A text or nothing."] = None
    number: Annotated[int, "A number."] = 3
    ratio: Annotated[float, "A ratio."] = 0.5
    switch: Annotated[bool, "A switch.", Short("-s")] = False
    lit: Annotated[bool, "A switch that is on."] = True
    folder: Annotated[Path | None, "A path or nothing.", Short("-f")] = None
    word: Annotated[Literal["x", "y"], "One of two words."] = "x"
    bits: Annotated[Literal[1, 8], "One of two numbers."] = 8
    words: Annotated[tuple[Literal["p", "q"], ...], "Some of two words."] = ("p",)
    names: Annotated[tuple[str, ...], "Any number of texts."] = ()


def parse(config: type[Any], *arguments: str) -> Any:
    """Return the configuration that a command line makes."""
    made: list[Any] = []
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(options_from(config, made.append))
    app(args=list(arguments), standalone_mode=False)
    return made[0]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), {}),
        (("b", "c"), {"rest": (Path("b"), Path("c"))}),
        (("--text", "b"), {"text": "b"}),
        (("--maybe", "b"), {"maybe": "b"}),
        (("--number", "-4"), {"number": -4}),
        (("--ratio", "1e-3"), {"ratio": 0.001}),
        (("--switch",), {"switch": True}),
        (("-s",), {"switch": True}),
        (("--switch", "--no-switch"), {"switch": False}),
        (("--no-lit",), {"lit": False}),
        (("--folder", "d"), {"folder": Path("d")}),
        (("-f", "d"), {"folder": Path("d")}),
        (("--word", "y"), {"word": "y"}),
        (("--bits", "1"), {"bits": 1}),
        (("--words", "q"), {"words": ("q",)}),
        (("--words", "q", "--words", "p"), {"words": ("q", "p")}),
        (("--names", "a", "--names", "b"), {"names": ("a", "b")}),
        (("--", "-"), {"rest": (Path("-"),)}),
    ],
)
def test_each_type_is_read(arguments: tuple[str, ...], expected: dict[str, object]) -> None:
    assert parse(Everything, "a", *arguments) == Everything(Path("a"), **expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "arguments", [("--number", "x"), ("--ratio", "x"), ("--word", "z"), ("--bits", "2"), ("--words", "z"), ("--what",)]
)
def test_wrong_value_is_refused(arguments: tuple[str, ...]) -> None:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(options_from(Everything, lambda config: None))
    with pytest.raises(SystemExit) as stop:
        app(args=["a", *arguments])
    assert stop.value.code == 2


def test_undecodable_name_survives() -> None:
    assert parse(PredictConfig, "a\udcff.jpg").paths == (Path("a\udcff.jpg"),)


def test_defaults_are_those_of_the_dataclass() -> None:
    assert parse(PredictConfig, "a") == PredictConfig(paths=(Path("a"),))
    assert parse(ExportConfig, "a", "b.onnx") == ExportConfig(Path("a"), Path("b.onnx"))


@pytest.mark.parametrize("config", [command.config for command in COMMANDS.values()])
def test_every_option_says_what_it_does(config: type[Any]) -> None:
    for name, hint in typing.get_type_hints(config, include_extras=True).items():
        text = hint.__metadata__[0]
        assert text.endswith("."), f"{config.__name__}.{name} has no help"
