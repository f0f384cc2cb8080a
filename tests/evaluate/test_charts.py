"""Charts are well-formed pictures of the numbers they were given."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from handseg_cli.evaluate.charts import LEFT, RIGHT, Bar, at, bars, curves, shortened

HOSTILE = '<script>alert("x")</script>&'


def widths(chart: str) -> list[float]:
    return [float(each.attrib["width"]) for each in ElementTree.fromstring(chart).iter("rect")]


def test_bars_are_as_long_as_their_values() -> None:
    chart = bars([("a", [Bar(1.0), Bar(0.5, (0.4, 0.6), 1)]), ("b", [Bar(0.25)])], "IoU")
    assert widths(chart) == pytest.approx([(RIGHT - LEFT) * value for value in (1, 0.5, 0.25)], abs=0.1)


def test_a_value_that_is_not_known_is_a_dash() -> None:
    assert widths(bars([("a", [Bar(float("nan"))])], "IoU")) == []


def test_names_cannot_break_out_of_a_chart() -> None:
    chart = bars([(HOSTILE, [Bar(0.5, title=HOSTILE)])], HOSTILE)
    assert "<script" not in chart
    texts = [each.text or "" for each in ElementTree.fromstring(chart).iter()]
    assert HOSTILE in texts


def test_a_curve_runs_from_the_first_threshold_to_the_last() -> None:
    points = [{"threshold": step / 2, "precision": step / 2, "recall": 1 - step / 2, "iou": 0.5} for step in range(3)]
    found = ElementTree.fromstring(curves(points, 0.5, "x")).iter("path")
    paths = {each.attrib["class"]: each.attrib["d"] for each in found}
    assert paths["line precision"].startswith(f"M{LEFT:.1f} 186.0L")
    assert paths["line precision"].endswith(f"{RIGHT:.1f} 10.0")
    assert paths["used"].startswith(f"M{at(0.5):.1f} ")


def test_a_long_name_keeps_both_ends() -> None:
    assert shortened("abcdefghij", 5) == "ab…ij"
    assert shortened("short", 5) == "short"
