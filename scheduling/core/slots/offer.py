"""The slots of one host for one appointment type in a window, and the reasons against every other start.

Invariants:
- a start is offered exactly when there is no reason against it
- a slot ends its duration after its start instant, whatever the clocks do meanwhile
- a start in the gap of a clock change is never offered, one in the repeated hour once
- between two appointments the larger of the buffers that meet there is kept
- buffers of the type are kept to events of the calendar as well
- touching is not overlapping
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from scheduling.core.slots.hours import EPOCH_MINUTES, Clocks, Pair, Week, meets, merged
from scheduling.core.slots.values import MINUTES_A_DAY, Grid, Hours, Reason, Rules, Taken
from scheduling.core.zones import week_start

FARTHEST_DAYS = 1100  # how far days with hours are counted


@dataclass(frozen=True, order=True, slots=True)
class Slot:
    """A time that can be booked; `seats_left` of a group, else 1."""

    start: datetime
    end: datetime
    seats_left: int = 1


class Offer:
    """What can be booked of one host in the instants `[start, end)`.

    `busy` are pairs of seconds since 1970, `all_day` (first day, exclusive end) pairs that count in the hours' zone; leave out what does
    not block: free and declined events, and those of the booking that is being moved. `is_unknown`: a calendar
    that has to be checked cannot be read.
    """

    def __init__(
        self,
        *,
        hours: Hours,
        rules: Rules,
        start: datetime,
        end: datetime,
        now: datetime,
        busy: Iterable[Pair] = (),
        all_day: Iterable[tuple[date, date]] = (),
        taken: Sequence[Taken] = (),
        is_unknown: bool = False,
    ) -> None:
        self._rules, self._zone = rules, hours.zone
        self._now, self._is_unknown = now, is_unknown
        self._first, self._end = _seconds(start), _seconds(end)
        self._length = rules.duration * 60
        margin = timedelta(minutes=rules.duration + rules.buffer_before + rules.buffer_after)
        self._week = Week(hours)
        self._clocks = Clocks(hours.zone, start - margin, end + margin)
        self._days = range(
            start.astimezone(hours.zone).toordinal() - 2,
            (end + margin).astimezone(hours.zone).toordinal() + 2,
        )
        self._open = self._clocks.instants(pair for day in self._days for pair in self._week.ranges(day))
        self._open_starts = [start for start, _ in self._open]
        spans = list(busy)
        spans += self._clocks.instants(
            (start.toordinal() * MINUTES_A_DAY, end.toordinal() * MINUTES_A_DAY) for start, end in all_day
        )
        self._busy = merged(spans)
        self._busy_ends = [end for _, end in self._busy]
        self._take(taken)
        self._first_day, self._last_day = self._window_days()

    def slots(self) -> list[Slot]:
        """Every slot that starts in the window, in order."""
        if self._is_unknown or not self._rules.is_on:
            return []
        before, after = self._rules.buffer_before * 60, self._rules.buffer_after * 60
        return [
            Slot(
                datetime.fromtimestamp(start, UTC),
                datetime.fromtimestamp(start + self._length, UTC),
                self._seats_left(start),
            )
            for start in self._candidates()
            # What is busy needs no further look: in a full calendar that is nearly everything.
            if not meets(self._busy, self._busy_ends, start - before, start + self._length + after)
            and next(self._found(start, on_grid=False), None) is None
        ]

    def reasons(self, start: datetime, *, on_grid: bool = True) -> tuple[Reason, ...]:
        """Everything that speaks against this start; nothing does: it is a slot.

        Without `on_grid` it may begin anywhere within the hours. Raises ValueError for a start out of the window.
        """
        moment = _seconds(start)
        if not self._first <= moment < self._end:
            raise ValueError("the start is outside the time that was asked for")
        return tuple(self._found(moment, on_grid=on_grid))

    # --- the rules, one after the other -----------------------------------------------------------
    def _found(self, start: int, *, on_grid: bool) -> Iterator[Reason]:
        rules, end = self._rules, start + self._length
        if not rules.is_on:
            yield Reason.SWITCHED_OFF
        if self._is_unknown:
            yield Reason.UNKNOWN
        ahead = start - self._now.timestamp()
        if ahead < 0:
            yield Reason.PAST
        elif ahead < rules.minimum_notice * 60:
            yield Reason.TOO_SOON
        shown = self._clocks.wall_seconds(start)
        day = shown // 60 + EPOCH_MINUTES
        if not self._first_day <= day // MINUTES_A_DAY <= self._last_day:
            yield Reason.TOO_FAR
        if not self._is_open(start, end):
            taken_away = self._week.is_overridden(day, day + rules.duration)
            yield Reason.CLOSED if taken_away else Reason.OUTSIDE_HOURS
        elif shown % 60 or self._clocks.instant(day) != start:
            # Odd seconds are never a start; the second pass of a repeated hour is named as what it is.
            yield Reason.OFF_GRID if shown % 60 else Reason.REPEATED
        elif on_grid and not self._is_on_grid(day):
            yield Reason.OFF_GRID
        yield from self._occupied(start, end)

    def _occupied(self, start: int, end: int) -> Iterator[Reason]:
        before, after = self._rules.buffer_before * 60, self._rules.buffer_after * 60
        near = meets(self._busy, self._busy_ends, start - before, end + after)
        if near:
            at = meets(self._busy, self._busy_ends, start, end)
            yield Reason.BUSY if at else Reason.BUFFER
        session = self._joinable.get((start, end))
        others = self._taken_near(start, end, before, after, session)
        if any(not t.is_hold and _overlap(t, start, end) for t in others):
            yield Reason.BOOKED
        if any(t.is_hold and _overlap(t, start, end) for t in others):
            yield Reason.HELD
        if not near and others and not any(_overlap(t, start, end) for t in others):
            yield Reason.BUFFER
        if session is not None:
            if self._seats_taken[session] >= self._rules.seats:
                yield Reason.FULL
        elif self._rules.caps:
            yield from self._capped(start)

    def _capped(self, start: int) -> Iterator[Reason]:
        day, week, month = self._periods(start)
        caps = self._rules.caps
        for cap, period, reason in (
            (caps.day, day, Reason.DAY_CAP),
            (caps.week, week, Reason.WEEK_CAP),
            (caps.month, month, Reason.MONTH_CAP),
        ):
            if cap is not None and len(self._sessions_in[period]) >= cap:
                yield reason

    # --- what they look at ------------------------------------------------------------------------
    def _candidates(self) -> list[int]:
        found: set[int] = set()
        for day in self._days:
            for start, end in self._week.ranges(day):
                for wall in self._grid(start, end):
                    moment = self._clocks.instant(wall)
                    if moment is not None and self._first <= moment < self._end:
                        found.add(moment)
        return sorted(found)

    def _grid(self, start: int, end: int) -> Iterator[int]:
        """The wall minutes of a range at which slots begin; by the clock each day counts from its midnight."""
        increment = self._rules.increment
        if self._rules.grid == Grid.RANGE:
            yield from range(start, end, increment)
            return
        for midnight in range(start - start % MINUTES_A_DAY, end, MINUTES_A_DAY):
            earliest = max(0, start - midnight)
            first = midnight + -(-earliest // increment) * increment
            yield from range(first, min(end, midnight + MINUTES_A_DAY), increment)

    def _is_on_grid(self, wall: int) -> bool:
        day, minute = divmod(wall, MINUTES_A_DAY)
        around = (
            (start, end)
            for start, end in (*self._week.ranges(day - 1), *self._week.ranges(day))
            if start <= wall < end
        )
        if self._rules.grid == Grid.CLOCK:
            return minute % self._rules.increment == 0 and any(around)
        return any((wall - start) % self._rules.increment == 0 for start, _ in around)

    def _is_open(self, start: int, end: int) -> bool:
        index = bisect_right(self._open_starts, start) - 1
        return index >= 0 and end <= self._open[index][1]

    def _take(self, taken: Sequence[Taken]) -> None:
        """Index what is taken: merged spans answer the common question, whether anything is near at all."""
        self._taken = taken
        self._cores = merged((_seconds(t.start), _seconds(t.end)) for t in taken)
        self._core_ends = [end for _, end in self._cores]
        self._blocked = merged(_blocked(t) for t in taken)
        self._blocked_ends = [end for _, end in self._blocked]
        self._joinable: dict[Pair, UUID] = {}
        self._seats_taken: dict[UUID, int] = defaultdict(int)
        self._sessions_in: dict[tuple[str, date], set[UUID]] = defaultdict(set)
        for one in taken:
            self._seats_taken[one.session] += 1
            if one.is_same_type:
                if self._rules.seats > 1:
                    self._joinable[(_seconds(one.start), _seconds(one.end))] = one.session
                if self._rules.caps:
                    for period in self._periods(_seconds(one.start)):
                        self._sessions_in[period].add(one.session)

    def _taken_near(
        self, start: int, end: int, before: int, after: int, session: UUID | None
    ) -> Sequence[Taken]:
        if not (
            meets(self._blocked, self._blocked_ends, start, end)
            or meets(self._cores, self._core_ends, start - before, end + after)
        ):
            return ()
        return [
            t
            for t in self._taken
            if t.session != session
            and (
                _overlap(t, start - before, end + after)
                or (_blocked(t)[0] < end and start < _blocked(t)[1] and t.start < t.end)
            )
        ]

    def _seats_left(self, start: int) -> int:
        session = self._joinable.get((start, start + self._length))
        return self._rules.seats - (self._seats_taken[session] if session is not None else 0)

    def _periods(self, start: int) -> tuple[tuple[str, date], ...]:
        day = datetime.fromtimestamp(start, UTC).astimezone(self._zone).date()
        week = week_start(day, self._rules.first_day_of_week)
        return ("day", day), ("week", week), ("month", day.replace(day=1))

    def _window_days(self) -> tuple[int, int]:
        """The ordinals of the first and the last local day that can be booked."""
        window, today = self._rules.window, self._now.astimezone(self._zone).toordinal()
        first = window.first.toordinal() if window.first else 0
        last = window.last.toordinal() if window.last else date.max.toordinal()
        if window.days is None:
            return first, last
        if not window.bookable_only:
            return first, min(last, today + window.days)
        left = window.days
        for day in range(today, today + FARTHEST_DAYS):
            if left == 0:
                return first, min(last, day - 1)
            left -= bool(self._week.ranges(day))
        return first, last


def nearest(slots: Iterable[Slot], wanted: datetime, most: int = 5) -> list[Slot]:
    """The slots closest to what was wanted, the closest first."""
    return sorted(slots, key=lambda slot: (abs(slot.start - wanted), slot.start))[:most]


def _overlap(taken: Taken, start: int, end: int) -> bool:
    return _seconds(taken.start) < end and start < _seconds(taken.end)


def _blocked(taken: Taken) -> Pair:
    return (
        _seconds(taken.start) - taken.buffer_before * 60,
        _seconds(taken.end) + taken.buffer_after * 60,
    )


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
