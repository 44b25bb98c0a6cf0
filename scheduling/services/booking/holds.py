"""A time kept for someone while they fill in the form: ten minutes, longer on demand, a few per address."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from scheduling import availability
from scheduling.live import announce_free_time
from scheduling.models import AppointmentType, BookingLink, Hold
from scheduling.services.booking import rotation
from scheduling.services.booking.reserve import (
    alternatives,
    forget_expired_holds,
    lock_hosts,
    require_free,
    reserve,
    sell_once,
    session_of,
)
from scheduling.services.errors import TooMany

KEPT_FOR = timedelta(minutes=10)
KEPT_AT_MOST = timedelta(hours=1)
MOST_OPEN = 3


def hold_time(
    *,
    appointment_type: AppointmentType,
    start: datetime,
    holder: str,
    duration: int | None = None,
    now: datetime | None = None,
) -> tuple[Hold, str]:
    """(the hold, its token for `book` and `release_hold`). `holder` is whose holds are counted: an address.

    Raises `SlotTaken`, `InvalidBooking` or `TooMany`.
    """
    now = now or timezone.now()
    length = duration or appointment_type.duration
    hosts = availability.hosts_of(appointment_type)
    token, who = secrets.token_urlsafe(24), sha256(holder.encode()).hexdigest()

    def sale() -> Hold:
        lock_hosts(hosts)
        forget_expired_holds(hosts, now)
        if Hold.objects.filter(holder=who, expires_at__gt=now).count() >= MOST_OPEN:
            raise TooMany(int(KEPT_FOR.total_seconds()))
        offers = availability.offers_of(
            appointment_type,
            start=start,
            end=start + timedelta(minutes=1),
            now=now,
            duration=length,
            hosts=hosts,
        )
        everyone = appointment_type.assignment == AppointmentType.Assignment.COLLECTIVE
        free = require_free(offers, start, everyone=everyone)
        if appointment_type.assignment == AppointmentType.Assignment.ROUND_ROBIN:
            free = [rotation.whose_turn(appointment_type, free)[0]]
        end = start + timedelta(minutes=length)
        hold = Hold.objects.create(
            type=appointment_type,
            start=start,
            end=end,
            digest=BookingLink.digest_of(token),
            holder=who,
            expires_at=now + KEPT_FOR,
            created_at=now,
        )
        reserve(
            appointment_type=appointment_type,
            hosts=free,
            session=session_of(appointment_type, free[0], start, end),
            start=start,
            end=end,
            hold=hold,
        )
        announce_free_time(host.pk for host in free)
        return hold

    return sell_once(sale, others=lambda: alternatives(appointment_type, start, length)), token


@transaction.atomic
def extend_hold(*, token: str, now: datetime | None = None) -> Hold | None:
    """Keep it ten minutes from now, an hour in all; None when the hold is over, or its hour."""
    now = now or timezone.now()
    hold = Hold.objects.select_for_update().filter(digest=BookingLink.digest_of(token)).first()
    if hold is None or hold.expires_at <= now or hold.created_at + KEPT_AT_MOST <= now:
        return None
    hold.expires_at = min(now + KEPT_FOR, hold.created_at + KEPT_AT_MOST)
    hold.save(update_fields=["expires_at"])
    hold.reservations.update(held_until=hold.expires_at)
    return hold


@transaction.atomic
def release_hold(*, token: str) -> None:
    """Give the time back; an unknown or expired token changes nothing."""
    hold = Hold.objects.select_related("type").filter(digest=BookingLink.digest_of(token)).first()
    if hold is not None:
        hosts = [reservation.host for reservation in hold.reservations.select_related("host")]
        hold.delete()
        announce_free_time(host.pk for host in hosts)


def find_hold(appointment_type: AppointmentType, token: str, start: datetime, now: datetime) -> Hold | None:
    """The living hold of this token for this very time; a lost one is no obstacle, the time may still be free."""
    if not token:
        return None
    return Hold.objects.filter(
        type=appointment_type, digest=BookingLink.digest_of(token), start=start, expires_at__gt=now
    ).first()
