"""Which of Google's calendars are mirrored, and how."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from scheduling import services
from scheduling.core import wording
from scheduling.details import details_of
from scheduling.htmx import SignedInRequest, vary
from scheduling.queries import profile_of
from sync import connection
from sync.access import set_direction
from sync.gone import delete_gone, gone_events, keep_gone
from sync.models import CalendarLink
from sync.tasks import run_now

MOST_SHOWN = 200


@require_http_methods(["GET", "POST"])
@never_cache
def calendar(request: SignedInRequest, link_id: int) -> HttpResponse:
    """How one calendar is mirrored; a post without `enabled` stops it, fields it does not name stay."""
    link = _link_or_404(request, link_id)
    if request.method == "GET":
        context = {
            "link": link,
            "colors": wording.color_names().items(),
            "directions": CalendarLink.Direction.choices,
        }
        return vary(render(request, "sync/calendar.html", context))
    if request.POST.get("direction") in CalendarLink.Direction.values:
        set_direction(link=link, direction=request.POST["direction"])
    if request.POST.get("enabled"):
        mirrored = connection.enable_calendar(link=link)
        color = request.POST.get("color", "")
        if color.isdigit() and int(color) in wording.color_names():
            services.update_calendar(calendar=mirrored, color=int(color))
        run_now([link.account_id])
    else:
        connection.disable_calendar(link=link)
    return redirect("sync")


@require_http_methods(["GET", "POST"])
@never_cache
def gone(request: SignedInRequest, link_id: int) -> HttpResponse:
    """Events that Google no longer lists: look at them, then delete them here or send them back."""
    link = _link_or_404(request, link_id)
    if not link.deletions_held or link.are_deletions_agreed:
        return redirect("sync")
    if request.method == "GET":
        profile, events = profile_of(request.user), gone_events(link)
        rows = [(event, details_of(event, profile)) for event in events[:MOST_SHOWN]]
        return vary(render(request, "sync/gone.html", {"link": link, "rows": rows, "total": len(events)}))
    if request.POST.get("decision") == "delete":
        delete_gone(link=link)
        messages.success(
            request, _("Google is asked about each of them once more; what is gone there goes here too.")
        )
    elif request.POST.get("decision") == "keep" and link.can_write:
        count = keep_gone(link=link)
        words = ngettext(
            "%(count)d event stays here and goes back to Google.",
            "%(count)d events stay here and go back to Google.",
            count,
        )
        messages.success(request, words % {"count": count})
    run_now([link.account_id])
    return redirect("sync")


def _link_or_404(request: SignedInRequest, link_id: int) -> CalendarLink:
    links = CalendarLink.objects.select_related("account__user", "calendar")
    return get_object_or_404(links, account__user=request.user, pk=link_id)
