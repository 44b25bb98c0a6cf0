from __future__ import annotations

from django.contrib.auth.models import User


def display_name(user: User) -> str:
    """How a person is called on pages: the full name, else the e-mail address."""
    return user.get_full_name() or user.email or user.get_username()
