from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def sandbox_needs_debug(**_: Any) -> list[CheckMessage]:
    if settings.DEBUG:
        return []
    return [
        Error(
            "The sandbox Google is installed while DEBUG is off: anyone could sign in as anyone.",
            hint="Set GOOGLE_SANDBOX=0 and give GOOGLE_CLIENT_ID, or set DEBUG=1 for a local trial.",
            id="google_sandbox.E001",
        )
    ]
