"""Mail on its way out."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import pgettext_lazy


class OutgoingMail(models.Model):
    """A mail that was written in the transaction of what it speaks of, and that the worker sends.

    Once it is sent or given up its words go, and the row stays a while so that its `key` is not used again.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("mail", "Waiting")
        SENT = "sent", pgettext_lazy("mail", "Sent")
        DROPPED = "dropped", pgettext_lazy("mail", "Given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(
        max_length=200, unique=True, null=True, help_text="What it is about; the same is never queued twice."
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    template = models.CharField(max_length=60)
    to = models.EmailField(max_length=254)
    reply_to = models.EmailField(max_length=254, blank=True)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    attachments = models.JSONField(default=list, help_text="Lists of file name, text and media type.")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, help_text="After this it would only confuse.")
    queued_until = models.DateTimeField(default=timezone.now, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    open_attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Attempts of which nobody knows whether the mail went out."
    )
    error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="mail_waiting_by_due"),
            models.Index(fields=["done_at"], condition=~Q(state="waiting"), name="mail_done_by_when"),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.pk}"
