"""One event between here and Google."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from scheduling import services
from scheduling.htmx import SignedInRequest
from scheduling.models import CalendarEvent
from sync.outbox import unpark
from sync.queries import account_of
from sync.rehearsal import take_googles
from sync.tasks import run_now


@require_POST
def retry(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    """Try a refused event again."""
    event = get_object_or_404(CalendarEvent.objects.of(request.user), pk=event_id)
    if unpark(Q(event=event)):
        account = account_of(request.user)
        if account is not None:
            run_now([account.pk])
    return redirect("event", event_id=event.pk) if request.POST.get("back") == "event" else redirect("sync")


@require_POST
def send(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    """An event that was kept on this server goes to Google after all."""
    event = get_object_or_404(CalendarEvent.objects.of(request.user).select_related("calendar"), pk=event_id)
    services.set_local_only(events=[event], is_local_only=False)
    account = account_of(request.user)
    if account is not None:
        run_now([account.pk])
    return redirect("event", event_id=event.pk)


@require_POST
def take_theirs(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    """Give up a change that Google refused; it stays in the history."""
    events = CalendarEvent.objects.of(request.user).select_related("calendar", "google_link")
    event = get_object_or_404(events.filter(google_link__base__isnull=False), pk=event_id)
    if unpark(Q(event=event)):
        take_googles(event)
    return redirect("event", event_id=event.pk) if request.POST.get("back") == "event" else redirect("sync")
