"""Addresses of a person's own programs, told of changes, and what became of each telling.

Invariants:
- the secret that signs is not in the database: it is made from a nonce there and the key of this site
- a body names ids and times, never titles or guests: who is told asks the API for the rest
"""

from __future__ import annotations

import uuid
from base64 import urlsafe_b64encode

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


def _nonce() -> str:
    return get_random_string(32)


class Webhook(models.Model):
    """Where to tell, and of what. `failures` counts tellings given up in a row; too many switch it off."""

    class Kind(models.TextChoices):
        EVENTS_CHANGED = "events.changed", _("Events change")
        BOOKING_CREATED = "booking.created", _("Somebody books")
        BOOKING_CHANGED = "booking.changed", _("A booking is moved, confirmed or declined")
        BOOKING_CANCELLED = "booking.cancelled", _("A booking is cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=2000)
    kinds = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    nonce = models.CharField(max_length=32, default=_nonce, editable=False)
    failures = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"Webhook {self.pk}"

    @property
    def secret(self) -> str:
        made = salted_hmac("scheduling.webhook", f"{self.pk}:{self.nonce}", algorithm="sha256")
        return "whs_" + urlsafe_b64encode(made.digest()).decode().rstrip("=")

    @property
    def kinds_in_words(self) -> list[str]:
        return [str(Webhook.Kind(kind).label) for kind in self.kinds]


class WebhookDelivery(models.Model):
    """One telling: its body stays as it was, so that it can be sent again."""

    PING = "ping"

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("delivery", "Waiting")
        DELIVERED = "delivered", pgettext_lazy("delivery", "Delivered")
        FAILED = "failed", pgettext_lazy("delivery", "Given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=20)
    body = models.JSONField()
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(default=timezone.now)
    queued_until = models.DateTimeField(default=timezone.now, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True, help_text="Of the latest answer.")
    error = models.CharField(max_length=200, blank=True)
    milliseconds = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="delivery_waiting_by_due"),
            models.Index(fields=["webhook", "-created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
