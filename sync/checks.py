"""System checks: what would make sync unsafe or useless in this installation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register


@register(Tags.security)
def check_google(app_configs: Any, **kwargs: Any) -> list[Any]:
    found: list[Any] = []
    if settings.GOOGLE_CLIENT_ID and not settings.GOOGLE_CLIENT_SECRET:
        found.append(
            Error(
                "GOOGLE_CLIENT_ID is set without GOOGLE_CLIENT_SECRET.",
                hint="Set both, or put Google's credentials.json into the project's folder.",
                id="sync.E002",
            )
        )
    if not settings.GOOGLE_CLIENT_ID:
        found.append(
            Warning(
                "No Google client is configured: Google sign-in and sync are off.",
                hint="See README, Google set-up.",
                id="sync.W001",
            )
        )
    return found
