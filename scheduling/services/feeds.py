"""Secret addresses at which a calendar can be read."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from scheduling.models import AuditEntry, Calendar, CalendarFeed
from scheduling.services.audit import record

NOTED_EVERY = timedelta(hours=1)


@transaction.atomic
def open_feed(*, calendar: Calendar, is_busy_only: bool) -> CalendarFeed:
    """The feed of that kind; made when there is none, and then with a new address."""
    Calendar.objects.select_for_update().get(pk=calendar.pk)
    feed = CalendarFeed.objects.filter(calendar=calendar, is_busy_only=is_busy_only).first()
    if feed is None:
        feed = CalendarFeed(calendar=calendar, is_busy_only=is_busy_only)
        feed.digest = feed.digest_of(feed.make_secret())
        feed.save(force_insert=True)
        _record(feed, AuditEntry.Action.SHARED)
    return feed


@transaction.atomic
def renew_feed(*, feed: CalendarFeed) -> CalendarFeed:
    """A new address; the old one is gone at once."""
    feed.nonce = get_random_string(32)
    feed.digest = feed.digest_of(feed.make_secret())
    feed.last_read_at = None
    feed.save(update_fields=["nonce", "digest", "last_read_at"])
    _record(feed, AuditEntry.Action.SHARED)
    return feed


@transaction.atomic
def close_feed(*, feed: CalendarFeed) -> None:
    """Nobody reads here any more."""
    _record(feed, AuditEntry.Action.UNSHARED)
    feed.delete()


def _record(feed: CalendarFeed, action: str) -> None:
    kind = "busy times" if feed.is_busy_only else "everything"
    record(user=feed.calendar.user, action=action, about=f"{feed.calendar.name} ({kind})")


def note_reading(feed: CalendarFeed) -> None:
    """Remember that someone fetched it, at most once an hour."""
    now = timezone.now()
    if feed.last_read_at is None or now - feed.last_read_at > NOTED_EVERY:
        stale = Q(last_read_at=None) | Q(last_read_at__lt=now - NOTED_EVERY)
        CalendarFeed.objects.filter(stale, pk=feed.pk).update(last_read_at=now)
