"""The sync page and the small fragments that other pages load from it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from scheduling.queries import profile_of
from sync.conflicts import tray_of
from sync.models import GoogleAccount, JournalEntry
from sync.queries import account_of, account_state, freshness_of
from sync.tasks import run_now
from sync.trouble import trouble_of


@require_GET
@never_cache
@vary_on_headers("HX-Request")
def status(request: HttpRequest) -> HttpResponse:
    """How sync is doing: the page, or with HTMX the part that changes."""
    return _render_status(request)


@require_GET
@never_cache
def freshness(request: HttpRequest) -> HttpResponse:
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
def sync_now(request: HttpRequest) -> HttpResponse:
    """Have the worker pull and push now."""
    account = account_of(request.user)
    if account is None:
        messages.error(request, "No Google account is connected.")
    elif account.status != GoogleAccount.Status.ACTIVE:
        messages.error(request, f"Google has ended the connection of {account.email}. Reconnect it first.")
    else:
        run_now([account.pk])
    return _render_status(request) if request.headers.get("HX-Request") else redirect("sync")


def _render_status(request: HttpRequest) -> HttpResponse:
    account = account_of(request.user)
    context: dict[str, Any] = {
        "account": account,
        "state": account_state(account) if account else None,
        "journal": JournalEntry.objects.filter(account=account).select_related("event")[:20]
        if account
        else [],
        "poll_seconds": settings.SYNC_POLL_SECONDS,
    }
    if not request.headers.get("HX-Request"):
        context["tray"] = tray_of(account, profile_of(request.user))
    template = "sync/_status.html" if request.headers.get("HX-Request") else "sync/status.html"
    return render(request, template, context)
