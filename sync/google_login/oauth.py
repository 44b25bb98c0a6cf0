"""The token answer's `scope`: allauth drops it, and a person may untick what was asked."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.google.views import GoogleOAuth2Adapter
from django.http import HttpRequest


class ScopeKeepingAdapter(GoogleOAuth2Adapter):
    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        login = super().complete_login(request, app, token, **kwargs)
        login.granted_scopes = frozenset(kwargs["response"].get("scope", "").split())
        return login
