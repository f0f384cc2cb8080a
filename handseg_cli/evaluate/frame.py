"""What the reports of all tasks have in common as HTML pages that need no server and no network.

Names of files and datasets are anyone's: all are escaped, and scripts see them as data alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib import resources
from itertools import count
from typing import Any, TypeVar

from handseg_cli import __version__
from handseg_cli.errors import HandsegError
from handseg_cli.evaluate.charts import COLOURS, Line, shares
from handseg_cli.evaluate.findings import Findings, Judged, Result
from handseg_cli.evaluate.pose_judge import LIMITS
from handseg_cli.evaluate.tables import definitions, failures, models_of, origins

R = TypeVar("R", bound=Result[Any, Any])
Row = TypeVar("Row", bound=Judged)
Seen = TypeVar("Seen")


def framed(report: Findings[R], kind: str, content: Mapping[str, str]) -> str:
    """Return a whole page: the sections of `kind`.html in the frame of all reports, filled in with `content`."""
    results = report.results
    template = asset("report.html").replace("{{sections}}", asset(f"{kind}.html"))
    datasets = dict.fromkeys(result.dataset for result in results)
    shared = {
        "title": escape(f"{', '.join(models_of(results))} on {', '.join(datasets)}"),
        "style": asset("report.css"),
        "links": links(template),
        "warnings": warnings(report),
        "legend": legend(results),
        "failures": failures(results),
        "origins": origins(results),
        "settings": definitions(report.settings),
        "version": escape(__version__),
    }
    filling = {**shared, **content}
    # In one go: what is filled in is never looked at for more to fill in.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: filling[found[1]], template)


def asset(name: str) -> str:
    """Return a file of which pages are made."""
    return resources.files("handseg_cli.evaluate").joinpath(name).read_text(encoding="utf-8")


def links(template: str) -> str:
    """Return a link to each section of a page."""
    sections = re.findall(r'<section id="(\w+)">\n<h2>(.+)</h2>', template)
    return "".join(f'<a href="#{name}">{head}</a>' for name, head in sections)


def as_data(value: object) -> str:
    """Return JSON that may stand in a script element: no letter of it can end that."""
    plain = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def warnings(report: Findings[R]) -> str:
    """Say what the figures leave out."""
    lines = [f'{escape(report.left_out)}, <a href="#failures">which and why</a>.'] if report.left_out else []
    lines += [escape(report.limited)] if report.limited else []
    return "".join(f'<p class="warning">{line}</p>' for line in lines)


def legend(results: Sequence[R]) -> str:
    """Return which colour stands for which model."""
    names = enumerate(models_of(results))
    return "".join(f'<li><i class="m{at % COLOURS}"></i>{escape(name)}</li>' for at, name in names)


def grouped(results: Sequence[R]) -> dict[str, list[R]]:
    """Put together the results of all models on one split."""
    groups: dict[str, list[R]] = {}
    for result in results:
        groups.setdefault(f"{result.dataset} {result.split}", []).append(result)
    return groups


def curves(results: Sequence[R]) -> str:
    """Return the charts of the share of joints within each distance, of each split one for each unit."""
    models, charts = models_of(results), ""
    for name, group in grouped(results).items():
        for unit in group[0].figures.curves:
            lines = [Line(each.figures.curves[unit].tolist(), models.index(each.model), each.model) for each in group]
            chart = shares(lines, LIMITS[unit].tolist(), unit, f"share of joints by {unit}, {name}")
            charts += f"<div><h3>{escape(name)}, {unit}</h3>{chart}</div>"
    return charts


def gallery(
    results: Sequence[Result[Row, Any]],
    looks: Sequence[Callable[[int], Seen]],
    chosen: Callable[[Sequence[Row], int], Mapping[str, Sequence[Row]]],
    draw: Callable[[str, Row, Seen], str],
    most: int,
) -> str:
    """Return some figures of each result, about `most` of all; its look reads a photo again, which is then drawn.

    Each has a name that no other on the page has.
    """
    limit = min(6, max(1, most // (3 * max(1, len(results)))))
    numbers, parts = count(), []
    for at, (result, look) in enumerate(zip(results, looks, strict=True)):
        blocks = ""
        for band, rows in chosen(result.rows, limit).items():
            figures = "".join(drawn(f"p{next(numbers)}", row, look, draw) for row in rows)
            blocks += f"<h4>{band}</h4><div class='figures'>{figures}</div>" if rows else ""
        shown_at_once = "" if at else " open"
        parts.append(f"<details{shown_at_once}><summary>{escape(result.name)}</summary>{blocks}</details>")
    return "".join(parts)


def drawn(name: str, row: Row, look: Callable[[int], Seen], draw: Callable[[str, Row, Seen], str]) -> str:
    """Return one figure, or why there is none."""
    try:
        return draw(name, row, look(row.place))
    except HandsegError as error:
        return f"<p>{escape(row.key)}: {escape(str(error))}</p>"
