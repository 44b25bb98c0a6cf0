"""DATE, DATE-TIME, DURATION and the recurrence lines of a file, with its zones resolved.

Invariants:
- a time without a zone is the reader's own time
- recurrence lines come out with IANA names, in the form that the rest of the product reads
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling.core.ical.lines import Component, Property
from scheduling.core.ical.zones import Zones
from scheduling.core.language import gettext as _
from scheduling.core.zones import instant, wall_time

MOST_MOMENTS = 5000  # in the RDATE and EXDATE lines of one event


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, or an instant in UTC with the IANA zone that it was thought in."""

    value: datetime | date
    zone: str = ""

    @property
    def is_date(self) -> bool:
        return not isinstance(self.value, datetime)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """`lines` as they are stored; `lengths` of the RDATE periods, by start."""

    lines: tuple[str, ...]
    lengths: Mapping[datetime, timedelta]


_MOMENT = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d))?(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?)?",
    re.IGNORECASE,
)
_DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?",
    re.IGNORECASE,
)


def read_moment(text: str, tzid: str, zones: Zones) -> Moment:
    """`20261124`, `20261124T090000` or `…Z`; raises ValueError."""
    matched = _MOMENT.fullmatch(text.strip())
    if matched is None:
        raise ValueError(_("“%(text)s” is not a date or time.") % {"text": text[:30]})
    try:
        return _moment(matched, tzid, zones)
    except (ValueError, OverflowError):
        raise ValueError(_("“%(text)s” is not a date or time.") % {"text": text[:30]}) from None


def _moment(matched: re.Match[str], tzid: str, zones: Zones) -> Moment:
    year, month, day = int(matched[1]), int(matched[2]), int(matched[3])
    if matched[4] is None:
        return Moment(date(year, month, day))
    hour, minute, second = int(matched[4]), int(matched[5]), int(matched[6] or 0)
    wall = datetime(year, month, day, hour % 24 if hour == 24 else hour, minute, min(second, 59))
    if hour == 24:
        wall += timedelta(days=1)
    offset = (matched[7] or "").upper()
    if offset == "Z":
        return Moment(wall.replace(tzinfo=UTC), "UTC")
    if offset:
        return Moment(datetime.fromisoformat(f"{wall.isoformat()}{offset}").astimezone(UTC), "UTC")
    if not 1 < year < 9999:
        raise ValueError(year)
    if tzid:
        return Moment(*zones.instant(wall, tzid))
    return Moment(instant(wall, ZoneInfo(zones.fallback)), zones.fallback)


def moment_of(found: Property | None, zones: Zones) -> Moment | None:
    """The moment of DTSTART, DTEND or RECURRENCE-ID; raises ValueError."""
    if found is None:
        return None
    return read_moment(found.value, found.parameters.get("TZID", ""), zones)


def read_duration(text: str) -> timedelta:
    """`PT1H30M`, `P1D`, `P2W`; raises ValueError."""
    matched = _DURATION.fullmatch(text.strip())
    if matched is None or not any(matched.groups()[1:]):
        raise ValueError(_("“%(text)s” is not a length of time.") % {"text": text[:30]})
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in matched.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if matched[1] == "-" else length


def read_recurrence(component: Component, start: Moment, length: timedelta, zones: Zones) -> Recurrence:
    """The RRULE, RDATE, EXDATE and EXRULE lines of an event; raises ValueError."""
    lines = [f"{name}:{found.value.strip()}" for name in ("RRULE", "EXRULE") for found in component.all(name)]
    lengths: dict[datetime, timedelta] = {}
    for name in ("RDATE", "EXDATE"):
        moments = list(_moments(component.all(name), start, length, lengths, zones))
        lines += _moment_lines(name, moments, start)
    return Recurrence(tuple(line for line in lines if not line.endswith(":")), lengths)


def _moments(
    found: Iterable[Property],
    start: Moment,
    length: timedelta,
    lengths: dict[datetime, timedelta],
    zones: Zones,
) -> Iterator[Moment]:
    count = 0
    for line in found:
        for text in line.value.split(","):
            if not text.strip():
                continue
            count += 1
            if count > MOST_MOMENTS:
                raise ValueError(_("it names too many single dates"))
            first, slash, last = text.partition("/")
            moment = as_start(read_moment(first, line.parameters.get("TZID", ""), zones), start)
            if slash and isinstance(moment.value, datetime):
                own = _period_length(last, line.parameters.get("TZID", ""), moment.value, zones)
                if own != length:
                    lengths[moment.value] = own
            yield moment


def _period_length(end: str, tzid: str, start: datetime, zones: Zones) -> timedelta:
    if "P" in end.upper():
        return read_duration(end)
    moment = read_moment(end, tzid, zones).value
    if not isinstance(moment, datetime):
        raise ValueError("a period ends at a time")
    return moment - start


def as_start(moment: Moment, start: Moment) -> Moment:
    """The same moment in the form of a series that begins at `start`: its day, or its time of that day."""
    if start.is_date:
        if isinstance(moment.value, datetime):
            return Moment(wall_time(moment.value, ZoneInfo(moment.zone)).date())
        return moment
    assert isinstance(start.value, datetime)
    if isinstance(moment.value, datetime):
        return moment
    place = ZoneInfo(start.zone)
    wall = datetime.combine(moment.value, wall_time(start.value, place).time())
    return Moment(instant(wall, place), start.zone)


def _moment_lines(name: str, moments: Iterable[Moment], start: Moment) -> Iterator[str]:
    """One line for each zone, the times in their order."""
    by_zone: dict[str, list[str]] = {}
    for moment in moments:
        by_zone.setdefault(moment.zone, []).append(write_moment(moment.value, moment.zone))
    for zone, texts in by_zone.items():
        if start.is_date:
            yield f"{name};VALUE=DATE:{','.join(texts)}"
        elif zone == "UTC":
            yield f"{name}:{','.join(texts)}"
        else:
            yield f"{name};TZID={zone}:{','.join(texts)}"


def write_moment(value: datetime | date, zone: str) -> str:
    """`20261124`, `20261124T090000` on the clocks of `zone`, or `…Z` in UTC."""
    if not isinstance(value, datetime):
        return value.isoformat().replace("-", "")
    if zone == "UTC":
        return value.strftime("%Y%m%dT%H%M%SZ")
    return value.astimezone(ZoneInfo(zone)).strftime("%Y%m%dT%H%M%S")
