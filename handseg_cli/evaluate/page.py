"""The report of masks as one HTML page, with a table of all photos that its script sorts and filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from handseg_cli.evaluate.charts import Bar, bars, curves
from handseg_cli.evaluate.findings import figure, spread
from handseg_cli.evaluate.frame import as_data, asset, framed, gallery, grouped
from handseg_cli.evaluate.judge import SIZES, Row, curve
from handseg_cli.evaluate.pictures import Seen, chosen, figure_of
from handseg_cli.evaluate.report import MaskResult, Report
from handseg_cli.evaluate.tables import Column, headline, models_of
from handseg_cli.metrics.regions import iou, precision, recall

MOST_PICTURES = 180  # on a page, of some 30 kilobytes each
MOST_CURVES = 12
MOST_ROWS = 4000

COLUMNS = (
    Column("photos", "photos", 0, "that were judged"),
    Column("iou", "IoU", 3, "of hands, mean over photos; 1 where there is no hand and none was found"),
    Column(
        "seed_miou", "mIoU", 3, "mean of background and hand as the first system counts it: 0.5 at best without hands"
    ),
    Column("miou", "mIoU*", 3, "the same, but a class that is in neither mask is left out"),
    Column("pooled_iou", "pooled IoU", 3, "of the hands' pixels of all photos together"),
    Column("dice", "Dice", 3, "of hands, mean over photos; 1 where there is no hand and none was found"),
    Column("second_dice", "Dice*", 3, "as the second system counts it: threshold 0.6, and 2 for photos without hands"),
    Column("pooled_precision", "precision", 3, "share of the pixels found that are hand"),
    Column("pooled_recall", "recall", 3, "share of the hands' pixels that were found"),
    Column("boundary_f", "border F", 3, "agreement of the borders, within 0.8 % of the diagonal"),
    Column("false_share_without_hands", "false", 4, "share of the pixels falsely found on photos without hands"),
    Column("net_ms", "net ms", 1, "median time in the net for one photo, on one thread"),
    Column("photos_per_second", "photos/s", 1, "read, found and judged, on all threads together"),
)
MEASURES = {"iou": "Hand IoU, mean over photos", "seed_miou": "mIoU as the first system counts it"}
NOTE = (
    "IoU, Dice: of hands, 1 where there is no hand and none was found. mIoU: of background and hand as the first "
    "system counts it, where a class that is absent scores 0; mIoU* leaves it out. Dice* is that of the second "
    "system: threshold 0.6, 2 where there is no hand and none was found; its mean is over N photos, not N - 1."
)


def page(report: Report, looks: Sequence[Callable[[int], Seen]]) -> str:
    """Return the whole page; `looks` find the hands of a photo again, one for each result, to be drawn."""
    results = report.results
    content = {
        "about": escape(about(report)),
        "headline": headline(results, COLUMNS, below),
        "bars": "".join(chart(results, name) for name in MEASURES),
        "matrix": matrix(results),
        "sizes": sizes(results),
        "curves": threshold_curves(results, report.config.threshold),
        "gallery": gallery(results, looks, chosen, figure_of, MOST_PICTURES),
        "note": NOTE,
        "data": as_data(photo_rows(results)),
        "script": asset("photos.js"),
    }
    return framed(report, "masks", content)


def about(report: Report) -> str:
    """Say in a line what was compared and how."""
    at = "squashed to 256 x 256 pixels, as the first system did" if report.config.protocol == "seed" else ""
    return f"{report.judged:,} masks, compared {at or 'at the full size of the stored photos'}"


def below(result: MaskResult, column: Column) -> str:
    """Return the interval of a figure, or how many photos are without hands."""
    without = result.scores["without_hands"]
    if column.name == "photos" and without:
        return f"{without:,.0f} without hands"
    return spread(result.figures.intervals.get(column.name), column.digits)


def chart(results: Sequence[MaskResult], measure: str) -> str:
    """Return the bars of one measure with their intervals."""
    models, groups = models_of(results), []
    for name, group in grouped(results).items():
        of_group = [
            Bar(each.scores[measure], each.figures.intervals[measure], models.index(each.model), title=each.model)
            for each in group
        ]
        groups.append((name, of_group))
    return f"<div><h3>{MEASURES[measure]}</h3>{bars(groups, MEASURES[measure])}</div>"


def matrix(results: Sequence[MaskResult]) -> str:
    """Return models by datasets, coloured by hand IoU."""
    splits = list(dict.fromkeys((result.dataset, result.split) for result in results))
    found = {(each.model, each.dataset, each.split): each.scores["iou"] for each in results}
    heads = "".join(f"<th>{escape(dataset)}<small>{escape(split)}</small></th>" for dataset, split in splits)
    rows = ""
    for model in models_of(results):
        values = [found[model, dataset, split] for dataset, split in splits]
        cells = "".join(f'<td style="--v:{max(0.0, value):.3f}">{figure(value)}</td>' for value in values)
        rows += f"<tr><th>{escape(model)}</th>{cells}</tr>"
    return f'<table class="matrix"><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def sizes(results: Sequence[MaskResult]) -> str:
    """Return hand IoU by how large the hands are, a chart for each split."""
    models, charts = models_of(results), []
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


def threshold_curves(results: Sequence[MaskResult], threshold: float) -> str:
    """Return precision, recall and IoU over thresholds for the first results that have probabilities."""
    charts = []
    for result in [each for each in results if each.has_probabilities][:MOST_CURVES]:
        drawn = curves(curve(result.levels), threshold, result.name)
        charts.append(f"<div><h3>{escape(result.name)}</h3>{drawn}</div>")
    return "".join(charts) or "<p>Finished masks have no threshold.</p>"


def photo_rows(results: Sequence[MaskResult]) -> dict[str, object]:
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
