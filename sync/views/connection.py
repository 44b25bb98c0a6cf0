"""Connecting, agreeing to what is sent, and leaving."""

from __future__ import annotations

from allauth.socialaccount.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from scheduling.htmx import SignedInRequest, vary
from scheduling.queries import profile_of
from scheduling.services import update_profile
from sync import connection
from sync.leaving import leave, parting_of
from sync.queries import account_of
from sync.rehearsal import decide, rehearsal_of
from sync.tasks import run_now

CONSENT = {"access_type": "offline", "prompt": "consent", "include_granted_scopes": "true"}


@require_POST
def connect(request: SignedInRequest) -> HttpResponseBase:
    """Go to Google for the second, separate consent: the calendar, for as long as the owner wishes."""
    if not settings.GOOGLE_CLIENT_ID:
        messages.error(request, _("This installation has no Google client yet. See README, “Google set-up”."))
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


@require_http_methods(["GET", "POST"])
@never_cache
def disconnect(request: SignedInRequest) -> HttpResponse:
    """Leave Google: ask what becomes of the copies here, then do it. Without an answer everything stays."""
    account = account_of(request.user)
    if account is None:
        return redirect("sync")
    if request.method == "GET":
        return vary(
            render(request, "sync/disconnect.html", {"account": account, "parting": parting_of(account)})
        )
    removed = leave(account=account, remove_copies=request.POST.get("copies") == "remove")
    if removed:
        what = ngettext(
            "%(email)s is disconnected. %(count)d copy went from here. Google keeps every event.",
            "%(email)s is disconnected. %(count)d copies went from here. Google keeps every event.",
            removed,
        )
    else:
        what = _("%(email)s is disconnected. Every event stays here and in Google.")
    messages.success(request, what % {"email": account.email, "count": removed})
    return redirect("sync")


@require_POST
def pause(request: SignedInRequest) -> HttpResponse:
    """Stop reading and sending for a while (`on` empty), or go on."""
    is_on = bool(request.POST.get("on"))
    update_profile(profile=profile_of(request.user), google_calendar_sync_enabled=is_on)
    account = account_of(request.user)
    if is_on and account is not None:
        run_now([account.pk])
    return redirect("sync")


@require_http_methods(["GET", "POST"])
@never_cache
def resync(request: SignedInRequest) -> HttpResponse:
    """Read everything again, once that was confirmed."""
    account = account_of(request.user)
    if account is None:
        return redirect("sync")
    if request.method == "GET":
        return vary(render(request, "sync/resync.html", {"account": account}))
    connection.read_all_again(account=account)
    run_now([account.pk])
    return redirect("sync")


@require_GET
@never_cache
def rehearsal(request: SignedInRequest) -> HttpResponse:
    """What the first sync will send, and what looks like a double."""
    account = account_of(request.user)
    if account is None or account.is_rehearsed or account.is_newly_connected:
        return redirect("sync")
    profile = profile_of(request.user)
    context = {"account": account, "rehearsal": rehearsal_of(account, profile)}
    return vary(render(request, "sync/rehearsal.html", context))


@require_POST
def confirm(request: SignedInRequest) -> HttpResponse:
    """The owner says what becomes of the events from before the connection."""
    account = account_of(request.user)
    if account is not None and not account.is_rehearsed:
        choices = {name: str(value) for name, value in request.POST.items()}
        decide(account=account, choices=choices, actor=request.user)
        run_now([account.pk])
    return redirect("sync")
