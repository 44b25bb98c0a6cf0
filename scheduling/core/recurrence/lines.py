"""The recurrence lines of an event (RRULE, RDATE, EXDATE, EXRULE), read into values of its own zone's wall clock.

A DATE as UNTIL of a timed series includes that whole day, a DATE in EXDATE takes out all that starts on that day, a
DATE in RDATE means the series' own time of day. An all-day series has dates only: of an instant the date is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from scheduling.core.event import EARLIEST, LATEST, EventValues, is_zone
from scheduling.core.language import gettext as _
from scheduling.core.recurrence.errors import RecurrenceError
from scheduling.core.recurrence.rule import Rule, parse_rule

MOST_LINES, LONGEST_LINE = 200, 10_000
MOST_RULES = 10
MOST_DATES = 5000
_LINE = re.compile(r'([A-Za-z-]+)((?:;[^=;:"]+=(?:"[^"]*"|[^;:"]*))*):(.+)', re.DOTALL)
_PERIOD = re.compile(
    r"P(?:(\d{1,3})W|(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?)", re.ASCII
)


@dataclass(frozen=True)
class BoundedRule:
    """A rule with its UNTIL as the last wall-clock time and, when it was written in UTC, as the last instant."""

    rule: Rule
    until_wall: datetime | None = None
    until: datetime | None = None


@dataclass
class RecurrenceSet:
    """What the lines of one event say. `dates` maps each RDATE to its own length, None for the series' length."""

    rules: list[BoundedRule] = field(default_factory=list)
    excluded_rules: list[BoundedRule] = field(default_factory=list)
    dates: dict[datetime, timedelta | None] = field(default_factory=dict)
    excluded: set[datetime] = field(default_factory=set)
    excluded_days: set[date] = field(default_factory=set)


def read_lines(values: EventValues) -> RecurrenceSet:
    """Read `values.recurrence`; wall-clock times are those of the series' zone. Raises `RecurrenceError`."""
    if len(values.recurrence) > MOST_LINES or any(len(line) > LONGEST_LINE for line in values.recurrence):
        raise RecurrenceError(_("The rule is too long."))
    found = RecurrenceSet()
    for line in values.recurrence:
        name, zone, content = _parse_line(line, values.time_zone)
        if name == "RRULE":
            found.rules.append(_bounded(content, values))
        elif name == "EXRULE":
            found.excluded_rules.append(_bounded(content, values))
        elif name == "RDATE":
            found.dates.update(_additions(content, zone, values))
        elif name == "EXDATE":
            for text in _items(content):
                moment = _moment(text, zone, values)
                if len(text) == 8 and not values.is_all_day:
                    found.excluded_days.add(moment.date())
                else:
                    found.excluded.add(moment)
        elif not name.startswith("X-"):
            raise RecurrenceError(_("%(name)s is not a recurrence line.") % {"name": name[:40]})
    if len(found.rules) + len(found.excluded_rules) > MOST_RULES:
        raise RecurrenceError(_("An event has at most %(count)d rules.") % {"count": MOST_RULES})
    if len(found.dates) + len(found.excluded) + len(found.excluded_days) > MOST_DATES:
        raise RecurrenceError(_("An event has at most %(count)d single dates.") % {"count": MOST_DATES})
    return found


def _parse_line(line: str, own_zone: str) -> tuple[str, str, str]:
    """(name, zone of its times, content)."""
    found = _LINE.fullmatch(line.strip())
    if not found:
        raise RecurrenceError(_("“%(text)s” is not a recurrence line.") % {"text": line[:60]})
    zone = re.search(r';TZID=(?:"([^"]*)"|([^;]*))', found[2], re.IGNORECASE)
    return found[1].upper(), (zone[1] or zone[2] or "") if zone else own_zone, found[3]


def _items(content: str) -> Iterator[str]:
    return (text for item in content.split(",") if (text := item.strip().upper()))


def _bounded(content: str, values: EventValues) -> BoundedRule:
    rule = _parsed(content)
    if not rule.until:
        return BoundedRule(rule)
    wall = _moment(rule.until, values.time_zone, values)
    if values.is_all_day:
        return BoundedRule(rule, wall)
    if len(rule.until) == 8:
        return BoundedRule(rule, datetime.combine(wall.date(), time.max))
    if not rule.until.endswith("Z") or not EARLIEST.year <= wall.year <= LATEST.year:
        return BoundedRule(rule, wall)
    instant = _stamp(rule.until.removesuffix("Z")).replace(tzinfo=UTC)
    return BoundedRule(rule, wall, instant)


_parsed = lru_cache(maxsize=4096)(parse_rule)


def _additions(content: str, zone: str, values: EventValues) -> Iterator[tuple[datetime, timedelta | None]]:
    for text in _items(content):
        start_text, separator, end_text = text.partition("/")
        start = _moment(start_text, zone, values)
        if not separator:
            yield start, None
        elif end_text.startswith("P"):
            yield start, _duration(end_text)
        else:
            yield start, _moment(end_text, zone, values) - start


def _duration(text: str) -> timedelta:
    found = _PERIOD.fullmatch(text)
    if not found or not any(found.groups()):
        raise RecurrenceError(_("“%(text)s” is not a length of time.") % {"text": text[:30]})
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _moment(text: str, zone: str, values: EventValues) -> datetime:
    """`20261124`, `20261124T090000` or `…Z` as wall-clock time of the series."""
    if len(text) == 8:
        day = _stamp(text + "T000000")
        if values.is_all_day or not isinstance(values.start, datetime):
            return day
        # The time of day as the series' zone has it, also for RDATE;VALUE=DATE with a zone of its own.
        clock = values.start.astimezone(ZoneInfo(values.time_zone)).time()
        return datetime.combine(day, clock)
    moment = _stamp(text.removesuffix("Z"))
    if values.is_all_day:
        return moment.replace(hour=0, minute=0, second=0)
    if not EARLIEST.year <= moment.year <= LATEST.year:
        return moment  # only compared; turned into another zone it could leave the years that Python knows
    if not text.endswith("Z") and not is_zone(zone):
        raise RecurrenceError(_("“%(name)s” is not a time zone.") % {"name": zone[:60]})
    source = UTC if text.endswith("Z") else ZoneInfo(zone)
    return moment.replace(tzinfo=source).astimezone(ZoneInfo(values.time_zone)).replace(tzinfo=None, fold=0)


def _stamp(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%S")
    except ValueError:
        raise RecurrenceError(_("“%(text)s” is not a date or time.") % {"text": text[:30]}) from None
