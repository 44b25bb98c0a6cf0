"""Bringing a file in: choose it, look at what would come of it, say yes."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from scheduling import queries, services
from scheduling.core import wording
from scheduling.core.event import parse_moment
from scheduling.core.ical import UnreadableCalendar
from scheduling.core.zones import wall_time
from scheduling.exchange_forms import ImportForm
from scheduling.htmx import SignedInRequest, page_or_fragment, vary
from scheduling.models import CalendarImport, UserProfile
from scheduling.services import ReadOnly
from scheduling.tasks import enqueue_import_reading, enqueue_import_writing

State = CalendarImport.State


@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    calendars = queries.writable_calendars_of(request.user)
    form = ImportForm(request.POST or None, request.FILES or None, calendars=calendars)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            job = services.start_import(
                calendar=form.cleaned_data["calendar"], file_name=file.name or "", data=file.read()
            )
        except (UnreadableCalendar, ReadOnly) as error:
            form.refuse(str(error))
        else:
            if job.state == State.READING:
                enqueue_import_reading(str(job.pk))
            return redirect("import", import_id=job.pk)
    status = 422 if request.method == "POST" else 200
    return vary(render(request, "scheduling/import_new.html", {"form": form}, status=status))


@require_http_methods(["GET", "POST"])
def show(request: SignedInRequest, import_id: UUID) -> HttpResponse:
    """One import: before, while and after it is written. POST says yes, or `discard`s it."""
    job = get_object_or_404(queries.imports_of(request.user), pk=import_id)
    if request.method == "POST":
        if "discard" in request.POST:
            services.discard_import(job=job)
            return redirect("import-new")
        if not services.confirm_import(job=job):
            enqueue_import_writing(str(job.pk))
        return redirect("import", import_id=job.pk)
    return page_or_fragment(
        request, "scheduling/import.html", "scheduling/_import.html", _context(job, request)
    )


def _context(job: CalendarImport, request: SignedInRequest) -> dict[str, Any]:
    profile = queries.profile_of(request.user)
    counts = {kind: job.counts.get(kind, 0) for kind in ("created", "updated", "unchanged", "skipped")}
    return {
        "job": job,
        "counts": counts,
        "is_working": job.state in (State.READING, State.WRITING),
        "changes": counts["created"] + counts["updated"],
        "rows": [_row(row, profile) for row in job.rows],
        "notes": [problem for problem in job.problems if not problem["is_lost"]],
        "lost": [problem for problem in job.problems if problem["is_lost"]],
    }


def _row(row: dict[str, Any], profile: UserProfile) -> dict[str, Any]:
    place = ZoneInfo(profile.timezone)
    today = wall_time(timezone.now(), place).date()
    twelve = profile.clock == UserProfile.Clock.HOURS_12
    days, times = wording.span_words(
        parse_moment(row["start"]), parse_moment(row["end"]), place, today, twelve
    )
    return {
        "kind": row["kind"],
        "title": row["title"],
        "when": f"{days} · {times}" if times else days,
        "repeats": wording.repeats(row["recurrence"], today) if row["repeats"] else "",
    }
