"""Push channels: Google tells us that a calendar changed, so that nobody has to ask.

A channel is stored before Google is asked for it, with the digest of a secret of its own: its first message (`sync`)
may arrive before the answer does. Only a message that really came makes it active, so a proxy that lets nothing
through never passes for healthy push. What comes in is taken by `sync.webhook`.

Invariants:
- a new channel is there, and one pull was made, before the old one is stopped
- a calendar that cannot be watched is polled, and asked about again only after a day
- a failure here never keeps a calendar from being pulled
"""

from __future__ import annotations

import logging
import random
import secrets
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from sync.core.remote import Tokens
from sync.lease import Lease
from sync.models import CalendarLink, GoogleAccount, WatchChannel
from sync.provider import (
    AlreadyExists,
    CalendarProvider,
    NotFound,
    ProviderError,
    RateLimited,
    Refused,
    RetryLater,
    SetupError,
    connect,
)

logger = logging.getLogger(__name__)

RENEW_BEFORE = timedelta(hours=24)
JITTER = timedelta(hours=2)
RETRY_REFUSED, RETRY_FAILED = timedelta(days=1), timedelta(minutes=15)
LONGEST_LIFE = timedelta(
    days=8
)  # Google's channels live a week; one that never spoke is forgotten after this
OPEN = (WatchChannel.State.PENDING, WatchChannel.State.ACTIVE)


def is_pushed(link: CalendarLink) -> bool:
    """Whether Google's notices about this calendar arrive: it need not be polled often."""
    return bool(settings.GOOGLE_WEBHOOK_URL) and live_channels().filter(link=link).exists()


def live_channels() -> QuerySet[WatchChannel]:
    return WatchChannel.objects.filter(
        state=WatchChannel.State.ACTIVE, expires_at__gt=timezone.now(), address=settings.GOOGLE_WEBHOOK_URL
    )


def keep_watched(provider: CalendarProvider, link: CalendarLink, lease: Lease) -> bool:
    """Open or renew the calendar's channel when it is time; True: Google was asked for one, so pull once now.

    Raises what concerns the whole account: `RateLimited`, `NeedsReauth`, `InsufficientScope`, `LeaseLost`.
    """
    address, now = settings.GOOGLE_WEBHOOK_URL, timezone.now()
    if not address:
        return False
    current = WatchChannel.objects.filter(link=link, state__in=OPEN).order_by("-created_at").first()
    has_moved = current is not None and current.address != address
    if link.next_watch_at > now and not has_moved:
        return False
    if current is not None and not has_moved and current.state == WatchChannel.State.ACTIVE:
        renewal = _renewal(current.created_at, current.expires_at) if current.expires_at else now
        if renewal > now:  # the answer was lost, but the first message told the rest
            _watch_again(link, lease, renewal)
            return False
    return _open(provider, link, lease, address)


def _open(provider: CalendarProvider, link: CalendarLink, lease: Lease, address: str) -> bool:
    secret = secrets.token_urlsafe(32)
    channel = WatchChannel(link=link, secret_digest=WatchChannel.digest_of(secret), address=address)
    with lease.hold():
        channel.save()
    try:
        watch = provider.watch_calendar(link.google_id, str(channel.pk), secret, address)
    except AlreadyExists:  # our own request was sent twice; the first message will tell the rest
        _watch_again(link, lease, timezone.now() + RETRY_FAILED)
        return True
    except (NotFound, Refused, SetupError) as error:  # Google's own calendars (holidays, birthdays) have none
        channel.delete()
        logger.info("calendar link %s is polled: %s", link.pk, error)
        _watch_again(link, lease, timezone.now() + RETRY_REFUSED * random.uniform(0.9, 1.1))
        return False
    except RateLimited:
        channel.delete()
        raise
    except RetryLater as error:  # perhaps it is open: then its first message will come
        logger.info("no push channel for calendar link %s: %s", link.pk, error)
        _watch_again(link, lease, timezone.now() + RETRY_FAILED * random.uniform(1, 2))
        return True
    except ProviderError:
        channel.delete()
        raise
    with lease.hold():
        # By UPDATE: its first message may have made it active meanwhile.
        WatchChannel.objects.filter(pk=channel.pk).update(
            resource_id=watch.resource_id, expires_at=watch.expires_at
        )
        older = WatchChannel.objects.filter(link=link, state__in=OPEN).exclude(pk=channel.pk)
        older.update(state=WatchChannel.State.RETIRING)
    _watch_again(link, lease, _renewal(channel.created_at, watch.expires_at))
    return True


def stop_retired(provider: CalendarProvider, account: GoogleAccount) -> None:
    """After the pulls: stop the channels that were replaced or are not wanted any more, forget the expired."""
    now = timezone.now()
    channels = WatchChannel.objects.filter(link__account=account)
    if not channels.exists():  # nor is anything written where nothing is pushed
        return
    channels.filter(Q(expires_at__lte=now) | Q(expires_at=None, created_at__lt=now - LONGEST_LIFE)).delete()
    replaced = Q(state=WatchChannel.State.RETIRING) & Exists(live_channels().filter(link=OuterRef("link")))
    unwanted = Q() if not settings.GOOGLE_WEBHOOK_URL else replaced | Q(link__is_enabled=False)
    for channel in channels.filter(unwanted):
        _stop(provider, channel)


def leave(account: GoogleAccount) -> None:
    """Stop every channel of an account that is being disconnected, as far as Google lets us."""
    channels = list(WatchChannel.objects.filter(link__account=account))
    if channels and account.refresh_token:
        provider = connect(Tokens(account.access_token, account.refresh_token, account.token_expires_at))
        try:
            for channel in channels:
                _stop(provider, channel)
        except ProviderError as error:
            logger.info("the channels of a left account end by themselves: %s", error)
    WatchChannel.objects.filter(link__account=account).delete()


def _stop(provider: CalendarProvider, channel: WatchChannel) -> None:
    if channel.resource_id:
        with suppress(NotFound, Refused):  # it ended by itself
            provider.stop_watching(str(channel.pk), channel.resource_id)
    channel.delete()


def _renewal(opened_at: datetime, expires_at: datetime) -> datetime:
    """A day before the end, spread by two hours; half-way when Google gave the channel a short life."""
    before = RENEW_BEFORE + JITTER * random.uniform(-1, 1)
    return expires_at - min(before, (expires_at - opened_at) / 2)


def _watch_again(link: CalendarLink, lease: Lease, moment: datetime) -> None:
    link.next_watch_at = moment
    with lease.hold():
        CalendarLink.objects.filter(pk=link.pk).update(next_watch_at=moment)
