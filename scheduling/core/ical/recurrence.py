"""Recurrence lines in the form that strict readers take: UNTIL like DTSTART, no zone but the event's own.

Invariants:
- a line that is not understood stays as it is, on one line
- the portable form of a portable line is that line
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from scheduling.core.event import format_moment, is_zone
from scheduling.core.ical.lines import without_controls
from scheduling.core.ical.moments import write_moment
from scheduling.core.zones import instant

_LINE = re.compile(r"(RRULE|RDATE|EXDATE|EXRULE)((?:;[^:]*)?):(.+)", re.IGNORECASE)
_UNTIL = re.compile(r"(UNTIL=)(\d{8})(T\d{6})?(Z?)", re.IGNORECASE)
_TZID = re.compile(r"TZID=\"?([^;\":]+)", re.IGNORECASE)


def portable_lines(lines: Iterable[str], time_zone: str) -> Iterator[str]:
    """`lines` of an event in the zone of that name (an all-day event has none), without those of other kinds."""
    for line in lines:
        matched = _LINE.fullmatch(without_controls(line))
        if matched is None:
            continue
        name, parameters, content = matched[1].upper(), matched[2], matched[3]
        if name in ("RRULE", "EXRULE"):
            yield f"{name}:{_UNTIL.sub(lambda found: found[1] + _until(found, time_zone), content)}"
            continue
        zone = _TZID.search(parameters)
        if zone is None or not time_zone or zone[1] == time_zone:
            yield f"{name}{parameters}:{content}"
            continue
        try:
            moments = [_utc(text, zone[1]) for text in content.split(",")]
        except (ValueError, OSError, KeyError):
            yield f"{name}{parameters}:{content}"
        else:
            yield f"{name}:{','.join(moments)}"


def without_exdates(lines: Iterable[str], original_starts: Collection[str], time_zone: str) -> Iterator[str]:
    """`lines` without the EXDATEs of these occurrences; the rest of a line stays as it is."""
    for line in lines:
        matched = _LINE.fullmatch(line)
        if matched is None or matched[1].upper() != "EXDATE":
            yield line
            continue
        zone = _TZID.search(matched[2])
        kept = [
            text
            for text in matched[3].split(",")
            if _key(text, zone[1] if zone else time_zone) not in original_starts
        ]
        if kept:
            yield f"EXDATE{matched[2]}:{','.join(kept)}"


def _key(text: str, zone: str) -> str:
    try:
        if len(text) == 8:
            return format_moment(datetime.strptime(text, "%Y%m%d").date())
        return format_moment(datetime.strptime(_utc(text, zone), "%Y%m%dT%H%M%S%z"))
    except (ValueError, OSError, KeyError):
        return ""


def _until(found: re.Match[str], time_zone: str) -> str:
    day, clock, zulu = found[2], found[3], found[4]
    if not time_zone:
        return day
    if not zulu and is_zone(time_zone):
        try:
            return _utc(f"{day}{clock or 'T235959'}", time_zone)  # a date includes the whole of that day
        except ValueError:
            pass
    return f"{day}{clock or ''}{zulu}"


def _utc(text: str, zone: str) -> str:
    """A time on the clocks of `zone`, in UTC; raises ValueError."""
    if text.upper().endswith("Z"):
        return text.upper()
    return write_moment(instant(datetime.strptime(text, "%Y%m%dT%H%M%S"), ZoneInfo(zone)), "UTC")
