"""What was done with an account, for its owner and the administrator. Rows are added, never changed.

Invariants:
- no row holds a token, a title or another person's name
- a person who leaves takes the link to their rows along; what was done stays countable
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One deed: whose account it concerns, who did it (nobody: the system), from which address where that helps."""

    class Action(models.TextChoices):
        SIGNED_IN = "signed_in", _("Signed in")
        SIGN_IN_FAILED = "sign_in_failed", _("Tried to sign in, without success")
        SIGNED_OUT = "signed_out", _("Signed out")
        PASSWORD = "password", _("Changed the password")
        EMAIL = "email", _("Changed e-mail addresses")
        FACTOR_ADDED = "factor_added", _("Added a second factor or passkey")
        FACTOR_REMOVED = "factor_removed", _("Removed a second factor or passkey")
        SETTINGS = "settings", _("Changed settings")
        TOKEN_MADE = "token_made", _("Made an API token")
        TOKEN_REVOKED = "token_revoked", _("Revoked an API token")
        TOKEN_REFUSED = "token_refused", _("An expired API token was used")
        SHARED = "shared", _("Shared a calendar by a secret address")
        UNSHARED = "unshared", _("Stopped sharing a calendar")
        WEBHOOK = "webhook", _("Changed webhooks")
        CONNECTED = "connected", _("Connected Google Calendar")
        DISCONNECTED = "disconnected", _("Disconnected Google Calendar")
        EXPORTED = "exported", _("Exported all data")
        DELETED = "deleted", _("Deleted the account")
        ADMIN = "admin", _("Administration")

    at = models.DateTimeField(default=timezone.now, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="audit_entries"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    action = models.CharField(max_length=14, choices=Action)
    about = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["user", "-at"])]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.about}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **{**kwargs, "force_insert": True})
