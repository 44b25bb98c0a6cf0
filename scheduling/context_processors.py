from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def preferences(request: HttpRequest) -> dict[str, Any]:
    """What every page needs: the profile (theme, density) and whether Google is the built-in sandbox."""
    user = getattr(request, "user", None)
    return {
        "profile": user.profile if user is not None and user.is_authenticated else None,
        "google_sandbox": settings.GOOGLE_SANDBOX,
        "google_configured": bool(settings.GOOGLE_CLIENT_ID),
    }
