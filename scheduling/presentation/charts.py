"""Small charts as numbers for SVG attributes: a strict content policy leaves no room for styles.

A plot is drawn in a box of 100 by 100 (a heat map: cells of 10 by 10) that stretches to its place; its words stand
beside it in HTML. Classes are in static/app.css.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500)
HEAT = ("q0", "q1", "q2", "q3", "q4")


@dataclass(frozen=True)
class Rectangle:
    x: str
    y: str
    width: str
    height: str
    css: str


@dataclass(frozen=True)
class Line:
    path: str
    css: str


@dataclass(frozen=True)
class Plot:
    """A chart: `label` says in words what it shows, `ups` and `acrosses` are what stands at its two sides."""

    label: str
    ups: tuple[str, ...]
    acrosses: tuple[str, ...]
    rectangles: tuple[Rectangle, ...] = ()
    lines: tuple[Line, ...] = ()
    view_box: str = "0 0 100 100"
    has_rules: bool = True


def scale(most: float, parts: int = 3) -> tuple[float, tuple[float, ...]]:
    """The top of an axis with `parts` even steps that is not below `most`, and its marks from the top down."""
    step = next((step for step in STEPS if step * parts >= most), most / parts)
    return step * parts, tuple(step * n for n in range(parts, -1, -1))


def columns(
    stacks: Sequence[Sequence[float]],
    css: Sequence[str],
    *,
    label: str,
    acrosses: Sequence[str],
    unit: str = "",
) -> Plot:
    """One column per stack, its parts on top of each other in the classes `css`."""
    top, marks = scale(max((sum(stack) for stack in stacks), default=0))
    room = 100 / max(1, len(stacks))
    drawn: list[Rectangle] = []
    for number, stack in enumerate(stacks):
        foot = 100.0
        for value, name in zip(stack, css, strict=True):
            height = 100 * value / top
            foot -= height
            if value:
                drawn.append(Rectangle(_n(room * (number + 0.2)), _n(foot), _n(room * 0.6), _n(height), name))
    return Plot(label, tuple(f"{mark:g}{unit}" for mark in marks), tuple(acrosses), tuple(drawn))


def curves(
    series: Sequence[Sequence[float | None]],
    css: Sequence[str],
    *,
    label: str,
    acrosses: Sequence[str],
    unit: str = "",
) -> Plot:
    """One line per series; None leaves a gap, and a value alone between gaps is a short stroke."""
    top, marks = scale(max((value for line in series for value in line if value is not None), default=0))
    lines = tuple(Line(_path(values, top), name) for values, name in zip(series, css, strict=True))
    return Plot(label, tuple(f"{mark:g}{unit}" for mark in marks), tuple(acrosses), lines=lines)


def heat(rows: Sequence[Sequence[float]], *, label: str, ups: Sequence[str], acrosses: Sequence[str]) -> Plot:
    """One cell per value from 0 to 1, darker as it grows; whatever is not nothing is seen."""
    cells = tuple(
        Rectangle(str(x * 10), str(y * 10), "10", "10", HEAT[min(4, int(value * 4) + 1) if value > 0 else 0])
        for y, row in enumerate(rows)
        for x, value in enumerate(row)
    )
    box = f"0 0 {len(acrosses) * 10} {len(ups) * 10}"
    return Plot(label, tuple(ups), tuple(acrosses), cells, view_box=box, has_rules=False)


def _path(values: Sequence[float | None], top: float) -> str:
    room = 100 / max(1, len(values) - 1)
    parts, is_drawing = [], False
    for number, value in enumerate(values):
        if value is None:
            is_drawing = False
            continue
        point = f"{_n(room * number)} {_n(100 - 100 * value / top)}"
        parts.append(f"L{point}" if is_drawing else f"M{point}l.5 0")
        is_drawing = True
    return "".join(parts)


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
