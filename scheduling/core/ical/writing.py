"""Events as iCalendar text, line by line from the rows: a feed of thousands is built while it is sent.

A series is written as its master, its overrides as VEVENTs of the same UID, its cancelled occurrences as EXDATE.

Invariants:
- no text of an event can end its line or begin another
- a time is written on the clocks of its zone, in UTC where that zone shows the same time twice
- what is busy and nothing else is all that a busy-only file tells
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.core.event import is_zone, parse_moment
from scheduling.core.ical.lines import escape, fold, quote, without_controls
from scheduling.core.ical.recurrence import portable_lines
from scheduling.core.ical.vtimezone import vtimezone

PRODUCT = "-//Appointment//Calendar//EN"
FORMAT = 1  # raise it when the same event is written differently: readers fetch anew
BUSY_TITLE = "Busy"
END = "END:VCALENDAR\r\n"


class Row(Protocol):
    """What is read of an event: the names of `CalendarEvent`, and when it was made and changed last."""

    @property
    def id(self) -> Any: ...
    @property
    def ical_uid(self) -> str: ...
    @property
    def sequence(self) -> int: ...
    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def location(self) -> str: ...
    @property
    def is_all_day(self) -> bool: ...
    @property
    def start_time(self) -> datetime | None: ...
    @property
    def end_time(self) -> datetime | None: ...
    @property
    def start_date(self) -> date | None: ...
    @property
    def end_date(self) -> date | None: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def end_time_zone(self) -> str: ...
    @property
    def recurrence(self) -> list[str]: ...
    @property
    def series_id(self) -> Any: ...
    @property
    def original_start(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def availability(self) -> str: ...
    @property
    def visibility(self) -> str: ...
    @property
    def color(self) -> int | None: ...
    @property
    def organizer(self) -> Mapping[str, Any]: ...
    @property
    def attendees(self) -> list[Mapping[str, Any]]: ...
    @property
    def conference_url(self) -> str: ...
    @property
    def created(self) -> str: ...  # 20261124T090000Z
    @property
    def updated(self) -> str: ...


class Series(Protocol):
    """What is read of the series that an override belongs to."""

    @property
    def ical_uid(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


_CLASS = {"public": "CLASS:PUBLIC", "private": "CLASS:PRIVATE", "confidential": "CLASS:CONFIDENTIAL"}
_PARTSTAT = {"accepted": "ACCEPTED", "declined": "DECLINED", "tentative": "TENTATIVE"}
_place = cache(ZoneInfo)


def head(name: str, zones: Iterable[str]) -> str:
    """The beginning of a file, with a VTIMEZONE for each of the zones that its events use."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        "CALSCALE:GREGORIAN",
        f"NAME:{escape(name)}",
        f"X-WR-CALNAME:{escape(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    known = sorted({zone for zone in zones if zone and zone != "UTC" and is_zone(zone)})
    return "".join(map(fold, lines)) + "".join(map(vtimezone, known))


def write_event(
    row: Row,
    *,
    series: Series | None = None,
    cancelled: Collection[str] = (),
    rich: str = "",
    plain: str | None = None,
) -> str:
    """`BEGIN:VEVENT … END:VEVENT`, folded.

    `series` is given for an override; `cancelled` are the original starts that a series leaves out. `plain` is
    the description when the stored one is markup, `rich` that markup, cleaned.
    """
    lines = _times(row, series, cancelled)
    lines.append("SUMMARY:" + escape(row.title))
    if description := row.description if plain is None else plain:
        lines.append("DESCRIPTION:" + escape(description))
    if rich:
        lines.append("X-ALT-DESC;FMTTYPE=text/html;X-APPOINTMENT=1:" + escape(rich))
    if row.location:
        lines.append("LOCATION:" + escape(row.location))
    lines.append("STATUS:TENTATIVE" if row.status == "tentative" else "STATUS:CONFIRMED")
    lines.append("TRANSP:TRANSPARENT" if row.availability == "free" else "TRANSP:OPAQUE")
    if row.visibility in _CLASS:
        lines.append(_CLASS[row.visibility])
    if row.color:
        lines.append(f"X-APPOINTMENT-COLOR:{row.color}")
    if row.conference_url:
        lines.append("CONFERENCE;VALUE=URI:" + without_controls(row.conference_url))
    if row.organizer.get("email"):
        lines.append(f"ORGANIZER{_name(row.organizer)}:mailto:{_address(row.organizer)}")
    for person in row.attendees:
        if person.get("email"):
            answer = _PARTSTAT.get(person.get("responseStatus", ""), "NEEDS-ACTION")
            role = ";ROLE=OPT-PARTICIPANT" if person.get("optional") else ""
            lines.append(f"ATTENDEE{_name(person)};PARTSTAT={answer}{role}:mailto:{_address(person)}")
    if row.sequence:
        lines.append(f"SEQUENCE:{row.sequence}")
    lines.append(f"CREATED:{row.created}")
    return _component(lines, row)


def write_busy(row: Row, *, series: Series | None = None, cancelled: Collection[str] = ()) -> str:
    """The same time, and no word of what it is for."""
    lines = _times(row, series, cancelled, uid=f"{_id(row)}@busy")
    lines += [
        f"SUMMARY:{BUSY_TITLE}",
        "TRANSP:OPAQUE" if row.availability == "busy" else "TRANSP:TRANSPARENT",
    ]
    return _component(lines, row)


def _component(lines: list[str], row: Row) -> str:
    stamp = row.updated
    lines.append(f"DTSTAMP:{stamp}\r\nLAST-MODIFIED:{stamp}\r\nEND:VEVENT\r\n")
    # Most lines are short: folding them one by one would be most of the work.
    return (
        "".join([line + "\r\n" if len(line) <= 75 and line.isascii() else fold(line) for line in lines[:-1]])
        + lines[-1]
    )


def _times(row: Row, series: Series | None, cancelled: Collection[str], uid: str = "") -> list[str]:
    uid = uid or (series or row).ical_uid or _id(row)
    lines = ["BEGIN:VEVENT", "UID:" + escape(uid)]
    if series is not None:
        lines.append("RECURRENCE-ID" + _key(row.original_start, series))
    if row.is_all_day:
        lines.append(f"DTSTART;VALUE=DATE:{_day(row.start_date)}")
        lines.append(f"DTEND;VALUE=DATE:{_day(row.end_date)}")
    else:
        lines.append("DTSTART" + _time(row.start_time, row.time_zone, bool(row.recurrence)))
        lines.append("DTEND" + _time(row.end_time, row.end_time_zone or row.time_zone, False))
    if row.recurrence:
        lines += portable_lines(row.recurrence, row.time_zone)
        lines += ["EXDATE" + _key(key, row) for key in sorted(cancelled)]
    return lines


def _id(row: Row) -> str:
    """The id of the event, or of its series, with hyphens however it was read."""
    text = str(row.series_id or row.id)
    return str(UUID(text)) if len(text) == 32 else text


def _day(day: date | None) -> str:
    assert day is not None
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def _time(moment: datetime | None, zone: str, is_series: bool) -> str:
    """`;TZID=Europe/Berlin:20261124T090000`, or `:…Z` in UTC."""
    assert moment is not None
    if zone == "UTC" or not zone:
        return f":{_stamp(moment)}"
    local = moment.astimezone(_place(zone))
    if local.fold and not is_series:  # clocks show this time twice, and readers take the first
        return f":{_stamp(moment)}"
    return f";TZID={zone}:{_basic(local)}"


def _stamp(moment: datetime) -> str:
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{_basic(moment)}Z"


def _basic(moment: datetime) -> str:
    """`20261124T090000`: by slices of the other form, which is several times as fast as by numbers."""
    text = moment.isoformat()
    return f"{text[:4]}{text[5:7]}{text[8:13]}{text[14:16]}{text[17:19]}"


def _key(original_start: str, series: Series) -> str:
    """An original start as the value of RECURRENCE-ID or EXDATE."""
    moment = parse_moment(original_start)
    if not isinstance(moment, datetime):
        return f";VALUE=DATE:{_day(moment)}"
    return _time(moment, series.time_zone, False)


def _name(person: Mapping[str, Any]) -> str:
    name = person.get("displayName")
    return f";CN={quote(str(name))}" if name else ""


def _address(person: Mapping[str, Any]) -> str:
    return re.sub(r"[\s\"<>;,]", "", without_controls(str(person["email"])))
