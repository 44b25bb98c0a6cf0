"""Generated series, as an event's lines and as a VEVENT: what the recurrence tests compare engines on."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling.core.event import EventValues

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/Lisbon",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "Atlantic/Azores",
)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Case:
    """A series that starts at `first` on the wall clock of `zone` ("" = all-day) and lasts `length`."""

    zone: str
    first: datetime
    length: timedelta
    lines: tuple[str, ...]
    window: tuple[datetime, datetime]

    @property
    def values(self) -> EventValues:
        if not self.zone:
            days = max(1, self.length.days)
            first = self.first.date()
            return EventValues(
                start=first, end=first + timedelta(days=days), is_all_day=True, recurrence=self.lines
            )
        place = ZoneInfo(self.zone)
        start = self.first.replace(tzinfo=place).astimezone(UTC)
        end = (self.first + self.length).replace(tzinfo=place).astimezone(UTC)
        return EventValues(start=start, end=end, time_zone=self.zone, recurrence=self.lines)

    @property
    def ical(self) -> str:
        """The same as iCalendar."""
        if self.zone:
            start = f"DTSTART;TZID={self.zone}:{self.first:%Y%m%dT%H%M%S}"
            end = f"DTEND;TZID={self.zone}:{self.first + self.length:%Y%m%dT%H%M%S}"
        else:
            start = f"DTSTART;VALUE=DATE:{self.first:%Y%m%d}"
            end = f"DTEND;VALUE=DATE:{self.first + timedelta(days=max(1, self.length.days)):%Y%m%d}"
        body = ["BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", start, end, *self.lines, "END:VEVENT"]
        return "\r\n".join(
            ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//", *body, "END:VCALENDAR", ""]
        )


def generate(seed: int, *, only_rule: bool = False) -> Case:
    """One case. Left out are the readings in which dateutil departs from RFC 5545 (see `rule.py`); tables have them."""
    dice = random.Random(seed)
    zone = dice.choice(("", *ZONES)) if not only_rule else dice.choice(ZONES)
    first = datetime(dice.randint(1995, 2026), dice.randint(1, 12), dice.randint(1, 28)) + timedelta(
        days=dice.choice((0, 0, 0, 1, 2, 3))
    )
    if dice.random() < 0.3:  # near the clock changes of many zones
        first = first.replace(month=dice.choice((3, 10, 11, 4, 9)), day=min(first.day, 30))
    if zone:
        first += timedelta(minutes=15 * dice.choice((*range(0, 96), *range(4, 14))))
    length = timedelta(minutes=15 * dice.choice((1, 2, 4, 6, 36, 40, 100)))
    rule = _rule(dice, zone, first)
    lines = [f"RRULE:{rule}"]
    # recurring-ical-events also takes out what starts at an EXDATE's digits read as UTC.
    if not only_rule and "BYHOUR" not in rule:
        lines += _dates(dice, zone, first)
    late = dice.choice((0, 0, 0, 40, 400, 3000))
    opening = (first + timedelta(days=late)).replace(tzinfo=UTC)
    return Case(
        zone, first, length, tuple(lines), (opening, opening + timedelta(days=dice.choice((8, 90, 900))))
    )


def _rule(dice: random.Random, zone: str, first: datetime) -> str:
    frequency = dice.choice(("DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY", "YEARLY"))
    parts = [f"FREQ={frequency}"]
    if dice.random() < 0.5:
        parts.append(f"INTERVAL={dice.choice((1, 2, 2, 3, 4, 5, 7, 13))}")
    if dice.random() < 0.25:
        parts.append(f"WKST={dice.choice(('SU', 'MO', 'WE', 'SA'))}")
    if dice.random() < 0.3:
        parts.append(f"BYMONTH={_some(dice, range(1, 13), 4)}")
    if frequency == "YEARLY":
        kind = dice.choice(("plain", "weekno", "yearday", "monthday", "day", "nth"))
    elif frequency == "MONTHLY":
        kind = dice.choice(("plain", "monthday", "day", "nth", "both"))
    else:
        kind = dice.choice(("plain", "day", "day", "monthday"))
    if kind == "weekno":
        parts += [f"BYWEEKNO={_some(dice, range(2, 52), 3)}", f"BYDAY={_weekdays(dice)}"]
    if kind == "yearday":
        parts.append(f"BYYEARDAY={_some(dice, (*range(1, 367, 7), *range(-366, 0, 31)), 4)}")
    if kind in ("monthday", "both"):
        parts.append(f"BYMONTHDAY={_some(dice, (*range(1, 32), *range(-31, 0)), 4)}")
    if kind in ("day", "both"):
        parts.append(f"BYDAY={_weekdays(dice)}")
    if kind == "nth":
        # Within a month: dateutil breaks off with an IndexError on the 10th Monday of a month.
        in_month = frequency == "MONTHLY" or any(part.startswith("BYMONTH=") for part in parts)
        ordinals = (1, 2, 3, 4, 5, -1, -2) if in_month else (1, 2, 10, 53, -1, -3)
        days = {f"{dice.choice(ordinals)}{dice.choice(WEEKDAYS)}" for _ in range(dice.randint(1, 3))}
        parts.append(f"BYDAY={','.join(sorted(days))}")
    if zone and dice.random() < 0.15:
        parts.append(f"BYHOUR={_some(dice, range(24), 3)}")
        if dice.random() < 0.5:
            parts.append(f"BYMINUTE={_some(dice, range(0, 60, 5), 3)}")
    if kind != "plain" and frequency in ("MONTHLY", "YEARLY") and dice.random() < 0.25:
        parts.append(f"BYSETPOS={_some(dice, (1, 2, 3, -1, -2), 2)}")
    ending = dice.random()
    if ending < 0.3:
        parts.append(f"COUNT={dice.choice((1, 2, 5, 10, 40))}")
    elif ending < 0.6:
        last = first + timedelta(days=dice.choice((3, 30, 400, 2000)))
        parts.append(f"UNTIL={last:%Y%m%dT%H%M%SZ}" if zone else f"UNTIL={last:%Y%m%d}")
    dice.shuffle(parts)
    return ";".join(sorted(parts, key=lambda part: not part.startswith("FREQ")))


def _dates(dice: random.Random, zone: str, first: datetime) -> list[str]:
    lines = []
    for name in ("EXDATE", "RDATE"):
        if dice.random() < 0.3:
            offsets = [dice.choice((0, 1, 2, 7, 14, 28, 365)) for _ in range(dice.randint(1, 4))]
            lines.append(_date_line(name, zone, {first + timedelta(days=days) for days in offsets}))
    return lines


def _date_line(name: str, zone: str, moments: set[datetime]) -> str:
    ordered = sorted(moments)
    if not zone:
        return f"{name};VALUE=DATE:{','.join(f'{m:%Y%m%d}' for m in ordered)}"
    return f"{name};TZID={zone}:{','.join(f'{m:%Y%m%dT%H%M%S}' for m in ordered)}"


def _some(dice: random.Random, numbers: range | tuple[int, ...], most: int) -> str:
    return ",".join(map(str, sorted(dice.sample(list(numbers), dice.randint(1, most)))))


def _weekdays(dice: random.Random) -> str:
    return ",".join(sorted(dice.sample(WEEKDAYS, dice.randint(1, 4)), key=WEEKDAYS.index))


def as_text(value: datetime | date) -> str:
    """How both sides of a comparison write a start."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return value.strftime("%Y%m%d")
