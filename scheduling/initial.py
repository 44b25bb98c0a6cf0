"""What the event form shows at first: of an event, of a slot, of an address with answers in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from scheduling.core.event import is_zone
from scheduling.core.zones import wall_time
from scheduling.models import CalendarEvent, UserProfile

# Fields that an address may fill as they are.
PLAIN = ("title", "location", "description", "repeat", "calendar", "color", "availability")
LONGEST_PLAIN = 8192


def initial_of_new(query: Mapping[str, str], profile: UserProfile, now: datetime) -> dict[str, Any]:
    """The form of a new event from `?start=&end=&date=&all_day=1&title=…`; the rest is left out.

    `start` and `end` are wall times in the person's zone (`2026-11-24T09:30`) or dates. Without any, the next
    full hour of today.
    """
    plain = {name: query[name][:LONGEST_PLAIN] for name in PLAIN if query.get(name)}
    zone_name = query.get("time_zone", "")
    zone_name = zone_name if is_zone(zone_name) else profile.timezone
    length = timedelta(minutes=profile.default_event_duration)
    day, start, end = (_read(query.get(name, "")) for name in ("date", "start", "end"))
    start = start or day or _next_hour(wall_time(now, ZoneInfo(profile.timezone)))
    if query.get("all_day") or (not isinstance(start, datetime) and not query.get("date")):
        first, last = _date(start), _date(end or start)
        span = initial_span(first, max(first, last) + timedelta(days=1), zone_name, profile)
        return {"availability": "busy", **plain, **span}
    if not isinstance(start, datetime):
        start = datetime.combine(start, profile.working_hours_start)
    if not isinstance(end, datetime) or end < start:
        end = start + length
    return {
        "availability": "busy",
        **plain,
        "is_all_day": False,
        "start_date": start.date(),
        "start_time": start.time(),
        "end_date": end.date(),
        "end_time": end.time(),
        "time_zone": zone_name,
    }


def initial_of_copy(event: CalendarEvent, profile: UserProfile) -> dict[str, Any]:
    """The form of a new event that says the same as `event`; the calendar is the person's to choose."""
    content = initial_of(event, profile)
    content |= {"repeat": "\n".join(event.recurrence)}
    return {name: value for name, value in content.items() if name not in ("revision", "calendar")}


def _read(text: str) -> datetime | date | None:
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        return datetime.fromisoformat(text[:16]).replace(tzinfo=None)
    except ValueError:
        return None


def _date(value: datetime | date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _next_hour(wall: datetime) -> datetime:
    return wall.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def initial_of(event: CalendarEvent, profile: UserProfile) -> dict[str, Any]:
    """What the form shows for an event: wall times in its own zone."""
    return {
        "title": event.title,
        "location": event.location,
        "description": event.description,
        "calendar": event.calendar,
        "availability": event.availability,
        "color": event.color or "",
        "own_reminders": event.reminders is not None,
        "reminders": event.reminders or [],
        "revision": event.revision,
        **initial_span(event.start, event.end, event.time_zone, profile),
    }


def initial_span(
    start: datetime | date, end: datetime | date, zone_name: str, profile: UserProfile
) -> dict[str, Any]:
    """The fields that say when, from instants (shown in `zone_name`) or dates with an exclusive end."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        place = ZoneInfo(zone_name)
        first, last = wall_time(start, place), wall_time(end, place)
        times = {"start_time": first.time().replace(second=0, microsecond=0)}
        times |= {"end_time": last.time().replace(second=0, microsecond=0)}
        return {
            "is_all_day": False,
            "start_date": first.date(),
            "end_date": last.date(),
            **times,
            "time_zone": zone_name,
        }
    opening = datetime.combine(start, profile.working_hours_start)
    return {
        "is_all_day": True,
        "start_date": start,
        "end_date": end - timedelta(days=1),
        "start_time": opening.time(),
        "end_time": (opening + timedelta(minutes=profile.default_event_duration)).time(),
        "time_zone": profile.timezone,
    }
