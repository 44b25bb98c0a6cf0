"""A person's API tokens, what happened with their account, all their data, and the end of it."""

from __future__ import annotations

from allauth.account.utils import get_next_redirect_url
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from scheduling import account_queries, queries, services, takeout
from scheduling.account_forms import LeaveForm, TokenForm
from scheduling.htmx import SignedInRequest
from scheduling.models import AuditEntry, Booking
from scheduling.rates import seconds_to_wait
from scheduling.reauthentication import go_and_confirm, providers_of, recent_confirmation_required

PER_PAGE = 50
EXPORTS_PER_MINUTE = 3


@require_http_methods(["GET", "POST"])
@never_cache
def tokens(request: SignedInRequest) -> HttpResponse:
    """The list; POST makes a token and shows it, this once."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    made = ""
    if form.is_valid():
        user: User = request.user
        made = services.create_api_token(user=user, **form.values())
        form = TokenForm()
    context = {
        "form": form,
        "made": made,
        "tokens": account_queries.tokens_of(request.user),
        "now": timezone.now(),
    }
    return render(request, "scheduling/tokens.html", context, status=422 if form.is_bound else 200)


@require_POST
def revoke_token(request: SignedInRequest, token_id: int) -> HttpResponse:
    token = get_object_or_404(account_queries.tokens_of(request.user), pk=token_id)
    services.revoke_api_token(token=token)
    messages.success(
        request, _("“%(name)s” is revoked. Whoever has it gets no answer any more.") % {"name": token.name}
    )
    return redirect("tokens")


@require_GET
@never_cache
def activity(request: SignedInRequest) -> HttpResponse:
    page = Paginator(account_queries.audit_of(request.user), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request, "scheduling/activity.html", {"page": page, "zone": queries.profile_of(request.user).timezone}
    )


@require_POST
def end_session(request: SignedInRequest, session_id: int) -> HttpResponse:
    """Sign one other browser out; its open pages stop hearing of changes soon after."""
    session = get_object_or_404(UserSession, user=request.user, pk=session_id)
    session.end()
    messages.success(request, _("That browser is signed out."))
    return redirect("usersessions_list")


@require_POST
def export_all(request: SignedInRequest) -> HttpResponseBase:
    """Everything as one zip."""
    if wait := seconds_to_wait(f"takeout-{request.user.pk}", EXPORTS_PER_MINUTE):
        return HttpResponse("Too many exports.\n", status=429, headers={"Retry-After": str(wait)})
    services.record(user=request.user, action=AuditEntry.Action.EXPORTED)
    name = f"appointment-{timezone.now():%Y-%m-%d}.zip"
    response = FileResponse(takeout.takeout_of(request.user), as_attachment=True, filename=name)
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "POST"])
@never_cache
def confirm_identity(request: SignedInRequest) -> HttpResponseBase:
    """Where somebody without a password here says once more who they are: at the provider they sign in by."""
    accounts = providers_of(request.user)
    if not accounts:
        return redirect("settings")
    next_url = get_next_redirect_url(request) or reverse("settings")
    if request.method == "POST":
        chosen = [account for account in accounts if str(account.pk) == request.POST.get("account")]
        if not chosen:
            raise Http404
        return go_and_confirm(request, chosen[0], next_url)
    return render(request, "scheduling/confirm_identity.html", {"accounts": accounts, "next": next_url})


@require_http_methods(["GET", "POST"])
@never_cache
@recent_confirmation_required
def leave(request: SignedInRequest) -> HttpResponseBase:
    """What goes and what stays; POST with one's own address typed ends the account."""
    user = request.user
    form = LeaveForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        services.delete_account(user=user)
        logout(request)
        messages.success(request, _("Your account and everything in it is gone from here."))
        return redirect("home")
    coming = Booking.objects.filter(host=user.pk, status__in=Booking.ACTIVE, end__gt=timezone.now())
    context = {
        "form": form,
        "calendars": queries.calendars_of(user).count(),
        "events": queries.events_of(user).live().count(),
        "bookings": coming.count(),
    }
    return render(request, "scheduling/leave.html", context, status=422 if form.is_bound else 200)
