"""A guest books: check, choose the host, write, and tell everybody, in one transaction.

Invariants:
- what is offered can be booked, and nothing else can
- the same key books once, and is answered with the same booking
- an accepted booking has its reservations, its event and its mails, or none of them
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from scheduling import availability
from scheduling.core.slots import nearest
from scheduling.languages import language_of
from scheduling.live import announce_free_time
from scheduling.models import AppointmentType, Assignment, Booking, Hold, Reservation
from scheduling.services.booking import calendar, notices, rotation
from scheduling.services.booking.guests import Guest, checked_guest
from scheduling.services.booking.holds import find_hold
from scheduling.services.booking.reserve import (
    alternatives,
    forget_expired_holds,
    lock_hosts,
    require_free,
    reserve,
    sell_once,
    session_of,
)
from scheduling.services.errors import InvalidBooking, KeyReused, SlotTaken

MOMENT, DAY = timedelta(minutes=1), timedelta(days=1)


def book(
    *,
    appointment_type: AppointmentType,
    start: datetime,
    guest: Guest,
    duration: int | None = None,
    hold_token: str = "",
    request_key: str | None = None,
    now: datetime | None = None,
) -> tuple[Booking, bool]:
    """(the booking, whether it was made now). `request_key` makes a repeated request harmless.

    Raises `InvalidBooking`, `SlotTaken` or, for a key that was used for another request, `KeyReused`.
    """
    guest = checked_guest(guest, appointment_type)
    length = checked_duration(appointment_type, duration)
    now = now or timezone.now()
    digest = _digest(start, length, guest)
    hosts = availability.hosts_of(appointment_type)

    everyone = appointment_type.assignment == AppointmentType.Assignment.COLLECTIVE

    def free_hosts(hold: Hold | None) -> list[Any]:
        offers = availability.offers_of(
            appointment_type,
            start=start,
            end=start + MOMENT,
            now=now,
            duration=length,
            hosts=hosts,
            hold=hold,
        )
        return require_free(offers, start, everyone=everyone)

    def look() -> None:
        """One read for both answers: whether the time is free, and what is free around it."""
        around = availability.offers_of(
            appointment_type, start=start - DAY, end=start + DAY, now=now, duration=length, hosts=hosts
        )
        try:
            require_free(around, start, everyone=everyone)
        except SlotTaken as taken:
            taken.alternatives = nearest(availability.slots_in(around, appointment_type), start)
            raise

    def sale() -> tuple[Booking, bool]:
        lock_hosts(hosts)
        if request_key is not None and (earlier := _earlier(appointment_type, request_key, digest)):
            return earlier, False
        forget_expired_holds(hosts, now)
        hold = find_hold(appointment_type, hold_token, start, now)
        free = free_hosts(hold)
        chosen, why = _choose(appointment_type, free, start, hold)
        end = start + timedelta(minutes=length)
        booking = _write(appointment_type, chosen, start, end, guest, request_key, digest, hold)
        if appointment_type.assignment == AppointmentType.Assignment.ROUND_ROBIN:
            Assignment.objects.create(
                type=appointment_type,
                booking=booking,
                host=chosen[0],
                reason=why,
                free_hosts=len(free),
                at=now,
            )
        return booking, True

    if request_key is not None and (earlier := _earlier(appointment_type, request_key, digest)):
        return earlier, False
    return sell_once(
        sale,
        others=lambda: alternatives(appointment_type, start, length),
        look=None if hold_token or request_key else look,
    )


def checked_duration(appointment_type: AppointmentType, duration: int | None) -> int:
    if duration is None:
        return appointment_type.duration
    if duration not in appointment_type.durations:
        offered = ", ".join(str(minutes) for minutes in appointment_type.durations)
        raise InvalidBooking(
            {"duration": _("Choose one of these lengths in minutes: %(lengths)s.") % {"lengths": offered}}
        )
    return duration


def _earlier(appointment_type: AppointmentType, key: str, digest: str) -> Booking | None:
    found = (
        Booking.objects.filter(type=appointment_type, request_key=key).select_related("type", "host").first()
    )
    if found is not None and found.request_digest != digest:
        raise KeyReused
    return found


def _choose(
    appointment_type: AppointmentType, free: Sequence[Any], start: datetime, hold: Hold | None
) -> tuple[list[Any], str]:
    """(hosts of the booking, the organiser first; why this one)."""
    if appointment_type.assignment != AppointmentType.Assignment.ROUND_ROBIN:
        return list(free), ""
    with override(language_of(appointment_type.user)):  # the reason is kept for the owner's eyes
        if hold is not None:
            held = set(hold.reservations.values_list("host_id", flat=True))
            if kept := [host for host in free if host.pk in held]:
                return kept[:1], _("chosen when the guest opened the form")
        if appointment_type.seats > 1:
            begun = set(
                Reservation.objects.filter(type=appointment_type, start=start, kind=Reservation.Kind.CORE)
                .filter(host__in=[host.pk for host in free])
                .values_list("host_id", flat=True)
            )
            if joined := [host for host in free if host.pk in begun]:
                return joined[:1], _("has a group at this time with a free place")
        host, why = rotation.whose_turn(appointment_type, free)
        return [host], why


def _write(
    appointment_type: AppointmentType,
    hosts: list[User],
    start: datetime,
    end: datetime,
    guest: Guest,
    request_key: str | None,
    digest: str,
    hold: Hold | None,
) -> Booking:
    if hold is not None:
        hold.delete()
    status = Booking.Status.PENDING if appointment_type.requires_approval else Booking.Status.CONFIRMED
    booking = Booking(
        type=appointment_type,
        host=hosts[0],
        status=status,
        start=start,
        end=end,
        session=session_of(appointment_type, hosts[0], start, end),
        guest_name=guest.name,
        guest_email=guest.email,
        guest_zone=guest.time_zone,
        guest_language=guest.language,
        notes=guest.notes,
        answers=guest.answers,
        request_key=request_key,
        request_digest=digest,
    )
    booking.uid = f"{booking.pk}@appointment"
    booking.save(force_insert=True)
    reserve(
        appointment_type=appointment_type,
        hosts=hosts,
        session=booking.session,
        start=start,
        end=end,
        booking=booking,
    )
    calendar.write_events(booking, hosts)
    notices.booked(booking)
    announce_free_time(host.pk for host in hosts)
    return booking


def _digest(start: datetime, duration: int, guest: Guest) -> str:
    told = asdict(guest)
    del told["language"]  # of the browser that sends it, not of what is asked
    content = [start.isoformat(), duration, told]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
