"""Events: details, create, edit, delete, undo and quick add.

Each address answers with a whole page, and for HTMX with the part that goes into the popover or the dialog.
A write answers HTMX with 204 and the DOM events `events-changed` and `toast`; everyone else is redirected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from scheduling import quickadd, services
from scheduling.core import wording
from scheduling.core.event import EventValues, InvalidEvent
from scheduling.core.zones import instant, wall_time
from scheduling.details import details_of
from scheduling.forms import EventForm
from scheduling.htmx import done, page_or_fragment, vary, wants_fragment
from scheduling.initial import initial_of_copy, initial_of_new
from scheduling.models import CalendarEvent, UserProfile
from scheduling.queries import events_of, profile_of, trash_of, writable_calendars_of
from scheduling.services import ReadOnly, StaleEvent

TRASH_DAYS = 30


# --- pages -------------------------------------------------------------------------------------
@require_GET
def detail(request: HttpRequest, event_id: UUID) -> HttpResponse:
    event = _event_or_404(request, event_id)
    context = {
        "event": event,
        "in_popover": wants_fragment(request),
        **details_of(event, profile_of(request.user), request.GET.get("occurrence", "")),
    }
    return page_or_fragment(request, "scheduling/event.html", "scheduling/_event.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    form = EventForm(
        request.POST if request.method == "POST" else None,
        profile=profile_of(request.user),
        calendars=writable_calendars_of(request.user),
        initial=_initial_of_new(request) if request.method == "GET" else None,
    )
    if request.method == "GET" or not form.is_valid():
        return _form_page(request, form)
    try:
        event = services.create_event(
            calendar=form.cleaned_data["calendar"], values=form.values, origin="web", actor=request.user
        )
    except InvalidEvent as error:
        form.refuse(error)
        return _form_page(request, form)
    return _saved(
        request, event, f"Added “{event.title}” on {_when(event, profile_of(request.user))}.", icon="check-lg"
    )


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, event_id: UUID) -> HttpResponse:
    event = _event_or_404(request, event_id)
    if not event.is_editable or (event.is_deleted and request.method == "GET"):
        return redirect("event", event_id=event.pk)
    form = EventForm(
        request.POST if request.method == "POST" else None,
        profile=profile_of(request.user),
        calendars=writable_calendars_of(request.user),
        event=event,
    )
    if request.method == "GET" or not form.is_valid():
        return _form_page(request, form, event)
    try:
        saved = _save_edit(request, form, event)
    except StaleEvent as stale:
        return _form_page(request, form, stale.event, differences=form.meet(stale.event), status=409)
    except InvalidEvent as error:
        form.refuse(error)
        return _form_page(request, form, event)
    if saved.revision == event.revision:
        return _saved(request, saved, f"Nothing changed in “{saved.title}”.", icon="check-lg", undo=False)
    verb = "Saved" if (saved.start, saved.end) == (event.start, event.end) else "Moved"
    joint = "on" if verb == "Saved" else "to"
    return _saved(
        request,
        saved,
        f"{verb} “{saved.title}” {joint} {_when(saved, profile_of(request.user))}.",
        icon="check-lg",
    )


@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, event_id: UUID) -> HttpResponse:
    event = _event_or_404(request, event_id)
    if request.method == "GET":
        context = {
            "event": event,
            "in_dialog": wants_fragment(request),
            **details_of(event, profile_of(request.user)),
        }
        return page_or_fragment(
            request, "scheduling/event_delete.html", "scheduling/_event_delete.html", context
        )
    try:
        deleted = services.delete_event(event=event, origin="web", actor=request.user)
    except ReadOnly as error:
        return _refused(request, event, str(error), status=403)
    what = f"Deleted “{event.title}”{' and all its repeats' if event.recurrence else ''}."
    return _saved(
        request, deleted, what, icon="trash3", undo={"url": reverse("event-restore", args=[event.pk])}
    )


@require_GET
def trash(request: HttpRequest) -> HttpResponse:
    profile = profile_of(request.user)
    since = timezone.now() - timedelta(days=TRASH_DAYS)
    rows = [(event, details_of(event, profile)) for event in trash_of(request.user, since)]
    return vary(render(request, "scheduling/trash.html", {"rows": rows, "days": TRASH_DAYS}))


@require_http_methods(["GET", "POST"])
def quick_add(request: HttpRequest) -> HttpResponse:
    profile = profile_of(request.user)
    text = (request.POST if request.method == "POST" else request.GET).get("text", "")[: quickadd.LONGEST]
    understood = quickadd.understand(
        text, user=request.user, profile=profile, calendars=writable_calendars_of(request.user)
    )
    calendar = understood.calendar
    if request.method == "GET" or calendar is None or not understood.is_ready:
        return _quick_add_page(request, understood, status=200 if request.method == "GET" else 422)
    try:
        event = services.create_event(
            calendar=calendar, values=understood.values, origin="web", actor=request.user
        )
    except InvalidEvent as error:
        return _quick_add_page(request, understood, error=str(error), status=422)
    return _saved(
        request, event, f"Added “{event.title}” on {_when(event, profile_of(request.user))}.", icon="check-lg"
    )


# --- changes without a page --------------------------------------------------------------------
@require_POST
def restore(request: HttpRequest, event_id: UUID) -> HttpResponse:
    event = _event_or_404(request, event_id)
    try:
        event = services.restore_event(event=event, origin="web", actor=request.user)
    except ReadOnly as error:
        return _refused(request, event, str(error), status=403)
    return _back(request, event)


@require_POST
def undo(request: HttpRequest, event_id: UUID) -> HttpResponse:
    event = _event_or_404(request, event_id)
    try:
        event = services.undo_change(
            event=event, revision=int(request.POST.get("revision", "")), origin="web", actor=request.user
        )
    except (StaleEvent, ValueError):
        message = f"“{event.title}” was changed again in the meantime, so nothing was undone."
        return _refused(request, event, message, status=409)
    except ReadOnly as error:
        return _refused(request, event, str(error), status=403)
    if event.is_deleted:
        return _saved(request, event, f"“{event.title}” is gone again.", icon="check-lg", undo=False)
    return _back(request, event)


def _back(request: HttpRequest, event: CalendarEvent) -> HttpResponse:
    message = f"“{event.title}” is back on {_when(event, profile_of(request.user))}."
    return _saved(request, event, message, icon="check-lg", undo=False)


@require_POST
def move(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Give the event another start (`delta_minutes`, or `start`) and, with `end`, another end."""
    event = _event_or_404(request, event_id)
    try:
        moved = services.update_event(
            event=event,
            values=_moved(event.values, request.POST, ZoneInfo(profile_of(request.user).timezone)),
            origin="web",
            actor=request.user,
            expected_revision=int(request.POST["revision"]) if request.POST.get("revision") else None,
        )
    except StaleEvent:
        message = f"“{event.title}” was changed elsewhere in the meantime. Look at it and move it again."
        return _refused(request, event, message, status=409)
    except ReadOnly as error:
        return _refused(request, event, str(error), status=403)
    except InvalidEvent as error:
        return _refused(request, event, str(error), status=422)
    except (ValueError, OverflowError):
        return _refused(request, event, "This is not a time to move to.", status=422)
    return _saved(
        request,
        moved,
        f"Moved “{moved.title}” to {_when(moved, profile_of(request.user))}.",
        icon="check-lg",
        undo=moved.revision != event.revision,
    )


# --- parts -------------------------------------------------------------------------------------
def _event_or_404(request: HttpRequest, event_id: UUID) -> CalendarEvent:
    return get_object_or_404(events_of(request.user), pk=event_id)


def _initial_of_new(request: HttpRequest) -> dict[str, Any]:
    profile = profile_of(request.user)
    if copied := request.GET.get("copy"):
        try:
            return initial_of_copy(_event_or_404(request, UUID(copied)), profile)
        except ValueError:
            pass
    return initial_of_new(request.GET, profile, timezone.now())


def _form_page(
    request: HttpRequest,
    form: EventForm,
    event: CalendarEvent | None = None,
    *,
    status: int = 0,
    **context: Any,
) -> HttpResponse:
    context |= {"form": form, "event": event, "in_dialog": wants_fragment(request)}
    if event is not None:
        context["repeats"] = wording.repeats(event.recurrence, timezone.now().date())
    return page_or_fragment(
        request,
        "scheduling/event_form.html",
        "scheduling/_event_form.html",
        context,
        status=status or (422 if form.is_bound else 200),
    )


def _quick_add_page(
    request: HttpRequest, understood: quickadd.Understood, *, status: int, error: str = ""
) -> HttpResponse:
    only_preview = wants_fragment(request) and request.headers.get("HX-Target") == "quick-add-preview"
    context = {
        "qa": understood,
        "error": error,
        "in_dialog": wants_fragment(request),
        "only_preview": only_preview,
    }
    fragment = "scheduling/_quick_add_preview.html" if only_preview else "scheduling/_quick_add.html"
    return page_or_fragment(request, "scheduling/quick_add.html", fragment, context, status=status)


def _save_edit(request: HttpRequest, form: EventForm, event: CalendarEvent) -> CalendarEvent:
    """Write the edit; an event deleted meanwhile comes back once the person has seen that and insists."""
    seen: int | None = form.cleaned_data["revision"]
    with transaction.atomic():
        if event.is_deleted:
            if seen != event.revision:
                raise StaleEvent(event)
            seen = services.restore_event(event=event, origin="web", actor=request.user).revision
        return services.update_event(
            event=event,
            values=form.values,
            calendar=form.cleaned_data["calendar"],
            expected_revision=seen,
            origin="web",
            actor=request.user,
        )


def _moved(values: EventValues, wanted: Mapping[str, str], place: ZoneInfo) -> EventValues:
    """The values at another time. Raises `ValueError` for what is no time."""
    start: Any = values.start
    if delta := wanted.get("delta_minutes"):
        start += timedelta(minutes=int(delta))
    else:
        start = _moment(wanted.get("start", ""), place, values.is_all_day)
    end = _moment(wanted["end"], place, values.is_all_day) if wanted.get("end") else start + _length(values)
    return replace(values, start=start, end=end)


def _moment(text: str, place: ZoneInfo, is_all_day: bool) -> datetime | date:
    """A date, or an instant; without offset it is wall time in `place`."""
    if is_all_day:
        return date.fromisoformat(text[:10])
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else instant(moment, place)


def _length(values: EventValues) -> timedelta:
    return values.end - values.start  # type: ignore[operator]


def _when(event: CalendarEvent, profile: UserProfile) -> str:
    """`Thursday 19 November, 12:30` in this person's zone."""
    place = ZoneInfo(profile.timezone)
    today = wall_time(timezone.now(), place).date()
    if not isinstance(event.start, datetime):
        return wording.full_day(event.start, today)
    wall = wall_time(event.start, place)
    return f"{wording.full_day(wall, today)}, {wording.clock(wall, profile.clock == profile.Clock.HOURS_12)}"


def _day_url(event: CalendarEvent, profile: UserProfile) -> str:
    """The calendar where the event shows."""
    start = event.start
    if isinstance(start, datetime):
        start = wall_time(start, ZoneInfo(profile.timezone)).date()
    return reverse("calendar-view", kwargs={"view": "week", "date": start.isoformat()})


def _saved(
    request: HttpRequest,
    event: CalendarEvent,
    message: str,
    *,
    icon: str,
    undo: dict[str, Any] | bool = True,
) -> HttpResponse:
    if event.calendar.is_synced and undo is not False:
        message += f" Google hears of it in {settings.SYNC_SEND_DELAY_SECONDS} s."
    if not wants_fragment(request):
        messages.success(request, message)
        return redirect(_day_url(event, profile_of(request.user)))
    if undo is True:
        undo = {"url": reverse("event-undo", args=[event.pk]), "values": {"revision": event.revision}}
    toast = {"message": message, "icon": icon, "undo": undo or None}
    return done({"events-changed": {"event": str(event.pk), "revision": event.revision}, "toast": toast})


def _refused(request: HttpRequest, event: CalendarEvent, message: str, *, status: int) -> HttpResponse:
    if wants_fragment(request):
        return done(
            {"toast": {"message": message, "icon": "exclamation-triangle", "bad": True}}, status=status
        )
    messages.error(request, message)
    return redirect("event", event_id=event.pk)
