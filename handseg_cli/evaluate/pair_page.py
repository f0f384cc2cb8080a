"""The report of pairs of hands as one HTML page that needs no server and no network, with hands that can be turned."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape

from handseg_cli import __version__
from handseg_cli.errors import HandsegError
from handseg_cli.evaluate.charts import COLOURS, Line, shares
from handseg_cli.evaluate.findings import figure
from handseg_cli.evaluate.page import as_data, legend
from handseg_cli.evaluate.pair_judge import Look, PairRow
from handseg_cli.evaluate.pair_pictures import chosen, figure_of
from handseg_cli.evaluate.pair_report import OF_GIVEN, PairReport, PairResult, spread
from handseg_cli.evaluate.pair_truth import PairShot
from handseg_cli.evaluate.pose_page import template
from handseg_cli.evaluate.pose_pictures import InSpace
from handseg_cli.evaluate.tables import listed, origins
from handseg_cli.io.part_colours import PART_COLOURS
from handseg_cli.metrics.joints import MILLIMETRES
from handseg_cli.pose.pairs import PARTS
from handseg_cli.pose.skeleton import INTERHAND_NAMES

MOST_PHOTOS = 60  # on a page, of some 40 kilobytes each

Again = Callable[[PairResult, int], tuple[PairShot, Look | None]]

# Name, head, digits, what the head means.
COLUMNS = (
    ("photos", "photos", 0, "with a joint that counts"),
    ("missed", "missed", 0, "of these, those in which no window showed the hands"),
    ("mpjpe_all", "MPJPE mm", 2, "mean error of the 42 joints, seen from the own wrist, over all photos"),
    ("mpjpe_sh", "single", 2, "the same, of photos with a single hand"),
    ("mpjpe_ih", "two", 2, "the same, of photos with two hands"),
    ("mpjpe40_all", "40 joints", 2, "the same of all photos, without the wrists, whose errors are 0"),
    ("mrrpe", "MRRPE mm", 2, "mean error of the way from the right wrist to the left one"),
    ("handness_acc", "hands", 3, "share of photos of which it is rightly said which hands there are"),
    ("part_iou", "part IoU", 3, "of the parts in a photo, the mean over photos"),
    ("auc_0_50_mm", "AUC 0-50 mm", 3, "area below the share of joints, but wrists, within 0 to 50 mm"),
    ("pair_ms", "ms", 1, "time for one window, once it was found"),
)


def pair_page(report: PairReport, again: Again) -> str:
    """Return the whole page; `again` reads a photo a second time, to be drawn with what was said of it."""
    results = report.results
    models = list(dict.fromkeys(result.model for result in results))
    in_space: list[InSpace] = []
    settings = (f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in report.settings.items())
    content = {
        "title": escape(f"{', '.join(models)} on {', '.join(dict.fromkeys(each.dataset for each in results))}"),
        "style": style(),
        "script": script(),
        "about": escape(f"{report.judged:,} photos. {OF_GIVEN[report.config.given]}"),
        "warnings": warnings(report),
        "headline": headline(results, models),
        "joints": "".join(map(joint_table, results)),
        "legend": legend(models),
        "curves": curves(results, models),
        "gallery": gallery(results, again, in_space),
        "swatches": swatches(),
        "failures": listed([(result.dataset, failure) for result in results for failure in result.failures]),
        "origins": origins(results),
        "settings": "".join(settings),
        "version": escape(__version__),
        "data": as_data({"hands": in_space}),
    }
    # In one go: what is filled in is never looked at for more to fill in.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: content[found[1]], template("pairs.html"))


def style() -> str:
    """Return how the page of poses looks, so that this one looks alike."""
    masks = template("report.html").partition("<style>")[2].partition("</style>")[0]
    return masks + template("poses.html").partition("<style>{{style}}")[2].partition("</style>")[0]


def script() -> str:
    """Return what turns hands in the page of poses."""
    return template("poses.html").partition("<script>\n")[2].partition("</script>")[0]


def warnings(report: PairReport) -> str:
    """Say what the figures leave out."""
    lines = []
    if report.failed:
        lines.append(
            f'Not judged, and so in no figure: {report.failed:,} photos, <a href="#failures">which and why</a>.'
        )
    if report.config.limit:
        lines.append(f"At most {report.config.limit:,} photos of each split were judged.")
    return "".join(f'<p class="warning">{line}</p>' for line in lines)


def headline(results: Sequence[PairResult], models: Sequence[str]) -> str:
    """Return the table of all figures, intervals below them."""
    heads = "".join(f'<th title="{escape(meaning)}">{head}</th>' for _, head, _, meaning in COLUMNS)
    rows = ""
    for result in results:
        model = f'<small><i class="m{models.index(result.model) % COLOURS}"></i>{escape(result.model)}</small>'
        cells = ""
        for name, _, digits, _ in COLUMNS:
            interval = spread(result.figures.intervals.get(name), digits)
            below = "" if interval == "-" else f"<small>{interval}</small>"
            cells += f"<td>{figure(result.scores[name], digits)}{below}</td>"
        rows += f"<tr><th>{escape(result.dataset)} <span>{escape(result.split)}</span>{model}</th>{cells}</tr>"
    return f"<table><thead><tr><th>dataset</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def joint_table(result: PairResult) -> str:
    """Return the errors of each joint, both hands side by side."""
    digit = result.figures.digit
    groups = ("all", "sh", "ih")
    rows = ""
    for right, left in zip(INTERHAND_NAMES[:20], INTERHAND_NAMES[21:41], strict=True):
        cells = "".join(f"<td>{figure(digit[f'{name}_{group}'], 1)}</td>" for name in (right, left) for group in groups)
        rows += f"<tr><th>{right[2:]}</th>{cells}</tr>"
    heads = "".join(f"<th>{side} {what}</th>" for side in ("right", "left") for what in ("all", "single", "two"))
    name = escape(f"{result.model} on {result.dataset} {result.split}")
    table = f"<table><thead><tr><th>joint</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<details><summary>{name}</summary><div class='scroll'>{table}</div></details>"


def curves(results: Sequence[PairResult], models: Sequence[str]) -> str:
    """Return the charts of the share of joints within each distance, one of each split."""
    charts = ""
    groups: dict[str, list[PairResult]] = {}
    for result in results:
        groups.setdefault(f"{result.dataset} {result.split}", []).append(result)
    for name, group in groups.items():
        lines = [Line(each.figures.curve.tolist(), models.index(each.model), each.model) for each in group]
        chart = shares(lines, MILLIMETRES.tolist(), "mm", f"share of joints by mm, {name}")
        charts += f"<div><h3>{escape(name)}, mm</h3>{chart}</div>"
    return charts


def gallery(results: Sequence[PairResult], again: Again, in_space: list[InSpace]) -> str:
    """Return the worst, typical and missed photos of each result; their joints in space are appended."""
    count = min(6, max(1, MOST_PHOTOS // (3 * max(1, len(results)))))
    parts = []
    for number, result in enumerate(results):
        blocks = ""
        for band, rows in chosen(result.rows, count).items():
            figures = "".join(drawn(result, row, again, in_space) for row in rows)
            blocks += f"<h4>{band}</h4><div class='figures'>{figures}</div>" if rows else ""
        name = escape(f"{result.model} on {result.dataset} {result.split}")
        parts.append(f"<details{'' if number else ' open'}><summary>{name}</summary>{blocks}</details>")
    return "".join(parts)


def drawn(result: PairResult, row: PairRow, again: Again, in_space: list[InSpace]) -> str:
    """Return the figure of one photo."""
    try:
        shot, look = again(result, row.place)
    except HandsegError as error:
        return f"<p>{escape(row.key)}: {escape(str(error))}</p>"
    return figure_of(row, shot, look, in_space)


def swatches() -> str:
    """Return the colour of each part with its name and its number."""
    lines = (
        f'<li><b style="background:#{red:02x}{green:02x}{blue:02x}"></b>{number} {name}</li>'
        for number, (name, (red, green, blue)) in enumerate(zip(PARTS, PART_COLOURS, strict=True))
    )
    return "".join(lines)
