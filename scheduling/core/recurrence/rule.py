"""One RRULE (RFC 5545 3.3.10) on the wall clock: which naive local times it names, from any time on.

The calendar is walked in periods of the rule's frequency, beginning at the period that is asked for: what lies
between the start of the series and that period costs nothing. Days are proleptic Gregorian ordinals
(`date.toordinal`), so that stepping and comparing them is integer arithmetic.

Two readings where RFC 5545 leaves room, both as dateutil has them: BYWEEKNO without BYDAY names every day of the
week, and ordinals in BYDAY count only in monthly and yearly rules. Two where dateutil departs from the RFC and we
do not: BYSETPOS of a weekly rule counts within the whole week of the start, and `BYDAY=MO,2TU` names both.

Invariants:
- what a rule names from a time on does not depend on how far that time lies after the start
- a walk ends, whatever the rule: it visits no period after the last year that is kept
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice, takewhile

from scheduling.core.event import LATEST
from scheduling.core.language import gettext as _
from scheduling.core.recurrence.errors import RecurrenceError

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MOST_INTERVAL = 10_000
MOST_COUNT = 10_000
MOST_COMBINATIONS = 1000  # the product of the lengths of all BY lists
MOST_TIMES = 24  # a day
LAST_DAY = LATEST.toordinal()
# The largest set that BYSETPOS can choose from, in days.
LONGEST_PERIOD = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}

LISTS: dict[str, tuple[str, int, bool]] = {
    # part: (field, largest value, whether it is counted from 1 and may be negative)
    "BYMONTH": ("by_month", 12, False),
    "BYMONTHDAY": ("by_month_day", 31, True),
    "BYYEARDAY": ("by_year_day", 366, True),
    "BYWEEKNO": ("by_week_no", 53, True),
    "BYSETPOS": ("by_set_pos", 366, True),
    "BYHOUR": ("by_hour", 23, False),
    "BYMINUTE": ("by_minute", 59, False),
    "BYSECOND": ("by_second", 59, False),
}


@dataclass(frozen=True)
class Rule:
    """A rule as it is written. `by_day` holds (ordinal or 0, weekday from Monday = 0); `until` is its text."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: str = ""
    by_month: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_week_no: tuple[int, ...] = ()
    by_day: tuple[tuple[int, int], ...] = ()
    by_hour: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_second: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    week_start: int = 0

    def starts(self, first: datetime, after: datetime) -> Iterator[datetime]:
        """The wall-clock times that the rule names, from the later of `first` (the series' start) and `after` on.

        In order, each once. COUNT is heeded, counting from `first`; UNTIL is the caller's, who knows the zone.
        """
        named = _Walk(self, first).times(max(first, after))
        if self.count is None:
            return named
        last = _last_counted(self, first)
        return iter(()) if last is None else takewhile(lambda wall: wall <= last, named)


@lru_cache(maxsize=4096)
def _last_counted(rule: Rule, first: datetime) -> datetime | None:
    """The time at which COUNT is reached; it turns the count into an end, which is walked to only once."""
    last = None
    for last in islice(_Walk(rule, first).times(first), rule.count):  # noqa: B007
        pass
    return last


class _Walk:
    """A rule together with the start of its series, which fills in what the rule leaves open (RFC 5545 3.3.10)."""

    def __init__(self, rule: Rule, first: datetime) -> None:
        self.rule = rule
        self.first_day = first.toordinal()
        by_month, by_month_day, by_day = rule.by_month, rule.by_month_day, rule.by_day
        if not (by_month_day or by_day or rule.by_year_day or rule.by_week_no):
            if rule.frequency == "YEARLY":
                by_month = by_month or (first.month,)
            if rule.frequency in ("YEARLY", "MONTHLY"):
                by_month_day = (first.day,)
            elif rule.frequency == "WEEKLY":
                by_day = ((0, first.weekday()),)
        self.by_month, self.by_month_day = frozenset(by_month), by_month_day
        counts = rule.frequency in ("MONTHLY", "YEARLY")
        self.weekdays = frozenset(weekday for n, weekday in by_day if not (n and counts))
        self.nth = [(n, weekday) for n, weekday in by_day if n and counts]
        self.nth_in_year = rule.frequency == "YEARLY" and not rule.by_month
        # In seconds after midnight.
        self.clock = sorted(
            hour * 3600 + minute * 60 + second
            for hour in rule.by_hour or (first.hour,)
            for minute in rule.by_minute or (first.minute,)
            for second in rule.by_second or (first.second,)
        )
        self.filters_days = bool(by_month or by_month_day or by_day or rule.by_year_day or rule.by_week_no)

    def times(self, start: datetime) -> Iterator[datetime]:
        """The times from `start` on (which is not before the series' own start)."""
        clock = [timedelta(seconds=seconds) for seconds in self.clock]
        positions = self.rule.by_set_pos
        if positions and not self._can_reach(positions):
            return
        for days in self._periods(start.toordinal()):
            if positions:
                times = self._chosen(days, positions)
            else:
                times = [datetime.fromordinal(day) + time for day in days for time in clock]
            for time in times:
                if time >= start:
                    yield time

    def _can_reach(self, positions: tuple[int, ...]) -> bool:
        largest = LONGEST_PERIOD[self.rule.frequency] * len(self.clock)
        return any(abs(position) <= largest for position in positions)

    def _chosen(self, days: list[int], positions: tuple[int, ...]) -> list[datetime]:
        total, per_day = len(days) * len(self.clock), len(self.clock)
        indexes = {p - 1 if p > 0 else total + p for p in positions if abs(p) <= total}
        return [
            datetime.fromordinal(days[index // per_day]) + timedelta(seconds=self.clock[index % per_day])
            for index in sorted(indexes)
        ]

    def _periods(self, day: int) -> Iterator[list[int]]:
        """The days of each period of the rule, from the one on that holds `day` or comes next."""
        match self.rule.frequency:
            case "DAILY":
                return self._by_day(day)
            case "WEEKLY":
                return self._by_week(day)
            case "MONTHLY":
                return self._by_month(day)
            case _:
                return self._by_year(day)

    def _by_day(self, day: int) -> Iterator[list[int]]:
        interval = self.rule.interval
        if not self.filters_days:
            for found in range(day + (self.first_day - day) % interval, LAST_DAY + 1, interval):
                yield [found]
            return
        # Months that the rule leaves out are passed over whole.
        month = _month_index(day)
        while (month // 12) <= LATEST.year:
            for found in self._days_of_month(*_year_and_month(month)):
                if found >= day and (found - self.first_day) % interval == 0:
                    yield [found]
            month += 1

    def _by_week(self, day: int) -> Iterator[list[int]]:
        step = 7 * self.rule.interval
        origin = self.first_day - (_weekday(self.first_day) - self.rule.week_start) % 7
        week = origin + (day - origin) // step * step
        plain = not (self.by_month or self.by_month_day or self.rule.by_year_day or self.rule.by_week_no)
        offsets = sorted((weekday - self.rule.week_start) % 7 for weekday in self.weekdays or range(7))
        while week <= LAST_DAY:
            yield (
                [week + offset for offset in offsets]
                if plain
                else [found for found in range(week, week + 7) if self._matches(found)]
            )
            week += step

    def _by_month(self, day: int) -> Iterator[list[int]]:
        interval, origin = self.rule.interval, _month_index(self.first_day)
        month = origin + (_month_index(day) - origin) // interval * interval
        while (month // 12) <= LATEST.year:
            yield self._days_of_month(*_year_and_month(month))
            month += interval

    def _by_year(self, day: int) -> Iterator[list[int]]:
        interval, origin = self.rule.interval, date.fromordinal(self.first_day).year
        year = origin + (date.fromordinal(day).year - origin) // interval * interval
        months = sorted(self.by_month) or range(1, 13)
        while year <= LATEST.year:
            yield [found for month in months for found in self._days_of_month(year, month)]
            year += interval

    def _matches(self, day: int) -> bool:
        found = date.fromordinal(day)
        days = self._days_of_month(found.year, found.month)
        index = bisect_left(days, day)
        return index < len(days) and days[index] == day

    def _days_of_month(self, year: int, month: int) -> list[int]:
        """The days of a month that pass every BY part, in order."""
        if self.by_month and month not in self.by_month:
            return []
        first, end = _month_bounds(year, month)
        if self.by_month_day:
            length = end - first
            days = sorted(
                {first + n - 1 if n > 0 else end + n for n in self.by_month_day if abs(n) <= length}
            )
        else:
            days = list(range(first, end))
        if self.weekdays or self.nth:
            bounds = (
                (date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)
                if self.nth_in_year
                else (first, end)
            )
            nth = {_nth_weekday(n, weekday, *bounds) for n, weekday in self.nth}
            days = [day for day in days if _weekday(day) in self.weekdays or day in nth]
        if self.rule.by_year_day and days:
            start, length = date(year, 1, 1).toordinal(), 365 + _is_leap(year)
            wanted = {start + n - 1 if n > 0 else start + length + n for n in self.rule.by_year_day}
            wanted = {day for day in wanted if start <= day < start + length}
            days = [day for day in days if day in wanted]
        if self.rule.by_week_no and days:
            days = [day for day in days if _in_weeks(day, self.rule.by_week_no, self.rule.week_start)]
        return days


def _weekday(day: int) -> int:
    return (day + 6) % 7  # ordinal 1 was a Monday


def _month_index(day: int) -> int:
    found = date.fromordinal(day)
    return found.year * 12 + found.month - 1


def _year_and_month(index: int) -> tuple[int, int]:
    return index // 12, index % 12 + 1


@lru_cache(maxsize=4096)
def _month_bounds(year: int, month: int) -> tuple[int, int]:
    first = date(year, month, 1)
    return first.toordinal(), (first + timedelta(days=31)).replace(day=1).toordinal()


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _nth_weekday(n: int, weekday: int, start: int, end: int) -> int:
    """The n-th such weekday of `[start, end)`, counted from its end when negative; 0 when there is none."""
    if n > 0:
        day = start + (weekday - _weekday(start)) % 7 + 7 * (n - 1)
    else:
        day = end - 1 - (_weekday(end - 1) - weekday) % 7 + 7 * (n + 1)
    return day if start <= day < end else 0


@lru_cache(maxsize=4096)
def _week_one(year: int, week_start: int) -> int:
    """The first day of the first week with at least four days in `year` (RFC 5545 3.3.10, BYWEEKNO)."""
    fourth = date(year, 1, 4).toordinal()
    return fourth - (_weekday(fourth) - week_start) % 7


def _in_weeks(day: int, numbers: tuple[int, ...], week_start: int) -> bool:
    year = date.fromordinal(day).year
    if day < _week_one(year, week_start):
        year -= 1
    elif day >= _week_one(year + 1, week_start):
        year += 1
    start = _week_one(year, week_start)
    number = (day - start) // 7 + 1
    weeks = (_week_one(year + 1, week_start) - start) // 7
    return number in numbers or number - weeks - 1 in numbers


# --- Reading ------------------------------------------------------------------------------------
def parse_rule(text: str) -> Rule:
    """Read the value of an RRULE. Raises `RecurrenceError` for what is wrong, not supported or over the limits."""
    parts: dict[str, str] = {}
    for part in text.strip().upper().split(";"):
        name, separator, value = part.partition("=")
        if not part:
            continue
        if not separator or name in parts:
            raise RecurrenceError(_("The rule “%(rule)s” is not understood.") % {"rule": text[:80]})
        parts[name] = value
    frequency = parts.pop("FREQ", "")
    if frequency not in FREQUENCIES:
        raise RecurrenceError(_("Only daily, weekly, monthly and yearly rules are repeated."))
    if parts.pop("RSCALE", "GREGORIAN") != "GREGORIAN" or parts.pop("SKIP", "OMIT") != "OMIT":
        raise RecurrenceError(_("Only rules of the Gregorian calendar are repeated."))
    rule: dict[str, object] = {"frequency": frequency, "until": parts.pop("UNTIL", "")}
    for name, most in (("INTERVAL", MOST_INTERVAL), ("COUNT", MOST_COUNT)):
        if name in parts:
            rule[name.lower()] = _whole_number(name, parts.pop(name), most)
    if "count" in rule and rule["until"]:
        raise RecurrenceError(_("A rule ends either after a number of times or at a date, not both."))
    if "WKST" in parts:
        rule["week_start"] = _weekday_of(parts.pop("WKST"))
    combinations = 1
    for name, (field, largest, signed) in LISTS.items():
        if name in parts:
            numbers = _numbers(name, parts.pop(name), largest, signed)
            rule[field], combinations = numbers, combinations * len(numbers)
    if "BYDAY" in parts:
        days = tuple(dict.fromkeys(_by_day(item) for item in parts.pop("BYDAY").split(",")))
        rule["by_day"], combinations = days, combinations * len(days)
    unknown = [name for name in parts if not name.startswith("X-")]
    if unknown:
        raise RecurrenceError(
            _("%(name)s is not a part of a rule that is understood.") % {"name": unknown[0][:40]}
        )
    result = Rule(**rule)  # type: ignore[arg-type]
    times = [len(numbers) or 1 for numbers in (result.by_hour, result.by_minute, result.by_second)]
    if combinations > MOST_COMBINATIONS or times[0] * times[1] * times[2] > MOST_TIMES:
        raise RecurrenceError(_("The rule names too many days or times at once."))
    return result


def _whole_number(name: str, text: str, most: int) -> int:
    # An interval of 0 would stand still for ever.
    if not (text.isascii() and text.isdecimal() and int(text[:9]) > 0):
        raise RecurrenceError(_("%(name)s is a whole number from 1.") % {"name": name})
    if int(text[:9]) > most:
        raise RecurrenceError(_("%(name)s is at most %(most)d.") % {"name": name, "most": most})
    return int(text)


def _numbers(name: str, text: str, largest: int, signed: bool) -> tuple[int, ...]:
    numbers = set()
    for item in text.split(","):
        digits = item[1:] if item[:1] in ("+", "-") and signed else item
        if not (digits.isascii() and digits.isdecimal()) or len(digits) > 3:
            raise RecurrenceError(
                _("“%(text)s” is no number for %(name)s.") % {"text": item[:20], "name": name}
            )
        number = -int(digits) if item.startswith("-") else int(digits)
        smallest = 1 if signed or name == "BYMONTH" else 0
        if not smallest <= abs(number) <= largest:
            raise RecurrenceError(
                _("%(name)s takes numbers from %(smallest)d to %(largest)d.")
                % {"name": name, "smallest": smallest, "largest": largest}
            )
        numbers.add(number)
    return tuple(sorted(numbers))


def _by_day(item: str) -> tuple[int, int]:
    found = re.fullmatch(r"([+-]?\d{1,2})?([A-Z]{2})", item, re.ASCII)
    ordinal = int(found[1] or 0) if found else 0
    if not found or abs(ordinal) > 53 or (found[1] and not ordinal):
        raise RecurrenceError(_("“%(text)s” is no weekday.") % {"text": item[:20]})
    return ordinal, _weekday_of(found[2])


def _weekday_of(text: str) -> int:
    try:
        return WEEKDAYS.index(text)
    except ValueError:
        raise RecurrenceError(_("“%(text)s” is no weekday.") % {"text": text[:20]}) from None
