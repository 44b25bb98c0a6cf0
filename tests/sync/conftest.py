from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sync.connection import WANTED_SCOPES, store_connection
from sync.models import GoogleAccount
from tests.servers import ROOT, free_port, wait_for
from tests.sync.google_side import GoogleSide


@pytest.fixture(scope="session")
def sandbox_address() -> Iterator[str]:
    """The sandbox Google as a server of its own; ends with the session."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "sync.sandbox.server", "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}/sandbox/google/"
    try:
        wait_for(lambda: httpx.get(f"{base}_control/health").status_code == 200, "the sandbox Google")
        yield base
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def google(sandbox_address: str, settings: Any) -> GoogleSide:
    """A fresh Google with one account, Alice's; the product's settings point at it."""
    httpx.post(f"{sandbox_address}_control/reset", json={}).raise_for_status()
    settings.GOOGLE_CALENDAR_ENDPOINT = f"{sandbox_address}calendar/v3/"
    settings.GOOGLE_TOKEN_URL = f"{sandbox_address}token"
    settings.GOOGLE_REVOKE_URL = f"{sandbox_address}revoke"
    return GoogleSide(sandbox_address)


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
