"""Small plots as inline SVG, in the colours of the page they stand in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chat_app.evaluation.intervals import Estimate
from chat_app.evaluation.markup import Html, element

WIDTH, HEIGHT = 480, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 12, 36
BINS = 24
"""Bars of a histogram."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A named point in the unit square."""

    name: str
    x: float
    y: float


def bars(title: str, labels: Sequence[str], counts: Sequence[float], axis: str) -> Html:
    """A bar a label, as high as its count; the labels that fit are written below."""
    top = max([*counts, 1])
    width = (WIDTH - _LEFT - _RIGHT) / max(len(counts), 1)
    every = -(-len(labels) // 8)
    drawn: list[str] = []
    for position, (label, count) in enumerate(zip(labels, counts, strict=True)):
        x, y = _LEFT + position * width, _y(count / top)
        height = HEIGHT - _BOTTOM - y
        drawn.append(_box(x + 1, y, width - 2, height, f"{label}: {count:g}"))
        if position % every == 0:
            drawn.append(_text(x + width / 2, HEIGHT - _BOTTOM + 14, label, "middle"))
    return _figure(title, [*_frame("", f"{top:g}", axis), *drawn])


def histogram(title: str, values: Sequence[float], axis: str) -> Html:
    """How often values lie where; what lies above the 99th percentile is in the last bar."""
    high = max(float(np.percentile(values, 99)), 1e-9)
    counts, edges = np.histogram(np.clip(values, 0, high), bins=BINS, range=(0, high))
    labels = [f"{edge:,.0f}" if high >= 20 else f"{edge:.2g}" for edge in edges[:-1]]
    return bars(title, labels, [float(count) for count in counts], axis)


def ranges(title: str, rows: Sequence[tuple[str, Estimate]]) -> Html:
    """Shares from 0 to 1 as bars with their intervals, one below the other."""
    step, left = 26, 210
    height = step * len(rows) + 28
    scale = WIDTH - left - 20
    drawn: list[str] = []
    for position, (label, one) in enumerate(rows):
        y = position * step + 4
        middle = y + step / 2 - 3
        drawn += [
            _text(left - 6, middle + 4, label, "end"),
            _box(left, y, scale * one.value, step - 8, f"{label}: {one.value:.3f}"),
            _line(left + scale * one.low, middle, left + scale * one.high, middle, "range"),
        ]
    for tick in (0, 0.5, 1):
        drawn.append(_text(left + scale * tick, height - 8, f"{tick:g}", "middle"))
    return _figure(title, drawn, height)


def curve(
    title: str,
    points: Sequence[tuple[float, float]],
    axes: tuple[str, str],
    mark: Mark | None = None,
) -> Html:
    """A curve in the unit square, with the point at which the product works."""
    path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    drawn = [element("polyline", points=path, class_="curve")]
    if mark:
        place = {"cx": f"{_x(mark.x):.1f}", "cy": f"{_y(mark.y):.1f}"}
        drawn.append(element("circle", **place, r="5", class_="point"))
        drawn.append(_text(_x(mark.x) + 8, _y(mark.y) + 14, mark.name, "start"))
    ticks = [_text(_x(t), HEIGHT - _BOTTOM + 14, f"{t:g}", "middle") for t in (0, 0.5, 1)]
    return _figure(title, [*_frame("0", "1", f"{axes[0]} →   ↑ {axes[1]}"), *ticks, *drawn])


def _figure(title: str, drawn: Sequence[str], height: float = HEIGHT) -> Html:
    picture = element(
        "svg",
        element("title", title),
        *drawn,
        viewBox=f"0 0 {WIDTH} {height:g}",
        role="img",
        aria_label=title,
    )
    return element("figure", element("figcaption", title), picture)


def _frame(low: str, high: str, axis: str) -> list[Html]:
    base = HEIGHT - _BOTTOM
    return [
        _line(_LEFT, base, WIDTH - _RIGHT, base, "axis"),
        _line(_LEFT, _TOP, _LEFT, base, "axis"),
        _text(_LEFT - 6, _TOP + 8, high, "end"),
        _text(_LEFT - 6, base, low, "end"),
        _text((WIDTH + _LEFT) / 2, HEIGHT - 4, axis, "middle"),
    ]


def _x(share: float) -> float:
    return _LEFT + share * (WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)


def _box(x: float, y: float, width: float, height: float, title: str) -> Html:
    inside = element("title", title)
    path = f"M{x:.1f} {y:.1f}h{max(width, 0.5):.1f}v{height:.1f}h{-max(width, 0.5):.1f}z"
    return element("g", inside, element("path", d=path), class_="one")


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Html:
    places = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
    return element("line", **places, class_=kind)


def _text(x: float, y: float, text: str, anchor: str) -> Html:
    return element("text", text, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)
