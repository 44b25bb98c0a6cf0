"""Zones as files name them: IANA names, Windows and Outlook names, and zones that a file defines itself.

A TZID becomes an IANA name: by its own name, by CLDR's table of Windows names (`icalendar` carries it), by the
name in a vendor's path, by a fixed offset in its name, or because the rules of its VTIMEZONE are those of a known
zone. A zone that matches none is used as its VTIMEZONE says, to find the instants, and then left behind.

Invariants:
- the name of a known zone is trusted over the rules beside it
- two zones are taken as the same only if they agree at every change of both, in the years that are asked for
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from dateutil.rrule import rrule, rrulestr
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from scheduling.core.ical.lines import Component, Deadline
from scheduling.core.zones import instant, zone_names

FIRST_YEAR, LAST_YEAR = 1970, 2037  # in which the rules of a file's own zone are followed
MOST_CHANGES = 2000


@dataclass(frozen=True, slots=True)
class OwnZone:
    """A zone that only the file knows: (wall time of a change by the clock before it, offset from then on)."""

    name: str
    before: timedelta
    changes: tuple[tuple[datetime, timedelta, timedelta], ...]  # (change in UTC, offset before, offset after)

    def offset_at(self, moment: datetime) -> timedelta:
        """At a naive UTC time."""
        index = bisect_right(self.changes, moment, key=lambda change: change[0])
        return self.changes[index - 1][2] if index else self.before

    def instant(self, wall: datetime) -> datetime:
        """The instant of a naive wall time: the first of two, and moved forward in a gap."""
        offsets = {self.before, *(change[2] for change in self.changes)}
        found = [wall - offset for offset in offsets if self.offset_at(wall - offset) == offset]
        if found:
            return min(found).replace(tzinfo=UTC)
        # In a gap the offset before it counts (RFC 5545 3.3.5).
        index = bisect_right(self.changes, wall, key=lambda change: change[0] + change[1])
        return (wall - (self.changes[index - 1][1] if index else self.before)).replace(tzinfo=UTC)


class Zones:
    """The zones of one file. `fallback` is the reader's own: for times that name none, and for unknown names."""

    def __init__(self, definitions: Iterable[Component], fallback: str, deadline: Deadline) -> None:
        self.fallback = fallback
        self.unknown: set[str] = set()  # names that neither the file nor anyone explains
        self.own: set[str] = set()  # names whose zone is like no other
        self._deadline = deadline
        self._definitions = {d.text("TZID").strip(): d for d in definitions}
        self._found: dict[str, str | OwnZone] = {}

    def find(self, tzid: str, year: int) -> str | OwnZone:
        """The IANA name for `tzid`, or the file's own zone. `year` is one in which it is used."""
        tzid = tzid.strip()
        if tzid not in self._found:
            self._deadline.check()
            self._found[tzid] = self._find(tzid, year)
        return self._found[tzid]

    def _find(self, tzid: str, year: int) -> str | OwnZone:
        if name := known_name(tzid):
            return name
        definition = self._definitions.get(tzid)
        if definition is None:
            self.unknown.add(tzid)
            return self.fallback
        if name := known_name(definition.text("X-LIC-LOCATION")):
            return name
        zone = read_zone(definition)
        if zone is None:
            self.unknown.add(tzid)
            return self.fallback
        if name := same_zone(zone, year, self.fallback):
            return name
        self.own.add(tzid)
        return zone

    def instant(self, wall: datetime, tzid: str) -> tuple[datetime, str]:
        """The instant of a naive wall time in the zone of that name, and the IANA zone to think of it in."""
        zone = self.find(tzid, wall.year)
        if isinstance(zone, str):
            return instant(wall, ZoneInfo(zone)), zone
        moment = zone.instant(wall)
        return moment, fixed_name(wall - moment.replace(tzinfo=None)) or "UTC"


@cache
def _names() -> Mapping[str, str]:
    names = {name.casefold(): name for name in available_timezones()}
    windows = {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}
    return windows | names | {"z": "UTC", "gmt": "UTC", "coordinated universal time": "UTC"}


_OFFSET = re.compile(r"\(?(?:UTC|GMT)\s*([+-])(\d{1,2}):?([0-5]\d)?\)?$", re.IGNORECASE)


def known_name(tzid: str) -> str:
    """The IANA name that a TZID means by itself, or nothing."""
    names, cleaned = _names(), tzid.strip().strip("/").casefold()
    if not cleaned or len(cleaned) > 200:
        return ""
    if cleaned in names:
        return names[cleaned]
    parts = cleaned.split("/")
    for start in range(1, len(parts)):  # /mozilla.org/20050126_1/Europe/Berlin
        if len(parts) - start > 1 and (name := names.get("/".join(parts[start:]))):
            return name
    if matched := _OFFSET.match(cleaned):
        offset = timedelta(hours=int(matched[2]), minutes=int(matched[3] or 0))
        return fixed_name(-offset if matched[1] == "-" else offset)
    return ""


def fixed_name(offset: timedelta) -> str:
    """The zone without changes that is `offset` east of Greenwich, when there is one."""
    hours, rest = divmod(int(offset.total_seconds()), 3600)
    if rest or not -12 <= hours <= 14:
        return ""
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"  # these names count westwards


def read_zone(definition: Component) -> OwnZone | None:
    """What a VTIMEZONE says, or None when it says nothing that can be followed."""
    changes: list[tuple[datetime, timedelta, timedelta]] = []
    first: tuple[datetime, timedelta] | None = None
    for part in definition.children[:200]:
        try:
            before, after = _offset(part.text("TZOFFSETFROM")), _offset(part.text("TZOFFSETTO"))
            onsets = _onsets(part, before)
        except (ValueError, KeyError, TypeError, OverflowError):
            return None
        if first is None or onsets[0] < first[0]:
            first = onsets[0], before
        changes += [(onset - before, before, after) for onset in onsets]
    if first is None or len(changes) > MOST_CHANGES:
        return None
    return OwnZone(definition.text("TZID"), first[1], tuple(sorted(changes)))


def _onsets(part: Component, before: timedelta) -> list[datetime]:
    """The naive local times at which an observance begins; raises ValueError."""
    start = _local(part.text("DTSTART"))
    rule = part.text("RRULE").upper()
    onsets = [start] if start.year >= FIRST_YEAR or not rule else []
    for found in part.all("RDATE"):
        onsets += [_local(text.split("/")[0]) for text in found.value.split(",")[:MOST_CHANGES]]
    if rule:
        if not re.fullmatch(
            r"FREQ=YEARLY(;(BYMONTH|BYDAY|BYMONTHDAY|INTERVAL|WKST|COUNT|UNTIL)=[\w,+-]{1,40})*", rule
        ):
            raise ValueError(rule)
        parts = dict(piece.split("=") for piece in rule.split(";"))
        if until := parts.pop("UNTIL", ""):
            last = _local(until.removesuffix("Z")) + (before if until.endswith("Z") else timedelta())
            parts["UNTIL"] = f"{last:%Y%m%dT%H%M%S}"
        # Outlook begins in 1601; nobody needs the years before the first event.
        begin = start
        if start.year < FIRST_YEAR - 1:
            begin = start.replace(year=FIRST_YEAR - 1, day=1 if "BYDAY" in parts else min(start.day, 28))
        repeated = rrulestr(";".join(f"{key}={value}" for key, value in parts.items()), dtstart=begin)
        assert isinstance(repeated, rrule)
        onsets += repeated.between(begin, datetime(LAST_YEAR, 12, 31), inc=True)
    return sorted(set(onsets)) or [start]


def _local(text: str) -> datetime:
    text = text.strip()
    return datetime.strptime(text[:15], "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d")


def _offset(text: str) -> timedelta:
    matched = re.fullmatch(r"([+-]?)(\d\d):?(\d\d):?(\d\d)?", text.strip())
    if matched is None:
        raise ValueError(text)
    size = timedelta(hours=int(matched[2]), minutes=int(matched[3]), seconds=int(matched[4] or 0))
    if size > timedelta(hours=24):
        raise ValueError(text)
    return -size if matched[1] == "-" else size


def same_zone(zone: OwnZone, year: int, preferred: str) -> str:
    """The known zone that shows the same time in `year` and the next one, or nothing."""
    year = min(max(year, FIRST_YEAR), LAST_YEAR - 1)
    moments = [datetime(y, month, 1) for y in (year, year + 1) for month in range(1, 13)]
    moments += [
        change[0] + side
        for change in zone.changes
        if year <= change[0].year <= year + 1
        for side in (timedelta(0), timedelta(seconds=-1))
    ]
    wanted = [(moment.replace(tzinfo=UTC), zone.offset_at(moment)) for moment in moments]
    for name in _candidates(preferred):
        place = ZoneInfo(name)
        if all(moment.astimezone(place).utcoffset() == offset for moment, offset in wanted):
            return name
    return ""


@cache
def _usual_zones() -> tuple[str, ...]:
    """CLDR's choice for each Windows zone first: the places that most people mean."""
    known = set(available_timezones())
    chosen = ["UTC", *(name for name in WINDOWS_TO_OLSON.values() if name in known)]
    return tuple(dict.fromkeys([*chosen, *zone_names()]))


def _candidates(preferred: str) -> Iterable[str]:
    yield preferred
    yield from _usual_zones()
