"""The booking page as an API: free times of a public appointment type, and booking one. No sign-in, no cookie.

Nothing here tells what a host does when they are not free, nor whether they exist when their page is off.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router, Status

from scheduling import availability, booking_queries, services
from scheduling.api.errors import invalid
from scheduling.api.idempotency import checked_key
from scheduling.api.moments import read_bound, read_instant, write_moment
from scheduling.api.problems import public_problems
from scheduling.api.schemas_booking import (
    MOST_SLOT_DAYS,
    PublicBookingIn,
    PublicBookingOut,
    PublicSlotsOut,
    PublicSlotsQuery,
    Taken,
)
from scheduling.core.event import is_zone
from scheduling.languages import language_of_request
from scheduling.models import AppointmentType, Booking, BookingLink
from scheduling.presentation_names import display_name

router = Router(auth=None)
UNKNOWN = "Times cannot be shown at the moment. Try again later."


@router.get(
    "{str:handle}/{str:name}/slots/",
    response={200: PublicSlotsOut, **public_problems(404, 422)},
    operation_id="listPublicSlots",
    summary="Free times of a public appointment type",
    url_name="public-slots",
    tags=["Public booking"],
)
def slots(request: HttpRequest, handle: str, name: str, query: Query[PublicSlotsQuery]) -> Any:
    found = _type(handle, name)
    zone = query.tz if query.tz is not None else found.user.profile.timezone
    if not is_zone(zone):
        raise invalid({"tz": "This is not a time zone. Write a name such as Europe/Berlin."})
    now = timezone.now()
    start = _bound("start", query.start, zone) if query.start is not None else now
    end = _bound("end", query.end, zone) if query.end is not None else start + timedelta(days=7)
    if end <= start:
        raise invalid({"end": "The end is not after the start."})
    if end - start > timedelta(days=MOST_SLOT_DAYS):
        raise invalid({"end": f"Ask for at most {MOST_SLOT_DAYS} days at once."})
    if query.duration is not None and query.duration not in found.durations:
        raise invalid({"duration": f"Choose one of {', '.join(map(str, found.durations))}."})
    free = availability.slots_of(found, start=start, end=end, now=now, duration=query.duration)
    return {
        "time_zone": zone,
        "duration": query.duration or found.duration,
        "slots": [
            {
                "start": write_moment(slot.start, zone),
                "end": write_moment(slot.end, zone),
                "seats_left": slot.seats_left,
            }
            for slot in free
        ],
        "notice": UNKNOWN if not free and availability.is_unknown_for(found) else "",
    }


@router.post(
    "{str:handle}/{str:name}/bookings/",
    response={201: PublicBookingOut, **public_problems(400, 404, 413, 415, 422), 409: Taken},
    operation_id="book",
    summary="Book a free time",
    url_name="public-bookings",
    tags=["Public booking"],
)
def book(request: HttpRequest, handle: str, name: str, payload: PublicBookingIn) -> Any:
    """With an `Idempotency-Key` a repeated request gets the same booking again."""
    found = _type(handle, name)
    services.count_booking_attempt(
        address=services.client_address(request), email=payload.email, page=found.pk
    )
    zone = payload.time_zone if payload.time_zone is not None else found.user.profile.timezone
    if not is_zone(zone):
        raise invalid({"time_zone": "This is not a time zone. Write a name such as Europe/Berlin."})
    try:
        start = read_instant(payload.start, zone)
    except ValueError as error:
        raise invalid({"start": str(error)}) from None
    booking, _ = services.book(
        appointment_type=found,
        start=start,
        guest=services.Guest(
            payload.name,
            payload.email,
            zone,
            payload.notes,
            payload.answers,
            language=language_of_request(request),
        ),
        duration=payload.duration,
        hold_token=payload.hold,
        request_key=checked_key(request),
    )
    return Status(201, write_public_booking(booking))


def write_public_booking(booking: Booking) -> dict[str, Any]:
    zone, action = booking.guest_zone, BookingLink.Action
    return {
        "id": str(booking.pk),
        "status": booking.status,
        "type": booking.type.name,
        "host": display_name(booking.host),
        "start": write_moment(booking.start, zone),
        "end": write_moment(booking.end, zone),
        "time_zone": zone,
        "name": booking.guest_name,
        "email": booking.guest_email,
        "view_url": services.link_address(booking, action.VIEW),
        "cancel_url": services.link_address(booking, action.CANCEL),
        "reschedule_url": services.link_address(booking, action.RESCHEDULE),
    }


def _type(handle: str, name: str) -> AppointmentType:
    found = booking_queries.public_type(handle, name)
    if found is None:
        raise Http404
    return found


def _bound(name: str, text: str, zone: str) -> datetime:
    try:
        return read_bound(text, zone)
    except ValueError as error:
        raise invalid({name: str(error)}) from None
