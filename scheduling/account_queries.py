"""Reads about a person's account. Each starts from the person."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import QuerySet

from scheduling.models import ApiToken, AuditEntry, Webhook


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """The newest first."""
    return ApiToken.objects.filter(user=user).order_by("-created_at", "-pk")


def audit_of(user: User) -> QuerySet[AuditEntry]:
    """What was done with the person's account, the latest first."""
    return AuditEntry.objects.filter(user=user).select_related("actor")


def webhooks_of(user: User) -> QuerySet[Webhook]:
    return Webhook.objects.filter(user=user)
