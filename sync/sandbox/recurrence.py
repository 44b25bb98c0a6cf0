"""Series on Google's side: which instances a master has, and how they are named.

Pure. A `start` or `end` is the normalized JSON of `events.normalize`: `{"date"}` or `{"dateTime", "timeZone"}`.
A *slot* is an instance's original start: a `date` for all-day events, else an aware UTC `datetime`.
Rules run on the wall clock of the master's zone. The master's own start is always the first instance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rruleset, rrulestr

MOST_INSTANCES = 1000  # of one series in one answer
MOST_STEPS = 100_000  # of a rule, so that an odd one cannot hold a request for ever
_STAMP = re.compile(r"^(?P<master>.+)_(?P<stamp>\d{8}(T\d{6}Z)?)$")
_LINE = re.compile(r"^(RRULE|EXRULE|RDATE|EXDATE)((?:;[^:]*)?):(.+)$", re.IGNORECASE)
_UNTIL = re.compile(r"UNTIL=(\d{8}(?:T\d{6}Z?)?)", re.IGNORECASE)

Slot = date | datetime


class BadRecurrence(ValueError):
    """The recurrence lines cannot be expanded."""


def stamp(slot: Slot) -> str:
    """`20261124T090000Z` or `20261124`: the part of an instance's id after the master's."""
    return slot.strftime("%Y%m%dT%H%M%SZ") if isinstance(slot, datetime) else slot.strftime("%Y%m%d")


def parse_stamp(text: str) -> Slot:
    if "T" in text:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return datetime.strptime(text, "%Y%m%d").date()


def split_instance_id(event_id: str) -> tuple[str, str] | None:
    """(master id, stamp) when the id has the shape of an instance's."""
    found = _STAMP.match(event_id)
    return (found["master"], found["stamp"]) if found else None


def slot_of(start: dict[str, str]) -> Slot:
    if "date" in start:
        return date.fromisoformat(start["date"])
    return datetime.fromisoformat(start["dateTime"]).astimezone(UTC)


def moment(slot: Slot, zone: str) -> dict[str, str]:
    """The JSON of a slot, written in `zone`."""
    if not isinstance(slot, datetime):
        return {"date": slot.isoformat()}
    return {"dateTime": slot.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds"), "timeZone": zone}


def instant(slot: Slot, zone: str) -> datetime:
    """The slot on the time line; an all-day slot begins at midnight in `zone`."""
    if isinstance(slot, datetime):
        return slot
    return datetime.combine(slot, time(), ZoneInfo(zone)).astimezone(UTC)


def instance_end(start: dict[str, str], end: dict[str, str], slot: Slot) -> dict[str, str]:
    """The end of the instance at `slot`: as long as the master is."""
    moved = slot + (slot_of(end) - slot_of(start))
    return moment(moved, end.get("timeZone", "UTC"))


def check(start: dict[str, str], lines: list[str]) -> None:
    """Raise `BadRecurrence` unless the lines can be expanded."""
    next(iter(_wall_slots(start, lines)), None)


def slots(
    start: dict[str, str],
    lines: list[str],
    *,
    after: datetime | None = None,
    before: datetime | None = None,
    length: timedelta = timedelta(0),
) -> Iterator[Slot]:
    """At most `MOST_INSTANCES` slots in order whose instances overlap `(after, before)`."""
    zone = start.get("timeZone", "UTC")
    found = 0
    for steps, wall in enumerate(_wall_slots(start, lines)):
        slot = _place(wall, start, zone)
        begins = instant(slot, zone)
        if (before and begins >= before) or found >= MOST_INSTANCES or steps >= MOST_STEPS:
            return
        if after and begins + length <= after:
            continue
        found += 1
        yield slot


def has_slot(start: dict[str, str], lines: list[str], slot: Slot) -> bool:
    if isinstance(slot, datetime) == ("date" in start):
        return False
    zone = start.get("timeZone", "UTC")
    wall = _to_wall(slot, zone)
    nearby = _rules(start, lines).between(wall - timedelta(hours=3), wall + timedelta(hours=3), inc=True)
    return slot in {_place(candidate, start, zone) for candidate in nearby}


def last_slot(start: dict[str, str], lines: list[str]) -> Slot | None:
    """The last instance; None when the series has no end."""
    if any(
        line.upper().startswith("RRULE") and not re.search("UNTIL=|COUNT=", line.upper()) for line in lines
    ):
        return None
    wall = None
    for steps, wall in enumerate(_wall_slots(start, lines)):  # noqa: B007
        if steps >= MOST_STEPS:
            return None
    return None if wall is None else _place(wall, start, start.get("timeZone", "UTC"))


def trimmed(start: dict[str, str], lines: list[str], slot: Slot) -> list[str]:
    """The lines of the same series, ending before `slot` (what "this and following" does to the old one)."""
    if isinstance(slot, datetime):
        until = stamp(slot - timedelta(seconds=1))
    else:
        until = stamp(slot - timedelta(days=1))
    result = []
    for line in lines:
        if line.upper().startswith("RRULE"):
            line = re.sub(r";?(UNTIL|COUNT)=[^;]*", "", line, flags=re.IGNORECASE) + f";UNTIL={until}"
        result.append(line)
    return result


def _to_wall(slot: Slot, zone: str) -> datetime:
    if isinstance(slot, datetime):
        return slot.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return datetime.combine(slot, time())


def _place(wall: datetime, start: dict[str, str], zone: str) -> Slot:
    # A wall time in a DST gap moves forward by the gap; astimezone does that for fold=0.
    return wall.date() if "date" in start else wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _wall_slots(start: dict[str, str], lines: list[str]) -> Iterator[datetime]:
    try:
        yield from _rules(start, lines)
    except (ValueError, TypeError, OverflowError, LookupError) as error:
        raise BadRecurrence(str(error)) from error


def _rules(start: dict[str, str], lines: list[str]) -> rruleset:
    """Raises `BadRecurrence`; also for DTSTART and DTEND lines, which Google refuses."""
    zone = start.get("timeZone", "UTC")
    first = _to_wall(slot_of(start), zone)
    result = rruleset()
    result.rdate(first)
    try:
        for line in lines:
            found = _LINE.match(line.strip())
            if not found:
                raise BadRecurrence(f"Unknown recurrence line: {line[:60]}")
            name, parameters, value = found[1].upper(), found[2], found[3]
            if name in ("RRULE", "EXRULE"):
                local = _UNTIL.sub(lambda until: f"UNTIL={_until(until[1], zone):%Y%m%dT%H%M%S}", value)
                rule = rrulestr(local, dtstart=first)
                if not isinstance(rule, rrule):
                    raise BadRecurrence("A line holds one rule.")
                (result.rrule if name == "RRULE" else result.exrule)(rule)
            else:
                for part in value.split(","):
                    wall = _listed(part.strip(), parameters, zone, first)
                    (result.rdate if name == "RDATE" else result.exdate)(wall)
    except (ValueError, TypeError, OverflowError, LookupError) as error:
        raise BadRecurrence(str(error)) from error
    return result


def _until(text: str, zone: str) -> datetime:
    if "T" not in text:
        return datetime.strptime(text, "%Y%m%d") + timedelta(days=1, seconds=-1)
    wall = datetime.strptime(text.rstrip("zZ"), "%Y%m%dT%H%M%S")
    return _to_wall(wall.replace(tzinfo=UTC), zone) if text[-1] in "zZ" else wall


def _listed(text: str, parameters: str, zone: str, first: datetime) -> datetime:
    text = text.split("/")[0]  # VALUE=PERIOD: its start
    if "T" not in text:
        return datetime.combine(datetime.strptime(text, "%Y%m%d"), first.time())
    wall = datetime.strptime(text.rstrip("zZ"), "%Y%m%dT%H%M%S")
    named = re.search(r"TZID=([^;:]+)", parameters, re.IGNORECASE)
    if text[-1] in "zZ":
        return _to_wall(wall.replace(tzinfo=UTC), zone)
    if named:
        return _to_wall(wall.replace(tzinfo=ZoneInfo(named[1])).astimezone(UTC), zone)
    return wall
