"""How a write of an event answers: HTMX gets 204 with DOM events, everyone else is redirected."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling.core import wording
from scheduling.core.zones import wall_time
from scheduling.grace import send_grace
from scheduling.htmx import SignedInRequest, done, wants_fragment
from scheduling.models import CalendarEvent, UserProfile
from scheduling.queries import events_of, profile_of


def event_or_404(request: SignedInRequest, event_id: UUID) -> CalendarEvent:
    """An event of the person who asks, deleted ones too."""
    return get_object_or_404(events_of(request.user), pk=event_id)


def when(start: datetime | date, profile: UserProfile) -> str:
    """`Thursday 19 November, 12:30` in this person's zone."""
    place = ZoneInfo(profile.timezone)
    today = wall_time(timezone.now(), place).date()
    if not isinstance(start, datetime):
        return wording.full_day(start, today)
    wall = wall_time(start, place)
    return f"{wording.full_day(wall, today)}, {wording.clock(wall, profile.clock == profile.Clock.HOURS_12)}"


def saved(
    request: SignedInRequest,
    event: CalendarEvent,
    message: str,
    *,
    icon: str,
    undo: dict[str, Any] | bool = True,
) -> HttpResponse:
    """The page hears of the change and shows `message`, with Undo unless `undo` is False."""
    if event.calendar.is_synced and undo is not False:
        message += " " + _("Google hears of it in %(seconds)d s.") % {
            "seconds": send_grace(is_deleted=event.is_deleted).total_seconds()
        }
    if not wants_fragment(request):
        messages.success(request, message)
        return redirect(_week_of(event, profile_of(request.user)))
    if undo is True:
        undo = {"url": reverse("event-undo", args=[event.pk]), "values": {"revision": event.revision}}
    toast = {"message": message, "icon": icon, "undo": undo or None}
    return done({"events-changed": {"event": str(event.pk), "revision": event.revision}, "toast": toast})


def refused(request: SignedInRequest, event: CalendarEvent, message: str, *, status: int) -> HttpResponse:
    """Nothing was written, and `message` says why."""
    if wants_fragment(request):
        return done(
            {"toast": {"message": message, "icon": "exclamation-triangle", "bad": True}}, status=status
        )
    messages.error(request, message)
    return redirect("event", event_id=event.pk)


def _week_of(event: CalendarEvent, profile: UserProfile) -> str:
    """The calendar where the event shows."""
    start = event.start
    if isinstance(start, datetime):
        start = wall_time(start, ZoneInfo(profile.timezone)).date()
    return reverse("calendar-view", kwargs={"view": "week", "date": start.isoformat()})
