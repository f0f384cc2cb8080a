"""The report of pairs of hands as one HTML page, with hands that can be turned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from handseg_cli.evaluate.findings import figure, spread
from handseg_cli.evaluate.frame import as_data, asset, curves, framed, gallery
from handseg_cli.evaluate.pair_judge import Look, PairRow
from handseg_cli.evaluate.pair_pictures import figure_of
from handseg_cli.evaluate.pair_report import OF_GIVEN, PairReport, PairResult
from handseg_cli.evaluate.pair_truth import PairShot
from handseg_cli.evaluate.pictures import hexed
from handseg_cli.evaluate.pose_pictures import InSpace, chosen
from handseg_cli.evaluate.tables import Column, headline
from handseg_cli.io.part_colours import PART_COLOURS
from handseg_cli.pose.pairs import PARTS
from handseg_cli.pose.skeleton import INTERHAND_NAMES

MOST_PHOTOS = 60  # on a page, of some 40 kilobytes each

Seen = tuple[PairShot, Look | None]

COLUMNS = (
    Column("photos", "photos", 0, "with a joint that counts"),
    Column("missed", "missed", 0, "of these, those in which no window showed the hands"),
    Column("mpjpe_all", "MPJPE mm", 2, "mean error of the 42 joints, seen from the own wrist, over all photos"),
    Column("mpjpe_sh", "single", 2, "the same, of photos with a single hand"),
    Column("mpjpe_ih", "two", 2, "the same, of photos with two hands"),
    Column("mpjpe40_all", "40 joints", 2, "the same of all photos, without the wrists, whose errors are 0"),
    Column("mrrpe", "MRRPE mm", 2, "mean error of the way from the right wrist to the left one"),
    Column("handness_acc", "hands", 3, "share of photos of which it is rightly said which hands there are"),
    Column("part_iou", "part IoU", 3, "of the parts in a photo, the mean over photos"),
    Column("auc_0_50_mm", "AUC 0-50 mm", 3, "area below the share of joints, but wrists, within 0 to 50 mm"),
    Column("pair_ms", "ms", 1, "time for one window, once it was found"),
)
NOTE = (
    "A joint counts that the dataset has, with its own wrist. As DIGIT has it, the two wrists, whose errors are 0, are "
    "in the mean of 42 joints; without them it is 42 / 40 times that. In space the left hand is as far behind the "
    "right one as the model says."
)


def pair_page(report: PairReport, looks: Sequence[Callable[[int], Seen]]) -> str:
    """Return the whole page; `looks` look at a photo again, one for each result, to be drawn."""
    results = report.results
    in_space: list[InSpace] = []

    def draw(name: str, row: PairRow, seen: Seen) -> str:
        return figure_of(name, row, *seen, in_space)

    content = {
        "about": escape(f"{report.judged:,} photos. {OF_GIVEN[report.config.given]}"),
        "headline": headline(results, COLUMNS, below),
        "joints": "".join(map(joint_table, results)),
        "curves": curves(results),
        "gallery": gallery(results, looks, chosen, draw, MOST_PHOTOS),
        "swatches": swatches(),
        "note": NOTE,
        "data": as_data({"hands": in_space}),
        "script": asset("turning.js"),
    }
    return framed(report, "pairs", content)


def below(result: PairResult, column: Column) -> str:
    """Return the interval of a figure."""
    return spread(result.figures.intervals.get(column.name), column.digits)


def joint_table(result: PairResult) -> str:
    """Return the errors of each joint, both hands side by side."""
    digit = result.figures.digit
    groups = ("all", "sh", "ih")
    rows = ""
    for right, left in zip(INTERHAND_NAMES[:20], INTERHAND_NAMES[21:41], strict=True):
        cells = "".join(f"<td>{figure(digit[f'{name}_{group}'], 1)}</td>" for name in (right, left) for group in groups)
        rows += f"<tr><th>{right[2:]}</th>{cells}</tr>"
    heads = "".join(f"<th>{side} {what}</th>" for side in ("right", "left") for what in ("all", "single", "two"))
    table = f"<table><thead><tr><th>joint</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<details><summary>{escape(result.name)}</summary><div class='scroll'>{table}</div></details>"


def swatches() -> str:
    """Return the colour of each part with its name and its number."""
    parts = enumerate(zip(PARTS, PART_COLOURS, strict=True))
    return "".join(
        f'<li><b style="background:{hexed(colour)}"></b>{number} {name}</li>' for number, (name, colour) in parts
    )
