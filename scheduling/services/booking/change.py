"""What becomes of a booking: approved, declined, moved, answered, cancelled.

Invariants:
- a booking that has ended never comes back, except by an undo of the host before anybody was told
- whoever did not do it themselves is told
- repeating what was done changes nothing and tells nobody twice
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from scheduling import availability
from scheduling.core.slots import Slot
from scheduling.live import announce_free_time
from scheduling.models import Booking, Hold, Reservation
from scheduling.services.booking import calendar, notices
from scheduling.services.booking.book import MOMENT, checked_duration
from scheduling.services.booking.reserve import (
    alternatives,
    forget_expired_holds,
    lock_hosts,
    require_free,
    reserve,
    sell_once,
    session_of,
)
from scheduling.services.errors import BookingOver

By = Booking.By
ENDED = gettext_lazy("This appointment was cancelled or declined before.")
BEGUN = gettext_lazy("This appointment has begun or is over.")
RESERVATIONS_KEPT_FOR = timedelta(days=62)


@transaction.atomic
def approve_booking(*, booking: Booking) -> Booking:
    """Confirm a pending booking. Approving twice changes nothing; raises `BookingOver` when it has ended."""
    booking = locked(booking)
    if booking.status == Booking.Status.CONFIRMED:
        return booking
    _require_active(booking)
    booking.status = Booking.Status.CONFIRMED
    booking.sequence += 1
    booking.save(update_fields=["status", "sequence", "updated_at"])
    calendar.confirm_events(booking)
    notices.approved(booking)
    return booking


@transaction.atomic
def decline_booking(*, booking: Booking, reason: str = "", now: datetime | None = None) -> Booking:
    """Refuse a pending booking. Raises `BookingOver` when it is confirmed or has ended otherwise."""
    booking = locked(booking)
    if booking.status == Booking.Status.DECLINED:
        return booking
    if booking.status == Booking.Status.CONFIRMED:
        raise BookingOver(_("This appointment is confirmed; it can be cancelled."))
    _require_active(booking)
    end_booking(booking, Booking.Status.DECLINED, By.HOST, reason, now or timezone.now())
    notices.declined(booking)
    return booking


@transaction.atomic
def cancel_booking(*, booking: Booking, by: str, reason: str = "", now: datetime | None = None) -> Booking:
    """Cancel it; `by` is a `Booking.By`. Cancelling twice changes nothing. Raises `BookingOver` once it has begun."""
    booking, now = locked(booking), now or timezone.now()
    if not booking.is_active:
        return booking
    if by == By.GUEST and booking.start <= now:
        raise BookingOver(BEGUN)
    end_booking(booking, Booking.Status.CANCELLED, by, reason, now)
    notices.cancelled(booking)
    return booking


def reschedule_booking(
    *,
    booking: Booking,
    start: datetime,
    by: str,
    duration: int | None = None,
    now: datetime | None = None,
) -> Booking:
    """Move it to another offered time of the same hosts; the old time is free in the same moment.

    A guest's move of a type that asks for approval waits for it again. Raises `SlotTaken`, `InvalidBooking`,
    `BookingOver`.
    """
    now = now or timezone.now()
    minutes = checked_duration(booking.type, duration) if duration else booking.minutes

    def sale() -> Booking:
        moving = _moving(booking, by, now)
        hosts = hosts_of_booking(moving)
        if start == moving.start and minutes == moving.minutes and not moving.awaits_guest:
            return moving
        forget_expired_holds(hosts, now)
        offers = availability.offers_of(
            moving.type,
            start=start,
            end=start + MOMENT,
            now=now,
            duration=minutes,
            hosts=hosts,
            moving=moving,
        )
        require_free(offers, start, everyone=True)
        if by == By.GUEST and moving.type.requires_approval:
            moving.status = Booking.Status.PENDING
        before = (moving.start, moving.end)
        _place(moving, start, start + timedelta(minutes=minutes), hosts, now)
        notices.rescheduled(moving, by, before)
        return moving

    return sell_once(sale, others=lambda: _others(booking, start, minutes))


def answer_move(*, booking: Booking, accepts: bool, now: datetime | None = None) -> Booking:
    """The guest's answer to a move by the host: take the new time, or cancel. (To pick another: reschedule.)

    Raises `BookingOver` when there is nothing to answer, `SlotTaken` when the new time went to somebody else.
    """
    now = now or timezone.now()
    if not accepts:
        return cancel_booking(
            booking=booking,
            by=By.GUEST,
            reason=gettext_noop("The new time does not suit the guest."),
            now=now,
        )

    def sale() -> Booking:
        moving = _moving(booking, By.GUEST, now)
        if moving.proposed_start is None or moving.proposed_end is None:
            raise BookingOver(_("There is no new time to answer."))
        before = (moving.start, moving.end)
        _place(moving, moving.proposed_start, moving.proposed_end, hosts_of_booking(moving), now)
        notices.accepted(moving, before)
        return moving

    wanted = booking.proposed_start or booking.start
    return sell_once(sale, others=lambda: _others(booking, wanted, booking.minutes))


def mark_no_show(*, booking: Booking, is_no_show: bool = True) -> Booking:
    """Note that the guest did not come. Raises `BookingOver` for one that was not confirmed or has not begun."""
    if booking.status != Booking.Status.CONFIRMED or booking.start > timezone.now():
        raise BookingOver(_("Only a confirmed appointment that has begun can be missed."))
    booking.is_no_show = is_no_show
    booking.save(update_fields=["is_no_show", "updated_at"])
    return booking


def settle_bookings(now: datetime | None = None) -> int:
    """Let go what time has settled: requests that nobody answered, expired holds, reservations of the past."""
    now = now or timezone.now()
    settled = 0
    for booking in Booking.objects.filter(status=Booking.Status.PENDING, start__lte=now)[:200]:
        with transaction.atomic():
            current = locked(booking)
            if current.status == Booking.Status.PENDING:
                end_booking(
                    current,
                    Booking.Status.DECLINED,
                    By.NOBODY,
                    gettext_noop("It was not answered in time."),
                    now,
                )
                notices.declined(current)
                settled += 1
    Hold.objects.filter(expires_at__lte=now).delete()
    Reservation.objects.filter(end__lt=now - RESERVATIONS_KEPT_FOR).delete()
    return settled


# --- shared with `follow` ------------------------------------------------------------------------
def locked(booking: Booking) -> Booking:
    """The row as it stands, behind the lock that every sale of its hosts takes."""
    hosts = hosts_of_booking(booking)
    lock_hosts(hosts)
    current = Booking.objects.select_for_update(of=("self",)).select_related("type", "host__profile")
    return current.get(pk=booking.pk)


def hosts_of_booking(booking: Booking) -> list[Any]:
    """Its hosts, the organiser first."""
    people = [p.user for p in booking.participations.select_related("user__profile").order_by("pk")]
    return sorted(people, key=lambda person: person.pk != booking.host_id)


def end_booking(booking: Booking, status: str, by: str, reason: str, now: datetime) -> None:
    """Give everything back: its time, its place in the calendars, a move that waits for an answer."""
    booking.status, booking.ended_by, booking.reason, booking.ended_at = status, by, reason[:500], now
    booking.proposed_start = booking.proposed_end = None
    booking.sequence += 1
    booking.save()
    booking.reservations.all().delete()
    calendar.leave_events(booking)
    announce_free_time(host.pk for host in hosts_of_booking(booking))


def _moving(booking: Booking, by: str, now: datetime) -> Booking:
    moving = locked(booking)
    _require_active(moving)
    if by == By.GUEST and moving.start <= now:
        raise BookingOver(BEGUN)
    return moving


def _place(booking: Booking, start: datetime, end: datetime, hosts: list[User], now: datetime) -> None:
    """Move the reservations, the row and the events; the database refuses a time that somebody else has."""
    shared_before = _is_shared(booking)
    booking.reservations.all().delete()
    booking.start, booking.end, booking.proposed_start, booking.proposed_end = start, end, None, None
    booking.session = session_of(booking.type, booking.host, start, end)
    booking.sequence += 1
    booking.rescheduled_at = now
    reserve(
        appointment_type=booking.type,
        hosts=hosts,
        session=booking.session,
        start=start,
        end=end,
        booking=booking,
    )
    booking.save()
    if shared_before or _is_shared(booking):
        calendar.detach_events(booking)
        calendar.write_events(booking, hosts)
    else:
        calendar.rewrite_events(booking)
    announce_free_time(host.pk for host in hosts)


def _is_shared(booking: Booking) -> bool:
    """Whether others are in its session."""
    others = Booking.objects.filter(session=booking.session, status__in=Booking.ACTIVE)
    return others.exclude(pk=booking.pk).exists()


def _others(booking: Booking, wanted: datetime, minutes: int) -> list[Slot]:
    """Where else it could move: times of its own hosts, in whose way it does not stand itself."""
    return alternatives(booking.type, wanted, minutes, hosts=hosts_of_booking(booking), moving=booking)


def _require_active(booking: Booking) -> None:
    if not booking.is_active:
        raise BookingOver(ENDED)
