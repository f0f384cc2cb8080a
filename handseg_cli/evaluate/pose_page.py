"""The report of poses as one HTML page, with hands that can be turned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

from handseg_cli.evaluate.frame import as_data, asset, curves, framed, gallery
from handseg_cli.evaluate.pose_judge import HandRow
from handseg_cli.evaluate.pose_pictures import InSpace, chosen, figure_of
from handseg_cli.evaluate.pose_report import PoseReport
from handseg_cli.evaluate.pose_truth import PoseShot
from handseg_cli.evaluate.tables import Column, headline
from handseg_cli.sample import Pose

MOST_HANDS = 120  # on a page, of some 20 kilobytes each

Seen = tuple[PoseShot, Mapping[str, Pose]]  # poses by the side of the true hand that each is of

COLUMNS = (
    Column("hands", "hands", 0, "true hands of which ten joints can be seen"),
    Column("found", "found", 0, "of these"),
    Column("false", "false", 0, "poses that are of no hand"),
    Column("side_accuracy", "side", 3, "share of the hands found whose side was told, and rightly"),
    Column(
        "epe_mean_px",
        "EPE px",
        2,
        "mean distance of the joints of hands found from the true ones, in pixels of the photo",
    ),
    Column("epe_median_px", "median px", 2, "the same, of each joint the median over hands"),
    Column(
        "auc_0_30_px",
        "AUC 0-30 px",
        3,
        "area below the share of joints within 0 to 30 pixels; hands that were missed count",
    ),
    Column("epe_mean_mm", "EPE mm", 2, "mean distance in space, from the wrist on and at the true size of the hand"),
    Column("epe_median_mm", "median mm", 2, "the same, of each joint the median over hands"),
    Column("auc_0_50_mm", "AUC 0-50 mm", 3, "area below the share of joints within 0 to 50 mm"),
    Column("auc_20_50_mm", "AUC 20-50 mm", 3, "the same from 21 mm on, as Zimmermann & Brox give it"),
    Column("pose_ms", "ms", 1, "time for one hand, once it was found"),
)
NOTE = (
    "A true hand counts if ten of its joints can be seen. It was found by the pose that is nearest to it, if its "
    "joints are, on average, no farther off than the hand is large. In space a pose is seen from its wrist and made as "
    "large as the true hand, by the lowest bone of the middle finger."
)


def pose_page(report: PoseReport, looks: Sequence[Callable[[int], Seen]]) -> str:
    """Return the whole page; `looks` find the poses of a photo again, one for each result, to be drawn."""
    results = report.results
    in_space: list[InSpace] = []

    def draw(name: str, row: HandRow, seen: Seen) -> str:
        shot, poses = seen
        return figure_of(name, row, shot, poses.get(row.side), in_space)

    content = {
        "about": escape(about(report)),
        "headline": headline(results, COLUMNS, lambda *_: ""),
        "curves": curves(results),
        "gallery": gallery(results, looks, chosen, draw, MOST_HANDS),
        "note": NOTE,
        "data": as_data({"hands": in_space}),
        "script": asset("turning.js"),
    }
    return framed(report, "poses", content)


def about(report: PoseReport) -> str:
    """Say in a line what was judged and how."""
    how = "shown to the models as they are labelled" if report.config.given == "hands" else "to be found in the photos"
    return f"{report.judged:,} true hands, {how}"
