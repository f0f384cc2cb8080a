"""The tables of all pages, as HTML: the figures, where they are from, and what is in none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple, TypeVar

from handseg_cli.evaluate.charts import COLOURS
from handseg_cli.evaluate.findings import Result, figure

MOST_FAILURES = 500

R = TypeVar("R", bound=Result[Any, Any])


class Column(NamedTuple):
    """One figure of the table of all; `meaning` is shown where its head is pointed at."""

    name: str
    head: str
    digits: int
    meaning: str


def models_of(results: Sequence[R]) -> list[str]:
    """Return the names of the models, each once; the place of one is the number of its colour."""
    return list(dict.fromkeys(result.model for result in results))


def headline(results: Sequence[R], columns: Sequence[Column], below: Callable[[R, Column], str]) -> str:
    """Return the table of all figures, with what is to be said `below` each."""
    models = models_of(results)
    heads = "".join(f'<th title="{escape(column.meaning)}">{column.head}</th>' for column in columns)
    rows = ""
    for result in results:
        cells = ""
        for column in columns:
            small = below(result, column)
            value = figure(result.scores[column.name], column.digits)
            cells += f"<td>{value}{f'<small>{small}</small>' if small else ''}</td>"
        model = f'<small><i class="m{models.index(result.model) % COLOURS}"></i>{escape(result.model)}</small>'
        rows += f"<tr><th>{escape(result.dataset)} <span>{escape(result.split)}</span>{model}</th>{cells}</tr>"
    return f"<table><thead><tr><th>dataset</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def origins(results: Sequence[R]) -> str:
    """Return which split of which file made the figures, and which weights."""
    named: dict[str, Mapping[str, object]] = {f"{each.dataset} {each.split}": each.split_about for each in results}
    named |= {each.model: each.model_about for each in results}
    return "".join(f"<div><h3>{escape(name)}</h3><dl>{definitions(facts)}</dl></div>" for name, facts in named.items())


def definitions(facts: Mapping[str, object]) -> str:
    """Return facts, each by its name."""
    return "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in facts.items())


def failures(results: Sequence[R]) -> str:
    """Return the photos that were not judged, each with the reason."""
    found = [(f"{result.dataset}/{failure.key}", failure.reason) for result in results for failure in result.failures]
    if not found:
        return "<p>None: every photo was judged.</p>"
    lines = (f"<li><b>{escape(name)}</b> {escape(reason)}</li>" for name, reason in found[:MOST_FAILURES])
    more = f"<p>And {len(found) - MOST_FAILURES:,} more.</p>" if len(found) > MOST_FAILURES else ""
    return f"<ul>{''.join(lines)}</ul>{more}"
