"""What the details of one event show, in the viewer's zone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from scheduling.core import wording
from scheduling.core.reminders import lead_words
from scheduling.core.zones import wall_time
from scheduling.models import CalendarEvent, UserProfile
from scheduling.sanitise import description_html, linked_text

ANSWERS = {
    "accepted": (pgettext_lazy("guest", "accepted"), "ok"),
    "declined": (pgettext_lazy("guest", "declined"), "bad"),
    "tentative": (pgettext_lazy("guest", "maybe"), "warn"),
}


def details_of(event: CalendarEvent, profile: UserProfile) -> dict[str, Any]:
    start, end = event.start, event.end
    place = ZoneInfo(profile.timezone)
    today = wall_time(timezone.now(), place).date()
    twelve = profile.clock == UserProfile.Clock.HOURS_12
    days, times = wording.span_words(start, end, place, today, twelve)
    series = event.series or event
    own_zone = ""
    if isinstance(start, datetime) and event.time_zone and event.time_zone != profile.timezone:
        own_days, own_times = wording.span_words(start, end, ZoneInfo(event.time_zone), today, twelve)
        if (own_days, own_times) != (days, times):
            same_day = own_days == days
            own_zone = _("%(when)s in %(zone)s") % {
                "when": own_times if same_day else f"{own_days} {own_times}",
                "zone": event.time_zone,
            }
    return {
        "days": days,
        "times": times or ("" if event.start_time else _("All day")),
        "length": wording.length_words(end - start) if isinstance(start, datetime) else "",  # type: ignore[operator]
        "own_zone": own_zone,
        "repeats": wording.repeats(series.recurrence, today, series.time_zone),
        "people": [_person(guest) for guest in event.attendees],
        "description": description_html(event.description) if event.description else "",
        "place": linked_text(event.location),
        "reminders": _reminders(event),
    }


def _reminders(event: CalendarEvent) -> str:
    """What the event says of reminders itself; nothing when the usual ones hold."""
    if event.reminders is None:
        return ""
    return ", ".join(map(lead_words, event.reminders)) or _("No reminder")


def _person(guest: dict[str, Any]) -> dict[str, Any]:
    word, tone = ANSWERS.get(guest.get("responseStatus", ""), ("", ""))
    full = name = guest.get("displayName") or guest.get("email") or _("Someone")
    if guest.get("self"):
        name = _("You")
    if guest.get("organizer"):
        name = _("%(name)s, host") % {"name": name}
    return {"name": name, "full": full, "word": word, "tone": tone}
