"""The tables of the page, as HTML, and the rows that its script sorts and filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Protocol

from handseg_cli.evaluate.charts import COLOURS
from handseg_cli.evaluate.findings import Failure, figure
from handseg_cli.evaluate.judge import Row
from handseg_cli.evaluate.report import Result
from handseg_cli.metrics.regions import iou, precision, recall

MOST_ROWS = 4000
MOST_FAILURES = 500

# Name, head, digits, what the head means.
COLUMNS = (
    ("iou", "IoU", 3, "of hands, mean over photos; 1 where there is no hand and none was found"),
    ("seed_miou", "mIoU", 3, "mean of background and hand as the first system counts it: 0.5 at best without hands"),
    ("miou", "mIoU*", 3, "the same, but a class that is in neither mask is left out"),
    ("pooled_iou", "pooled IoU", 3, "of the hands' pixels of all photos together"),
    ("dice", "Dice", 3, "of hands, mean over photos; 1 where there is no hand and none was found"),
    ("second_dice", "Dice*", 3, "as the second system counts it: threshold 0.6, and 2 for photos without hands"),
    ("pooled_precision", "precision", 3, "share of the pixels found that are hand"),
    ("pooled_recall", "recall", 3, "share of the hands' pixels that were found"),
    ("boundary_f", "border F", 3, "agreement of the borders, within 0.8 % of the diagonal"),
    ("false_share_without_hands", "false", 4, "share of the pixels falsely found on photos without hands"),
    ("net_ms", "net ms", 1, "median time in the net for one photo, on one thread"),
    ("photos_per_second", "photos/s", 1, "read, found and judged, on all threads together"),
)


def headline(results: Sequence[Result], models: Sequence[str]) -> str:
    """Return the table of all figures."""
    heads = "".join(f'<th title="{escape(meaning)}">{head}</th>' for _, head, _, meaning in COLUMNS)
    rows = "".join(headline_row(result, models.index(result.model)) for result in results)
    return f"<table><thead><tr><th>dataset</th><th>photos</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def headline_row(result: Result, colour: int) -> str:
    """Return the figures of one result, intervals below them."""
    cells = []
    for name, _, digits, _ in COLUMNS:
        ends = result.figures.intervals.get(name)
        interval = f"<small>{ends[0]:.3f}-{ends[1]:.3f}</small>" if ends else ""
        cells.append(f"<td>{figure(result.scores[name], digits)}{interval}</td>")
    without = result.scores["without_hands"]
    note = f"<small>{without:,.0f} without hands</small>" if without else ""
    model = f'<small><i class="m{colour % COLOURS}"></i>{escape(result.model)}</small>'
    dataset = f"<th>{escape(result.dataset)} <span>{escape(result.split)}</span>{model}</th>"
    return f"<tr>{dataset}<td>{len(result.rows):,}{note}</td>{''.join(cells)}</tr>"


def matrix(results: Sequence[Result], models: Sequence[str]) -> str:
    """Return models by datasets, coloured by hand IoU."""
    splits = list(dict.fromkeys((result.dataset, result.split) for result in results))
    found = {(each.model, each.dataset, each.split): each.scores["iou"] for each in results}
    heads = "".join(f"<th>{escape(dataset)}<small>{escape(split)}</small></th>" for dataset, split in splits)
    rows = ""
    for model in models:
        values = [found[model, dataset, split] for dataset, split in splits]
        cells = "".join(f'<td style="--v:{max(0.0, value):.3f}">{figure(value)}</td>' for value in values)
        rows += f"<tr><th>{escape(model)}</th>{cells}</tr>"
    return f'<table class="matrix"><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table>'


class Measured(Protocol):
    """What tells where its figures are from."""

    @property
    def model(self) -> str: ...
    @property
    def dataset(self) -> str: ...
    @property
    def split(self) -> str: ...
    @property
    def model_about(self) -> Mapping[str, object]: ...
    @property
    def split_about(self) -> Mapping[str, object]: ...


def origins(results: Sequence[Measured]) -> str:
    """Return which split of which file made the figures, and which weights."""
    named: dict[str, Mapping[str, object]] = {f"{each.dataset} {each.split}": each.split_about for each in results}
    named |= {each.model: each.model_about for each in results}
    parts = []
    for name, facts in named.items():
        lines = "".join(f"<dt>{escape(key)}</dt><dd>{escape(str(value))}</dd>" for key, value in facts.items())
        parts.append(f"<div><h3>{escape(name)}</h3><dl>{lines}</dl></div>")
    return "".join(parts)


def listed(failures: Sequence[tuple[str, Failure]]) -> str:
    """Return the photos that were not judged, each with the reason."""
    if not failures:
        return "<p>None: every photo was judged.</p>"
    lines = (
        f"<li><b>{escape(f'{dataset}/{failure.key}')}</b> {escape(failure.reason)}</li>"
        for dataset, failure in failures[:MOST_FAILURES]
    )
    more = f"<p>And {len(failures) - MOST_FAILURES:,} more.</p>" if len(failures) > MOST_FAILURES else ""
    return f"<ul>{''.join(lines)}</ul>{more}"


def photo_rows(results: Sequence[Result]) -> dict[str, object]:
    """Return the rows of the table of photos: of each result the worst, if there are too many for a page."""
    share = MOST_ROWS // max(1, len(results))
    rows: list[list[object]] = []
    total = sum(len(result.rows) for result in results)
    cut = total > MOST_ROWS
    for number, result in enumerate(results):
        worst_first = sorted(result.rows, key=lambda row: iou(row.counts))
        rows += [[number, *photo_cells(row)] for row in (worst_first[:share] if cut else worst_first)]
    names = [f"{each.model} · {each.dataset} {each.split}" for each in results]
    return {"results": names, "rows": rows, "total": total}


def photo_cells(row: Row) -> list[object]:
    """Return key, IoU, precision, recall, border F and share of hand of one photo."""
    counts = row.counts
    values = (iou(counts), precision(counts), recall(counts), row.boundary, row.share)
    return [row.key, *(round(value, 4) for value in values)]
