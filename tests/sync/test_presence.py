"""A calendar that somebody looks at is never much older than a minute, however seldom it is polled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from scheduling.signals import calendars_open
from sync.engine import run_account
from sync.models import CalendarLink, GoogleAccount
from sync.tasks import enqueue_due_accounts
from tests.scheduling.test_live_socket import opened, run, settled, signed_in
from tests.sync.google_side import GoogleSide

pytestmark = pytest.mark.django_db(transaction=True)


def make_old(account: GoogleAccount, seconds: int) -> None:
    """As if Google was last asked so long ago and will be asked in half an hour."""
    assert run_account(account.pk).error == ""
    now = timezone.now()
    later = now + timedelta(minutes=30)
    CalendarLink.objects.update(last_ok_at=now - timedelta(seconds=seconds), next_poll_at=later)
    GoogleAccount.objects.update(next_run_at=later)


def is_due() -> bool:
    return CalendarLink.objects.filter(next_poll_at__lte=timezone.now(), is_enabled=True).exists()


def test_opening_the_calendar_has_google_asked_when_the_last_answer_is_old(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    make_old(account, 90)
    client = signed_in(alice)
    heard: list[Any] = []

    def hear(user_ids: Any, **kwargs: Any) -> None:
        heard.extend(user_ids)

    calendars_open.connect(hear)

    async def story() -> None:
        socket = await opened(client)
        await settled(lambda: bool(heard))
        again = await opened(client)  # another window of the same person says nothing new
        await again.disconnect()
        await socket.disconnect()

    run(story)
    calendars_open.disconnect(hear)
    assert heard == [alice.pk]
    assert is_due() and enqueue_due_accounts() == 1
    google.clear_log()
    assert run_account(account.pk).error == ""
    assert len(google.log("GET", "/events")) == 1
    assert CalendarLink.objects.get(is_primary=True).next_poll_at > timezone.now()


def test_a_fresh_answer_another_person_and_a_paused_account_cause_no_question(
    alice: Any, bob: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    make_old(account, 20)
    calendars_open.send(sender=None, user_ids=[alice.pk])
    assert not is_due()
    make_old(account, 90)
    calendars_open.send(sender=None, user_ids=[bob.pk])
    assert not is_due()
    GoogleAccount.objects.update(status=GoogleAccount.Status.PAUSED)
    calendars_open.send(sender=None, user_ids=[alice.pk])
    assert not is_due()
