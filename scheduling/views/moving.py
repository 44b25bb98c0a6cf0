"""Moving an event: by a hand in the grid, by the buttons of its details, by the form "Move to…"."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from scheduling.core import wording
from scheduling.core.event import EventValues, InvalidEvent
from scheduling.core.moving import Move, moved_span
from scheduling.htmx import SignedInRequest, page_or_fragment, vary, wants_fragment
from scheduling.initial import initial_span
from scheduling.models import Calendar, CalendarEvent, UserProfile
from scheduling.queries import profile_of, writable_calendars_of
from scheduling.services import ReadOnly, StaleEvent, UnknownOccurrence
from scheduling.views import scopes
from scheduling.views.replies import event_or_404, refused, saved, when

FIELDS = (
    "start", "end", "edge", "delta_days", "delta_minutes", "longer_minutes", "all_day", "occurrence", "scope", "calendar",
)  # fmt: skip


@require_http_methods(["GET", "POST"])
def move(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    """GET: the form "Move to…". POST: another time (`core.moving.Move` names the fields), another calendar.

    `occurrence` says which one of a series was moved and `scope` what else goes with it: without it the answer is
    the question. `revision` is what the person saw.
    """
    event = event_or_404(request, event_id)
    if request.method == "GET":
        return _form(request, event)
    said = request.POST.dict()
    said.setdefault("start", "T".join(filter(None, (said.get("start_date"), said.get("start_time")))))
    profile = profile_of(request.user)
    try:
        occurrence = scopes.occurrence_of(event, said.get("occurrence", ""))
        before = occurrence.values if occurrence else event.values
        values = _moved(before, Move.read(said), profile)
        if occurrence and said.get("scope") not in scopes.SCOPES:
            return scopes.ask(
                request, event, occurrence, said, verb=scopes.MOVE, address=request.path, values=values
            )
        after = scopes.update_part(
            event,
            occurrence,
            said.get("scope", ""),
            values,
            calendar=_calendar(request, said.get("calendar", "")),
            actor=request.user,
            expected_revision=int(said["revision"]) if said.get("revision", "").isdecimal() else None,
        )
    except UnknownOccurrence:
        return refused(
            request, event, _("This “%(title)s” is not there any more.") % {"title": event.title}, status=404
        )
    except StaleEvent as stale:
        return _stale(request, stale.event, values, said)
    except ReadOnly as error:
        return refused(request, event, str(error), status=403)
    except InvalidEvent as error:
        return refused(request, event, str(error), status=422)
    except (ValueError, OverflowError):
        return refused(request, event, _("This is not a time to move to."), status=422)
    message = _what(event, before, values, after, said.get("scope", ""), profile)
    is_other = (before.start, before.end) != (values.start, values.end) or after.calendar != event.calendar
    return saved(request, after, message, icon="check-lg", undo=is_other and scopes.undo_of(event, after))


def _form(request: SignedInRequest, event: CalendarEvent) -> HttpResponse:
    profile = profile_of(request.user)
    key = request.GET.get("occurrence", "")
    try:
        occurrence = scopes.occurrence_of(event, key)
    except UnknownOccurrence:
        return refused(
            request, event, _("This “%(title)s” is not there any more.") % {"title": event.title}, status=404
        )
    shown = occurrence.values if occurrence else event.values
    context = {
        "event": event,
        "occurrence": key,
        "span": initial_span(shown.start, shown.end, profile.timezone, profile),
        "calendars": writable_calendars_of(request.user),
        "in_dialog": wants_fragment(request),
    }
    return page_or_fragment(request, "scheduling/event_move.html", "scheduling/_event_move.html", context)


def _moved(values: EventValues, move: Move, profile: UserProfile) -> EventValues:
    """The values at their new time. Raises `ValueError` for what is no time."""
    length = timedelta(minutes=profile.default_event_duration)
    start, end = moved_span(values.start, values.end, move, ZoneInfo(profile.timezone), length)
    new = replace(values, start=start, end=end, is_all_day=not isinstance(start, datetime))
    if new.is_all_day:
        return replace(new, time_zone="", end_time_zone="")
    return new if new.time_zone else replace(new, time_zone=profile.timezone)


def _calendar(request: SignedInRequest, calendar_id: str) -> Calendar | None:
    """The calendar to move to, among the person's own; None leaves the event where it is."""
    return next((c for c in writable_calendars_of(request.user) if str(c.pk) == calendar_id), None)


def _what(
    event: CalendarEvent,
    before: EventValues,
    values: EventValues,
    after: CalendarEvent,
    scope: str,
    profile: UserProfile,
) -> str:
    """What happened, in words."""
    name = scopes.named(after.title, scope if event.recurrence else "")
    if after.calendar_id != event.calendar_id:
        return _("Moved %(what)s to %(calendar)s, %(when)s.") % {
            "what": name,
            "calendar": after.calendar,
            "when": when(values.start, profile),
        }
    if values.start != before.start or values.end == before.end:
        return _("Moved %(what)s to %(when)s.") % {"what": name, "when": when(values.start, profile)}
    length = values.end - values.start  # type: ignore[operator]
    one, several = _("%(what)s now lasts %(length)s."), _("%(what)s now last %(length)s.")
    words = {"what": wording.capital(name), "length": wording.length_words(length)}
    return (several if scope == scopes.FOLLOWING else one) % words


def _stale(
    request: SignedInRequest, event: CalendarEvent, values: EventValues, said: dict[str, str]
) -> HttpResponse:
    """The event changed under the hand: keep this move, or leave what is there."""
    try:
        now = scopes.occurrence_of(event, said.get("occurrence", ""))
    except UnknownOccurrence:
        return refused(
            request, event, _("This “%(title)s” is not there any more.") % {"title": event.title}, status=404
        )
    if not wants_fragment(request) or event.is_deleted:
        deleted = _("“%(title)s” was deleted elsewhere in the meantime, so it was not moved.")
        changed = _("“%(title)s” was changed elsewhere in the meantime, so it was not moved.")
        message = (deleted if event.is_deleted else changed) % {"title": event.title}
        return refused(request, event, message, status=409)
    profile = profile_of(request.user)
    there = now.values if now else event.values
    context = {
        "event": event,
        "address": request.path,
        "there": scopes.span_text(there, profile),
        "here": scopes.span_text(values, profile),
        "fields": {name: said[name] for name in FIELDS if said.get(name)},
    }
    response = render(request, "scheduling/_move_conflict.html", context, status=409)
    response["HX-Retarget"], response["HX-Reswap"] = "#dialog-body", "innerHTML"
    return vary(response)
