"""How long Google lets a consent live.

A client whose consent screen is in "Testing" has refresh tokens that die after seven days. Google says so in the
answer to the consent (`refresh_token_expires_in`), the administrator may (`GOOGLE_GRANT_DAYS`), or it is learned:
a consent of this client ended after a week, and none given later has outlived that.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from sync.models import EndedGrant, GoogleAccount

WEEK = timedelta(days=7)
# The end is noticed with the next refresh, at most an hour later while the worker runs.
ABOUT_A_WEEK = (timedelta(days=6, hours=20), timedelta(days=7, hours=12))
LONGER = timedelta(days=8)


def end_of_grant(account: GoogleAccount) -> datetime | None:
    """When Google will end this connection, as far as anybody knows."""
    if account.grant_expires_at is not None:
        return account.grant_expires_at
    life = life_of_grants()
    return account.consented_at + life if life else None


def life_of_grants() -> timedelta | None:
    """How long consents of this client live; None: until they are revoked."""
    if settings.GOOGLE_GRANT_DAYS:
        return timedelta(days=settings.GOOGLE_GRANT_DAYS)
    shortest, longest = ABOUT_A_WEEK
    died = (
        EndedGrant.objects.filter(
            client_id=settings.GOOGLE_CLIENT_ID,
            ended_at__gte=F("consented_at") + shortest,
            ended_at__lte=F("consented_at") + longest,
        )
        .order_by("-consented_at")
        .first()
    )
    if died is None:
        return None
    # Published meanwhile: consents given after that live on.
    outlived = GoogleAccount.objects.filter(
        consented_at__gt=died.consented_at, last_ok_at__gte=F("consented_at") + LONGER
    )
    return None if outlived.exists() else WEEK


def remember_end(account: GoogleAccount) -> None:
    """Google ended the present consent: what is learned from serves the others of this client."""
    EndedGrant.objects.create(
        client_id=settings.GOOGLE_CLIENT_ID, consented_at=account.consented_at, ended_at=timezone.now()
    )
