"""What became of an event, and the way back to any version of it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from scheduling import services
from scheduling.core.event import InvalidEvent
from scheduling.details import details_of
from scheduling.history import history_of
from scheduling.htmx import SignedInRequest, vary
from scheduling.models import EventRevision
from scheduling.queries import events_of, profile_of
from scheduling.services import ReadOnly, StaleEvent


@require_GET
def history(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    event = get_object_or_404(events_of(request.user), pk=event_id)
    profile = profile_of(request.user)
    context = {"event": event, "changes": history_of(event, profile), **details_of(event, profile)}
    return vary(render(request, "scheduling/history.html", context))


@require_POST
def restore(request: SignedInRequest, event_id: UUID, change_id: int) -> HttpResponse:
    """Bring back what the event was before this change."""
    event = get_object_or_404(events_of(request.user), pk=event_id)
    change = get_object_or_404(
        EventRevision.objects.select_related("event", "calendar_before"), event=event, pk=change_id
    )
    try:
        restored = services.restore_revision(change=change, origin="web", actor=request.user)
    except (ReadOnly, InvalidEvent) as error:
        messages.error(request, str(error))
    except StaleEvent:
        messages.error(
            request,
            _("“%(title)s” was changed in the meantime. Look at it and try again.") % {"title": event.title},
        )
    else:
        messages.success(request, _("“%(title)s” is as it was.") % {"title": restored.title})
    return redirect("event-history", event_id=event.pk)
