"""No level of the log says a token, whatever Google answers (S-07, OP-09)."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from sync.connection import disconnect
from sync.models import GoogleAccount
from tests.make import make_event
from tests.sync.google_side import GoogleSide
from tests.sync.runs import run, run_badly

pytestmark = pytest.mark.django_db


def test_no_line_of_any_level_says_a_token(
    alice: Any, google: GoogleSide, account: GoogleAccount, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("", "sync", "scheduling", "project"):
        caplog.set_level(logging.DEBUG, logger=name)
    secrets = {google.tokens["access_token"], google.tokens["refresh_token"]}
    google.add()
    make_event(alice)
    run(account)
    google.expire_access_tokens()
    run(account)
    for status in (500, 403):
        google.fault({"path": "/events"}, {"status": status, "body": {}})
        run_badly(account)
    fresh = GoogleAccount.objects.get(pk=account.pk)
    secrets |= {fresh.access_token, fresh.refresh_token}
    google.revoke()
    GoogleAccount.objects.update(backoff_until=None)
    run_badly(account)
    disconnect(account=fresh, actor=alice)
    said = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records)
    assert len(secrets) >= 3 and any(record.levelno == logging.DEBUG for record in caplog.records)
    assert [secret for secret in secrets if secret and secret in said] == []
