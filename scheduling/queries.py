"""Reads that pages, API and feeds share. Each starts from the person who asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from scheduling.core.recurrence import RecurrenceError
from scheduling.core.series import occurrence_at
from scheduling.models import (
    Calendar,
    CalendarEvent,
    CalendarEventQuerySet,
    CalendarFeed,
    CalendarImport,
    CalendarSubscription,
    Occurrence,
    UserProfile,
)
from scheduling.services.occurrences import series_occurrences

ALL_DAY_MARGIN = timedelta(hours=14)  # the farthest a date's midnight lies from midnight UTC


def profile_of(user: Any) -> UserProfile:
    """The profile, read once per request (it is cached on the user)."""
    return user.profile


def calendars_of(user: Any) -> QuerySet[Calendar]:
    return Calendar.objects.filter(user=user)


def writable_calendars_of(user: Any) -> QuerySet[Calendar]:
    return calendars_of(user).filter(is_read_only=False)


def primary_calendar_of(user: Any) -> Calendar:
    return Calendar.objects.get(user=user, is_primary=True)


def events_of(user: Any) -> CalendarEventQuerySet:
    """Every event of this person, with its calendar; deleted ones too."""
    return CalendarEvent.objects.of(user).select_related("calendar", "series")


def span_of(event: CalendarEvent, occurrence: str = "") -> tuple[datetime | date, datetime | date]:
    """Start and end of the event, or of the occurrence of a series with that original start."""
    if occurrence and event.recurrence:
        found = Occurrence.objects.filter(event=event, original_start=occurrence[:20]).first()
        if found:
            return (found.start_date, found.end_date) if found.is_all_day else (found.start, found.end)
        try:
            beyond = occurrence_at(event.values, occurrence)
        except ValueError:  # no name of an occurrence, or a rule that cannot be expanded
            beyond = None
        if beyond:
            return beyond.start, beyond.end
    return event.start, event.end


def occurrences_between(calendar_ids: Iterable[UUID], start: datetime, end: datetime) -> list[Occurrence]:
    """Occurrences that may touch `[start, end)`, in order of (start, longest first, id), events loaded.

    Stored ones come from one indexed range read; series whose stored horizon does not cover the window are
    expanded on the fly. All-day ones are included when they touch the window in any zone; callers compare dates.
    """
    calendar_ids = list(calendar_ids)
    first, last = start - ALL_DAY_MARGIN, end + ALL_DAY_MARGIN
    touches = Q(is_all_day=False, start__lt=end) & (Q(end__gt=start) | Q(start__gte=start)) | Q(
        is_all_day=True, start__lt=last, end__gt=first
    )
    stored = list(
        Occurrence.objects.filter(calendar__in=calendar_ids, start__lt=last, end__gte=first)
        .filter(touches)
        .select_related("event")
        .defer("event__description", "event__organizer")
    )
    beyond = _beyond_horizon(calendar_ids, first, last)
    if beyond:
        known = {(occurrence.event_id, occurrence.original_start) for occurrence in stored}
        stored += [
            o
            for o in beyond
            if (o.event_id, o.original_start) not in known
            and (o.is_all_day or (o.start < end and (o.end > start or o.start >= start)))
        ]
    stored.sort(key=lambda o: (o.start, -(o.end - o.start), str(o.event_id)))
    return stored


def _beyond_horizon(calendar_ids: list[UUID], start: datetime, end: datetime) -> list[Occurrence]:
    masters = (
        CalendarEvent.objects.filter(calendar__in=calendar_ids, series=None)
        .filter(Q(expanded_from__gt=start) | Q(expanded_until__lt=end))
        .filter(Q(start_time__lt=end) | Q(start_date__lt=end))
        .live()
        .prefetch_related("overrides")
    )
    found: list[Occurrence] = []
    for master in masters:
        try:
            found += series_occurrences(master, master.overrides.all(), start, end)
        except RecurrenceError:
            continue
    return found


def revisions_of(calendars: Iterable[Calendar]) -> dict[str, int]:
    """Calendar id → revision: what a page compares to know whether it is behind."""
    return {str(calendar.pk): calendar.revision for calendar in calendars}


def busy_between(user: Any, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Instants in which this person is busy, unmerged, by timed events."""
    ids = calendars_of(user).values_list("pk", flat=True)
    return [
        (o.start, o.end)
        for o in occurrences_between(ids, start, end)
        if not o.is_all_day and o.event.availability == CalendarEvent.Availability.BUSY
    ]


def trash_of(user: Any, since: datetime) -> CalendarEventQuerySet:
    return events_of(user).deleted().filter(deleted_at__gte=since).order_by("-deleted_at")


def feed_of(secret: str) -> CalendarFeed | None:
    """The feed at a secret address, of a person who may still sign in, with its calendar; one query."""
    feeds = CalendarFeed.objects.select_related("calendar").filter(calendar__user__is_active=True)
    # The lookup is by SHA-256, so its timing tells nothing about the secret.
    return feeds.filter(digest=CalendarFeed.digest_of(secret)).first()


def feeds_of(user: Any) -> QuerySet[CalendarFeed]:
    return (
        CalendarFeed.objects.filter(calendar__user=user).select_related("calendar").order_by("is_busy_only")
    )


def subscriptions_of(user: Any) -> QuerySet[CalendarSubscription]:
    return CalendarSubscription.objects.filter(calendar__user=user).select_related("calendar")


def imports_of(user: Any) -> QuerySet[CalendarImport]:
    return CalendarImport.objects.filter(user=user).select_related("calendar")


def utc_now() -> datetime:
    return datetime.now(UTC)
