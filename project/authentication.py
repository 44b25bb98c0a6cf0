"""Who is there: with every signed-in request comes the person's profile, in the same read.

Of the Host header a client chooses the port, so nothing that is counted or mailed goes by it.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend as AllauthBackend
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend as DjangoBackend
from django.http import HttpRequest


class _WithProfile(DjangoBackend):
    def get_user(self, user_id: Any) -> Any:
        model = get_user_model()
        try:
            user = model.objects.select_related("profile").get(pk=user_id)
        except model.DoesNotExist:
            return None
        return user if self.user_can_authenticate(user) else None


class ModelBackend(_WithProfile):
    """By name and password: the administration's form."""


class AuthenticationBackend(_WithProfile, AllauthBackend):
    """By e-mail address and password, or by Google."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Failed sign-ins count for an address; allauth counts them for each port that a client writes after our name."""
        return str(credentials.get("email") or credentials.get("username") or "").lower()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        site = SimpleNamespace(name="Appointment", domain=urlsplit(settings.SITE_URL).netloc)
        super().send_mail(template_prefix, email, {**context, "current_site": site})

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return _of_this_site(super().get_email_confirmation_url(request, emailconfirmation))

    def get_reset_password_from_key_url(self, key: str) -> str:
        return _of_this_site(super().get_reset_password_from_key_url(key))


def _of_this_site(address: str) -> str:
    return settings.SITE_URL + urlsplit(address).path
