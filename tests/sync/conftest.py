from __future__ import annotations

from typing import Any

import pytest

from sync.connection import WANTED_SCOPES, store_connection
from sync.models import GoogleAccount
from tests.sandbox.client import SandboxControl
from tests.sync.google_side import GoogleSide


@pytest.fixture
def google(sandbox: SandboxControl, settings: Any) -> GoogleSide:
    """A fresh Google with one account, Alice's; the product's settings point at it."""
    for name in ("GOOGLE_CALENDAR_ENDPOINT", "GOOGLE_TOKEN_URL", "GOOGLE_REVOKE_URL"):
        setattr(settings, name, sandbox.addresses[name])
    return GoogleSide(sandbox)


@pytest.fixture
def account(alice: Any, google: GoogleSide) -> GoogleAccount:
    """Alice's connection, as the consent leaves it; nothing has been read yet."""
    return connect(alice, google)


def connect(user: Any, google: GoogleSide) -> GoogleAccount:
    return store_connection(
        user=user,
        google_sub=google.tokens["sub"],
        email=google.email,
        scopes=WANTED_SCOPES,
        access_token=google.tokens["access_token"],
        refresh_token=google.tokens["refresh_token"],
        expires_at=None,
    )
