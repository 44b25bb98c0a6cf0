"""Plain makers of what tests need; every argument can be given, none must be."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model

from scheduling import services
from scheduling.core.event import EventValues
from scheduling.models import AppointmentType, Calendar, CalendarEvent


def make_user(email: str = "alice@example.com", *, zone: str = "Europe/Berlin", **fields: Any) -> Any:
    user = get_user_model().objects.create_user(
        username=email, email=email, password=fields.pop("password", "correct horse"), **fields
    )
    # As if they had always lived there: no change that pages or reminders hear of.
    user.profile.timezone = zone
    user.profile.save(update_fields=["timezone"])
    Calendar.objects.filter(user=user).update(time_zone=zone)
    return user


def make_values(**over: Any) -> EventValues:
    """A one-hour event on 24 November 2026, 10:00 in Berlin; dates instead when `is_all_day`."""
    if over.get("is_all_day"):
        defaults: dict[str, Any] = {"start": date(2026, 11, 24), "end": date(2026, 11, 25)}
    else:
        start = over.get("start", datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
        defaults = {"start": start, "end": start + timedelta(hours=1), "time_zone": "Europe/Berlin"}
    return EventValues(**{"title": "Stand-up", **defaults, **over})


def make_event(user: Any, *, calendar: Calendar | None = None, **over: Any) -> CalendarEvent:
    calendar = calendar or Calendar.objects.get(user=user, is_primary=True)
    return services.create_event(calendar=calendar, values=make_values(**over), origin="web", actor=user)


def make_type(user: Any, **over: Any) -> AppointmentType:
    """A 30-minute appointment without notice, buffers or caps, bookable 60 days ahead."""
    fields = {"slug": "intro", "name": "Intro", "duration": 30, "minimum_notice": 0}
    return services.create_type(user=user, **{**fields, **over})


def make_guest(**over: Any) -> services.Guest:
    return services.Guest(
        **{"name": "Greta Guest", "email": "greta@example.com", "time_zone": "Europe/Berlin", **over}
    )
