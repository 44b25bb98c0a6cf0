"""What an event says, as a value: the fields that people edit and that travel to other calendars.

An `EventValues` is complete and canonical: instants are UTC, all-day values are dates, text is
normalised. Forms, the API, imports and sync all build one and hand it to the services.

Invariants:
- an all-day event has dates and an exclusive end; a timed event has instants and a zone
- canonical text has LF line ends and no blank around it
- equal events have equal JSON
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scheduling.core.language import gettext as _
from scheduling.core.reminders import LONGEST_LEAD, MOST_REMINDERS

TITLE_LIMIT = 200
LOCATION_LIMIT = 200
DESCRIPTION_LIMIT = 8192  # what Google accepts
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)

STATUSES = ("confirmed", "tentative")
AVAILABILITIES = ("busy", "free")
VISIBILITIES = ("default", "public", "private", "confidential")
COLORS = range(1, 12)


@dataclass(frozen=True, kw_only=True)
class EventValues:
    """`start` and `end` are aware UTC datetimes, or dates with an exclusive end when `is_all_day`.

    `time_zone` is the IANA name the event is thought in (its series repeats in it); an all-day event has none.
    `reminders` are minutes before the start; None means as usual, none of them means no reminder.
    `recurrence` holds RRULE, RDATE and EXDATE lines verbatim (RFC 5545 3.8.5).
    """

    title: str = ""
    description: str = ""
    location: str = ""
    start: datetime | date
    end: datetime | date
    is_all_day: bool = False
    time_zone: str = ""
    end_time_zone: str = ""
    recurrence: tuple[str, ...] = ()
    status: str = "confirmed"
    availability: str = "busy"
    visibility: str = "default"
    color: int | None = None
    reminders: tuple[int, ...] | None = None


class InvalidEvent(ValueError):
    """The values cannot be an event. `fields` maps a field's name to a sentence for people."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(fields.values()))
        self.fields = dict(fields)


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA zone this installation knows; never raises, whatever the text."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(name)


_SURROGATE = re.compile("[\ud800-\udfff\x00]")


def clean_text(text: str) -> str:
    """LF line ends, no blank around it, nothing that a database or JSON refuses."""
    return _SURROGATE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def canonical(values: EventValues) -> EventValues:
    """The same event in the one form that is stored and compared."""
    changes: dict[str, Any] = {
        "title": " ".join(clean_text(values.title).split()),
        "description": clean_text(values.description),
        "location": clean_text(values.location),
        "recurrence": tuple(line.strip() for line in values.recurrence if line.strip()),
    }
    if values.reminders is not None:
        changes["reminders"] = tuple(sorted(set(values.reminders)))
    if values.is_all_day:
        changes |= {"time_zone": "", "end_time_zone": ""}
    elif isinstance(values.start, datetime) and isinstance(values.end, datetime):
        changes |= {"start": values.start.astimezone(UTC), "end": values.end.astimezone(UTC)}
        if values.end_time_zone == values.time_zone:
            changes["end_time_zone"] = ""
    return EventValues(**{**_shallow(values), **changes})


def check(values: EventValues, *, zero_length: bool = False, from_remote: bool = False) -> None:
    """Raise `InvalidEvent` with every fault.

    An event of no length passes only when `zero_length` or `from_remote`; the latter also lets pass what other
    systems allow and people here may not write: no title, a very long description.
    """
    faults: dict[str, str] = {}
    zero_length = zero_length or from_remote
    if not values.title and not from_remote:
        faults["title"] = _("Give the event a title.")
    for field, limit in (
        ("title", TITLE_LIMIT),
        ("location", LOCATION_LIMIT),
        ("description", DESCRIPTION_LIMIT),
    ):
        length = len(getattr(values, field))
        if length > limit and not (from_remote and field == "description"):
            faults[field] = _too_long(field) % {"length": length, "limit": limit}
    faults |= _time_faults(values, zero_length)
    for field, allowed in (
        ("status", STATUSES),
        ("availability", AVAILABILITIES),
        ("visibility", VISIBILITIES),
    ):
        if getattr(values, field) not in allowed:
            faults[field] = _("“%(value)s” is not one of %(allowed)s.") % {
                "value": getattr(values, field),
                "allowed": ", ".join(allowed),
            }
    if values.color is not None and values.color not in COLORS:
        faults["color"] = _("The colour is a number from 1 to 11.")
    if len(values.reminders or ()) > MOST_REMINDERS:
        faults["reminders"] = _("At most %(count)d reminders fit.") % {"count": MOST_REMINDERS}
    elif any(not 0 <= minutes <= LONGEST_LEAD for minutes in values.reminders or ()):
        faults["reminders"] = _("A reminder cannot come after the start. Enter 0 to %(most)d.") % {
            "most": LONGEST_LEAD
        }
    if faults:
        raise InvalidEvent(faults)


def _too_long(field: str) -> str:
    return {
        "title": _("The title has %(length)d characters; at most %(limit)d fit."),
        "location": _("The location has %(length)d characters; at most %(limit)d fit."),
        "description": _("The description has %(length)d characters; at most %(limit)d fit."),
    }[field]


def _time_faults(values: EventValues, zero_length: bool) -> dict[str, str]:
    faults: dict[str, str] = {}
    timed = isinstance(values.start, datetime), isinstance(values.end, datetime)
    if values.is_all_day == timed[0] or timed[0] != timed[1]:
        return {"start": _("An all-day event has dates, any other has times; start and end must be alike.")}
    if not values.is_all_day:
        if not is_zone(values.time_zone):
            faults["time_zone"] = _("“%(name)s” is not a time zone. Write a name such as Europe/Berlin.") % {
                "name": values.time_zone
            }
        if values.end_time_zone and not is_zone(values.end_time_zone):
            faults["end_time_zone"] = _("“%(name)s” is not a time zone.") % {"name": values.end_time_zone}
    first, last = as_date(values.start), as_date(values.end)
    if first < EARLIEST:
        faults["start"] = _("Dates before %(year)d are not kept.") % {"year": EARLIEST.year}
    if last > LATEST + timedelta(days=1):
        faults["end"] = _("Dates after %(year)d are not kept.") % {"year": LATEST.year}
    if values.end < values.start:
        faults["end"] = _("The end is before the start.")
    elif values.end == values.start and (values.is_all_day or not zero_length):
        faults["end"] = _("The end is the same as the start.")
    return faults


def as_date(value: datetime | date) -> date:
    return value.date() if isinstance(value, datetime) else value


def to_json(values: EventValues) -> dict[str, Any]:
    """A JSON object that two equal events share; the inverse is `from_json`."""
    content = _shallow(values)
    content["start"], content["end"] = format_moment(values.start), format_moment(values.end)
    content["recurrence"] = list(values.recurrence)
    content["reminders"] = None if values.reminders is None else list(values.reminders)
    return content


def from_json(content: Mapping[str, Any]) -> EventValues:
    return EventValues(
        **{
            **content,
            "start": parse_moment(content["start"]),
            "end": parse_moment(content["end"]),
            "recurrence": tuple(content["recurrence"]),
            "reminders": None if content.get("reminders") is None else tuple(content["reminders"]),
        }
    )


def format_moment(value: datetime | date) -> str:
    """`2026-11-24` for a date, `2026-11-24T09:00:00Z` for an instant: also the key of an occurrence."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
    return value.isoformat()


def parse_moment(text: str) -> datetime | date:
    """Inverse of `format_moment`; raises `ValueError`."""
    if len(text) == 10:
        return date.fromisoformat(text)
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _shallow(values: EventValues) -> dict[str, Any]:
    return {name: getattr(values, name) for name in EventValues.__dataclass_fields__}


def owner_declined(attendees: Iterable[dict[str, Any]]) -> bool:
    """Whether the calendar's owner is a guest who has said no."""
    return any(guest.get("self") and guest.get("responseStatus") == "declined" for guest in attendees)
