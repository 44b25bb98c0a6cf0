"""allauth's Google provider with our adapter, which remembers what the person granted."""

from __future__ import annotations

from allauth.socialaccount.providers.google.provider import GoogleProvider

from sync.google_login.oauth import ScopeKeepingAdapter


class CalendarGoogleProvider(GoogleProvider):
    oauth2_adapter_class = ScopeKeepingAdapter

    @classmethod
    def get_package(cls) -> str:
        return "sync.google_login"


provider_classes = [CalendarGoogleProvider]
