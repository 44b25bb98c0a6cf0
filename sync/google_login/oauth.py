"""What allauth drops of the token answer: the `scope`, of which a person may untick something, and how long the
grant lives, which Google says when it ends by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.google.views import GoogleOAuth2Adapter
from django.http import HttpRequest
from django.utils import timezone


class ScopeKeepingAdapter(GoogleOAuth2Adapter):
    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        login = super().complete_login(request, app, token, **kwargs)
        answer = kwargs["response"]
        login.granted_scopes = frozenset(answer.get("scope", "").split())
        login.grant_expires_at = _end(answer.get("refresh_token_expires_in"))
        return login


def _end(seconds: Any) -> datetime | None:
    try:
        return timezone.now() + timedelta(seconds=int(seconds)) if seconds else None
    except (TypeError, ValueError, OverflowError):
        return None
