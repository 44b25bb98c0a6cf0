"""The host's side of free time: weekly hours, dates that differ, and why a time is not offered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from scheduling import availability, booking_queries, queries, services
from scheduling.core.zones import instant
from scheduling.hours_forms import DateForm, Range, WeekForm
from scheduling.htmx import SignedInRequest
from scheduling.models import AppointmentType, UserProfile
from scheduling.presentation.booking import Reader
from scheduling.presentation.reasons import Check, checks

AROUND = timedelta(days=14)
COPIES = {
    "copy": (range(7), gettext_lazy("all days")),
    "copy-workdays": (range(5), gettext_lazy("Monday to Friday")),
}


@require_http_methods(["GET", "POST"])
def hours(request: SignedInRequest) -> HttpResponse:
    """POST saves the whole week; the buttons in it copy a day first."""
    if request.method == "GET":
        return _page(request, WeekForm.of(availability.weekly_hours_of(request.user)))
    profile = queries.profile_of(request.user)
    usual = Range(f"{profile.working_hours_start:%H:%M}", f"{profile.working_hours_end:%H:%M}")
    week = WeekForm(request.POST, usual)
    said = _("Hours saved.")
    for name, (days, words) in COPIES.items():
        if day := request.POST.get(name, ""):
            week.copy(day, days)
            said = _("Copied to %(days)s and saved.") % {"days": words}
    if not week.is_valid():
        return _page(request, week, status=422)
    user: User = request.user
    services.replace_available_slots(user=user, slots=week.ranges)
    messages.success(request, said)
    return redirect("hours")


@require_POST
def add_date(request: SignedInRequest) -> HttpResponse:
    form = DateForm(request.POST)
    if form.is_valid():
        try:
            services.add_override(user=request.user, **form.values())
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Date added."))
            return redirect("hours")
    week = WeekForm.of(availability.weekly_hours_of(request.user))
    return _page(request, week, dates=form, status=422)


@require_POST
def delete_date(request: SignedInRequest, override_id: int) -> HttpResponse:
    override = get_object_or_404(request.user.date_overrides, pk=min(override_id, 2**63 - 1))  # type: ignore[union-attr]
    services.delete_override(override=override)
    messages.success(request, _("Date removed; the weekly hours count again."))
    return redirect("hours")


def _page(
    request: SignedInRequest, week: WeekForm, *, dates: DateForm | None = None, status: int = 200
) -> HttpResponse:
    profile = queries.profile_of(request.user)
    types = list(booking_queries.types_of(request.user))
    today = timezone.now().astimezone(ZoneInfo(profile.timezone)).date()
    overrides = request.user.date_overrides.filter(last_date__gte=today)  # type: ignore[union-attr]
    context = {
        "week": week,
        "dates": dates or DateForm(),
        "overrides": overrides,
        "types": types,
        "zone": profile.timezone,
        "unknown": availability.unknown_calendars(request.user),
        "why": _why(request.user, profile, types, request.GET),
    }
    return render(request, "scheduling/hours.html", context, status=status)


def _why(
    user: User, profile: UserProfile, types: list[AppointmentType], asked: Mapping[str, str]
) -> dict[str, Any]:
    """Whether a time is offered and what speaks against it, by the engine that offers times to guests."""
    place, now = ZoneInfo(profile.timezone), timezone.now()
    reader = Reader.of(profile, now)
    found = next((t for t in types if str(t.pk) == asked.get("type")), types[0] if types else None)
    answer: dict[str, Any] = {
        "type": found,
        "date": asked.get("date") or reader.today.isoformat(),
        "time": asked.get("time") or f"{profile.working_hours_start:%H:%M}",
    }
    if "date" not in asked or found is None:
        return answer
    try:
        day, clock = date.fromisoformat(answer["date"]), time.fromisoformat(answer["time"])
        if not 1970 <= day.year <= 2199:
            raise ValueError
    except ValueError:
        return answer | {"problem": _("Enter a date and a time.")}
    start = instant(datetime.combine(day, clock.replace(second=0, microsecond=0, tzinfo=None)), place)
    reasons = availability.reasons_for_starts(found, user, [start], now=now)[start]
    listed: list[Check] = checks(reasons, found)
    free = availability.slots_of(
        found, start=max(start, now), end=max(start, now) + AROUND, now=now, hosts=[user]
    )
    words = reader.words(start, start + timedelta(minutes=found.duration))
    return answer | {
        "words": words,
        "is_offered": not reasons,
        "checks": listed,
        "against": len(reasons),
        "nearest": [
            (
                reader.short(slot.start),
                reader.day_of(slot.start).isoformat(),
                f"{slot.start.astimezone(place):%H:%M}",
            )
            for slot in free[:3]
        ],
    }
