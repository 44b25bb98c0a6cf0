from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from sync.trouble import trouble_of


def connection(request: HttpRequest) -> dict[str, Any]:
    """What every page says when the Google connection needs its owner; asked only of people who have one."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not user.profile.google_calendar_connected:
        return {"trouble": None}
    return {"trouble": SimpleLazyObject(lambda: trouble_of(user))}
