"""A person's webhooks: where their programs are told of changes, and what became of it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from scheduling import account_queries, services
from scheduling.account_forms import WebhookForm
from scheduling.htmx import SignedInRequest
from scheduling.models import Webhook
from scheduling.services import InvalidEvent

SHOWN = 50


@require_http_methods(["GET", "POST"])
def index(request: SignedInRequest) -> HttpResponse:
    """The list; POST makes one."""
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = services.create_webhook(user=request.user, **form.cleaned_data)
            return redirect("webhook", webhook_id=made.pk)
        except InvalidEvent as error:
            form.add_error("url", error.fields["url"])
    context = {"form": form, "webhooks": account_queries.webhooks_of(request.user)}
    return render(request, "scheduling/webhooks.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@never_cache
def show(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    """One with its secret and its latest tellings; POST changes it."""
    found = _webhook_or_404(request, webhook_id)
    initial = {"url": found.url, "kinds": found.kinds}
    form = WebhookForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            is_active = bool(request.POST.get("is_active"))
            services.change_webhook(webhook=found, is_active=is_active, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("webhook", webhook_id=found.pk)
        except InvalidEvent as error:
            form.add_error("url", error.fields["url"])
    context = {"form": form, "webhook": found, "deliveries": found.deliveries.all()[:SHOWN]}
    return render(request, "scheduling/webhook.html", context, status=422 if form.is_bound else 200)


@require_POST
def ping(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    services.ping_webhook(webhook=_webhook_or_404(request, webhook_id))
    messages.success(request, _("A ping is on its way. Its answer shows below in a moment."))
    return redirect("webhook", webhook_id=webhook_id)


@require_POST
def delete(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    services.delete_webhook(webhook=_webhook_or_404(request, webhook_id))
    messages.success(request, _("That address is told nothing any more."))
    return redirect("webhooks")


@require_POST
def replay(request: SignedInRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    deliveries = _webhook_or_404(request, webhook_id).deliveries.all()
    services.replay_delivery(delivery=get_object_or_404(deliveries, pk=delivery_id))
    messages.success(request, _("It is sent once more."))
    return redirect("webhook", webhook_id=webhook_id)


def _webhook_or_404(request: SignedInRequest, webhook_id: UUID) -> Webhook:
    return get_object_or_404(account_queries.webhooks_of(request.user), pk=webhook_id)
