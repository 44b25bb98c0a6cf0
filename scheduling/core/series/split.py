"""One series into two: what was before an occurrence, and what goes on from it.

Invariants:
- the occurrences of the two parts are those of the whole, each once
- lines that the division does not touch stay as they are written
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from scheduling.core.event import EventValues, parse_moment
from scheduling.core.language import gettext as _
from scheduling.core.recurrence import OccurrenceSpan, RecurrenceError, expand, last_end
from scheduling.core.series.lines import (
    CODES,
    DAY,
    SECOND,
    YEAR,
    Line,
    dates_line,
    filtered_dates,
    occurrence_at,
    read_line,
    repeats,
    until_wall,
    with_parts,
)
from scheduling.core.zones import instant_of, wall_of

COMPARED = 6 * YEAR  # how far a continuation is held against the whole
PREDECESSORS = 12  # that are tried as the unseen start of a continuation


def trim_before(values: EventValues, key: str) -> EventValues:
    """The series without the occurrence `key` and all that follow it. Raises `RecurrenceError`."""
    cut = parse_moment(key)
    trimmed = _ended_by(values, cut, cut - SECOND if isinstance(cut, datetime) else cut - DAY)
    if occurrence_at(trimmed, key) is not None:
        # A clock change moved the occurrence past its own wall time, which the end still lets pass.
        first = instant_of(cut)
        earlier = [s.start for s in expand(values, start=first - 9 * YEAR, end=first)]
        trimmed = _ended_by(values, cut, max(e for e in earlier if instant_of(e) < first))
    return trimmed


def _ended_by(values: EventValues, cut: datetime | date, last: datetime | date) -> EventValues:
    wall = wall_of(cut, values.time_zone)
    lines: list[str] = []
    for text in values.recurrence:
        line = read_line(text)
        if line.name == "RRULE":
            lines.append(_ended(values, line, cut, last))
        elif line.name in ("RDATE", "EXDATE"):
            lines += filtered_dates(line, values, lambda moment: moment < wall)
        else:
            lines.append(text)
    return replace(values, recurrence=tuple(lines))


def continue_from(values: EventValues, key: str) -> EventValues:
    """The series from its occurrence `key` on; a single event when nothing follows.

    Raises `RecurrenceError` when no lines can say that: then only the whole series can be changed.
    """
    span = occurrence_at(values, key)
    if span is None:
        raise RecurrenceError(_("The series has no event at this time."))
    first = instant_of(span.start)
    whole = [found for found in _around(values, first) if instant_of(found.start) >= first]
    for candidate in _continuations(values, span):
        if _around(candidate, first) == whole and last_end(candidate) == last_end(values):
            return candidate
    raise RecurrenceError(
        _("This series cannot be divided here. Choose another of its events, or all of them.")
    )


def _ended(values: EventValues, line: Line, cut: datetime | date, last: datetime | date) -> str:
    until = until_wall(line, values)
    if until is not None and until < wall_of(cut, values.time_zone):
        return str(line)
    count = line.parts.get("COUNT")
    if count is not None and _happened(values, line, instant_of(cut)) >= int(count):
        return str(line)
    text = f"{last:%Y%m%dT%H%M%SZ}" if isinstance(last, datetime) else f"{last:%Y%m%d}"
    return with_parts(line, COUNT=None, UNTIL=text)


def _happened(values: EventValues, line: Line, before: datetime) -> int:
    """How many starts the rule itself has named before that instant."""
    alone = replace(values, recurrence=(str(line),))
    return _starts_before(alone, before) - (not names_start(values, line))


def names_start(values: EventValues, line: Line) -> bool:
    """Whether the rule names the event's own start (which is the first occurrence in any case)."""
    once = replace(values, recurrence=(with_parts(line, COUNT="1", UNTIL=None),))
    first = instant_of(values.start)
    # Until it has named one start, the rule is asked for no more than the years it can need for that.
    return len(expand(once, start=first, end=first + 9 * YEAR)) == 1


def _starts_before(values: EventValues, before: datetime) -> int:
    # Year by year, because one expansion is bounded in number.
    at, total = instant_of(values.start), 0
    while at < before:
        end = min(at + YEAR, before)
        total += sum(at <= instant_of(span.start) < end for span in expand(values, start=at, end=end))
        at = end
    return total


def _around(values: EventValues, first: datetime) -> list[OccurrenceSpan]:
    return expand(values, start=first - 3 * YEAR, end=first + COMPARED)


def _continuations(values: EventValues, cut: OccurrenceSpan) -> Iterator[EventValues]:
    """Ways to say it, the plainest first."""
    yield _starting(values, cut, _later_lines(values, cut))
    yield _starting(values, cut, _later_lines(_pinned(values, cut), cut))
    # The first start may be one that no event can have as its own (a clock change moved it, or the rule counts
    # its weeks from another day). Then the series starts at an earlier one, which is taken out.
    first = instant_of(cut.start)
    earlier = [s for s in expand(values, start=first - 2 * YEAR, end=first) if instant_of(s.start) < first]
    for back in range(1, min(PREDECESSORS, len(earlier)) + 1):
        hidden = earlier[-back:]
        lines = _later_lines(values, hidden[0])
        if repeats(lines):
            walls = [wall_of(span.start, values.time_zone) for span in hidden]
            yield _starting(values, hidden[0], (*lines, dates_line("EXDATE", walls, values)))


def _starting(values: EventValues, span: OccurrenceSpan, lines: tuple[str, ...]) -> EventValues:
    return replace(values, start=span.start, end=span.end, recurrence=lines if repeats(lines) else ())


def _later_lines(values: EventValues, cut: OccurrenceSpan) -> tuple[str, ...]:
    wall = wall_of(cut.start, values.time_zone)
    lines: list[str] = []
    for text in values.recurrence:
        line = read_line(text)
        if line.name == "RRULE":
            until, count = until_wall(line, values), line.parts.get("COUNT")
            if count is not None:
                left = int(count) - _happened(values, line, instant_of(cut.start))
                lines += [with_parts(line, COUNT=str(left))] if left > 0 else []
            elif until is None or until >= wall:
                lines.append(text)
        elif line.name in ("RDATE", "EXDATE"):
            lines += filtered_dates(line, values, lambda moment: moment >= wall)
        else:
            lines.append(text)
    return tuple(lines)


def _pinned(values: EventValues, cut: OccurrenceSpan) -> EventValues:
    """The same series with said in its rules what they else take from their start."""
    first, other = wall_of(values.start, values.time_zone), wall_of(cut.start, values.time_zone)
    lines = []
    for text in values.recurrence:
        line = read_line(text)
        if line.name == "RRULE":
            added = implied_parts(line.parts, first.date())
            if first.time() != other.time() and "BYHOUR" not in line.parts:
                added |= {"BYHOUR": str(first.hour), "BYMINUTE": str(first.minute)}
            text = with_parts(line, **added) if added else text
        lines.append(text)
    return replace(values, recurrence=tuple(lines))


def implied_parts(parts: dict[str, str], start: date) -> dict[str, str | None]:
    """The day, and the month, that a rule without them takes from its start."""
    days = {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"} & parts.keys()
    if days:
        return {}
    match parts.get("FREQ"):
        case "WEEKLY":
            return {"BYDAY": CODES[start.weekday()]}
        case "MONTHLY":
            return {"BYMONTHDAY": str(start.day)}
        case "YEARLY":
            month: dict[str, str | None] = {} if "BYMONTH" in parts else {"BYMONTH": str(start.month)}
            return month | {"BYMONTHDAY": str(start.day)}
    return {}
