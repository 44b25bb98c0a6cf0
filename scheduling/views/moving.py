"""Moving an event: by a hand in the grid, by the buttons of its details, by the form "Move to…"."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from scheduling import services
from scheduling.core import wording
from scheduling.core.event import EventValues, InvalidEvent, format_moment
from scheduling.core.moving import Move, moved_span
from scheduling.core.recurrence import RecurrenceError
from scheduling.core.series import moved
from scheduling.htmx import page_or_fragment, vary, wants_fragment
from scheduling.initial import initial_span
from scheduling.models import Calendar, CalendarEvent, UserProfile
from scheduling.queries import profile_of, span_of, writable_calendars_of
from scheduling.services import ReadOnly, StaleEvent
from scheduling.views.replies import event_or_404, refused, saved, when

FIELDS = ("start", "end", "edge", "delta_days", "delta_minutes", "longer_minutes", "all_day", "occurrence")


@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """GET: the form "Move to…". POST: another time (`core.moving.Move` names the fields), another calendar.

    `occurrence` says which one of a series was moved, `revision` what the person saw.
    """
    event = event_or_404(request, event_id)
    if request.method == "GET":
        return _form(request, event)
    said = request.POST.dict()
    said.setdefault("start", "T".join(filter(None, (said.get("start_date"), said.get("start_time")))))
    profile = profile_of(request.user)
    try:
        values = _moved(event, Move.read(said), said.get("occurrence", ""), profile)
    except RecurrenceError as error:
        return refused(request, event, str(error), status=422)
    except (ValueError, OverflowError):
        return refused(request, event, "This is not a time to move to.", status=422)
    try:
        after = services.update_event(
            event=event,
            values=values,
            calendar=_calendar(request, said.get("calendar", "")),
            origin="web",
            actor=request.user,
            expected_revision=int(said["revision"]) if said.get("revision", "").isdecimal() else None,
        )
    except StaleEvent as stale:
        return _stale(request, stale.event, values, said)
    except ReadOnly as error:
        return refused(request, event, str(error), status=403)
    except InvalidEvent as error:
        return refused(request, event, str(error), status=422)
    return saved(
        request, after, _what(event, after, profile), icon="check-lg", undo=after.revision != event.revision
    )


def _form(request: HttpRequest, event: CalendarEvent) -> HttpResponse:
    profile = profile_of(request.user)
    occurrence = request.GET.get("occurrence", "")
    span = initial_span(*span_of(event, occurrence), profile.timezone, profile)
    context = {
        "event": event,
        "occurrence": occurrence,
        "span": span,
        "calendars": writable_calendars_of(request.user),
        "in_dialog": wants_fragment(request),
    }
    return page_or_fragment(request, "scheduling/event_move.html", "scheduling/_event_move.html", context)


def _moved(event: CalendarEvent, move: Move, occurrence: str, profile: UserProfile) -> EventValues:
    """The values of the event at its new time. Raises `ValueError` for what is no time, `RecurrenceError`."""
    start, end = span_of(event, occurrence)
    length = timedelta(minutes=profile.default_event_duration)
    old = replace(event.values, start=start, end=end)
    start, end = moved_span(start, end, move, ZoneInfo(profile.timezone), length)
    new = replace(old, start=start, end=end, is_all_day=not isinstance(start, datetime))
    if new.is_all_day:
        new = replace(new, time_zone="", end_time_zone="")
    elif not new.time_zone:
        new = replace(new, time_zone=profile.timezone)
    if event.recurrence:
        return moved(event.values, occurrence or format_moment(event.start), old, new).values
    return new


def _calendar(request: HttpRequest, calendar_id: str) -> Calendar | None:
    """The calendar to move to, among the person's own; None leaves the event where it is."""
    return next((c for c in writable_calendars_of(request.user) if str(c.pk) == calendar_id), None)


def _what(before: CalendarEvent, after: CalendarEvent, profile: UserProfile) -> str:
    """What happened, in words."""
    name = f"{'every ' if after.recurrence else ''}“{after.title}”"
    if after.calendar_id != before.calendar_id:
        return f"Moved {name} to {after.calendar}, {when(after.start, profile)}."
    if after.start != before.start or after.end == before.end:
        return f"Moved {name} to {when(after.start, profile)}."
    length = after.end - after.start  # type: ignore[operator]
    return f"{name[0].upper()}{name[1:]} now lasts {wording.length_words(length)}."


def _stale(
    request: HttpRequest, event: CalendarEvent, values: EventValues, said: dict[str, str]
) -> HttpResponse:
    """The event changed under the hand: keep this move, or leave what is there."""
    if not wants_fragment(request) or event.is_deleted:
        what = "deleted" if event.is_deleted else "changed"
        message = f"“{event.title}” was {what} elsewhere in the meantime, so it was not moved."
        return refused(request, event, message, status=409)
    profile = profile_of(request.user)
    context = {
        "event": event,
        "there": _span_words(event.start, event.end, profile),
        "here": _span_words(values.start, values.end, profile),
        "fields": {name: said[name] for name in FIELDS if said.get(name)},
    }
    response = render(request, "scheduling/_move_conflict.html", context, status=409)
    response["HX-Retarget"], response["HX-Reswap"] = "#dialog-body", "innerHTML"
    return vary(response)


def _span_words(start: datetime | date, end: datetime | date, profile: UserProfile) -> str:
    place = ZoneInfo(profile.timezone)
    words = wording.span_words(start, end, place, date.today(), profile.clock == UserProfile.Clock.HOURS_12)
    return ", ".join(filter(None, words))
