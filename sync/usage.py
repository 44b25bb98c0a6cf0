"""How much of Google's quota is used: calls per account and minute, kept for a week."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Max, Sum
from django.utils import timezone

from sync.models import ApiUsage

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
KEPT_FOR = timedelta(days=8)


@dataclass(frozen=True)
class Usage:
    """Calls of everybody and of the busiest account, each against Google's limit for a minute."""

    minute: int
    per_minute: int
    busiest: int
    per_user_minute: int
    day: int
    refused_day: int


def count_calls(*, account_id: int, calls: int, refused: int) -> None:
    """Add a run's calls to the minute in which it ended; the lease has one run of an account at a time."""
    if not calls:
        return
    row = {"account_id": account_id, "minute": timezone.now().replace(second=0, microsecond=0)}
    if ApiUsage.objects.filter(**row).update(calls=F("calls") + calls, refused=F("refused") + refused):
        return
    with suppress(IntegrityError), transaction.atomic():  # the account may have gone while it ran
        ApiUsage.objects.create(**row, calls=calls, refused=refused)


def usage() -> Usage:
    """Of the last two minutes, begun ones count whole, so that the number errs upward; two queries."""
    now = timezone.now()
    last = ApiUsage.objects.filter(minute__gt=now - 2 * MINUTE).aggregate(sum=Sum("calls"), max=Max("calls"))
    day = ApiUsage.objects.filter(minute__gt=now - DAY).aggregate(calls=Sum("calls"), refused=Sum("refused"))
    return Usage(
        last["sum"] or 0,
        settings.GOOGLE_QUOTA_PER_MINUTE,
        last["max"] or 0,
        settings.GOOGLE_QUOTA_PER_USER_MINUTE,
        day["calls"] or 0,
        day["refused"] or 0,
    )


def calls_of_day(account_id: int) -> int:
    found = ApiUsage.objects.filter(account=account_id, minute__gt=timezone.now() - DAY)
    return found.aggregate(calls=Sum("calls"))["calls"] or 0


def forget_old_usage() -> int:
    return ApiUsage.objects.filter(minute__lt=timezone.now() - KEPT_FOR).delete()[0]
