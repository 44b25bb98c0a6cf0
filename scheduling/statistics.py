"""Reads for the dashboard and the lists behind its numbers: each starts from the person and takes a few queries.

What is counted is what the calendar shows: the events of the visible calendars. A booking counts for each of its hosts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from scheduling import queries
from scheduling.core.grid import Entry
from scheduling.core.spans import Span, clip, overlap
from scheduling.core.statistics import Appearance, Cell, by_hour
from scheduling.core.zones import wall_time, window
from scheduling.models import Booking, BookingParticipation, CalendarEvent, EventInstance
from scheduling.models.events import LIGHT_COLUMNS

AHEAD = timedelta(days=30)


@dataclass(frozen=True)
class Seen:
    """An occurrence with what statistics see of it."""

    occurrence: EventInstance
    appearance: Appearance


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which events a list is about: those on `days`, narrowed down."""

    days: Span[date]
    kind: str = ""  # own, booked, busy, ahead
    cell: Cell | None = None


def seen_between(user: User, days: Span[date], place: ZoneInfo) -> list[Seen]:
    """What the visible calendars have on these local days, in order of start, events with their calendar."""
    calendars = {c.pk: c for c in queries.calendars_of(user) if c.is_visible}
    span = window(days.start, days.end, place)
    booked = BookingParticipation.objects.filter(user=user, event=OuterRef("pk"))
    events: QuerySet[Any] = CalendarEvent.objects.only(*LIGHT_COLUMNS)
    found = queries.occurrences_between(
        calendars, span.start, span.end, events=events.annotate(is_booked=Exists(booked))
    )
    for occurrence in found:
        occurrence.event.calendar = calendars[occurrence.calendar_id]
    seen = (Seen(occurrence, _appearance(occurrence, place)) for occurrence in found)
    return [one for one in seen if overlap(one.appearance.days, days)]


def _appearance(occurrence: EventInstance, place: ZoneInfo) -> Appearance:
    event: Any = occurrence.event
    if occurrence.is_all_day:
        days = Entry("", occurrence.start_date, occurrence.end_date).days(place)
        return Appearance(days, None, event.is_booked)
    days = Entry("", occurrence.start, occurrence.end).days(place)
    takes = event.availability == CalendarEvent.Availability.BUSY
    return Appearance(days, Span(occurrence.start, occurrence.end) if takes else None, event.is_booked)


def asked(seen: Iterable[Seen], wanted: Asked, place: ZoneInfo, now: datetime) -> list[Seen]:
    """The events that a number of the dashboard counted."""
    return [
        one for one in seen if overlap(one.appearance.days, wanted.days) and _fits(one, wanted, place, now)
    ]


def _fits(one: Seen, wanted: Asked, place: ZoneInfo, now: datetime) -> bool:
    busy = one.appearance.busy
    taken = clip(busy, window(wanted.days.start, wanted.days.end, place)) if busy else None
    if wanted.cell is not None:
        return taken is not None and wanted.cell in by_hour([taken], place)
    match wanted.kind:
        case "own":
            return not one.appearance.is_booked
        case "booked":
            return one.appearance.is_booked
        case "busy":
            return taken is not None and not taken.is_empty
        case "ahead":
            return is_ahead(one, place, now)
    return True


def is_ahead(one: Seen, place: ZoneInfo, now: datetime) -> bool:
    """Whether it has yet to begin; an all-day event begins with its first day."""
    if one.occurrence.is_all_day:
        return one.appearance.days.start > wall_time(now, place).date()
    return one.occurrence.start > now


# --- bookings ----------------------------------------------------------------------------------
def _made(days: Span[Any]) -> Q:
    return Q(created_at__gte=days.start, created_at__lt=days.end)


def _cancelled(days: Span[Any]) -> Q:
    return Q(status=Booking.Status.CANCELLED, ended_at__gte=days.start, ended_at__lt=days.end)


def _no_show(days: Span[Any]) -> Q:
    return Q(is_no_show=True, start__gte=days.start, start__lt=days.end)


BOOKING_KINDS = {"made": _made, "cancelled": _cancelled, "no-show": _no_show}


def bookings_by_type(user: User, days: Span[date], place: ZoneInfo) -> list[dict[str, Any]]:
    """Per type that has any: `made`, `cancelled` and `no_show` in these days, the most booked first; one query."""
    span = window(days.start, days.end, place)
    counts = {
        kind.replace("-", "_"): Count("pk", filter=condition(span))
        for kind, condition in BOOKING_KINDS.items()
    }
    found = Booking.objects.filter(participations__user=user)
    rows: Any = found.values("type_id", "type__name", "type__color").annotate(**counts).order_by()
    counted = [row for row in rows if row["made"] or row["cancelled"] or row["no_show"]]
    return sorted(counted, key=lambda row: (-row["made"], row["type__name"], row["type_id"]))


def bookings_counted(
    user: User, kind: str, days: Span[date], place: ZoneInfo, type_id: UUID | None = None
) -> QuerySet[Booking]:
    """The bookings behind a number: `kind` of `BOOKING_KINDS`, of one type or all."""
    span = window(days.start, days.end, place)
    found = Booking.objects.filter(BOOKING_KINDS[kind](span), participations__user=user)
    if type_id is not None:
        found = found.filter(type=type_id)
    return found.select_related("type").order_by("-start", "pk")
