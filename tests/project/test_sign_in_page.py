"""The door: what it asks of people (AX-14)."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_signing_in_is_left_to_the_memory_of_the_browser(client: Client) -> None:
    """WCAG 3.3.8: a password manager fills it in, nothing is to be copied or solved, pasting is not hindered."""
    page = client.get(reverse("account_login")).text
    fields = dict(re.findall(r'<input[^>]* name="(login|password)"[^>]* autocomplete="([^"]+)"', page))
    assert fields == {"login": "username", "password": "current-password"}
    assert not re.search("captcha|onpaste|readonly", page, re.IGNORECASE)
    assert reverse("account_reset_password") in page
