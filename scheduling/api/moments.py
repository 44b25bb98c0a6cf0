"""Times as the API reads and writes them: ISO 8601 with an offset, or plain dates."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling.core.event import EARLIEST, LATEST
from scheduling.core.zones import instant

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,]\d{1,9})?"
    r"(?:(Z|z|[+-]\d\d:?\d\d)|[ ](\d\d:?\d\d))?",
    re.ASCII,
)


def read_date(text: str) -> date:
    """`YYYY-MM-DD`; raises ValueError with a sentence for people."""
    if not _DATE.fullmatch(text):
        raise ValueError("Write a date as YYYY-MM-DD.")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("There is no such date.") from None


def read_instant(text: str, zone: str) -> datetime:
    """A UTC instant in whole seconds; without an offset the time is read in `zone` (a known name).

    In a query the `+` of an offset often arrives as a blank, so a blank counts as one. Raises ValueError.
    """
    found = _MOMENT.fullmatch(text)
    if not found:
        raise ValueError("Write a time as 2026-11-24T09:00:00+01:00.")
    day, clock, offset, offset_after_blank = found.groups()
    offset = offset or (offset_after_blank and f"+{offset_after_blank}")
    try:
        wall = datetime.fromisoformat(f"{day}T{clock}")
        if offset is None:
            moment = instant(wall, ZoneInfo(zone))
        else:
            moment = datetime.fromisoformat(f"{day}T{clock}{offset.upper()}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("There is no such time.") from None
    if not EARLIEST.year <= moment.year <= LATEST.year + 1:
        raise ValueError(f"Times from {EARLIEST.year} to {LATEST.year} are kept.")
    return moment


def read_bound(text: str, zone: str) -> datetime:
    """One end of a window: a time, or a date, which means its first moment in `zone`. Raises ValueError."""
    if not _DATE.fullmatch(text):
        return read_instant(text, zone)
    day = read_date(text)
    if not EARLIEST <= day <= LATEST + timedelta(days=1):
        raise ValueError(f"Dates from {EARLIEST.year} to {LATEST.year} are kept.")
    return instant(datetime(day.year, day.month, day.day), ZoneInfo(zone))


def write_moment(value: datetime | date, zone: str) -> str:
    """The date, or the instant with the offset that `zone` has then."""
    if not isinstance(value, datetime):
        return value.isoformat()
    local = value.astimezone(ZoneInfo(zone or "UTC"))
    offset = local.utcoffset() or timedelta()
    # Before standard time offsets had seconds, which no interchange format can say.
    return (value.astimezone(UTC) if offset.seconds % 60 else local).isoformat()
