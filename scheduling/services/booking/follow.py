"""The host's calendar is the truth about where the host is: a booking follows what becomes of its event.

Called inside the transaction of every write of an event, whoever wrote it: this calendar, the API, an import, Google.
A move is proposed to the guest and the old time stays taken until the answer; a deletion cancels. The mails wait a
moment, so that an undo, or dragging once more, costs nobody anything. What bookings do to their own events is
written to the booking first, so it finds nothing to follow here.
"""

from __future__ import annotations

from datetime import datetime

from django.db import DatabaseError, transaction
from django.utils import timezone

from scheduling.grace import MAIL_GRACE
from scheduling.live import announce_free_time
from scheduling.models import Booking, CalendarEvent
from scheduling.services.booking import calendar, notices
from scheduling.services.booking.change import end_booking, hosts_of_booking
from scheduling.services.booking.reserve import reserve
from scheduling.services.errors import SlotTaken


def follow_event(*, event: CalendarEvent) -> None:
    """Bring the bookings of `event` in line with it."""
    bookings = Booking.objects.filter(participations__event=event).select_related("type", "host__profile")
    for booking in bookings.order_by("pk"):
        now = timezone.now()
        if event.is_deleted:
            _follow_deletion(booking, now)
        elif not booking.is_active:
            _follow_restoration(booking, event, now)
        elif (
            event.start_time is not None and event.end_time is not None and event.end_time > event.start_time
        ):
            _follow_times(booking, event.start_time, event.end_time, now)


def _follow_deletion(booking: Booking, now: datetime) -> None:
    if not booking.is_active:
        return
    notices.withdraw(booking, now)
    if booking.status == Booking.Status.PENDING:
        end_booking(booking, Booking.Status.DECLINED, Booking.By.HOST, "", now)
        notices.declined(booking, due_at=now + MAIL_GRACE)
    else:
        end_booking(booking, Booking.Status.CANCELLED, Booking.By.HOST, "", now)
        notices.cancelled(booking, due_at=now + MAIL_GRACE)


def _follow_restoration(booking: Booking, event: CalendarEvent, now: datetime) -> None:
    """The host took the deletion back before the guest was told: as if nothing had been, if the time is still free."""
    if booking.ended_by != Booking.By.HOST or booking.ended_at is None or now > booking.ended_at + MAIL_GRACE:
        return
    if (event.start_time, event.end_time) != (booking.start, booking.end):
        return
    was_pending = booking.status == Booking.Status.DECLINED
    hosts = hosts_of_booking(booking)
    try:
        with transaction.atomic():
            if not notices.withdraw(booking, now):
                return
            booking.status = Booking.Status.PENDING if was_pending else Booking.Status.CONFIRMED
            booking.ended_by, booking.ended_at, booking.reason = Booking.By.NOBODY, None, ""
            booking.sequence += 1
            booking.save()
            reserve(
                appointment_type=booking.type,
                hosts=hosts,
                session=booking.session,
                start=booking.start,
                end=booking.end,
                booking=booking,
            )
    except (DatabaseError, SlotTaken):
        return  # somebody has it now: the guest gets the mail after all
    notices.restored(booking)
    calendar.rewrite_events(booking)
    announce_free_time(host.pk for host in hosts)


def _follow_times(booking: Booking, start: datetime, end: datetime, now: datetime) -> None:
    if (start, end) == (booking.proposed_start or booking.start, booking.proposed_end or booking.end):
        return
    told = not notices.withdraw(booking, now) and booking.proposed_start is not None
    if (start, end) == (booking.start, booking.end):
        booking.proposed_start = booking.proposed_end = None
        booking.save(update_fields=["proposed_start", "proposed_end", "updated_at"])
        if told:
            notices.moved_back(booking, due_at=now + MAIL_GRACE)
        return
    booking.proposed_start, booking.proposed_end = start, end
    booking.save(update_fields=["proposed_start", "proposed_end", "updated_at"])
    notices.moved(booking, due_at=now + MAIL_GRACE)
