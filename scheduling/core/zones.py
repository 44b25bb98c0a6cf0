"""Between wall time and instants in a named zone, and the days and weeks of a calendar.

Instants are aware datetimes in UTC. A wall time in the gap of a clock change is moved forward by the gap
(02:30 becomes 03:30 on a spring night); a wall time that happens twice means the first one.

Invariants:
- a wall time that exists once survives the way to the instant and back
- a wall time in a gap moves forward by exactly the gap
- a wall time that happens twice is the first of the two
- days follow each other without gap or overlap, also on days of 23, 25 and 0 hours
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, ZoneInfoNotFoundError, available_timezones

from scheduling.core.language import gettext as _
from scheduling.core.spans import Span

SUNDAY, MONDAY, SATURDAY = 0, 1, 6
DAY = timedelta(days=1)


class UnknownZone(ValueError):
    """Not the name of a time zone in the IANA database."""


@cache
def zone_names() -> tuple[str, ...]:
    """The names to offer a person, sorted: places and UTC, without the legacy abbreviations."""
    names = available_timezones()
    return tuple(sorted(n for n in names if n == "UTC" or ("/" in n and not n.startswith("Etc/"))))


def zone(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises UnknownZone for anything else, paths included."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(_("“%(name)s” is not a time zone.") % {"name": name}) from None


@cache
def zone_fingerprint(name: str) -> str:
    """Tells whether the rules of a zone are the same as before: a digest of its data as this process reads it."""
    path = next((found for folder in TZPATH if (found := Path(folder, name)).is_file()), None)
    if path is not None:
        content = path.read_bytes()
    else:
        *folders, last = name.split("/")
        content = files(".".join(["tzdata", "zoneinfo", *folders])).joinpath(last).read_bytes()
    return sha256(content).hexdigest()[:24]


def instant(wall: datetime, place: ZoneInfo) -> datetime:
    """The instant (UTC) at which clocks in `place` show the naive time `wall`."""
    # fold=0 reads a gap with the offset before it, which is the move forward, and a repeat as its first pass.
    return wall.replace(tzinfo=place, fold=0).astimezone(UTC)


def wall_time(moment: datetime, place: ZoneInfo) -> datetime:
    """What clocks in `place` show at the aware `moment`, as a naive datetime."""
    return moment.astimezone(place).replace(tzinfo=None, fold=0)


def wall_of(value: datetime | date, zone_name: str) -> datetime:
    """What clocks in that zone show at a moment; a date (an all-day event has no zone) stands at its midnight."""
    if isinstance(value, datetime):
        return wall_time(value, ZoneInfo(zone_name))
    return datetime(value.year, value.month, value.day)


def instant_of(value: datetime | date) -> datetime:
    """The place on the time line that all code shares: a date stands at its midnight UTC."""
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)


def exists(wall: datetime, place: ZoneInfo) -> bool:
    """Whether clocks in `place` ever show the naive time `wall` (false inside a gap)."""
    return wall_time(instant(wall, place), place) == wall


def day_bounds(day: date, place: ZoneInfo) -> Span[datetime]:
    """The instants of a local day: 24 hours, or what a clock change makes of it."""
    return Span(*(instant(datetime.combine(d, time.min), place) for d in (day, day + DAY)))


def window(first: date, end: date, place: ZoneInfo) -> Span[datetime]:
    """The instants of the local days from `first` up to and without `end`."""
    return Span(day_bounds(first, place).start, day_bounds(end, place).start)


def week_start(day: date, first_day: int) -> date:
    """The first day of the week of `day`; `first_day` counts from 0 = Sunday to 6 = Saturday."""
    return day - timedelta(days=(day.isoweekday() - first_day) % 7)


def month_weeks(day: date, first_day: int) -> list[list[date]]:
    """The weeks of seven days each that show the whole month of `day`."""
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    start, weeks = week_start(first, first_day), []
    while start < following:
        weeks.append([start + timedelta(days=n) for n in range(7)])
        start += timedelta(days=7)
    return weeks


def add_months(day: date, months: int) -> date:
    """The same day of another month, or that month's last day where it is shorter."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - DAY
    return first.replace(day=min(day.day, last.day))


def is_weekend(day: date) -> bool:
    return day.isoweekday() > 5
