"""The sync page and the small fragments that other pages load from it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.socialaccount.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from scheduling.models import CalendarEvent
from sync import connection
from sync.models import CalendarLink, EventLink, GoogleAccount, JournalEntry
from sync.push import unpark
from sync.queries import account_of, account_state, freshness_of
from sync.tasks import run_now

CONSENT = {"access_type": "offline", "prompt": "consent", "include_granted_scopes": "true"}


@require_GET
@never_cache
@vary_on_headers("HX-Request")
def status(request: HttpRequest) -> HttpResponse:
    """How sync is doing: the page, or with HTMX the part that changes."""
    return _render_status(request)


@require_GET
@never_cache
def freshness(request: HttpRequest) -> HttpResponse:
    """The pill in the top bar."""
    return render(request, "sync/_freshness.html", {"freshness": freshness_of(request.user)})


@require_GET
@never_cache
def event_state(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Where one event stands between here and Google."""
    event = get_object_or_404(CalendarEvent.objects.of(request.user).select_related("calendar"), pk=event_id)
    known = EventLink.objects.filter(event=event).select_related("link__account").first()
    return render(request, "sync/_event_state.html", {"event": event, "known": known})


@require_POST
def retry(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Try a refused event again."""
    event = get_object_or_404(CalendarEvent.objects.of(request.user), pk=event_id)
    if unpark(Q(event=event)):
        account = account_of(request.user)
        if account is not None:
            run_now([account.pk])
    return redirect("sync")


@require_POST
def connect(request: HttpRequest) -> HttpResponseBase:
    """Go to Google for the second, separate consent: the calendar, for as long as the owner wishes."""
    if not settings.GOOGLE_CLIENT_ID:
        messages.error(request, "This installation has no Google client yet. See README, “Google set-up”.")
        return redirect("sync")
    provider = get_adapter().get_provider(request, "google")
    account = account_of(request.user)
    params = {**CONSENT, **({"login_hint": account.email} if account else {})}
    return provider.redirect(
        request,
        process="connect",
        next_url=reverse("sync"),
        data={"purpose": connection.CONNECTION_STATE},
        scope=["openid", "email", "profile", *connection.WANTED_SCOPES],
        auth_params=params,
    )


@require_POST
def disconnect(request: HttpRequest) -> HttpResponse:
    account = account_of(request.user)
    if account is not None:
        connection.disconnect(account=account)
        messages.success(request, f"{account.email} is disconnected. Every event stays here and in Google.")
    return redirect("sync")


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


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """The owner agrees that events from before the connection go to Google."""
    account = account_of(request.user)
    if account is not None:
        connection.confirm_rehearsal(account=account)
        run_now([account.pk])
    return redirect("sync")


@require_POST
def calendar_switch(request: HttpRequest, link_id: int) -> HttpResponse:
    """Mirror a Google calendar here, or stop it."""
    link = get_object_or_404(CalendarLink, account__user=request.user, pk=link_id)
    if request.POST.get("enabled"):
        connection.enable_calendar(link=link)
        run_now([link.account.pk])
    else:
        connection.disable_calendar(link=link)
    return redirect("sync")


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
    template = "sync/_status.html" if request.headers.get("HX-Request") else "sync/status.html"
    return render(request, template, context)
