"""Reads about a person's account. Each starts from the person."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from scheduling.models import ApiToken, AuditEntry, Webhook


def tokens_of(user: Any) -> QuerySet[ApiToken]:
    """The newest first."""
    return ApiToken.objects.filter(user=user).order_by("-created_at", "-pk")


def audit_of(user: Any) -> QuerySet[AuditEntry]:
    """What was done with the person's account, the latest first."""
    return AuditEntry.objects.filter(user=user).select_related("actor")


def webhooks_of(user: Any) -> QuerySet[Webhook]:
    return Webhook.objects.filter(user=user)
