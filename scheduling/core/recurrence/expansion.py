"""A series on the time line: its occurrences in a window, in the series' own zone.

Rules run on wall-clock time; each start is then placed. A start in a DST gap moves forward by the gap, one in the
overlap takes the first reading (RFC 5545 3.3.5). An occurrence keeps the wall-clock length of the first one, so that
22:00 to 06:00 stays so in the night of a clock change; only where that leaves nothing of it, its exact length.

The start of the event is always its first occurrence, whether or not a rule names it: Google says so ("the start time
of the first instance") and RFC 5545 3.8.5.3 has DTSTART "define the first instance". A start that no rule names is not
counted by COUNT. An EXDATE can take it out.

Invariants:
- the first occurrence is the event's own start, whether or not the rule would name it
- what a window shows does not depend on how it is cut
- the age of a rule costs nothing
- no two occurrences of a series have the same key
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling.core.event import EARLIEST, LATEST, EventValues, format_moment
from scheduling.core.language import gettext as _
from scheduling.core.recurrence.errors import RecurrenceError
from scheduling.core.recurrence.lines import BoundedRule, RecurrenceSet, read_lines
from scheduling.core.zones import instant_of, wall_of

MOST_OCCURRENCES = 5000  # of one series in one expansion: 24 a day over 200 days
# Farther than any change of clocks moves a wall-clock time (Samoa left out a whole day in 2011).
CLOCK_CHANGE = timedelta(hours=26)
BEGINNING = datetime(EARLIEST.year, 1, 1, tzinfo=UTC)
END = datetime(LATEST.year + 1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OccurrenceSpan:
    """`key` is the original start (`format_moment`): the occurrence's name within its series.

    All-day: `start` and `end` are dates, the end exclusive. Timed: UTC instants.
    """

    key: str
    start: datetime | date
    end: datetime | date


def expand(values: EventValues, *, start: datetime, end: datetime) -> list[OccurrenceSpan]:
    """The occurrences that overlap `[start, end)` (UTC instants), in order; raises `RecurrenceError`.

    One of no length counts as its moment. All-day ones are taken as midnight UTC of their dates. At most
    `MOST_OCCURRENCES`, the earliest. Overrides are the caller's to apply.
    """
    return _Series(values).between(start, end)


def last_end(values: EventValues) -> datetime | None:
    """The instant at which the last occurrence ends; None when the series goes on for ever.

    A series of which everything is excluded is over at the end of its first time. Raises `RecurrenceError`.
    """
    series = _Series(values)
    if any(bounded.until_wall is None and bounded.rule.count is None for bounded in series.lines.rules):
        return None
    return series.last_end()


def check_recurrence(values: EventValues) -> None:
    """Raise `RecurrenceError` when the lines cannot be expanded, or hold a rule that never happens."""
    series = _Series(values)
    for bounded in series.lines.rules:
        if next(bounded.rule.starts(series.first, series.first), None) is None:
            raise RecurrenceError(_("No day fits this rule: it would never happen."))


class _Series:
    def __init__(self, values: EventValues) -> None:
        self.values = values
        self.lines: RecurrenceSet = read_lines(values)
        self.first = wall_of(values.start, values.time_zone)
        self.length = wall_of(values.end, values.end_time_zone or values.time_zone) - self.first
        self.place = _placer("" if values.is_all_day else values.time_zone)
        self.place_end = (
            self.place if not values.end_time_zone or values.is_all_day else _placer(values.end_time_zone)
        )

    def between(self, start: datetime, end: datetime) -> list[OccurrenceSpan]:
        lengths = [self.length, *filter(None, self.lines.dates.values())]
        start, end = max(start, BEGINNING), min(end, END)
        # Wall-clock bounds with room for clock changes and zones; each occurrence is then judged by its instants.
        after = _naive(start) - max(timedelta(0), *lengths) - 2 * CLOCK_CHANGE
        before = _naive(end) + 2 * CLOCK_CHANGE
        excluded = self._excluded(after, before)
        placed: dict[datetime, tuple[datetime, timedelta | None]] = {}
        for wall, length in self._named(after, before):
            moment = self.place(wall)
            if moment >= end or moment in excluded or wall.date() in self.lines.excluded_days:
                continue
            # Two wall-clock times around a gap can be one instant: the first stands.
            placed.setdefault(moment, (wall, length))
        spans = []
        for moment in sorted(placed):
            wall, length = placed[moment]
            span = self._span(moment, wall, self.length if length is None else length)
            finish = instant_of(span.end)
            if finish > start or finish == moment >= start:
                spans.append(span)
        return spans[:MOST_OCCURRENCES]

    def last_end(self) -> datetime:
        """For a series all of whose rules end."""
        last = max([self.first, *filter(_is_kept, self.lines.dates)])
        for bounded in self.lines.rules:
            last = max(last, *self._last_of(bounded))
        bound = _aware(last)
        # The end is near the last start, unless much is excluded.
        for start in (bound - timedelta(days=31), bound - timedelta(days=400), BEGINNING):
            if spans := self.between(start, END):
                return max(instant_of(span.end) for span in spans)
        return instant_of(self.values.end)

    def _last_of(self, bounded: BoundedRule) -> Iterator[datetime]:
        """A wall-clock time that the rule does not go beyond."""
        yield self.first
        if bounded.until_wall is not None:
            yield min(bounded.until_wall, _naive(END) - CLOCK_CHANGE)
        else:
            yield from _last(bounded.rule.starts(self.first, self.first))

    def _named(self, after: datetime, before: datetime) -> Iterator[tuple[datetime, timedelta | None]]:
        """Wall-clock starts with a length of their own where they have one; not in order, perhaps repeated."""
        yield self.first, None
        for wall, length in self.lines.dates.items():
            if after <= wall <= before and _is_kept(wall):
                yield wall, length
        for bounded in self.lines.rules:
            for wall in self._of_rule(bounded, after, before):
                yield wall, None

    def _of_rule(self, bounded: BoundedRule, after: datetime, before: datetime) -> Iterator[datetime]:
        until, until_wall = bounded.until, bounded.until_wall
        if until_wall is not None:
            # An instant is compared as one; its wall-clock time may come twice when clocks go back.
            before = min(before, until_wall + CLOCK_CHANGE if until is not None else until_wall)
        for number, wall in enumerate(bounded.rule.starts(self.first, after)):
            if wall > before or number > MOST_OCCURRENCES or not _is_kept(wall):
                return
            if until is None or self.place(wall) <= until:
                yield wall

    def _excluded(self, after: datetime, before: datetime) -> set[datetime]:
        """Instants at which nothing starts."""
        walls = [wall for wall in self.lines.excluded if _is_kept(wall)]
        for bounded in self.lines.excluded_rules:
            walls += self._of_rule(bounded, after, before)
        return {self.place(wall) for wall in walls}

    def _span(self, moment: datetime, wall: datetime, length: timedelta) -> OccurrenceSpan:
        if self.values.is_all_day:
            return OccurrenceSpan(wall.date().isoformat(), wall.date(), (wall + length).date())
        end = self.place_end(wall + length)
        if end <= moment and length:
            # The end kept its wall-clock time and the start moved out of a gap onto it: the length stays instead.
            end = moment + abs(length)
        return OccurrenceSpan(format_moment(moment), moment, end)


def _placer(zone: str) -> Callable[[datetime], datetime]:
    """From wall-clock time to the instant. All-day series (no zone) lie on UTC's days."""
    if zone in ("", "UTC"):
        return lambda wall: wall.replace(tzinfo=UTC)
    place = ZoneInfo(zone)
    # fold=0 reads a gap with the offset before it, which is the move forward, and a repeat as its first pass.
    return lambda wall: wall.replace(tzinfo=place).astimezone(UTC)


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _aware(wall: datetime) -> datetime:
    return wall.replace(tzinfo=UTC)


def _is_kept(wall: datetime) -> bool:
    return EARLIEST.year <= wall.year <= LATEST.year


def _last(walls: Iterator[datetime]) -> Iterator[datetime]:
    """The last item, if there is one."""
    last = None
    for last in walls:  # noqa: B007
        pass
    if last is not None:
        yield last
