"""Events: details, create, edit, delete, undo and quick add.

Each address answers with a whole page, and for HTMX with the part that goes into the popover or the dialog.
A write answers HTMX with 204 and the DOM events `events-changed` and `toast`; everyone else is redirected.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from scheduling import quickadd, services
from scheduling.booking_queries import ended_with
from scheduling.core.event import InvalidEvent
from scheduling.details import details_of
from scheduling.forms import EventForm
from scheduling.htmx import SignedInRequest, page_or_fragment, vary, wants_fragment
from scheduling.initial import initial_of_copy, initial_of_new
from scheduling.models import CalendarEvent
from scheduling.queries import profile_of, trash_of, writable_calendars_of
from scheduling.repeat_preview import form_preview
from scheduling.series import SeriesOccurrence
from scheduling.services import ReadOnly, StaleEvent, UnknownOccurrence
from scheduling.views import scopes
from scheduling.views.replies import event_or_404, refused, saved, when

TRASH_DAYS = 30


# --- pages -------------------------------------------------------------------------------------
@require_GET
def detail(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    event, occurrence = scopes.addressed(request, event_id)
    shown = occurrence.as_event() if occurrence else event
    context = {
        "event": shown,
        "occurrence": occurrence.key if occurrence else "",
        "in_popover": wants_fragment(request),
        **details_of(shown, profile_of(request.user)),
    }
    return page_or_fragment(request, "scheduling/event.html", "scheduling/_event.html", context)


@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    form = EventForm(
        request.POST if request.method == "POST" else None,
        profile=profile_of(request.user),
        calendars=writable_calendars_of(request.user),
        initial=_initial_of_new(request) if request.method == "GET" else None,
    )
    if request.method == "GET" or "show_dates" in request.POST or not form.is_valid():
        return _form_page(request, form)
    try:
        event = services.create_event(
            calendar=form.cleaned_data["calendar"], values=form.values, origin="web", actor=request.user
        )
    except InvalidEvent as error:
        form.refuse(error)
        return _form_page(request, form)
    return saved(
        request,
        event,
        _("Added “%(title)s” on %(when)s.")
        % {"title": event.title, "when": when(event.start, profile_of(request.user))},
        icon="check-lg",
    )


@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    """Of a series, `?occurrence=` names one, and `scope` says what changes with it; without it that is asked.

    Without `occurrence` the series itself is edited, at its first event.
    """
    series, occurrence = scopes.addressed(request, event_id)
    event = occurrence.as_event() if occurrence else series
    if not event.is_editable or (event.is_deleted and request.method == "GET"):
        return redirect("event", event_id=event.pk)
    form = EventForm(
        request.POST if request.method == "POST" else None,
        profile=profile_of(request.user),
        calendars=writable_calendars_of(request.user),
        event=event,
    )
    only_shows = request.method == "GET" or {"show_dates", "back"} & request.POST.keys()
    if only_shows or not form.is_valid():
        return _form_page(request, form, event, occurrence=occurrence)
    scope = request.POST.get("scope", "")
    is_other = form.values != event.values or form.cleaned_data["calendar"] != event.calendar
    keeps_rule = form.values.recurrence == event.values.recurrence
    if occurrence and is_other and scope not in scopes.SCOPES:
        return scopes.ask(
            request, series, occurrence, request.POST, verb=scopes.CHANGE, address=request.get_full_path(),
            values=form.values, can_be_alone=keeps_rule, can_go_back=True,
        )  # fmt: skip
    try:
        edited = _save_edit(request, form, series, occurrence, scope or scopes.THIS)
    except StaleEvent:
        now, found = scopes.addressed(request, event_id)
        event = found.as_event() if found else now
        differences = form.meet(event)
        return _form_page(request, form, event, occurrence=found, differences=differences, status=409)
    except InvalidEvent as error:
        form.refuse(error)
        return _form_page(request, form, event, occurrence=occurrence)
    if edited.revision == event.revision:
        return saved(
            request,
            edited,
            _("Nothing changed in “%(title)s”.") % {"title": edited.title},
            icon="check-lg",
            undo=False,
        )
    is_moved = (form.values.start, form.values.end) != (event.start, event.end)
    pattern = _("Moved %(what)s to %(when)s.") if is_moved else _("Saved %(what)s on %(when)s.")
    message = pattern % {
        "what": scopes.named(edited.title, scope if occurrence else ""),
        "when": when(form.values.start, profile_of(request.user)),
    }
    return saved(request, edited, message, icon="check-lg", undo=scopes.undo_of(series, edited))


@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    """Of a series, `occurrence` names one and `scope` says what else goes; without `scope` that is asked."""
    event = event_or_404(request, event_id)
    said = {**request.GET.dict(), **request.POST.dict()}
    try:
        occurrence = scopes.occurrence_of(event, said.get("occurrence", ""))
    except UnknownOccurrence:
        return refused(
            request, event, _("This “%(title)s” is not there any more.") % {"title": event.title}, status=404
        )
    scope = said.get("scope", "") if said.get("occurrence") else scopes.ALL
    if occurrence and said.get("occurrence") and scope not in scopes.SCOPES:
        address = reverse("event-delete", args=[event.pk])
        return scopes.ask(request, event, occurrence, said, verb=scopes.DELETE, address=address)
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
        deleted = scopes.delete_part(event, occurrence, scope, actor=request.user)
    except ReadOnly as error:
        return refused(request, event, str(error), status=403)
    if occurrence and scope != scopes.ALL:
        this = _("Deleted this “%(title)s”.")
        following = _("Deleted this “%(title)s” and all that follow.")
        what = (following if scope == scopes.FOLLOWING else this) % {"title": event.title}
        return saved(request, deleted, what, icon="trash3")
    what = _("Deleted “%(title)s” and all its repeats.") if event.recurrence else _("Deleted “%(title)s”.")
    restore_at = {"url": reverse("event-restore", args=[event.pk])}
    return saved(request, deleted, what % {"title": event.title}, icon="trash3", undo=restore_at)


@require_GET
def trash(request: SignedInRequest) -> HttpResponse:
    profile = profile_of(request.user)
    since = timezone.now() - timedelta(days=TRASH_DAYS)
    rows = [(event, details_of(event, profile)) for event in trash_of(request.user, since)]
    return vary(render(request, "scheduling/trash.html", {"rows": rows, "days": TRASH_DAYS}))


@require_http_methods(["GET", "POST"])
def quick_add(request: SignedInRequest) -> HttpResponse:
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
    return saved(
        request,
        event,
        _("Added “%(title)s” on %(when)s.")
        % {"title": event.title, "when": when(event.start, profile_of(request.user))},
        icon="check-lg",
    )


# --- changes without a page --------------------------------------------------------------------
@require_POST
def restore(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    event = event_or_404(request, event_id)
    try:
        event = services.restore_event(event=event, origin="web", actor=request.user)
    except ReadOnly as error:
        return refused(request, event, str(error), status=403)
    return _back(request, event)


@require_POST
def undo(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    event = event_or_404(request, event_id)
    try:
        event = services.undo_change(
            event=event, revision=int(request.POST.get("revision", "")), origin="web", actor=request.user
        )
    except (StaleEvent, ValueError):
        message = _("“%(title)s” was changed again in the meantime, so nothing was undone.") % {
            "title": event.title
        }
        return refused(request, event, message, status=409)
    except ReadOnly as error:
        return refused(request, event, str(error), status=403)
    if event.is_deleted:
        return saved(
            request,
            event,
            _("“%(title)s” is gone again.") % {"title": event.title},
            icon="check-lg",
            undo=False,
        )
    return _back(request, event)


def _back(request: SignedInRequest, event: CalendarEvent) -> HttpResponse:
    words = {"title": event.title, "when": when(event.start, profile_of(request.user))}
    message = _("“%(title)s” is back on %(when)s.") % words
    if guests := ended_with(event).values_list("guest_name", flat=True):  # too late: they know, or soon will
        message += " " + _("It stays cancelled for %(guests)s.") % {"guests": ", ".join(guests)}
    return saved(request, event, message, icon="check-lg", undo=False)


# --- parts -------------------------------------------------------------------------------------
def _initial_of_new(request: SignedInRequest) -> dict[str, Any]:
    profile = profile_of(request.user)
    if copied := request.GET.get("copy"):
        try:
            return initial_of_copy(event_or_404(request, UUID(copied)), profile)
        except ValueError:
            pass
    return initial_of_new(request.GET, profile, timezone.now())


def _form_page(
    request: SignedInRequest,
    form: EventForm,
    event: CalendarEvent | None = None,
    *,
    occurrence: SeriesOccurrence | None = None,
    status: int = 0,
    **context: Any,
) -> HttpResponse:
    """The form as it stands; with the next dates of its rule, and only these when HTMX asks for them."""
    is_valid = not form.is_bound or form.is_valid()
    context |= {"form": form, "event": event, "in_dialog": wants_fragment(request)}
    context["occurrence"] = occurrence.key if occurrence else ""
    context["preview"] = form_preview(form, occurrence, timezone.now().date())
    if wants_fragment(request) and request.headers.get("HX-Target") == "repeat-preview":
        return vary(render(request, "scheduling/_repeat_preview.html", context))
    return page_or_fragment(
        request,
        "scheduling/event_form.html",
        "scheduling/_event_form.html",
        context,
        status=status or (200 if is_valid else 422),
    )


def _quick_add_page(
    request: SignedInRequest, understood: quickadd.Understood, *, status: int, error: str = ""
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


def _save_edit(
    request: SignedInRequest,
    form: EventForm,
    event: CalendarEvent,
    occurrence: SeriesOccurrence | None,
    scope: str,
) -> CalendarEvent:
    """Write the edit; what was deleted meanwhile comes back once the person has seen that and insists."""
    seen: int | None = form.cleaned_data["revision"]
    row = occurrence.event if occurrence else event
    with transaction.atomic():
        if row.is_deleted:
            if seen != row.revision:
                raise StaleEvent(row)
            seen = services.restore_event(event=row, origin="web", actor=request.user).revision
        return scopes.update_part(
            event,
            occurrence,
            scope,
            form.values,
            calendar=form.cleaned_data["calendar"],
            keeps_rule=False,
            expected_revision=seen,
            actor=request.user,
        )
