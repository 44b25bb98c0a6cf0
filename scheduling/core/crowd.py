"""Which of a window's occurrences a view draws, decided on plain numbers before any event is read.

A crowded month has thousands of occurrences and room for a hundred. Each `Row` is one occurrence: instants as seconds
since 1970 (an all-day one has midnight UTC of its dates), and whether it makes its owner busy.

Invariants:
- of a day at least its limit is kept, or everything it has
- kept and left out together are all that is there
- what is booked of a day does not depend on what is kept
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from scheduling.core.zones import DAY, instant

DAY_SECONDS = 24 * 60 * 60


class Row(NamedTuple):
    """An occurrence in numbers; `event` is whatever tells whoever reads it later which event it is."""

    event: Any
    start: int
    end: int
    original_start: str
    is_all_day: bool
    is_busy: bool


@dataclass(frozen=True, slots=True)
class Crowd:
    kept: list[Row]
    left_out: dict[date, int]  # how many of a day are not in `kept`
    booked: dict[date, int]  # seconds in which its owner is busy, by timed events
    lightly: set[date]  # days with something that takes no time: all-day and empty events


def thin_out(
    rows: Iterable[Row],
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
    first_utc = int(datetime.combine(days[0], time.min, UTC).timestamp())
    count = len(days)
    booked, until, lightly = [0] * count, midnights[:-1], set()  # `until` when a day is booked so far
    low, high = (shown[0] - days[0]).days, (shown[-1] - days[0]).days + 1
    bars: list[tuple[int, int, bool, int, Row]] = []
    timed: list[tuple[int, Row]] = []
    for row in rows:
        _, start, end, _, is_all_day, is_busy = row
        if is_all_day:
            first, last = (start - first_utc) // DAY_SECONDS, (end - first_utc) // DAY_SECONDS
        else:
            first = bisect_right(midnights, start) - 1
            is_of_one_day = 0 <= first < count and end <= midnights[first + 1]
            last = first + 1 if is_of_one_day else bisect_left(midnights, end)
        last = max(last, first + 1)
        if is_busy:
            for n in range(max(first, 0), min(last, count)):
                begin, finish = max(start, until[n]), min(end, midnights[n + 1])
                if is_all_day:
                    lightly.add(n)
                elif finish > begin:
                    booked[n] += finish - begin
                    until[n] = finish
                elif start == end:
                    lightly.add(n)
        if last <= low or first >= high:
            continue
        first, last = max(first, low), min(last, high)
        if is_all_day or end - start >= DAY_SECONDS:
            bars.append((first, -last, not is_all_day, start, row))
        else:
            timed.append((first, row))
    bars.sort(key=lambda bar: bar[:4])
    left_out: dict[date, int] = {}
    if limits is None:
        kept = [bar[-1] for bar in bars] + [row for _, row in timed]
    else:
        kept, left_out = _within(bars, timed, days, limits)
    kept.sort(key=lambda row: (row.start, -row.end))
    return Crowd(
        kept=kept,
        left_out=left_out,
        booked=dict(zip(days, booked, strict=True)),
        lightly={days[n] for n in lightly},
    )


def _within(
    bars: Iterable[tuple[int, int, bool, int, Row]],
    timed: Iterable[tuple[int, Row]],
    days: Sequence[date],
    limits: dict[date, int],
) -> tuple[list[Row], dict[date, int]]:
    """(what some day of it has room for, how many of each day are left out); bars come first."""
    room = [limits.get(day, 0) for day in days]
    left = [0] * len(days)
    kept: list[Row] = []
    for first, minus_last, _, _, row in bars:
        its_days = range(first, -minus_last)
        has_room = any(room[n] > 0 for n in its_days)
        if has_room:
            kept.append(row)
        for n in its_days:
            room[n] -= has_room
            left[n] += not has_room
    for n, row in timed:
        if room[n] > 0:
            kept.append(row)
            room[n] -= 1
        else:
            left[n] += 1
    return kept, {day: number for day, number in zip(days, left, strict=True) if number}


def _seconds(day: date, place: ZoneInfo) -> int:
    return int(instant(datetime.combine(day, time.min), place).timestamp())
