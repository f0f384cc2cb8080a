"""The report of poses as one HTML page that needs no server and no network, with hands that can be turned."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib import resources

from handseg_cli import __version__
from handseg_cli.errors import HandsegError
from handseg_cli.evaluate.charts import COLOURS, Line, shares
from handseg_cli.evaluate.findings import figure
from handseg_cli.evaluate.page import as_data, legend
from handseg_cli.evaluate.pose_judge import HandRow
from handseg_cli.evaluate.pose_pictures import InSpace, chosen, figure_of
from handseg_cli.evaluate.pose_report import PoseReport, PoseResult
from handseg_cli.evaluate.pose_truth import PoseShot
from handseg_cli.evaluate.tables import listed, origins
from handseg_cli.metrics.joints import MILLIMETRES, PIXELS
from handseg_cli.sample import Pose

MOST_HANDS = 120  # on a page, of some 20 kilobytes each

Again = Callable[[PoseResult, int], tuple[PoseShot, Mapping[str, Pose]]]

# Name, head, digits, what the head means.
COLUMNS = (
    ("hands", "hands", 0, "true hands of which ten joints can be seen"),
    ("found", "found", 0, "of these"),
    ("false", "false", 0, "poses that are of no hand"),
    ("side_accuracy", "side", 3, "share of the hands found whose side was told, and rightly"),
    (
        "epe_mean_px",
        "EPE px",
        2,
        "mean distance of the joints of hands found from the true ones, in pixels of the photo",
    ),
    ("epe_median_px", "median px", 2, "the same, of each joint the median over hands"),
    (
        "auc_0_30_px",
        "AUC 0-30 px",
        3,
        "area below the share of joints within 0 to 30 pixels; hands that were missed count",
    ),
    ("epe_mean_mm", "EPE mm", 2, "mean distance in space, from the wrist on and at the true size of the hand"),
    ("epe_median_mm", "median mm", 2, "the same, of each joint the median over hands"),
    ("auc_0_50_mm", "AUC 0-50 mm", 3, "area below the share of joints within 0 to 50 mm"),
    ("auc_20_50_mm", "AUC 20-50 mm", 3, "the same from 21 mm on, as Zimmermann & Brox give it"),
    ("pose_ms", "ms", 1, "time for one hand, once it was found"),
)


def pose_page(report: PoseReport, again: Again) -> str:
    """Return the whole page; `again` reads a photo a second time, to be drawn with its poses."""
    results = report.results
    models = list(dict.fromkeys(result.model for result in results))
    settings = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in report.settings.items()
    )
    in_space: list[InSpace] = []
    content = {
        "title": escape(f"{', '.join(models)} on {', '.join(dict.fromkeys(each.dataset for each in results))}"),
        "style": style(),
        "about": escape(about(report)),
        "warnings": warnings(report),
        "headline": headline(results, models),
        "legend": legend(models),
        "curves": curves(results, models),
        "gallery": gallery(results, again, in_space),
        "failures": listed([(result.dataset, failure) for result in results for failure in result.failures]),
        "origins": origins(results),
        "settings": settings,
        "version": escape(__version__),
        "data": as_data({"hands": in_space}),
    }
    # In one go: what is filled in is never looked at for more to fill in.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: content[found[1]], template("poses.html"))


def template(name: str) -> str:
    """Return a page that is to be filled in."""
    return resources.files("handseg_cli.evaluate").joinpath(name).read_text(encoding="utf-8")


def style() -> str:
    """Return how the page of masks looks, so that this one looks alike."""
    return template("report.html").partition("<style>")[2].partition("</style>")[0]


def about(report: PoseReport) -> str:
    """Say in a line what was judged and how."""
    how = "shown to the models as they are labelled" if report.config.given == "hands" else "to be found in the photos"
    return f"{report.judged:,} true hands, {how}"


def warnings(report: PoseReport) -> str:
    """Say what the figures leave out."""
    lines = []
    if report.failed:
        lines.append(
            f'Not judged, and so in no figure: {report.failed:,} photos, <a href="#failures">which and why</a>.'
        )
    if report.config.limit:
        lines.append(f"At most {report.config.limit:,} photos of each split were judged.")
    return "".join(f'<p class="warning">{line}</p>' for line in lines)


def headline(results: Sequence[PoseResult], models: Sequence[str]) -> str:
    """Return the table of all figures."""
    heads = "".join(f'<th title="{escape(meaning)}">{head}</th>' for _, head, _, meaning in COLUMNS)
    rows = ""
    for result in results:
        model = f'<small><i class="m{models.index(result.model) % COLOURS}"></i>{escape(result.model)}</small>'
        cells = "".join(f"<td>{figure(result.scores[name], digits)}</td>" for name, _, digits, _ in COLUMNS)
        rows += f"<tr><th>{escape(result.dataset)} <span>{escape(result.split)}</span>{model}</th>{cells}</tr>"
    return f"<table><thead><tr><th>dataset</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def curves(results: Sequence[PoseResult], models: Sequence[str]) -> str:
    """Return the charts of the share of joints within each distance, of each split one in pixels and one in mm."""
    charts = ""
    groups: dict[str, list[PoseResult]] = {}
    for result in results:
        groups.setdefault(f"{result.dataset} {result.split}", []).append(result)
    for name, group in groups.items():
        for unit, limits in (("px", PIXELS), ("mm", MILLIMETRES)):
            lines = [
                Line(
                    (each.figures.pixel_curve if unit == "px" else each.figures.millimetre_curve).tolist(),
                    models.index(each.model),
                    each.model,
                )
                for each in group
            ]
            chart = shares(lines, limits.tolist(), unit, f"share of joints by {unit}, {name}")
            charts += f"<div><h3>{escape(name)}, {unit}</h3>{chart}</div>"
    return charts


def gallery(results: Sequence[PoseResult], again: Again, in_space: list[InSpace]) -> str:
    """Return the worst, typical and missed hands of each result; their joints in space are appended."""
    count = min(6, max(1, MOST_HANDS // (3 * max(1, len(results)))))
    parts = []
    for number, result in enumerate(results):
        blocks = ""
        for band, rows in chosen(result.rows, count).items():
            figures = "".join(drawn(result, row, again, in_space) for row in rows)
            blocks += f"<h4>{band}</h4><div class='figures'>{figures}</div>" if rows else ""
        name = escape(f"{result.model} on {result.dataset} {result.split}")
        shown_at_once = " open" if number == 0 else ""
        parts.append(f"<details{shown_at_once}><summary>{name}</summary>{blocks}</details>")
    return "".join(parts)


def drawn(result: PoseResult, row: HandRow, again: Again, in_space: list[InSpace]) -> str:
    """Return the figure of one hand."""
    try:
        shot, poses = again(result, row.place)
    except HandsegError as error:
        return f"<p>{escape(row.key)}: {escape(str(error))}</p>"
    return figure_of(row, shot, poses.get(row.side), in_space)
