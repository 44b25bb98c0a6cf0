"""Who is there: with every signed-in request comes the person's profile, in the same read."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend as AllauthBackend
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend as DjangoBackend


class _WithProfile(DjangoBackend):
    def get_user(self, user_id: Any) -> Any:
        user = get_user_model().objects.select_related("profile").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


class ModelBackend(_WithProfile):
    """By name and password: the administration's form."""


class AuthenticationBackend(_WithProfile, AllauthBackend):
    """By e-mail address and password, or by Google."""
