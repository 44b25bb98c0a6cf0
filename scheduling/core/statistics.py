"""How many events, and how much time they take: counts over local days, weeks, and hours of the week.

An `Appearance` is an event as statistics see it. It counts on every day it touches; the time it takes is what of it
is busy, clock time as it passes, and where two overlap it is taken once.

Invariants:
- a number equals what counting one by one gives
- the hours of a week add up to the time booked in it
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from scheduling.core.spans import Span, clip, total, union
from scheduling.core.zones import wall_time, window

WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
Cell = tuple[int, int]  # day of the week from 0 = Monday, hour of the day


@dataclass(frozen=True, slots=True)
class Appearance:
    """The local days it touches, the instants it takes (None: all day or free), and whether a guest booked it."""

    days: Span[date]
    busy: Span[datetime] | None = None
    is_booked: bool = False


@dataclass(frozen=True, slots=True)
class Week:
    """What touches seven days: how many of one's own, how many booked by guests, and the time they take."""

    days: Span[date]
    own: int
    booked: int
    time: timedelta

    @property
    def count(self) -> int:
        return self.own + self.booked


def busy_in(appearances: Iterable[Appearance], span: Span[datetime]) -> list[Span[datetime]]:
    """The instants taken in `span`: sorted, none twice."""
    return union(part for one in appearances if one.busy and (part := clip(one.busy, span)))


def weeks_before(last: date, count: int) -> list[Span[date]]:
    """`count` weeks, the last of which begins on `last`."""
    return [Span(last - WEEK * n, last - WEEK * (n - 1)) for n in reversed(range(count))]


def by_week(appearances: Iterable[Appearance], weeks: Sequence[Span[date]], place: ZoneInfo) -> list[Week]:
    """Over weeks that follow each other; read once, however many there are."""
    first = weeks[0].start
    members: list[list[Appearance]] = [[] for _ in weeks]
    for one in appearances:
        begins, ends = (one.days.start - first).days // 7, (one.days.end - first).days
        for number in range(max(0, begins), min(len(weeks), ceil(ends / 7))):
            members[number].append(one)
    return [
        Week(
            days,
            own=sum(not one.is_booked for one in inside),
            booked=sum(one.is_booked for one in inside),
            time=total(busy_in(inside, window(days.start, days.end, place))),
        )
        for days, inside in zip(weeks, members, strict=True)
    ]


def by_hour(busy: Iterable[Span[datetime]], place: ZoneInfo) -> Counter[Cell]:
    """Seconds taken in each hour of the week, as clocks in `place` show it; `busy` as `busy_in` gives it."""
    taken: Counter[Cell] = Counter()
    for span in busy:
        start = span.start
        while start < span.end:
            wall = wall_time(start, place)
            next_hour = start + HOUR - timedelta(minutes=wall.minute, seconds=wall.second)
            end = min(next_hour.replace(microsecond=0), span.end)
            taken[wall.weekday(), wall.hour] += round((end - start).total_seconds())
            start = end
    return taken


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of them do not exceed; None of nothing."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)] if values else None
