"""The report as one HTML page that needs no server and no network.

Names of files and datasets are anyone's: all are escaped, and scripts see them as data alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from html import escape
from importlib import resources

from handseg_cli import __version__
from handseg_cli.errors import HandsegError
from handseg_cli.evaluate.candidates import Found
from handseg_cli.evaluate.charts import COLOURS, Bar, bars, curves
from handseg_cli.evaluate.judge import SIZES, Row, curve
from handseg_cli.evaluate.pictures import chosen, figure
from handseg_cli.evaluate.report import Report, Result
from handseg_cli.evaluate.sources import Shot
from handseg_cli.evaluate.tables import headline, listed, matrix, origins, photo_rows

MOST_PICTURES = 180  # on a page, of some 30 kilobytes each
MOST_CURVES = 12

Again = Callable[[Result, Row], tuple[Shot, Found]]

MEASURES = {"iou": "Hand IoU, mean over photos", "seed_miou": "mIoU as the first system counts it"}


def page(report: Report, again: Again) -> str:
    """Return the whole page; `again` reads a photo a second time, to be drawn."""
    results = report.results
    models = list(dict.fromkeys(result.model for result in results))
    settings = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in report.settings.items()
    )
    content = {
        "title": escape(f"{', '.join(models)} on {', '.join(dict.fromkeys(each.dataset for each in results))}"),
        "about": escape(about(report)),
        "warnings": warnings(report),
        "legend": legend(models),
        "headline": headline(results, models),
        "bars": "".join(chart(results, models, name) for name in MEASURES),
        "matrix": matrix(results, models),
        "sizes": sizes(results, models),
        "curves": threshold_curves(results, report.config.threshold),
        "gallery": gallery(results, again),
        "failures": listed([(result.dataset, failure) for result in results for failure in result.failures]),
        "origins": origins(results),
        "settings": settings,
        "version": escape(__version__),
        "data": as_data(photo_rows(results)),
    }
    template = resources.files("handseg_cli.evaluate").joinpath("report.html").read_text(encoding="utf-8")
    # In one go: what is filled in is never looked at for more to fill in.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: content[found[1]], template)


def as_data(value: object) -> str:
    """Return JSON that may stand in a script element: no letter of it can end that."""
    plain = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def about(report: Report) -> str:
    """Say in a line what was compared and how."""
    at = "squashed to 256 x 256 pixels, as the first system did" if report.config.protocol == "seed" else ""
    return f"{report.judged:,} masks, compared {at or 'at the full size of the stored photos'}"


def warnings(report: Report) -> str:
    """Say what the figures leave out."""
    lines = []
    if report.failed:
        counted = f"{report.failed:,} of {report.failed + report.judged:,}"
        lines.append(f'Not judged, and so in no figure: {counted} photos, <a href="#failures">which and why</a>.')
    if report.config.limit:
        lines.append(f"At most {report.config.limit:,} photos of each split were judged.")
    return "".join(f'<p class="warning">{line}</p>' for line in lines)


def legend(models: Sequence[str]) -> str:
    """Return which colour stands for which model."""
    return "".join(f'<li><i class="m{at % COLOURS}"></i>{escape(name)}</li>' for at, name in enumerate(models))


def grouped(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Put together the results of all models on one split."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(f"{result.dataset} {result.split}", []).append(result)
    return groups


def chart(results: Sequence[Result], models: Sequence[str], measure: str) -> str:
    """Return the bars of one measure with their intervals."""
    groups = []
    for name, group in grouped(results).items():
        of_group = [
            Bar(each.scores[measure], each.figures.intervals[measure], models.index(each.model), title=each.model)
            for each in group
        ]
        groups.append((name, of_group))
    return f"<div><h3>{MEASURES[measure]}</h3>{bars(groups, MEASURES[measure])}</div>"


def sizes(results: Sequence[Result], models: Sequence[str]) -> str:
    """Return hand IoU by how large the hands are, a chart for each split."""
    charts = []
    for name, group in grouped(results).items():
        bands: list[tuple[str, list[Bar]]] = []
        for band in SIZES:
            found = [(each, each.figures.sizes[band]) for each in group]
            photos = found[0][1]["photos"]
            of_band = [Bar(scores["iou"], None, models.index(each.model), title=each.model) for each, scores in found]
            if photos:
                bands.append((f"{band}, {photos:,} photo{'' if photos == 1 else 's'}", of_band))
        charts.append(f"<div><h3>{escape(name)}</h3>{bars(bands, f'IoU by size of hands, {name}')}</div>")
    return "".join(charts)


def threshold_curves(results: Sequence[Result], threshold: float) -> str:
    """Return precision, recall and IoU over thresholds for the first results that have probabilities."""
    charts = []
    for result in [each for each in results if each.has_probabilities][:MOST_CURVES]:
        name = f"{result.model} on {result.dataset} {result.split}"
        charts.append(f"<div><h3>{escape(name)}</h3>{curves(curve(result.levels), threshold, name)}</div>")
    return "".join(charts) or "<p>Finished masks have no threshold.</p>"


def gallery(results: Sequence[Result], again: Again) -> str:
    """Return the worst, typical and best photos of each result."""
    count = min(6, max(1, MOST_PICTURES // (3 * max(1, len(results)))))
    parts = []
    for number, result in enumerate(results):
        blocks = "".join(
            f"<h4>{band}</h4><div class='figures'>{drawn(result, rows, again, f'p{number}{band}')}</div>"
            for band, rows in chosen(result.rows, count).items()
            if rows
        )
        name = escape(f"{result.model} on {result.dataset} {result.split}")
        shown_at_once = " open" if number == 0 else ""
        parts.append(f"<details{shown_at_once}><summary>{name}</summary>{blocks}</details>")
    return "".join(parts)


def drawn(result: Result, rows: Sequence[Row], again: Again, name: str) -> str:
    """Return the figures of some photos."""
    figures = []
    for at, row in enumerate(rows):
        try:
            figures.append(figure(*again(result, row), row, f"{name}{at}"))
        except HandsegError as error:
            figures.append(f"<p>{escape(row.key)}: {escape(str(error))}</p>")
    return "".join(figures)
