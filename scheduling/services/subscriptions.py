"""Calendars that mirror an address outside: read only here, asked again and again by the worker.

Invariants:
- what was read last stays while the address fails
- no request runs inside a transaction
- a failing address is asked ever more seldom, and no two are asked at the same moment by design
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from hashlib import sha256

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling.core.ical import ReadCalendar, ReadEvent, UnreadableCalendar, read_calendar
from scheduling.fetching import FetchError, fetch, parse_address
from scheduling.models import Calendar, CalendarEvent, CalendarSubscription, EventRevision
from scheduling.services.errors import InvalidEvent
from scheduling.services.events import apply_remote
from scheduling.services.importing import apply_import
from scheduling.services.profiles import create_calendar, update_calendar

POLL_EVERY = timedelta(hours=1)
SHORTEST, LONGEST = timedelta(minutes=15), timedelta(days=1)
JITTER = 0.15
FIRST_RETRY = timedelta(minutes=5)
QUEUED_FOR = timedelta(minutes=2)  # a queue entry that vanished with its worker is missed no longer
MOST_PER_PERSON = 30
MOST_AT_ONCE = 2
CHUNK = 100


def subscribe(*, user: User, url: str, name: str = "", color: int = 7) -> CalendarSubscription:
    """A new calendar that mirrors `url`, which the worker then reads. Raises `InvalidEvent` for a bad address."""
    url = _checked(url)
    with transaction.atomic():
        subscribed = CalendarSubscription.objects.filter(calendar__user=user)
        if subscribed.filter(url=url).exists():
            raise InvalidEvent({"url": _("You have subscribed to this address already.")})
        if subscribed.count() >= MOST_PER_PERSON:
            raise InvalidEvent(
                {"url": _("%(count)d subscriptions are the most that are kept.") % {"count": MOST_PER_PERSON}}
            )
        calendar = create_calendar(
            user=user,
            name=name or parse_address(url).host[:200],
            color=color,
            time_zone=user.profile.timezone,
            is_read_only=True,
            account_name=Calendar.SUBSCRIBED,
        )
        return CalendarSubscription.objects.create(calendar=calendar, url=url)


def change_subscription(*, subscription: CalendarSubscription, url: str) -> CalendarSubscription:
    """Another address for the same calendar. Raises `InvalidEvent`."""
    url = _checked(url)
    if url != subscription.url:
        subscription.url = url
        subscription.etag = subscription.last_modified = subscription.content_digest = ""
        subscription.save(update_fields=["url", "etag", "last_modified", "content_digest"])
    refresh_soon(subscription=subscription)
    return subscription


def unsubscribe(*, subscription: CalendarSubscription) -> None:
    """The calendar goes, with all that it mirrored."""
    subscription.calendar.delete()


def refresh_soon(*, subscription: CalendarSubscription) -> None:
    """Have the worker read it next."""
    CalendarSubscription.objects.filter(pk=subscription.pk).update(
        next_poll_at=timezone.now(), queued_until=timezone.now(), failures=0
    )


def claim_due_subscriptions(limit: int = 20) -> list[str]:
    """Ids of those whose time has come; each is claimed, so that nobody queues it twice."""
    now = timezone.now()
    due = CalendarSubscription.objects.filter(next_poll_at__lte=now, queued_until__lte=now)
    ids = list(due.order_by("next_poll_at").values_list("pk", flat=True)[:limit])
    if ids:  # a few slow addresses must not keep mail and sync from their turn
        under_way = CalendarSubscription.objects.filter(next_poll_at__lte=now, queued_until__gt=now).count()
        ids = ids[: max(0, MOST_AT_ONCE - under_way)]
    return [str(pk) for pk in ids if due.filter(pk=pk).update(queued_until=now + QUEUED_FOR)]


def refresh_subscription(*, subscription: CalendarSubscription) -> bool:
    """Read the address and mirror what it says; true when something changed. Failures are noted, not raised."""
    try:
        fetched = fetch(subscription.url, etag=subscription.etag, last_modified=subscription.last_modified)
        if fetched.body is None:
            _note_success(subscription, None)
            return False
        digest = sha256(fetched.body).hexdigest()
        read = None
        if digest != subscription.content_digest:
            zone = subscription.calendar.user.profile.timezone
            read = read_calendar(fetched.body, zone=zone)
            if not read.is_complete:  # what is missing would be taken for deleted
                raise UnreadableCalendar(_("The calendar at this address ends in the middle."))
            _mirror(subscription.calendar, read)
    except (FetchError, UnreadableCalendar) as error:
        _note_failure(subscription, str(error))
        return False
    # Last: a worker that dies before this reads the same content again.
    subscription.etag, subscription.last_modified = fetched.etag, fetched.last_modified
    subscription.content_digest = digest
    _note_success(subscription, read)
    return read is not None


def _checked(url: str) -> str:
    try:
        return parse_address(url).url
    except FetchError as error:
        raise InvalidEvent({"url": str(error)}) from error


def _mirror(calendar: Calendar, read: ReadCalendar) -> None:
    """Make the calendar say what the file says."""
    for chunk in _chunks(read.events):
        apply_import(calendar=calendar, events=chunk, in_step=True)
    _delete_missing(calendar, {event.uid for event in read.events})
    if read.name and calendar.name == parse_address(calendar.subscription.url).host[:200]:
        update_calendar(calendar=calendar, name=read.name)


def _chunks(events: Sequence[ReadEvent]) -> list[Sequence[ReadEvent]]:
    return [events[start : start + CHUNK] for start in range(0, len(events), CHUNK)]


def _delete_missing(calendar: Calendar, uids: set[str]) -> None:
    here = CalendarEvent.objects.filter(calendar=calendar, series=None).live()
    gone = [pk for pk, uid in here.values_list("pk", "ical_uid") if uid not in uids]
    for start in range(0, len(gone), CHUNK):
        with transaction.atomic():
            for event in CalendarEvent.objects.filter(pk__in=gone[start : start + CHUNK]):
                apply_remote(
                    calendar=calendar,
                    event=event,
                    values=None,
                    details={},
                    origin=EventRevision.Origin.IMPORT,
                )


def _note_success(subscription: CalendarSubscription, read: ReadCalendar | None) -> None:
    now = timezone.now()
    every = POLL_EVERY
    if read is not None:
        every = min(max(read.refresh or POLL_EVERY, SHORTEST), LONGEST)
        subscription.problems = [asdict(problem) for problem in read.problems[:50]]
    subscription.last_tried_at = subscription.last_ok_at = now
    subscription.failures, subscription.last_error = 0, ""
    subscription.next_poll_at = subscription.queued_until = now + _jittered(every)
    _save_state(subscription, "etag", "last_modified", "content_digest", "problems", "last_ok_at")


def _note_failure(subscription: CalendarSubscription, words: str) -> None:
    now = timezone.now()
    subscription.last_tried_at, subscription.last_error = now, words[:300]
    subscription.failures = min(subscription.failures + 1, 30)
    wait = min(FIRST_RETRY * 2 ** min(subscription.failures - 1, 12), LONGEST)
    subscription.next_poll_at = subscription.queued_until = now + _jittered(wait)
    _save_state(subscription)


def _save_state(subscription: CalendarSubscription, *fields: str) -> None:
    """Only while it is still there and of the same address: its owner may have changed it meanwhile."""
    names = [*fields, "last_tried_at", "failures", "last_error", "next_poll_at", "queued_until"]
    same: QuerySet[CalendarSubscription] = CalendarSubscription.objects.filter(
        pk=subscription.pk, url=subscription.url
    )
    same.update(**{name: getattr(subscription, name) for name in names})


def _jittered(length: timedelta) -> timedelta:
    return length * random.uniform(1 - JITTER, 1 + JITTER)
