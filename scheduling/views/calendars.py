"""A person's calendars as a list: what is shared, what is subscribed to, what can be taken out and brought in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from scheduling import queries, services
from scheduling.exchange_forms import SubscriptionForm
from scheduling.htmx import SignedInRequest, page_or_fragment, vary
from scheduling.models import CalendarSubscription
from scheduling.services import InvalidEvent
from scheduling.tasks import enqueue_due_subscriptions
from scheduling.views.feeds import feed_address


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    return page_or_fragment(
        request,
        "scheduling/calendars.html",
        "scheduling/_subscriptions.html",
        _index_context(request, SubscriptionForm()),
    )


@require_POST
def subscribe(request: SignedInRequest) -> HttpResponse:
    form = SubscriptionForm(request.POST)
    if form.is_valid():
        try:
            services.subscribe(user=request.user, **form.cleaned_data)
        except InvalidEvent as error:
            form.refuse(str(error))
        else:
            enqueue_due_subscriptions()
            messages.success(request, _("Subscribed. The calendar is being read now."))
            return redirect("calendars")
    context = _index_context(request, form)
    return vary(render(request, "scheduling/calendars.html", context, status=422))


@require_http_methods(["GET", "POST"])
def subscription(request: SignedInRequest, calendar_id: UUID) -> HttpResponse:
    """One subscription: its state, what could not be taken, another address."""
    found = _subscription_or_404(request, calendar_id)
    form = SubscriptionForm(
        request.POST if request.method == "POST" else None,
        initial={"url": found.url, "name": found.calendar.name},
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            services.change_subscription(subscription=found, url=form.cleaned_data["url"])
        except InvalidEvent as error:
            form.refuse(str(error))
        else:
            if form.cleaned_data["name"]:
                services.update_calendar(calendar=found.calendar, name=form.cleaned_data["name"])
            enqueue_due_subscriptions()
            messages.success(request, _("Saved. The calendar is being read now."))
            return redirect("calendars")
    if form.errors:
        status = 422
    context = {"subscription": found, "form": form}
    return vary(render(request, "scheduling/subscription.html", context, status=status))


@require_POST
def refresh(request: SignedInRequest, calendar_id: UUID) -> HttpResponse:
    found = _subscription_or_404(request, calendar_id)
    services.refresh_soon(subscription=found)
    enqueue_due_subscriptions()
    messages.info(request, _("“%(calendar)s” is being read now.") % {"calendar": found.calendar})
    return redirect("calendars")


@require_http_methods(["GET", "POST"])
def unsubscribe(request: SignedInRequest, calendar_id: UUID) -> HttpResponse:
    found = _subscription_or_404(request, calendar_id)
    if request.method == "GET":
        return vary(render(request, "scheduling/unsubscribe_calendar.html", {"subscription": found}))
    name = str(found.calendar)
    services.unsubscribe(subscription=found)
    messages.success(request, _("“%(calendar)s” is gone from your calendars.") % {"calendar": name})
    return redirect("calendars")


@require_GET
def sharing(request: SignedInRequest, calendar_id: UUID) -> HttpResponse:
    """The secret addresses of one calendar."""
    calendar = get_object_or_404(queries.calendars_of(request.user), pk=calendar_id)
    feeds = {feed.is_busy_only: feed for feed in queries.feeds_of(request.user).filter(calendar=calendar)}
    kinds = [
        {
            "is_busy_only": kind,
            "feed": feeds.get(kind),
            "address": feed_address(feeds[kind]) if kind in feeds else "",
        }
        for kind in (False, True)
    ]
    return vary(render(request, "scheduling/sharing.html", {"calendar": calendar, "kinds": kinds}))


def _index_context(request: SignedInRequest, form: SubscriptionForm) -> dict[str, Any]:
    subscriptions = list(queries.subscriptions_of(request.user))
    subscribed = {found.calendar_id for found in subscriptions}
    shared = set(queries.feeds_of(request.user).values_list("calendar", flat=True))
    calendars = [c for c in queries.calendars_of(request.user) if c.pk not in subscribed]
    now = timezone.now()
    return {
        "calendars": [(calendar, calendar.pk in shared) for calendar in calendars],
        "subscriptions": subscriptions,
        "is_reading": any(found.next_poll_at <= now for found in subscriptions),
        "form": form,
    }


def _subscription_or_404(request: SignedInRequest, calendar_id: UUID) -> CalendarSubscription:
    return get_object_or_404(queries.subscriptions_of(request.user), pk=calendar_id)
