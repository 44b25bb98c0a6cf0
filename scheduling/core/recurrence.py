"""Series: from recurrence lines to the spans in which they happen (RFC 5545 3.8.5).

Rules run on wall-clock time in the series' own zone; each start is then placed on the time line. A start in
a DST gap moves forward by the gap, one in the overlap takes the first reading (RFC 5545 3.3.5). An occurrence
keeps the wall-clock length of the first one, so that 22:00 to 06:00 stays so in the night of a clock change.

Invariants:
- the first occurrence is the event's own start, whether or not the rule would name it
- expansion is bounded in number and never runs on rules that repeat faster than daily
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from scheduling.core.event import EARLIEST, LATEST, EventValues, format_moment, is_zone

MOST_OCCURRENCES = 5000  # of one series in one expansion
MOST_LINES, LONGEST_LINE = 200, 10_000
FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}


class RecurrenceError(ValueError):
    """The lines cannot be expanded; the text says why, for people."""


@dataclass(frozen=True)
class OccurrenceSpan:
    """`key` is the original start (`format_moment`): the occurrence's name within its series.

    All-day: `start` and `end` are dates, the end exclusive. Timed: UTC instants.
    """

    key: str
    start: datetime | date
    end: datetime | date


def expand(values: EventValues, *, start: datetime, end: datetime) -> list[OccurrenceSpan]:
    """The occurrences that overlap `[start, end)` (UTC instants), in order; raises `RecurrenceError`.

    All-day occurrences are taken as midnight UTC of their dates. Overrides are the caller's to apply.
    """
    spans: list[OccurrenceSpan] = []
    first = _wall(values.start, values.time_zone)
    length = _wall(values.end, values.end_time_zone or values.time_zone) - first
    for local in islice(_starts(values, first), MOST_OCCURRENCES):
        span = _span(values, local, length)
        if _instant(span.start) >= end:
            break
        if _instant(span.end) > start or _instant(span.start) == _instant(span.end) >= start:
            spans.append(span)
    return spans


def last_end(values: EventValues) -> datetime | None:
    """The instant by which the series is over; None when it has no end or more than can be counted."""
    if any(line.upper().startswith("RRULE") and not _bounded(line) for line in values.recurrence):
        return None
    spans = expand(values, start=datetime.min.replace(tzinfo=UTC), end=datetime.max.replace(tzinfo=UTC))
    if len(spans) >= MOST_OCCURRENCES:
        return None
    return max((_instant(span.end) for span in spans), default=_instant(values.end))


def check_recurrence(values: EventValues) -> None:
    """Raise `RecurrenceError` when the lines cannot be expanded."""
    next(_starts(values, _wall(values.start, values.time_zone)), None)


def _bounded(line: str) -> bool:
    return bool(re.search(r"[;:](COUNT|UNTIL)=", line, re.IGNORECASE))


def _starts(values: EventValues, first: datetime) -> Iterator[datetime]:
    """Wall-clock starts in order, each once."""
    if len(values.recurrence) > MOST_LINES or any(len(line) > LONGEST_LINE for line in values.recurrence):
        raise RecurrenceError("The rule is too long.")
    rules: list[rrule] = []
    extra: set[datetime] = {first}
    excluded: set[datetime] = set()
    for line in values.recurrence:
        name, parameters, content = _parse_line(line)
        if name == "RRULE":
            rules.append(_rule(content, first, values))
        elif name == "RDATE":
            extra.update(_moments(parameters, content, values))
        elif name == "EXDATE":
            excluded.update(_moments(parameters, content, values))
        elif name == "EXRULE":
            raise RecurrenceError("EXRULE is not supported.")
        elif not name.startswith("X-"):
            raise RecurrenceError(f"{name} is not a recurrence line.")
    previous = None
    for local in merge(sorted(extra), *rules):
        if local.year > LATEST.year:
            return
        if local != previous and local not in excluded and local.year >= EARLIEST.year:
            yield local
        previous = local


def _parse_line(line: str) -> tuple[str, dict[str, str], str]:
    head, separator, content = line.partition(":")
    name, *parameters = head.split(";")
    if not separator or not content:
        raise RecurrenceError(f"“{line[:60]}” is not a recurrence line.")
    return (
        name.upper(),
        dict(
            p.upper().split("=", 1) if "TZID" not in p.upper() else p.split("=", 1)
            for p in parameters
            if "=" in p
        ),
        content,
    )


def _rule(content: str, first: datetime, values: EventValues) -> rrule:
    parts = dict(part.split("=", 1) for part in content.upper().split(";") if "=" in part)
    if parts.get("FREQ") not in FREQUENCIES:
        raise RecurrenceError("Only daily, weekly, monthly and yearly rules are repeated.")
    for name in ("INTERVAL", "COUNT"):
        # An interval of 0 would stand still for ever.
        if name in parts and not (parts[name].isdecimal() and int(parts[name][:9]) > 0):
            raise RecurrenceError(f"{name} is a whole number from 1.")
    known = {key: value for key, value in parts.items() if not key.startswith("X-")}
    if until := known.get("UNTIL"):
        local = _moment(until, values.time_zone, values)
        # A date as UNTIL includes the whole of that day.
        if len(until) == 8:
            local = local.replace(hour=23, minute=59, second=59)
        known["UNTIL"] = local.strftime("%Y%m%dT%H%M%S")
    try:
        rule = rrulestr(";".join(f"{key}={value}" for key, value in known.items()), dtstart=first)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise RecurrenceError(f"The rule “{content[:80]}” is not understood: {error}.") from error
    assert isinstance(rule, rrule)
    return rule


def _moments(parameters: dict[str, str], content: str, values: EventValues) -> Iterator[datetime]:
    zone = parameters.get("TZID", values.time_zone).strip('"')
    for text in content.split(","):
        yield _moment(text.split("/")[0].strip().upper(), zone, values)


def _moment(text: str, zone: str, values: EventValues) -> datetime:
    """`20261124`, `20261124T090000` or `…Z` as wall-clock time of the series."""
    try:
        if len(text) == 8:
            day = datetime.strptime(text, "%Y%m%d")
            return (
                day
                if values.is_all_day
                else datetime.combine(day, _wall(values.start, values.time_zone).time())
            )
        moment = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")
    except ValueError as error:
        raise RecurrenceError(f"“{text[:30]}” is not a date or time.") from error
    if values.is_all_day:
        return moment.replace(hour=0, minute=0, second=0)
    if not EARLIEST.year <= moment.year <= LATEST.year:
        return moment  # only compared; turned into another zone it could leave the years that Python knows
    if not text.endswith("Z") and not is_zone(zone):
        raise RecurrenceError(f"“{zone[:60]}” is not a time zone.")
    source = UTC if text.endswith("Z") else ZoneInfo(zone)
    return moment.replace(tzinfo=source).astimezone(ZoneInfo(values.time_zone)).replace(tzinfo=None)


def _wall(value: datetime | date, zone: str) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return datetime(value.year, value.month, value.day)


def _span(values: EventValues, local: datetime, length: timedelta) -> OccurrenceSpan:
    if values.is_all_day:
        return OccurrenceSpan(local.date().isoformat(), local.date(), (local + length).date())
    zone, end_zone = ZoneInfo(values.time_zone), ZoneInfo(values.end_time_zone or values.time_zone)
    start = local.replace(tzinfo=zone).astimezone(UTC)
    end = max(start, (local + length).replace(tzinfo=end_zone).astimezone(UTC))
    return OccurrenceSpan(format_moment(start), start, end)


def _instant(value: datetime | date) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
