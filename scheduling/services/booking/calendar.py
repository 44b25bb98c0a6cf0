"""The event that stands for a booking in each host's calendar; it syncs like any other. Groups share one."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from django.contrib.auth.models import User

from scheduling.core.event import LOCATION_LIMIT, TITLE_LIMIT, EventValues
from scheduling.models import (
    AppointmentType,
    Booking,
    BookingParticipation,
    Calendar,
    CalendarEvent,
    EventRevision,
)
from scheduling.services.errors import ReadOnly, StaleEvent
from scheduling.services.events import create_event, delete_event, update_event

SYSTEM = EventRevision.Origin.SYSTEM


def write_events(booking: Booking, hosts: Iterable[User]) -> None:
    """Give the booking its event in the calendar of each host: that of its session when there is one."""
    for host in hosts:
        shared = (
            BookingParticipation.objects.filter(
                booking__session=booking.session,
                booking__status__in=Booking.ACTIVE,
                user=host,
                event__isnull=False,
            )
            .exclude(booking=booking)
            .select_related("event")
            .first()
        )
        event = shared.event if shared is not None else _new_event(booking, host)
        BookingParticipation.objects.update_or_create(booking=booking, user=host, defaults={"event": event})
        if shared is not None and event is not None:
            _retell(event)


def rewrite_events(booking: Booking) -> None:
    """Bring the booking's events to where it is now; only for a booking that has them for itself."""
    for participation in booking.participations.select_related("event", "user"):
        event = participation.event
        if event is None or event.is_deleted:
            participation.event = _new_event(booking, participation.user)
            participation.save(update_fields=["event"])
        else:
            with suppress(ReadOnly, StaleEvent):
                update_event(
                    event=event,
                    values=replace(
                        event.values,
                        start=booking.start,
                        end=booking.end,
                        is_all_day=False,
                        time_zone=event.time_zone or participation.user.profile.timezone,
                        status=_status([booking]),
                    ),
                    origin=SYSTEM,
                )


def leave_events(booking: Booking) -> None:
    """An ended booking is out of its events, which go when nobody else of its session is in them."""
    for participation in booking.participations.select_related("event"):
        if participation.event is not None:
            _retell_or_delete(participation.event)


def detach_events(booking: Booking) -> None:
    """A booking that moves on alone leaves its events to the others of its session, or takes them with it.

    It lets go of them first: it must not follow their deletion.
    """
    events = [p.event for p in booking.participations.select_related("event") if p.event is not None]
    booking.participations.update(event=None)
    for event in events:
        _retell_or_delete(event)


def confirm_events(booking: Booking) -> None:
    """What was tentative stands."""
    for participation in booking.participations.select_related("event"):
        if participation.event is not None and not participation.event.is_deleted:
            _retell(participation.event)


def _new_event(booking: Booking, host: User) -> CalendarEvent:
    return create_event(
        calendar=calendar_for(booking.type, host), values=_values([booking], host), origin=SYSTEM
    )


def _retell_or_delete(event: CalendarEvent) -> None:
    if event.is_deleted or _retell(event):
        return
    with suppress(ReadOnly, StaleEvent):
        delete_event(event=event, origin=SYSTEM)


def _retell(event: CalendarEvent) -> bool:
    """Write anew who comes; the host's own changes of time and place stay. False when nobody does."""
    guests = list(
        Booking.objects.filter(participations__event=event, status__in=Booking.ACTIVE)
        .select_related("type", "host")
        .order_by("created_at")
    )
    if guests:
        told = _values(guests, event.user)
        values = replace(event.values, title=told.title, description=told.description, status=told.status)
        with suppress(ReadOnly, StaleEvent):
            update_event(event=event, values=values, origin=SYSTEM)
    return bool(guests)


def calendar_for(appointment_type: AppointmentType, host: User) -> Calendar:
    """The chosen calendar when it is the host's own, else the primary one, else any that can be written to."""
    own = Calendar.objects.filter(user=host, is_read_only=False)
    chosen = own.filter(pk=appointment_type.calendar_id).first() if appointment_type.calendar_id else None
    found = chosen or own.first()
    if found is None:
        return Calendar.objects.get(user=host, is_primary=True)
    return found


def _values(bookings: list[Booking], host: User) -> EventValues:
    first = bookings[0]
    who = first.guest_name if len(bookings) == 1 else f"{len(bookings)} guests"
    return EventValues(
        title=f"{first.type.name}: {who}"[:TITLE_LIMIT],
        description="\n\n".join(_told(booking) for booking in bookings)[:8000],
        location=first.type.place[:LOCATION_LIMIT],
        start=first.start,
        end=first.end,
        time_zone=host.profile.timezone,
        status=_status(bookings),
    )


def _status(bookings: list[Booking]) -> str:
    return "tentative" if all(b.status == Booking.Status.PENDING for b in bookings) else "confirmed"


def _told(booking: Booking) -> str:
    """What the guest said, for the host's eyes."""
    labels = {question["key"]: question["label"] for question in booking.type.questions}
    answers = [f"{labels.get(key, key)}: {answer}" for key, answer in booking.answers.items()]
    lines = [f"{booking.guest_name} <{booking.guest_email}>", booking.notes, *answers]
    return "\n".join(filter(None, lines))
