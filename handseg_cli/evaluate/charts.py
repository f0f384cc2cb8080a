"""Charts as inline SVG: drawn here, coloured by the page, and readable without scripts.

They are 400 units wide, about as wide as a phone, so that their letters are of one size everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 400
LEFT, RIGHT = 2, 348  # where 0 and 1 are; numbers stand to the right
COLOURS = 6  # of models, as the page names them

HEIGHT, BASE, RISE = 210, 186, 176  # of a chart of lines, and of the axis in it; how far above that 1 is
GROUP, BAR = 24, 19  # heights of the name of a group and of a bar


@dataclass(frozen=True)
class Bar:
    """A value from 0 to 1 with its interval; `colour` is a number, `note` a short text behind the value."""

    value: float
    ends: tuple[float, float] | None = None
    colour: int = 0
    note: str = ""
    title: str = ""


@dataclass(frozen=True)
class Line:
    """Values from 0 to 1 along an axis; `colour` is a number."""

    values: Sequence[float]
    colour: int = 0
    title: str = ""


def bars(groups: Sequence[tuple[str, Sequence[Bar]]], label: str) -> str:
    """Return a chart of groups of bars, one above the other, each group with its name."""
    height = sum(GROUP + BAR * len(each) for _, each in groups) + 20
    parts = [grid(height - 18)]
    top = 0.0
    for name, group in groups:
        parts.append(text(LEFT, top + 16, shortened(name, 52), "name"))
        top += GROUP
        for bar in group:
            parts.append(drawn(bar, top))
            top += BAR
    parts += [text(at(value), height - 4, f"{value:g}", "tick", "middle") for value in (0.25, 0.5, 0.75)]
    return svg(height, "".join(parts), label)


def grid(height: float) -> str:
    """Return faint lines at quarters."""
    lines = (f'<path class="grid" d="M{at(value):.1f} 0V{height:.1f}"/>' for value in (0, 0.25, 0.5, 0.75, 1))
    return "".join(lines)


def drawn(bar: Bar, top: float) -> str:
    """Return one bar, its interval as a whisker, and its value."""
    if bar.value != bar.value:
        return text(LEFT + 4, top + 12, f"- {bar.note}".strip(), "tick")
    middle = top + 8
    parts = [
        f"<g><title>{escape(bar.title)}</title>",
        f'<rect class="bar m{bar.colour % COLOURS}" x="{LEFT}" y="{top + 2:.1f}" rx="3" '
        f'width="{max(1.0, at(bar.value) - LEFT):.1f}" height="12"/>',
    ]
    if bar.ends:
        low, high = (at(end) for end in bar.ends)
        path = f"M{low:.1f} {middle:.1f}H{high:.1f}M{low:.1f} {middle - 4:.1f}v8M{high:.1f} {middle - 4:.1f}v8"
        parts.append(f'<path class="halo" d="{path}"/><path class="whisker" d="{path}"/>')
    parts += [text(WIDTH, top + 12, f"{bar.value:.3f}{bar.note}", "value", "end"), "</g>"]
    return "".join(parts)


def at(value: float) -> float:
    """Return where a value from 0 to 1 is, in units."""
    return LEFT + (RIGHT - LEFT) * min(1.0, max(0.0, value))


def curves(points: Sequence[dict[str, float]], threshold: float, label: str) -> str:
    """Return precision, recall and IoU over the threshold; the one in use is marked."""
    lines = f'<path class="used" d="M{at(threshold):.1f} {BASE - RISE}V{BASE}"/>'
    for name in ("precision", "recall", "iou"):
        spots = [(each["threshold"], each[name]) for each in points]
        lines += f'<path class="line {name}" d="{through(spots)}"/>'
    return svg(HEIGHT, axes({value: f"{value:g}" for value in (0.25, 0.5, 0.75)}) + lines, label)


def shares(lines: Sequence[Line], limits: Sequence[float], unit: str, label: str) -> str:
    """Return the shares of what is within each limit, a line for each model."""
    last = limits[-1]
    parts = [axes({step / 5: f"{step * last / 5:g} {unit}" for step in range(1, 5)})]
    for line in lines:
        spots = [(limit / last, value) for limit, value in zip(limits, line.values, strict=True) if value == value]
        if spots:
            title = f"<title>{escape(line.title)}</title>"
            parts.append(f'<g>{title}<path class="line m{line.colour % COLOURS}" d="{through(spots)}"/></g>')
    return svg(HEIGHT, "".join(parts), label)


def axes(ticks: Mapping[float, str]) -> str:
    """Return lines at quarters, and below them what is said at some places, from 0 to 1, of the axis."""
    quarters = (0, 0.25, 0.5, 0.75, 1)
    lines = [f'<path class="grid" d="M{LEFT} {BASE - RISE * value:.1f}H{RIGHT}"/>' for value in quarters]
    marks = [text(RIGHT + 8, BASE + 4 - RISE * value, f"{value:g}", "tick") for value in quarters]
    return "".join([*lines, *marks, *(text(at(x), HEIGHT - 6, said, "tick", "middle") for x, said in ticks.items())])


def through(spots: Sequence[tuple[float, float]]) -> str:
    """Return a line through spots, from 0 to 1 both ways, as a path has it."""
    return "M" + "L".join(f"{at(x):.1f} {BASE - RISE * y:.1f}" for x, y in spots)


def text(x: float, y: float, content: str, kind: str, anchor: str = "start") -> str:
    """Return one line of text."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(content)}</text>'


def svg(height: float, content: str, label: str) -> str:
    """Return a whole picture; `label` is what those are told who cannot see it."""
    box = f'viewBox="0 0 {WIDTH} {height:.0f}"'
    return f'<svg class="chart" {box} role="img" aria-label="{escape(label)}">{content}</svg>'


def shortened(name: str, length: int) -> str:
    """Take letters out of the middle of a name that is too long for its place."""
    half = (length - 1) // 2
    return name if len(name) <= length else f"{name[:half]}…{name[-half:]}"
