"""Reads that pages, API and feeds share. Each starts from the person who asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from scheduling.core.recurrence import RecurrenceError
from scheduling.models import (
    Calendar,
    CalendarEvent,
    CalendarEventQuerySet,
    CalendarFeed,
    CalendarImport,
    CalendarSubscription,
    EventInstance,
    Occurrence,
    UserProfile,
)
from scheduling.models.fields import read_uuid, stored_uuid
from scheduling.services.occurrences import instances_of_series

ALL_DAY_MARGIN = timedelta(hours=14)  # the farthest a date's midnight lies from midnight UTC


def profile_of(user: User) -> UserProfile:
    """The profile, read once per request (it is cached on the user)."""
    return user.profile


def calendars_of(user: User) -> QuerySet[Calendar]:
    return Calendar.objects.filter(user=user)


def writable_calendars_of(user: User) -> QuerySet[Calendar]:
    return calendars_of(user).filter(is_read_only=False)


def primary_calendar_of(user: User) -> Calendar:
    return Calendar.objects.get(user=user, is_primary=True)


def events_of(user: User) -> CalendarEventQuerySet:
    """Every event of this person, with its calendar; deleted ones too."""
    return CalendarEvent.objects.of(user).select_related("calendar", "series")


def occurrences_between(
    calendar_ids: Iterable[UUID],
    start: datetime,
    end: datetime,
    *,
    events: QuerySet[CalendarEvent] | None = None,
) -> list[EventInstance]:
    """What may touch `[start, end)`, in order of (start, longest first, id), each with its event.

    Stored occurrences come from one read of bounded index ranges and their events from another; series whose stored
    horizon does not cover the window are computed. All-day ones are included when they touch the window in any
    zone; callers compare dates. The events are `light`, or what the queryset `events` loads.
    """
    calendar_ids = list(calendar_ids)
    rows = Occurrence.objects.rows_touching(
        calendar_ids,
        start,
        end,
        'o.event_id, o.start, o."end", o.original_start',
        all_day_margin=ALL_DAY_MARGIN,
    )
    rows.sort(key=lambda row: (row[1], -row[2], row[0]))
    stored_ids = {row[0] for row in rows}
    if events is None:
        by_stored_id = CalendarEvent.objects.light(stored_ids)
    else:
        loaded = events.in_bulk(map(read_uuid, stored_ids))
        by_stored_id = {stored_uuid(pk): event for pk, event in loaded.items()}
    found = []
    for event_id, begins, ends, original_start in rows:
        event = by_stored_id.get(event_id)
        if event is None:  # it can vanish between the two reads
            continue
        instance = EventInstance(
            event, datetime.fromtimestamp(begins, UTC), datetime.fromtimestamp(ends, UTC), original_start
        )
        if _touches(instance.start, instance.end, is_all_day=event.is_all_day, start=start, end=end):
            found.append(instance)
    beyond = beyond_horizon(calendar_ids, start - ALL_DAY_MARGIN, end + ALL_DAY_MARGIN)
    if beyond:
        known = {(instance.event_id, instance.original_start) for instance in found}
        found += [
            instance
            for instance in beyond
            if (instance.event_id, instance.original_start) not in known
            and _touches(instance.start, instance.end, is_all_day=instance.is_all_day, start=start, end=end)
        ]
        found.sort(key=lambda i: (i.start, i.start - i.end, i.event_id))
    return found


def _touches(begins: datetime, ends: datetime, *, is_all_day: bool, start: datetime, end: datetime) -> bool:
    if is_all_day:
        return begins < end + ALL_DAY_MARGIN and ends > start - ALL_DAY_MARGIN
    return begins < end and (ends > start or begins >= start)


def beyond_horizon(calendar_ids: list[UUID], start: datetime, end: datetime) -> list[EventInstance]:
    """What series have in `[start, end)` whose stored horizon does not cover it, computed; overrides included."""
    ids = CalendarEvent.objects.expanded_short_of(calendar_ids, start, end)
    if not ids:
        return []
    masters = (
        CalendarEvent.objects.filter(pk__in=ids, series=None)
        .filter(Q(start_time__lt=end) | Q(start_date__lt=end))
        .exclude(recurrence=[])
        .live()
        .prefetch_related("overrides")
    )
    found: list[EventInstance] = []
    for master in masters:
        try:
            found += instances_of_series(master, master.overrides.all(), start, end)
        except RecurrenceError:
            continue
    return found


def revisions_of(calendars: Iterable[Calendar]) -> dict[str, int]:
    """Calendar id → revision: what a page compares to know whether it is behind."""
    return {str(calendar.pk): calendar.revision for calendar in calendars}


def trash_of(user: User, since: datetime) -> CalendarEventQuerySet:
    return events_of(user).deleted().filter(deleted_at__gte=since).order_by("-deleted_at")


def feed_of(secret: str) -> CalendarFeed | None:
    """The feed at a secret address, of a person who may still sign in, with its calendar; one query."""
    feeds = CalendarFeed.objects.select_related("calendar").filter(calendar__user__is_active=True)
    # The lookup is by SHA-256, so its timing tells nothing about the secret.
    return feeds.filter(digest=CalendarFeed.digest_of(secret)).first()


def feeds_of(user: User) -> QuerySet[CalendarFeed]:
    return (
        CalendarFeed.objects.filter(calendar__user=user).select_related("calendar").order_by("is_busy_only")
    )


def subscriptions_of(user: User) -> QuerySet[CalendarSubscription]:
    return CalendarSubscription.objects.filter(calendar__user=user).select_related("calendar")


def imports_of(user: User) -> QuerySet[CalendarImport]:
    return CalendarImport.objects.filter(user=user).select_related("calendar")


def utc_now() -> datetime:
    return datetime.now(UTC)
