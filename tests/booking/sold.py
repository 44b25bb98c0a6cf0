"""What a host sold, and whether it was right to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from scheduling.models import Booking, CalendarEvent, OutgoingMail, Reservation


def check_sold(handle: str) -> dict[str, Any]:
    """What was sold, what is too close, and whether every booking has what belongs to it."""
    active = Booking.objects.filter(host__profile__handle=handle, status__in=Booking.ACTIVE)
    spans = sorted(
        Reservation.objects.filter(host__profile__handle=handle, kind=Reservation.Kind.CORE).values_list(
            "start", "end", "buffer_before", "buffer_after"
        )
    )
    too_close = [
        str(first[0])
        for first, second in zip(spans, spans[1:], strict=False)
        if second[0] - first[1] < timedelta(minutes=max(first[3], second[2]))
    ]
    return {
        "active": active.count(),
        "reserved": len(spans),
        "events": CalendarEvent.objects.filter(bookings__booking__in=active).live().distinct().count(),
        "mails": OutgoingMail.objects.filter(
            template="booking_guest", reply_to=f"{handle}@example.com"
        ).count(),
        "too_close": too_close,
        "bookings": [str(pk) for pk in active.values_list("pk", flat=True)],
    }
