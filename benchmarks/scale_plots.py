"""Lines over the number of chunks, on logarithmic axes, as a page of inline SVG."""

import math
from collections.abc import Sequence
from typing import Any

from chat_app.evaluation.markup import Html, element
from chat_app.evaluation.markup import page as whole_page

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 300, 60, 40, 14, 150
PLOTS = {
    "plan_p50_ms": "A question with the filter of a plan and year, median, ms",
    "all_p50_ms": "A question without filter, median, ms",
    "index_s": "Putting all chunks, s",
    "index_mb_grown": "Memory that putting adds to the process, MB",
    "search_mb": "Memory of a process that searches, MB",
    "disk_mb": "Disk, MB",
}
COLOURS = ("var(--one)", "var(--two)", "var(--good)", "#8a5fb8", "#c2a83e", "#4aa3a3")

Row = dict[str, Any]
Lines = dict[str, list[tuple[float, float]]]


def plotted(rows: Sequence[Row], notes: Sequence[str]) -> str:
    """The page with a plot a figure."""
    plots = [_plot(title, _lines(rows, name)) for name, title in PLOTS.items()]
    return whole_page("How the stores grow", *plots, *(element("p", note) for note in notes))


def _lines(rows: Sequence[Row], name: str) -> Lines:
    lines: Lines = {}
    for row in rows:
        label = f"{row['store']}, {row['policies']:,} plans"
        lines.setdefault(label, []).append((row["chunks"], max(row[name], 0.01)))
    return lines


def _plot(title: str, lines: Lines) -> Html:
    xs = _decades([x for line in lines.values() for x, _ in line])
    ys = _decades([y for line in lines.values() for _, y in line])

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + (WIDTH - LEFT - RIGHT) * _share(x, xs),
            HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * _share(y, ys),
        )

    drawn: list[Html] = []
    for power in range(xs[0], xs[1] + 1):
        x, y = place(10.0**power, 10.0 ** ys[0])
        drawn.append(_text(x, y + 16, f"{10**power:,}", "middle"))
    for power in range(ys[0], ys[1] + 1):
        x, y = place(10.0 ** xs[0], 10.0**power)
        drawn.append(_text(x - 6, y + 4, f"{10.0**power:g}", "end"))
        drawn.append(element("line", x1=x, y1=y, x2=WIDTH - RIGHT, y2=y, class_="axis"))
    for at, (label, line) in enumerate(lines.items()):
        colour = COLOURS[at % len(COLOURS)]
        points = [place(*point) for point in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        drawn.append(element("polyline", points=path, fill="none", stroke=colour, stroke_width=2))
        drawn += [
            element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=3, fill=colour) for x, y in points
        ]
        top = TOP + 10 + 18 * at
        drawn.append(element("circle", cx=WIDTH - RIGHT + 14, cy=top - 4, r=4, fill=colour))
        drawn.append(_text(WIDTH - RIGHT + 24, top, label, "start"))
    picture = element("svg", *drawn, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=title)
    return element("figure", element("figcaption", title), picture)


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _share(value: float, decades: tuple[int, int]) -> float:
    return (math.log10(value) - decades[0]) / (decades[1] - decades[0])


def _text(x: float, y: float, text: str, anchor: str) -> Html:
    return element("text", text, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)
