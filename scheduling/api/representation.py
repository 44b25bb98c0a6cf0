"""From rows to what travels, and from what travels to `EventValues`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from scheduling.api.moments import read_date, read_instant, write_moment
from scheduling.core.event import EventValues, InvalidEvent, format_moment, is_zone
from scheduling.models import AvailableTimeSlot, Calendar, CalendarEvent, EventInstance, UserProfile

PLAIN_FIELDS = ("title", "description", "location", "status", "availability")


def read_event(given: Mapping[str, Any], *, before: EventValues | None, default_zone: str) -> EventValues:
    """The values that a body asks for, on top of those `before`; raises `InvalidEvent`.

    What the API does not name (colour, visibility) stays as it was.
    """
    all_day: bool = given.get("is_all_day", before is not None and before.is_all_day)
    zone = "" if all_day else given.get("time_zone") or default_zone
    if not all_day and not is_zone(zone):
        raise InvalidEvent({"time_zone": f"“{zone}” is not a time zone. Write a name such as Europe/Berlin."})
    moments: dict[str, datetime | date] = {}
    faults: dict[str, str] = {}
    for name in ("start", "end"):
        field = f"{name}_time"
        if field in given:
            try:
                moments[name] = read_date(given[field]) if all_day else read_instant(given[field], zone)
            except ValueError as error:
                faults[field] = str(error)
        elif before is None or before.is_all_day != all_day:
            faults[field] = "Give it as a date." if all_day else "Give it as a time."
        else:
            moments[name] = getattr(before, name)
    if faults:
        raise InvalidEvent(faults)
    changes: dict[str, Any] = {name: given[name] for name in PLAIN_FIELDS if name in given}
    if "recurrence" in given:
        changes["recurrence"] = tuple(given["recurrence"])
    changes |= {**moments, "is_all_day": all_day, "time_zone": zone}
    return replace(before, **changes) if before is not None else EventValues(**changes)


def write_event(event: CalendarEvent, occurrence: EventInstance | None = None) -> dict[str, Any]:
    """An event, or one occurrence of a series. `event.calendar` is read, so it should be loaded."""
    start, end, original_start = event.start, event.end, event.original_start
    if occurrence is not None and occurrence.master_id is not None:
        original_start = occurrence.original_start
        start, end = (
            (occurrence.start_date, occurrence.end_date)
            if occurrence.is_all_day
            else (occurrence.start, occurrence.end)
        )
    series = event.series_id or (event.pk if original_start else None)
    return {
        "id": str(series or event.pk),
        "calendar": str(event.calendar_id),
        "title": event.title,
        "description": event.description,
        "location": event.location,
        "start_time": write_moment(start, event.time_zone),
        "end_time": write_moment(end, event.end_time_zone or event.time_zone),
        "is_all_day": event.is_all_day,
        "time_zone": event.time_zone,
        "recurrence": (event.series or event).recurrence,
        "series": str(series) if series else None,
        "original_start": original_start or None,
        "status": event.status,
        "availability": event.availability,
        "google_event_id": event.google_event_id,
        "read_only": not event.is_editable,
        "revision": event.revision,
        "created_at": _stamp(event.created_at),
        "updated_at": _stamp(event.updated_at),
    }


def write_change(event: CalendarEvent) -> dict[str, Any]:
    """What `since` says of an event: all of it, or that it is gone."""
    if not event.is_deleted:
        return write_event(event)
    gone = {"id": str(event.series_id or event.pk), "status": "cancelled", "revision": event.revision}
    if event.series_id:
        gone |= {"series": str(event.series_id), "original_start": event.original_start}
    return gone


def write_calendar(calendar: Calendar) -> dict[str, Any]:
    names = [
        "name",
        "color",
        "time_zone",
        "is_primary",
        "is_visible",
        "is_synced",
        "account_name",
        "revision",
    ]
    content = {name: getattr(calendar, name) for name in names}
    return {"id": str(calendar.pk), "read_only": calendar.is_read_only, **content}


def write_profile(profile: UserProfile, names: list[str]) -> dict[str, Any]:
    content = {name: getattr(profile, name) for name in names if name != "email"}
    for name, value in content.items():
        if isinstance(value, time):
            content[name] = f"{value:%H:%M}"
    return {"email": profile.user.email, **content}


def write_slot(slot: AvailableTimeSlot) -> dict[str, Any]:
    return {
        "day_of_week": slot.day_of_week,
        "start_time": f"{slot.start_time:%H:%M}",
        "end_time": f"{slot.end_time:%H:%M}",
        "is_available": slot.is_available,
    }


def _stamp(moment: datetime) -> str:
    return format_moment(moment.astimezone(UTC))
