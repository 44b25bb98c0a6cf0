"""The calendar: month, week, day and agenda, each a page and a fragment for HTMX; and the settings."""

from __future__ import annotations

import json
from datetime import date as Date
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh, trigger_client_event

from scheduling import grid_queries, presentation, queries, services
from scheduling.core.crowd import Crowd, thin_out
from scheduling.core.event import EARLIEST, LATEST
from scheduling.core.spans import Span, overlap
from scheduling.core.zones import DAY, month_weeks, window
from scheduling.htmx import SignedInRequest, done, is_phone, vary, wants_fragment
from scheduling.models import Calendar, EventInstance, UserProfile
from scheduling.presentation import Item, Period, Viewer
from scheduling.profile_form import ProfileForm

GRIDS = {
    "month": "scheduling/_month.html",
    "week": "scheduling/_times.html",
    "day": "scheduling/_times.html",
    "agenda": "scheduling/_agenda.html",
}
# Settings that every page carries in its head.
WHOLE_PAGE = {"language", "theme", "density", "shortcuts_enabled"}
STILL_MINUTES = 5  # past and present fade: an unchanged grid is drawn anew so often


@login_not_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("calendar")
    return render(request, "landing.html")


@require_GET
def calendar(request: SignedInRequest) -> HttpResponse:
    """This month; on a phone the agenda from today."""
    viewer = Viewer.of(queries.profile_of(request.user), queries.utc_now())
    view = "agenda" if is_phone(request) else "month"
    return _show(request, viewer, presentation.period_of(view, viewer.today, viewer))


@require_GET
def calendar_view(request: SignedInRequest, view: str, date: str) -> HttpResponse:
    viewer = Viewer.of(queries.profile_of(request.user), queries.utc_now())
    if view not in presentation.VIEWS:
        raise Http404
    return _show(request, viewer, presentation.period_of(view, parse_day(date), viewer))


def parse_day(text: str) -> Date:
    """The day of `YYYY-MM-DD`; anything else, and days that are not kept, are not found."""
    try:
        day = Date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if day.isoformat() != text or not EARLIEST.year < day.year < LATEST.year:
        raise Http404
    return day


def _show(request: SignedInRequest, viewer: Viewer, period: Period) -> HttpResponse:
    calendars = list(queries.calendars_of(request.user))
    state = _state_of(request, viewer, period, calendars)
    is_fragment = wants_fragment(request)
    if is_fragment and request.headers.get("If-None-Match") == state:
        return vary(HttpResponseNotModified())
    context = {
        "period": period,
        "viewer": viewer,
        "headers": json.dumps({"If-None-Match": state}),
        "revisions": json.dumps(queries.revisions_of(calendars)),
        "accounts": presentation.accounts_of(calendars),
        # A live refresh leaves the toolbar alone: its menu may be open.
        "is_fragment": is_fragment,
        # Below the month stand the events of the chosen day, where the window is narrow.
        "lists_later": is_fragment and not is_phone(request),
        "is_refresh": is_fragment and request.htmx.trigger == "grid",
    }
    context["grid"], context["mini_month"] = _drawn_grid(request, viewer, period, calendars, state, context)
    template = "scheduling/_calendar.html" if is_fragment else "scheduling/calendar.html"
    response = vary(render(request, template, context))
    patch_vary_headers(response, ["Sec-CH-UA-Mobile", "User-Agent"])
    return response


def _drawn_grid(
    request: SignedInRequest,
    viewer: Viewer,
    period: Period,
    calendars: list[Calendar],
    state: str,
    context: dict[str, Any],
) -> tuple[SafeString, SafeString]:
    """The grid and the mini month, drawn once for as long as nothing that they show has changed."""
    parts = (request.user.pk, state.strip('"'), context["is_fragment"], context["lists_later"])
    key = ":".join(map(str, parts))
    drawn: tuple[SafeString, SafeString] | None = caches["grids"].get(key)
    if drawn is not None:
        return drawn
    crowd, items = _shown(calendars, viewer, period)
    nothing = _nothing(calendars, items, period, viewer)
    mini = presentation.mini_month(period.view, period.day, crowd, viewer)
    all_of_it = {**context, "mini": mini, "nothing": nothing, **_grid(period, items, crowd, viewer)}
    drawn = (
        render_to_string(GRIDS[period.view], all_of_it, request),
        render_to_string("scheduling/_mini_month.html", all_of_it, request),
    )
    if nothing != "hidden":  # that has a form, and with it a token of this session
        caches["grids"].set(key, drawn)
    return drawn


@require_GET
def day_list(request: SignedInRequest, date: str) -> HttpResponse:
    """All of one day: what "+N more" opens in a popover. As a page the agenda has it."""
    viewer, day = Viewer.of(queries.profile_of(request.user), queries.utc_now()), parse_day(date)
    if not wants_fragment(request):
        return vary(redirect("calendar-view", "agenda", date))
    items = _items(list(queries.calendars_of(request.user)), viewer, day, day)
    return vary(render(request, "scheduling/_day_list.html", presentation.day_list(day, items, viewer)))


def _shown(calendars: list[Calendar], viewer: Viewer, period: Period) -> tuple[Crowd, list[Item]]:
    """(what there is in the shown period and in the mini month beside it, what is drawn of it)."""
    weeks = month_weeks(period.day, viewer.first_day)
    first, last = min(weeks[0][0], period.days[0]), max(weeks[-1][-1], period.days[-1])
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    visible = {calendar.pk: calendar for calendar in calendars if calendar.is_visible}
    span = window(first, last + DAY, viewer.place)
    rows, read = grid_queries.glance(visible, span.start, span.end)
    limits = presentation.month_limits(period.day, viewer) if period.view == "month" else None
    crowd = thin_out(rows, days, viewer.place, period.days, limits)
    return crowd, _drawn(read(crowd.kept), visible, viewer)


def _items(calendars: list[Calendar], viewer: Viewer, first: Date, last: Date) -> list[Item]:
    """The occurrences of visible calendars from one local day to another, both included."""
    shown = window(first, last + DAY, viewer.place)
    visible = {calendar.pk: calendar for calendar in calendars if calendar.is_visible}
    return _drawn(queries.occurrences_between(visible, shown.start, shown.end), visible, viewer)


def _drawn(occurrences: list[EventInstance], calendars: dict[UUID, Calendar], viewer: Viewer) -> list[Item]:
    for occurrence in occurrences:
        occurrence.event.calendar = calendars[occurrence.calendar_id]
    return presentation.items_of(occurrences, viewer)


def _grid(period: Period, items: list[Item], crowd: Crowd, viewer: Viewer) -> dict[str, Any]:
    if period.view == "month":
        return {"month": presentation.month(period.day, items, crowd.left_out, viewer)}
    if period.view == "agenda":
        days = presentation.agenda(period.day, items, viewer)
        return {"days": days, "now": viewer.time(viewer.now_wall)}
    return {"times": presentation.times(period.days, items, viewer)}


def _nothing(calendars: list[Calendar], items: list[Item], period: Period, viewer: Viewer) -> str:
    """Why the view is empty: `hidden` calendars, or no `event`; empty itself when there is something."""
    if calendars and not any(calendar.is_visible for calendar in calendars):
        return "hidden"
    days = [day for day in period.days if period.view != "month" or day.month == period.day.month]
    shown = Span(days[0], days[-1] + DAY)
    return "" if any(overlap(item.entry.days(viewer.place), shown) for item in items) else "event"


def _state_of(request: SignedInRequest, viewer: Viewer, period: Period, calendars: list[Calendar]) -> str:
    """An ETag of everything that the grid shows."""
    bucket = int(viewer.now.timestamp() // (STILL_MINUTES * 60))
    profile = queries.profile_of(request.user)
    parts = [
        period.view,
        period.day,
        bucket,
        viewer.today,
        profile.density,
        viewer.place,
        viewer.second_place,
        viewer.clock,
        viewer.language,
    ]
    parts += [viewer.first_day, viewer.show_weekends, viewer.work_start, viewer.work_end]
    parts += [
        (c.pk, c.revision, c.is_visible, c.name, c.color, c.is_synced, c.is_read_only) for c in calendars
    ]
    return f'"{sha256(repr(parts).encode()).hexdigest()[:24]}"'


@require_POST
def visibility(request: SignedInRequest, calendar_id: UUID) -> HttpResponse:
    """Show or hide one calendar."""
    calendar = get_object_or_404(queries.calendars_of(request.user), pk=calendar_id)
    services.set_calendar_visibility(
        calendar=calendar, is_visible=str(calendar_id) in request.POST.getlist("visible")
    )
    return _changed(request)


@require_POST
def show_all(request: SignedInRequest) -> HttpResponse:
    """Show every calendar."""
    for calendar in queries.calendars_of(request.user):
        services.set_calendar_visibility(calendar=calendar, is_visible=True)
    return _changed(request)


def _changed(request: SignedInRequest) -> HttpResponse:
    if wants_fragment(request):
        return done({"events-changed": {}})
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if is_ours and back.startswith("/") else "calendar")


@require_http_methods(["GET", "POST"])
def settings_page(request: SignedInRequest) -> HttpResponse:
    """HTMX saves with every change: what is wrong comes back at its field, all else stays as it stands there."""
    profile: UserProfile = queries.profile_of(request.user)
    form = ProfileForm(request.POST or None, initial=ProfileForm.values_of(profile))
    if not form.is_valid():
        answer = render(
            request, "scheduling/settings.html", {"form": form}, status=422 if form.is_bound else 200
        )
        return vary(answer)
    was = ProfileForm.values_of(profile)
    services.update_profile(profile=profile, **form.cleaned_data)
    if not wants_fragment(request):
        messages.success(request, _("Settings saved."))
        return redirect("settings")
    changed = {name for name, value in form.cleaned_data.items() if value != was[name]}
    if changed & WHOLE_PAGE:
        return vary(HttpResponseClientRefresh())
    toast = {"message": _("Saved."), "icon": "check-lg"}
    if "had_errors" not in request.POST:
        return done({"toast": toast} if changed else {})
    mended = ProfileForm(initial=ProfileForm.values_of(profile))
    answer = render(request, "scheduling/settings.html", {"form": mended})
    return vary(trigger_client_event(answer, "toast", toast))
