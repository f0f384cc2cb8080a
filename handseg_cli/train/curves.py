"""The curves of a training as one picture: what it lost, and what it gained by it."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

Line = dict[str, Any]

# Of the scores, where there are such.
SHOWN = (
    *("iou", "precision", "recall", "seed_miou", "arm_iou", "side_accuracy"),
    *("hand_accuracy", "auc_0_30_px", "auc_0_50_mm"),
)


def draw_curves(lines: Sequence[Line]) -> bytes:
    """Return a PNG of the losses by step and of the scores by epoch, from the lines of a log."""
    figure = Figure(figsize=(11, 4), dpi=110, layout="constrained")
    losses, scores = figure.subplots(1, 2)
    draw_losses(losses, [line for line in lines if "loss" in line])
    draw_scores(scores, [line for line in lines if line.get("val")])
    stream = BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def draw_losses(axes: Axes, lines: Sequence[Line]) -> None:
    """Draw each term of the loss over the steps, and the learning rate as a shade behind them."""
    steps = [line["step"] for line in lines]
    for name in lines[-1]["loss"] if lines else ():
        axes.plot(steps, [line["loss"][name] for line in lines], label=name, linewidth=1.2)
    dressed(axes, "loss by step")
    rates = axes.twinx()
    rates.fill_between(steps, [line["lr"] for line in lines], color="0.9", zorder=0)
    rates.set_ylim(bottom=0)
    rates.set_ylabel("learning rate", color="0.6")
    axes.set_zorder(rates.get_zorder() + 1)
    axes.patch.set_visible(False)


def draw_scores(axes: Axes, lines: Sequence[Line]) -> None:
    """Draw the scores over the epochs."""
    epochs = [line["epoch"] for line in lines]
    for name in SHOWN:
        values = [line["val"].get(name) for line in lines]
        if any(value is not None for value in values):
            last = next(value for value in reversed(values) if value is not None)
            axes.plot(epochs, values, marker=".", label=f"{name} {last:.3f}", linewidth=1.2)
    dressed(axes, "validation by epoch")


def dressed(axes: Axes, title: str) -> None:
    """Give a chart its title, its grid and its legend."""
    axes.set_title(title)
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False)
