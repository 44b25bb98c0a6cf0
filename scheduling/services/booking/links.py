"""Capability links: whoever holds one may do one thing with one booking, signed in or not.

A token is derived from the installation's key, so that a repeated request can be told the same link without any token
being stored; the database has only digests, and looking one up tells nothing by its timing. Looking at a link never
changes anything: pages act on POST alone.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from scheduling.models import Booking, BookingLink
from scheduling.services.errors import BookingOver

SALT = "scheduling.booking.links"
STAYS_READABLE = timedelta(days=30)
PATHS = {
    BookingLink.Action.VIEW: "/bookings/{}/",
    BookingLink.Action.CANCEL: "/bookings/{}/cancel/",
    BookingLink.Action.RESCHEDULE: "/bookings/{}/reschedule/",
    BookingLink.Action.ANSWER: "/bookings/{}/answer/",
}


def link_address(booking: Booking, action: str) -> str:
    """The full address that lets its holder do `action` (a `BookingLink.Action`), valid from now on."""
    token = _token(booking, action)
    expires_at = booking.end + STAYS_READABLE if action == BookingLink.Action.VIEW else booking.start
    BookingLink.objects.update_or_create(
        digest=BookingLink.digest_of(token),
        defaults={"booking": booking, "action": action, "expires_at": expires_at},
    )
    return settings.SITE_URL + link_path(booking, action)


def link_path(booking: Booking, action: str) -> str:
    """The same without the site, and without opening it: for pages shown to the guest who was given the link."""
    return PATHS[BookingLink.Action(action)].format(_token(booking, action))


def _token(booking: Booking, action: str) -> str:
    mac = salted_hmac(SALT, f"{booking.pk} {action}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def open_link(token: str, action: str, now: datetime | None = None) -> Booking | None:
    """The booking that this token gives that right to; None when there is none (a page answers 404).

    Raises `BookingOver` when the link was right and its time is over.
    """
    found = (
        BookingLink.objects.select_related("booking__type__user__profile", "booking__host__profile")
        .filter(digest=BookingLink.digest_of(token), action=action)
        .first()
    )
    if found is None:
        return None
    if not found.is_valid_at(now or timezone.now()):
        raise BookingOver(_("This link has expired: the appointment has begun or is over."))
    return found.booking
