"""The sync page and the small fragments that other pages load from it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from scheduling.core.zones import day_bounds, zone
from scheduling.history import reader_of
from scheduling.htmx import SignedInRequest
from scheduling.queries import profile_of
from scheduling.services import InvalidEvent, ReadOnly
from scheduling.views.calendar import parse_day
from sync.conflicts import tray_of
from sync.journal import PAGE, lines_of, restore_from
from sync.models import GoogleAccount, JournalEntry
from sync.queries import account_of, account_state, freshness_of
from sync.tasks import run_now
from sync.trouble import trouble_of

KINDS = (
    ("", pgettext_lazy("journal", "All")),
    ("in", pgettext_lazy("journal", "In")),
    ("out", pgettext_lazy("journal", "Out")),
    ("problems", pgettext_lazy("journal", "Problems")),
)


@require_GET
@never_cache
@vary_on_headers("HX-Request")
def status(request: SignedInRequest) -> HttpResponse:
    """How sync is doing: the page, or with HTMX the part that changes."""
    return _render_status(request)


@require_GET
@never_cache
def freshness(request: SignedInRequest) -> HttpResponse:
    """The pill in the top bar; with it the banner about the connection, when the page shows another one or none."""
    trouble = trouble_of(request.user)
    shown = request.GET.get("trouble")
    context = {
        "freshness": freshness_of(request.user),
        "trouble": trouble,
        "tells": shown is not None and shown != (trouble.key if trouble else ""),
    }
    return render(request, "sync/_freshness.html", context)


@require_POST
def sync_now(request: SignedInRequest) -> HttpResponse:
    """Have the worker pull and push now."""
    account = account_of(request.user)
    if account is None:
        messages.error(request, _("No Google account is connected."))
    elif account.status != GoogleAccount.Status.ACTIVE:
        messages.error(
            request,
            _("Google has ended the connection of %(email)s. Reconnect it first.") % {"email": account.email},
        )
    else:
        run_now([account.pk])
    return _render_status(request) if request.headers.get("HX-Request") else redirect("sync")


@require_POST
def restore(request: SignedInRequest, entry_id: int) -> HttpResponse:
    """Bring back what an entry of the journal says was before."""
    entries = JournalEntry.objects.select_related("event__calendar").filter(event__isnull=False)
    entry = get_object_or_404(entries, account__user=request.user, pk=entry_id)
    try:
        event = restore_from(entry=entry, actor=request.user)
    except (ReadOnly, InvalidEvent) as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, _("“%(title)s” is as it was. Google hears of it in a moment.") % {"title": event.title}
        )
    return redirect("sync")


def _render_status(request: SignedInRequest) -> HttpResponse:
    account, profile = account_of(request.user), profile_of(request.user)
    show, older = request.GET.get("show", ""), request.GET.get("before", "")
    before_id = int(older) if older.isdigit() and len(older) < 19 else None
    day = parse_day(request.GET["day"]) if request.GET.get("day") else None
    during = day_bounds(day, zone(profile.timezone)) if day else None
    lines = (
        lines_of(account, reader_of(profile), show=show, before_id=before_id, during=during)
        if account
        else []
    )
    given = (("show", show), ("day", day.isoformat() if day else ""), ("before", older))
    query = {name: value for name, value in given if value}
    context: dict[str, Any] = {
        "account": account,
        "state": account_state(account) if account else None,
        "lines": lines,
        "show": show,
        "day": day,
        "kinds": KINDS,
        "older": lines[-1].entry.pk if len(lines) == PAGE else None,
        "here": f"{reverse('sync')}{f'?{urlencode(query)}' if query else ''}",
    }
    if not request.headers.get("HX-Request"):
        context["tray"] = tray_of(account, profile)
    template = "sync/_status.html" if request.headers.get("HX-Request") else "sync/status.html"
    return render(request, template, context)
