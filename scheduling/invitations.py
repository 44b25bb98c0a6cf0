"""Calendar files for guests (RFC 5545, iTIP of RFC 5546), and the addresses that put a booking into a calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vText

from scheduling.models import Booking
from scheduling.presentation_names import display_name

REQUEST, CANCEL = "REQUEST", "CANCEL"


def invitation(booking: Booking, method: str, now: datetime) -> str:
    """The booking as a calendar file with `METHOD` REQUEST or CANCEL, times in the host's zone with its VTIMEZONE."""
    place = ZoneInfo(booking.host.profile.timezone)
    event = Event()
    event.add("uid", booking.uid)
    event.add("sequence", booking.sequence)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", booking.start.astimezone(place))
    event.add("dtend", booking.end.astimezone(place))
    event.add("summary", summary(booking))
    if booking.type.place:
        event.add("location", booking.type.place)
    if booking.notes:
        event.add("description", booking.notes)
    event.add("status", _status(booking, method))
    event.add("transp", "OPAQUE")
    event.add("organizer", _address(booking.host.email, display_name(booking.host)))
    guest = _address(booking.guest_email, booking.guest_name)
    guest.params["PARTSTAT"] = vText("ACCEPTED")
    guest.params["ROLE"] = vText("REQ-PARTICIPANT")
    event.add("attendee", guest)
    calendar = Calendar()
    calendar.add("prodid", "-//Appointment//Booking//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    calendar.add_missing_timezones()
    text: str = calendar.to_ical().decode()
    return text


def summary(booking: Booking) -> str:
    return _("%(type)s with %(host)s") % {"type": booking.type.name, "host": display_name(booking.host)}


def add_to_calendar_links(booking: Booking) -> dict[str, str]:
    """Name → address that opens the guest's own calendar with the booking filled in. Plain links, nothing is loaded."""
    start, end = (f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" for moment in (booking.start, booking.end))
    google = {
        "action": "TEMPLATE",
        "text": summary(booking),
        "dates": f"{start}/{end}",
        "location": booking.type.place,
    }
    outlook = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": summary(booking),
        "startdt": f"{booking.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "enddt": f"{booking.end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "location": booking.type.place,
    }
    return {
        "Google Calendar": f"https://calendar.google.com/calendar/render?{urlencode(google)}",
        "Outlook": f"https://outlook.live.com/calendar/0/deeplink/compose?{urlencode(outlook)}",
    }


def _status(booking: Booking, method: str) -> str:
    if method == CANCEL:
        return "CANCELLED"
    return "TENTATIVE" if booking.status == Booking.Status.PENDING else "CONFIRMED"


def _address(email: str, name: str) -> Any:
    address = vCalAddress(f"mailto:{email}")
    address.params["CN"] = vText(name.replace('"', "'"))
    return address
