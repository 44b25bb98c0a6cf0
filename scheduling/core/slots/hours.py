"""Weekly hours and overrides as wall-clock ranges, and those as instants.

Wall time here is minutes since 1 January of year 1 as a naive clock shows them; instants are seconds since 1970.

Invariants:
- an instant is within the hours exactly when the clock shows a time within them
- what a range offers does not depend on the window that is asked for
- a wall time in the gap of a clock change has no instant, one that happens twice means the first
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from scheduling.core.slots.values import MINUTES_A_DAY, Hours, HoursRange

EPOCH_MINUTES = date(1970, 1, 1).toordinal() * MINUTES_A_DAY
STEP = timedelta(hours=12)

Pair = tuple[int, int]


def merged(pairs: Iterable[Pair]) -> list[Pair]:
    """The same points as few sorted pairs that neither overlap nor touch; empty ones vanish."""
    out: list[Pair] = []
    for start, end in sorted(pairs):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            if end > out[-1][1]:
                out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def without(wholes: Iterable[Pair], cuts: Iterable[Pair]) -> list[Pair]:
    """What is left of `wholes` (merged) without `cuts`."""
    left = merged(wholes)
    for cut_start, cut_end in cuts:
        if cut_start < cut_end:
            left = [
                piece
                for start, end in left
                for piece in ((start, min(end, cut_start)), (max(start, cut_end), end))
                if piece[0] < piece[1]
            ]
    return left


def meets(spans: list[Pair], ends: list[int], start: int, end: int) -> bool:
    """Whether `[start, end)` shares a point with one of the merged `spans`; `ends` are their ends."""
    index = bisect_right(ends, start)
    return index < len(spans) and spans[index][0] < end


class Week:
    """The hours of `Hours` day by day."""

    def __init__(self, hours: Hours) -> None:
        self._weekly: dict[int, list[HoursRange]] = {day: [] for day in range(7)}
        for day, hours_range in hours.weekly:
            self._weekly[day].append(hours_range)
        self._overrides = hours.overrides
        self._known: dict[int, list[Pair]] = {}

    def is_overridden(self, start: int, end: int) -> bool:
        """Whether an override takes something away from the wall minutes `[start, end)`."""
        return any(cut_start < end and start < cut_end for cut_start, cut_end in self._cuts(start, end))

    def ranges(self, day: int) -> list[Pair]:
        """The wall ranges that begin on that day (its ordinal), merged among themselves; each has a grid."""
        if day not in self._known:
            self._known[day] = self._ranges(day)
        return self._known[day]

    def _ranges(self, day: int) -> list[Pair]:
        midnight = day * MINUTES_A_DAY
        mine = [o for o in self._overrides if o.first.toordinal() <= day <= o.last.toordinal()]
        if any(override.hours is None for override in mine):
            return []
        replacing = [o.hours for o in mine if o.hours is not None and o.hours.is_available]
        valid = replacing or self._weekly[(day - 1) % 7]  # ordinal 1 was a Monday
        open_ranges = [(midnight + r.start, midnight + r.end) for r in valid if r.is_available]
        if not open_ranges:
            return []
        breaks = [(midnight + r.start, midnight + r.end) for r in valid if not r.is_available]
        start, end = min(open_ranges)[0], max(end for _, end in open_ranges)
        return without(open_ranges, breaks + self._cuts(start, end))

    def _cuts(self, start: int, end: int) -> list[Pair]:
        """What overrides take away around these minutes: closed days, and hours that are not available."""
        cuts: list[Pair] = []
        for override in self._overrides:
            if override.hours is not None and override.hours.is_available:
                continue
            first, last = override.first.toordinal(), override.last.toordinal()
            if override.hours is None:
                cuts.append((first * MINUTES_A_DAY, (last + 1) * MINUTES_A_DAY))
                continue
            earliest, latest = start // MINUTES_A_DAY - 1, end // MINUTES_A_DAY
            for day in range(max(first, earliest), min(last, latest) + 1):
                midnight = day * MINUTES_A_DAY
                cuts.append((midnight + override.hours.start, midnight + override.hours.end))
        return cuts


class Clocks:
    """Between wall minutes and instants in one zone, for the instants `[start, end)`."""

    def __init__(self, zone: ZoneInfo, start: datetime, end: datetime) -> None:
        # (first second, end, offset in seconds), in order; mostly one.
        self._segments = segments(zone, start, end)

    def instants(self, ranges: Iterable[Pair]) -> list[Pair]:
        """When the clock shows a time within the wall ranges, merged."""
        return merged(
            (
                max((start - EPOCH_MINUTES) * 60 - offset, first),
                min((end - EPOCH_MINUTES) * 60 - offset, last),
            )
            for start, end in ranges
            for first, last, offset in self._segments
        )

    def instant(self, wall: int) -> int | None:
        """The first instant at which the clock shows it; None in a gap (or out of this object's time)."""
        shown = (wall - EPOCH_MINUTES) * 60
        for first, last, offset in self._segments:
            if first <= shown - offset < last:
                return shown - offset
        return None

    def wall_seconds(self, moment: int) -> int:
        """What the clock shows, as seconds since its 1 January 1970."""
        for first, last, offset in self._segments:
            if first <= moment < last:
                return moment + offset
        raise ValueError("outside the time that was asked for")


@lru_cache(maxsize=256)
def _segments_of_days(zone: ZoneInfo, first: int, last: int) -> tuple[tuple[int, int, int], ...]:
    start, end = (datetime.fromordinal(day).replace(tzinfo=UTC) for day in (first, last))
    found: list[tuple[int, int, int]] = []
    begun, offset, moment = start, _offset(zone, start), start
    while moment < end:
        following = min(moment + STEP, end)
        if _offset(zone, following) != offset:
            change = _change(zone, moment, following)
            found.append((_seconds(begun), _seconds(change), offset))
            begun, moment, offset = change, change, _offset(zone, change)
        else:
            moment = following
    found.append((_seconds(begun), _seconds(end), offset))
    return tuple(found)


def segments(zone: ZoneInfo, start: datetime, end: datetime) -> tuple[tuple[int, int, int], ...]:
    """The stretches of constant offset around `[start, end)`: (first second, end, offset in seconds)."""
    return _segments_of_days(zone, start.toordinal() - 3, end.toordinal() + 4)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second of the offset that `after` has."""
    low, high = _seconds(before), _seconds(after)
    old = _offset(zone, before)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, datetime.fromtimestamp(middle, UTC)) == old:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
