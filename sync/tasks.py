"""Queue entry points: thin, by primitive id, safe to run twice or at once (the lease decides)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone
from django_q.tasks import async_task

from sync import journal
from sync.engine import request_run, run_account
from sync.lease import free_abandoned_leases
from sync.models import GoogleAccount
from sync.usage import forget_old_usage

QUEUED_FOR = timedelta(seconds=20)  # a queue entry that vanished with its worker is missed no longer


def sync_account(account_id: int) -> str:
    """One run of one account."""
    result = run_account(account_id)
    if result.was_busy:
        GoogleAccount.objects.filter(pk=account_id).update(
            next_run_at=timezone.now() + timedelta(seconds=1), queued_until=timezone.now()
        )
    return result.error or f"{result.pulled} in, {result.sent} out"


def enqueue_account(account_id: int) -> bool:
    """Queue a run unless one waits already (claim by UPDATE and row count), or the account pauses after a fault: what is
    asked for meanwhile is due when the pause ends."""
    now = timezone.now()
    claimed = GoogleAccount.objects.filter(_pauses_no_more(now), pk=account_id, queued_until__lte=now).update(
        queued_until=now + QUEUED_FOR
    )
    if claimed:
        # The account and its journal say how it went: a result of each poll would only cost writes.
        async_task("sync.tasks.sync_account", account_id, task_name=f"sync account {account_id}", save=False)
    return bool(claimed)


def run_now(account_ids: list[int]) -> int:
    """Have these accounts pull and push at once, because a person asked; returns how many were queued."""
    request_run(account_ids, pull_now=True)
    return sum(enqueue_account(pk) for pk in account_ids)


def forget_old_entries() -> int:
    return journal.forget_old_entries() + forget_old_usage()


def enqueue_due_accounts() -> int:
    """Queue every account whose time has come: called by the worker's ticker and, as a net, by a schedule."""
    free_abandoned_leases()
    now = timezone.now()
    due = GoogleAccount.objects.filter(
        _pauses_no_more(now),
        status=GoogleAccount.Status.ACTIVE,
        user__profile__google_calendar_sync_enabled=True,
        next_run_at__lte=now,
        queued_until__lte=now,
        lease_until__lte=now,
    )
    return sum(
        enqueue_account(pk) for pk in due.order_by(F("next_run_at")).values_list("pk", flat=True)[:100]
    )


def _pauses_no_more(now: datetime) -> Q:
    return Q(backoff_until=None) | Q(backoff_until__lte=now)
