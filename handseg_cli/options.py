"""Turns a configuration dataclass into the signature of a Typer command: one field, one option."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from enum import Enum
from inspect import Parameter, Signature
from typing import Annotated, Any, Literal, TypeVar

import typer

from handseg_cli.config import Positional, Short
from handseg_cli.config.layers import layered
from handseg_cli.paths import Place, Url, place

T = TypeVar("T")

CONTEXT = Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context)


def options_from(config: type[T], run: Callable[[T], None]) -> Callable[..., None]:
    """Return the function that Typer calls with the options of `config`; it makes a `config` of them and runs it.

    One that may come from a file, too, is made of what was typed alone: an option left out must not hide the file's.
    """
    is_layered = any(field.name == "config" for field in fields(config))  # type: ignore[arg-type]

    def command(context: typer.Context, **values: object) -> None:
        settings = {name: from_typer(value) for name, value in values.items()}
        if is_layered:
            typed = {name: value for name, value in settings.items() if was_typed(context, name)}
            run(layered(config, typed))
        else:
            run(config(**settings))

    hints = typing.get_type_hints(config, include_extras=True)
    # A command's own fields come before those it shares with others, as the help is read from the top.
    classes = [vars(each).get("__annotations__", {}) for each in config.__mro__]
    near = {name: depth for depth, names in reversed([*enumerate(classes)]) for name in names}
    ordered = sorted(fields(config), key=lambda field: near[field.name])  # type: ignore[arg-type]
    parameters = [CONTEXT, *(parameter(field, hints[field.name]) for field in ordered)]
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def was_typed(context: typer.Context, name: str) -> bool:
    """Tell whether a parameter was on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def parameter(field: Field[Any], hint: object) -> Parameter:
    """Return the parameter that Typer makes an option, or an argument, of one field."""
    kind, text, *marks = typing.get_args(hint)
    metavar = next((mark.metavar for mark in marks if isinstance(mark, Positional)), None)
    info: object
    if metavar:
        # Hidden, as Typer would list it as "PATH <list[Path]>"; the command's docstring tells what it is.
        info = typer.Argument(help=text, metavar=metavar, hidden=True, parser=parser(kind))
    elif field.default is MISSING:
        info = typer.Argument(help=text)
    else:
        spellings = flags(field.name, kind, marks)
        shown = is_worth_showing(field.default)
        info = typer.Option(*spellings, help=text, metavar=choices(kind), show_default=shown, parser=parser(kind))
    default = Parameter.empty if field.default is MISSING else field.default
    default = list(default) if isinstance(default, tuple) else default
    return Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[to_typer(kind), info])


def flags(name: str, kind: object, marks: list[object]) -> list[str]:
    """Return the spellings of an option: --its-name, --no-its-name for a switch, and its one-letter form."""
    dashed = name.replace("_", "-")
    long = f"--{dashed}/--no-{dashed}" if kind is bool else f"--{dashed}"
    return [long, *(mark.flag for mark in marks if isinstance(mark, Short))]


def parser(kind: Any) -> Callable[[str], Place] | None:
    """Return what reads a path that may be an address, too; Typer itself would make a path of either."""
    return place if takes_place(kind) else None


def takes_place(kind: Any) -> bool:
    """Tell whether values of a type may be addresses."""
    return kind is Url or any(map(takes_place, typing.get_args(kind)))


def choices(kind: Any) -> str | None:
    """Return how the help shows what an option takes, where that is one of a few words, or a path or an address."""
    if parser(kind):
        return "<path|url>"
    items = typing.get_args(kind)
    is_repeatable = typing.get_origin(kind) is tuple and typing.get_origin(items[0]) is Literal
    return f"<{'|'.join(map(str, typing.get_args(items[0])))}>" if is_repeatable else None


def is_worth_showing(default: object) -> bool:
    """Tell whether the help prints a default: numbers always, no switches, nothing empty."""
    return not isinstance(default, bool) and (bool(default) or isinstance(default, int | float))


def to_typer(kind: Any) -> object:
    """Return the type Typer takes for a field's type: for a tuple of any length a list, of an Enum for a Literal."""
    if parser(kind):
        return list[str] if typing.get_origin(kind) is tuple else str | None
    if typing.get_origin(kind) is not tuple:
        return kind
    item = typing.get_args(kind)[0]
    if typing.get_origin(item) is not Literal:
        return types.GenericAlias(list, item)
    named = [(str(value), value) for value in typing.get_args(item)]
    return types.GenericAlias(list, Enum("Choice", named))


def from_typer(value: object) -> object:
    """Return a field's value for what Typer hands over."""
    if isinstance(value, list):
        return tuple(item.value if isinstance(item, Enum) else item for item in value)
    return value
