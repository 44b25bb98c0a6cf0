"""What a page says of events that are about to begin: each thing once, on one of the person's pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from scheduling import services
from scheduling.core import wording
from scheduling.core.zones import wall_time
from scheduling.htmx import SignedInRequest, vary
from scheduling.models import UserProfile
from scheduling.queries import profile_of
from scheduling.reminders import Reminder, address_of, words_of

LONGEST_WAIT = 900  # seconds; whatever changes meanwhile makes the page ask at once


@require_POST
def page_reminders(request: SignedInRequest) -> HttpResponse:
    """The element that asks again when the next reminder is due, and a toast for what is due now."""
    reminders, following = services.take_page_reminders(user=request.user)
    wait = LONGEST_WAIT
    if following:
        wait = min(wait, int((following - timezone.now()).total_seconds()) + 1)
    response = render(request, "scheduling/_upcoming.html", {"wait": max(wait, 1)})
    if reminders:
        trigger_client_event(response, "reminder", _toast(reminders, profile_of(request.user)))
    return vary(response)


def _toast(reminders: list[Reminder], profile: UserProfile) -> dict[str, Any]:
    first = min(reminders, key=lambda reminder: reminder.start)
    others = len(reminders) - 1
    message = _sentence(first, profile)
    if others:
        message = _("%(reminder)s, and %(count)d more") % {"reminder": message, "count": others}
    link = {"url": address_of(first.occurrence), "label": pgettext("an event", "Open")}
    return {"message": f"{message}.", "icon": "bell", "link": link}


def _sentence(reminder: Reminder, profile: UserProfile) -> str:
    """`“Call” starts at 10:00, in 15 min`, `“Call” starts Thursday 26 November at 10:00`"""
    words = {
        "title": reminder.occurrence.event.title or _("(no title)"),
        "day": words_of(reminder.occurrence, profile)["days"],
    }
    if reminder.occurrence.is_all_day:
        return _("“%(title)s” is on %(day)s") % words
    wall = wall_time(reminder.start, ZoneInfo(profile.timezone))
    words["time"] = wording.clock(wall, profile.clock == UserProfile.Clock.HOURS_12)
    left = reminder.start - timezone.now()
    if left <= timedelta():
        return _("“%(title)s” started at %(time)s") % words
    if left < timedelta(hours=1, minutes=1):
        words["minutes"] = str(max(1, round(left.total_seconds() / 60)))
        return _("“%(title)s” starts at %(time)s, in %(minutes)s min") % words
    return _("“%(title)s” starts %(day)s at %(time)s") % words
