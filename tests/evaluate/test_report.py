"""What people see of an evaluation."""

from __future__ import annotations

from pathlib import Path

from handseg_cli.config import EvalConfig
from handseg_cli.evaluate.run import evaluate
from tests.tiny.judged import Hand, build


def test_console_has_a_line_for_each_dataset_and_partition(tmp_path: Path) -> None:
    file, masks = build(tmp_path, [Hand("a", 20, 20, "v"), Hand("b", 40, 20, "w"), Hand("c", 40, 30, "x", "val")])
    report = evaluate(EvalConfig(models=(str(masks),), datasets=(str(file),), split=("val", "test")))
    lines = [line.split() for line in str(report).splitlines()]
    assert lines[0][:6] == ["model", "dataset", "split", "photos", "mIoU", "IoU"]
    assert lines[1][:6] == ["masks", "tiny", "val", "1", "0.775", "0.750"]
    assert lines[2][:7] == ["masks", "tiny", "test", "2", "0.792", "0.750", "0.500-1.000"]
    assert lines[1][-1] == lines[2][-1] == "-"  # no net, no latency
