"""Scenarios of errors, rates, tokens and of two at once. Numbers are those of google-sync.md, section 3."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sync.engine import run_account
from sync.lease import LeaseLost, take_lease
from sync.models import GoogleAccount
from tests.make import make_event
from tests.sync.conftest import connect
from tests.sync.google_side import GoogleSide
from tests.sync.runs import run, run_badly

pytestmark = pytest.mark.django_db


def test_scenario_71_revoked_access_stops_the_account_and_loses_nothing(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.revoke()
    make_event(alice, title="Waits")
    result = run_account(account.pk, in_foreground=True)
    assert "ended" in result.error
    account.refresh_from_db()
    assert account.status == GoogleAccount.Status.NEEDS_REAUTH
    google.clear_log()
    run_badly(account)
    assert google.log() == []
    fresh = GoogleSide(google.control)
    run(connect(alice, fresh))
    assert google.titles() == ["Waits"]


def test_scenario_68_a_named_pause_is_kept_and_no_call_made_meanwhile(
    google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.fault({"path": "/events"}, {"status": 429, "body": {}, "headers": {"Retry-After": "30"}})
    result = run_account(account.pk, in_foreground=True)
    assert "slow down" in result.error
    account.refresh_from_db()
    assert account.backoff_until is not None
    assert account.backoff_until > timezone.now() + timedelta(seconds=25)
    google.clear_log()
    assert run_account(account.pk, in_foreground=True).error
    assert google.log() == []


def test_scenario_79_a_run_that_lost_its_lease_cannot_commit(account: GoogleAccount) -> None:
    first = take_lease(account.pk)
    assert first is not None and take_lease(account.pk) is None
    GoogleAccount.objects.filter(pk=account.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    second = take_lease(account.pk)
    assert second is not None
    with pytest.raises(LeaseLost), first.hold():
        GoogleAccount.objects.filter(pk=account.pk).update(last_error="from the first")
    with second.hold():
        pass
    account.refresh_from_db()
    assert account.last_error == ""
