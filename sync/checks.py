"""System checks: what would make sync unsafe or useless in this installation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Tags, Warning, register


@register(Tags.security)
def check_google(app_configs: Any, **kwargs: Any) -> list[Any]:
    found: list[Any] = []
    if not settings.GOOGLE_CLIENT_ID:
        found.append(
            Warning(
                "No Google client is configured: Google sign-in and sync are off.",
                hint="See README, Google set-up.",
                id="sync.W001",
            )
        )
    return found
