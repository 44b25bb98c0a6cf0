"""The first minutes of an installation: where its administrator is made.

Whoever may read what `serve` and `doctor` print owns the machine: they print the address of that page, whose key is
made from SECRET_KEY. The page is there only until there is an administrator.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac


def address() -> str:
    """Of the page; empty once there is an administrator."""
    return "" if _has_administrator() else settings.SITE_URL + reverse("first-run", args=[_key()])


def opens(key: str) -> bool:
    """Whether the page is there under this key."""
    return constant_time_compare(key, _key()) and not _has_administrator()


def _has_administrator() -> bool:
    return get_user_model().objects.filter(is_superuser=True, is_active=True).exists()


def _key() -> str:
    return salted_hmac("project.first_run", "administrator", algorithm="sha256").hexdigest()[:32]
