"""One form of result for all benchmarks: what we take, what another takes beside us in the same run, their ratio.

A section that runs by itself prints its rows. `make bench` runs all and prints one table: it names a file in
`BENCH_ROWS`, to which the sections append their rows as JSON lines.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

HEADINGS = ("what", "unit", "ours", "beside", "ratio", "goal", "beside what")
CPU, WALL = "ms CPU", "ms"


@dataclass(frozen=True)
class Row:
    """`ours` and `beside` are medians in `unit`; `goal` is the highest good ratio, or without `beside` the highest value."""

    what: str
    ours: float
    beside: float | None
    who: str
    goal: float | None = None
    unit: str = CPU

    def cells(self) -> tuple[str, ...]:
        ratio = self.ours / self.beside if self.beside else None
        reached = ratio if self.beside else self.ours
        assert reached is not None
        missed = " ✗" if self.goal is not None and reached > self.goal else ""
        return (
            self.what,
            self.unit,
            number(self.ours),
            number(self.beside),
            "" if ratio is None else f"{ratio:.3f}",
            "" if self.goal is None else f"{self.goal:g}{missed}",
            self.who,
        )


def number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def report(rows: Iterable[Row]) -> None:
    """Print the rows as a table, or hand them to `make bench`."""
    rows = list(rows)
    if file := os.environ.get("BENCH_ROWS"):
        with Path(file).open("a") as lines:
            lines.writelines(json.dumps(asdict(row)) + "\n" for row in rows)
    else:
        print(table(rows))


def table(rows: Iterable[Row], failed: Iterable[str] = ()) -> str:
    """The rows as a table that reads well in a terminal and is Markdown; `✗` marks a goal that is missed, and a part of
    `make bench` that failed."""
    cells = [HEADINGS, *(row.cells() for row in rows)]
    cells += [(part, "", "failed ✗", "", "", "", "what it said stands above") for part in failed]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |"
        for line in cells
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def read(file: Path) -> list[Row]:
    return [Row(**json.loads(line)) for line in file.read_text().splitlines()]
