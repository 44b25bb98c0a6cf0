"""Recurrence lines taken apart and written again; occurrences named by their original start.

A *wall* is a naive datetime in the series' own zone; an all-day series lives at midnight of its dates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.core.event import EARLIEST, LATEST, EventValues, format_moment, is_zone, parse_moment
from scheduling.core.language import gettext as _
from scheduling.core.recurrence import OccurrenceSpan, RecurrenceError, expand
from scheduling.core.zones import instant, instant_of, wall_of

SECOND, DAY, YEAR = timedelta(seconds=1), timedelta(days=1), timedelta(days=365)
CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


# --- moments -----------------------------------------------------------------------------------
def moment_of(wall: datetime, zone: str) -> datetime | date:
    """The inverse: an instant in `zone`, the date of an all-day series (which has no zone)."""
    return instant(wall, ZoneInfo(zone)) if zone else wall.date()


def wall_length(values: EventValues) -> timedelta:
    end_zone = values.end_time_zone or values.time_zone
    return wall_of(values.end, end_zone) - wall_of(values.start, values.time_zone)


def read_key(text: str, values: EventValues) -> str:
    """The name that an occurrence of this series has, from its start written in any zone or offset.

    Without an offset the time is one of the series' zone; of an all-day series only the written date counts.
    Raises `ValueError`.
    """
    # The + of an offset arrives as a blank when a query was not encoded.
    moment = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text.strip()))
    if not EARLIEST.year <= moment.year <= LATEST.year:
        raise ValueError("outside the years that are kept")
    if values.is_all_day:
        return moment.date().isoformat()
    if not re.search(r"[T ]", text.strip()):
        raise ValueError("a date names no occurrence of a timed series")
    place = ZoneInfo(values.time_zone)
    return format_moment((moment if moment.tzinfo else instant(moment, place)).replace(microsecond=0))


def occurrence_at(values: EventValues, key: str) -> OccurrenceSpan | None:
    """The occurrence of that name, None when the series has none there. Raises `RecurrenceError`."""
    moment = instant_of(parse_moment(key))
    spans = expand(values, start=moment, end=moment + SECOND)
    return next((span for span in spans if span.key == key), None)


# --- lines -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Line:
    """`RRULE:FREQ=DAILY`: `head` and `content` verbatim, `name` and the parameters in capitals."""

    head: str
    content: str

    @property
    def name(self) -> str:
        return self.head.split(";")[0].upper()

    @property
    def zone(self) -> str:
        found = re.search(r'TZID="?([^;"]+)', self.head, re.IGNORECASE)
        return found[1] if found else ""

    @property
    def parts(self) -> dict[str, str]:
        """Of a rule."""
        pairs = (part.split("=", 1) for part in self.content.upper().split(";") if "=" in part)
        return {name.strip(): value.strip() for name, value in pairs}

    def __str__(self) -> str:
        return f"{self.head}:{self.content}"


def read_line(text: str) -> Line:
    head, separator, content = text.partition(":")
    if not separator:
        raise RecurrenceError(_("“%(text)s” is not a recurrence line.") % {"text": text[:60]})
    return Line(head, content)


def rule_line(parts: dict[str, str]) -> str:
    return "RRULE:" + ";".join(f"{name}={value}" for name, value in parts.items())


def with_parts(line: Line, **changes: str | None) -> str:
    """The rule with some parts changed, added or (None) left out, the others as they are written."""
    kept = [part for part in line.content.split(";") if part and part.split("=")[0].upper() not in changes]
    added = [f"{name}={value}" for name, value in changes.items() if value is not None]
    return f"{line.head}:{';'.join(kept + added)}"


def wall_of_token(token: str, line: Line, values: EventValues) -> datetime:
    """`20261124`, `20261124T090000` or `…Z` (of a period: its start) as a wall of the series."""
    text = token.split("/")[0].strip().upper()
    try:
        if len(text) == 8:
            day = datetime.strptime(text, "%Y%m%d")
            first = wall_of(values.start, values.time_zone)
            return day if values.is_all_day else datetime.combine(day, first.time())
        moment = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")
        if values.is_all_day:
            return datetime.combine(moment, time())
        if not EARLIEST.year <= moment.year <= LATEST.year:
            return moment
        zone = "UTC" if text.endswith("Z") else line.zone or values.time_zone
        if not is_zone(zone):
            raise RecurrenceError(_("“%(name)s” is not a time zone.") % {"name": zone[:60]})
        return wall_of(moment.replace(tzinfo=ZoneInfo(zone)), values.time_zone)
    except RecurrenceError:
        raise
    except ValueError as error:
        raise RecurrenceError(_("“%(text)s” is not a date or time.") % {"text": text[:30]}) from error


def dates_line(name: str, walls: Iterable[datetime], values: EventValues) -> str:
    """RDATE or EXDATE with these walls."""
    walls = sorted(set(walls))
    if values.is_all_day:
        return f"{name};VALUE=DATE:{','.join(f'{wall:%Y%m%d}' for wall in walls)}"
    if values.time_zone == "UTC":
        return f"{name}:{','.join(f'{wall:%Y%m%dT%H%M%SZ}' for wall in walls)}"
    return f"{name};TZID={values.time_zone}:{','.join(f'{wall:%Y%m%dT%H%M%S}' for wall in walls)}"


def filtered_dates(line: Line, values: EventValues, keep: Callable[[datetime], bool]) -> list[str]:
    """The line with those of its moments whose wall `keep` wants: itself, a shorter one, or none."""
    tokens = [token for token in line.content.split(",") if token.strip()]
    kept = [token for token in tokens if keep(wall_of_token(token, line, values))]
    if len(kept) == len(tokens):
        return [str(line)]
    return [f"{line.head}:{','.join(kept)}"] if kept else []


def until_wall(line: Line, values: EventValues) -> datetime | None:
    """The last wall that UNTIL lets pass; a date means the whole of that day."""
    until = line.parts.get("UNTIL")
    if until is None:
        return None
    wall = wall_of_token(until, line, values)
    return wall.replace(hour=23, minute=59, second=59) if len(until) == 8 else wall


def repeats(lines: Iterable[str]) -> bool:
    return any(line.upper().startswith(("RRULE", "RDATE")) for line in lines)
