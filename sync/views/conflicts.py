"""The tray of events that were changed in two places."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from scheduling.htmx import SignedInRequest, vary, wants_fragment
from scheduling.queries import profile_of
from scheduling.services import InvalidEvent, ReadOnly, StaleEvent
from sync.conflicts import OURS, resolve_conflict, tray_of
from sync.models import Conflict
from sync.queries import account_of


@require_GET
@never_cache
def tray(request: SignedInRequest) -> HttpResponse:
    """The open conflicts; nothing while they are the ones the page shows, so that a half-made choice stays."""
    found = tray_of(account_of(request.user), profile_of(request.user))
    if request.GET.get("seen") == found.digest:
        return HttpResponse(status=204)
    return vary(render(request, "sync/_tray.html", {"tray": found}))


@require_POST
def resolve(request: SignedInRequest, conflict_id: int) -> HttpResponse:
    """Keep ours, Google's, or what was chosen field by field."""
    conflict = get_object_or_404(Conflict, event_link__link__account__user=request.user, pk=conflict_id)
    keep = request.POST.get("keep", "")
    choices = {group: request.POST.get(group, "") if keep == "chosen" else keep for group in conflict.groups}
    revision = request.POST.get("revision", "")
    bad = False
    try:
        event = resolve_conflict(
            conflict=conflict,
            choices=choices,
            actor=request.user,
            expected_revision=int(revision) if revision.isdigit() else None,
        )
        sent = _("Chosen for “%(title)s”. Google hears of it in a moment.")
        unsent = _("Chosen for “%(title)s”. Nothing is sent.")
        message = (sent if OURS in choices.values() else unsent) % {"title": event.title}
    except StaleEvent as stale:
        bad, message = (
            True,
            _("“%(title)s” was changed again in the meantime. Look at it and choose again.")
            % {"title": stale.event.title},
        )
    except (ReadOnly, InvalidEvent) as error:
        bad, message = True, str(error)
    if not wants_fragment(request):
        (messages.error if bad else messages.success)(request, message)
        return redirect(reverse("sync"))
    context = {"tray": tray_of(account_of(request.user), profile_of(request.user)), "chosen": True}
    answer = vary(render(request, "sync/_tray.html", context))
    toast = {"message": message, "icon": "exclamation-triangle" if bad else "check-lg", "bad": bad}
    return trigger_client_event(trigger_client_event(answer, "toast", toast), "events-changed", {})
