"""Named figures."""

from __future__ import annotations

import json

from handseg_cli.metrics.scores import Scores


def test_table_keeps_the_order_and_tells_counts_from_shares() -> None:
    lines = str(Scores({"photos": 1200, "iou": 0.81666, "net_ms": float("nan")})).splitlines()
    assert [line.split() for line in lines] == [["photos", "1,200"], ["iou", "0.8167"], ["net_ms", "-"]]
    assert len({len(line) for line in lines}) == 1


def test_what_is_not_known_is_null_in_json() -> None:
    scores = Scores({"iou": 0.5, "false": float("nan")})
    assert json.loads(json.dumps(scores.json(), allow_nan=False)) == {"iou": 0.5, "false": None}
    assert scores["iou"] == 0.5


def test_no_figures_are_no_lines() -> None:
    assert str(Scores({})) == ""
