"""Which of a window's occurrences a view draws, decided on plain numbers before any event is read.

A crowded month has thousands of occurrences and room for a hundred. Each `Row` is one occurrence: instants as seconds
since 1970 (an all-day one has midnight UTC of its dates), and whether it makes its owner busy.

Invariants:
- of a day at least its limit is kept, or everything it has
- kept and left out together are all that is there
- what is booked of a day does not depend on what is kept
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from math import inf
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from scheduling.core.zones import DAY, instant

DAY_SECONDS = 24 * 60 * 60


Numbers = tuple[int, int, Any, str, bool, str]  # the fields of a `Row`, without the cost of one


class Row(NamedTuple):
    """An occurrence in numbers; `event` is whatever tells whoever reads it later which event it is."""

    start: int
    end: int
    event: Any
    original_start: str
    is_all_day: bool
    excuse: str  # why its owner is free all the same; empty when it makes them busy


@dataclass(frozen=True, slots=True)
class Crowd:
    kept: list[Row]
    left_out: dict[date, int]  # how many of a day are not in `kept`
    booked: dict[date, int]  # seconds in which its owner is busy, by timed events
    lightly: set[date]  # days with something that takes no time: all-day and empty events


def thin_out(
    rows: Iterable[Numbers],
    days: Sequence[date],
    place: ZoneInfo,
    shown: Sequence[date],
    limits: dict[date, int] | None,
) -> Crowd:
    """Choose for the days `shown`; what is booked is told of all `days`, which follow each other without a gap.

    `rows` are in order of their start. With `limits` a timed occurrence counts on its first day only, as in a month;
    without, everything that touches a shown day is kept.
    """
    midnights = [_seconds(day, place) for day in (*days, days[-1] + DAY)]
    ends = [*midnights, inf]  # of the time before, of each day, and of the time after
    first_utc = int(datetime.combine(days[0], time.min, UTC).timestamp())
    count = len(days)
    booked, until, lightly = [0] * count, midnights[:-1], set()  # `until` when a day is booked so far
    low, high = (shown[0] - days[0]).days, (shown[-1] - days[0]).days + 1
    bars: list[tuple[int, int, bool, int, Numbers]] = []
    timed: list[list[Numbers]] = [[] for _ in days]  # by their first day that is shown
    today = -1  # the rows go from day to day
    for row in rows:
        start, end, _, _, is_all_day, excuse = row
        if is_all_day:
            first, last = (start - first_utc) // DAY_SECONDS, (end - first_utc) // DAY_SECONDS
        else:
            while start >= ends[today + 1]:
                today += 1
            first = today
            last = first + 1 if end <= ends[first + 1] else bisect_left(midnights, end)
        if last <= first:
            last = first + 1
        if not excuse:
            for n in range(first if first > 0 else 0, last if last < count else count):
                begin = start if start > until[n] else until[n]
                finish = end if end < midnights[n + 1] else midnights[n + 1]
                if is_all_day:
                    lightly.add(n)
                elif finish > begin:
                    booked[n] += finish - begin
                    until[n] = finish
                elif start == end:
                    lightly.add(n)
        if last <= low or first >= high:
            continue
        if first < low:
            first = low
        if is_all_day or end - start >= DAY_SECONDS:
            bars.append((first, -min(last, high), not is_all_day, start, row))
        else:
            timed[first].append(row)
    bars.sort(key=lambda bar: bar[:4])
    left_out: dict[date, int] = {}
    if limits is None:
        kept = [bar[-1] for bar in bars] + [row for of_day in timed for row in of_day]
    else:
        kept, left_out = _within(bars, timed, days, limits)
    return Crowd(
        kept=sorted(map(Row._make, kept), key=lambda row: (row.start, -row.end)),
        left_out=left_out,
        booked=dict(zip(days, booked, strict=True)),
        lightly={days[n] for n in lightly},
    )


def _within(
    bars: Iterable[tuple[int, int, bool, int, Numbers]],
    timed: Iterable[list[Numbers]],
    days: Sequence[date],
    limits: dict[date, int],
) -> tuple[list[Numbers], dict[date, int]]:
    """(what some day of it has room for, how many of each day are left out); bars come first."""
    room = [limits.get(day, 0) for day in days]
    left = [0] * len(days)
    kept: list[Numbers] = []
    for first, minus_last, _, _, row in bars:
        its_days = range(first, -minus_last)
        has_room = any(room[n] > 0 for n in its_days)
        if has_room:
            kept.append(row)
        for n in its_days:
            room[n] -= has_room
            left[n] += not has_room
    for n, of_day in enumerate(timed):
        drawn = of_day[: max(room[n], 0)]
        kept += drawn
        left[n] += len(of_day) - len(drawn)
    return kept, {day: number for day, number in zip(days, left, strict=True) if number}


def _seconds(day: date, place: ZoneInfo) -> int:
    return int(instant(datetime.combine(day, time.min), place).timestamp())
