"""Events that are also in another calendar system: which stay here alone, which row speaks for two, which go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from scheduling import live
from scheduling.core.event import to_json
from scheduling.models import BookingParticipation, Calendar, CalendarEvent, EventRevision, Occurrence
from scheduling.services.revisions import next_revision

CHUNK = 500  # ids in one statement: SQLite takes only so many


@transaction.atomic
def set_local_only(*, events: Iterable[CalendarEvent], is_local_only: bool) -> None:
    """Keep these events, and the exceptions of the series among them, on this server or no longer."""
    for calendar, members in _by_calendar(events).items():
        for ids in _chunks([event.pk for event in members]):
            kept = CalendarEvent.objects.filter(Q(pk__in=ids) | Q(series__in=ids))
            kept.update(is_local_only=is_local_only)
        _announce(calendar, next_revision(calendar), [event.pk for event in members])


@transaction.atomic
def absorb_event(*, event: CalendarEvent, other: CalendarEvent) -> None:
    """`other` is the same appointment twice: its row goes, its exceptions become those of `event`, which has none."""
    CalendarEvent.objects.filter(series=other).update(series=event)
    BookingParticipation.objects.filter(event=other).update(event=event)
    Occurrence.objects.filter(master=other).delete()
    identifier, calendar = other.pk, other.calendar
    other.delete()
    _announce(calendar, next_revision(calendar), [identifier, event.pk])


@transaction.atomic
def retire_events(*, events: Iterable[CalendarEvent], origin: str) -> int:
    """Many copies go to the trash at once, in step with the other side, which keeps its own; returns how many."""
    count = 0
    for calendar, members in _by_calendar(events).items():
        revision, now = next_revision(calendar), timezone.now()
        for part in _chunks(members):
            ids = [event.pk for event in part]
            EventRevision.objects.bulk_create(
                EventRevision(
                    event=event,
                    revision=revision,
                    action=EventRevision.Action.DELETE,
                    origin=origin,
                    before=to_json(event.values),
                    calendar_before=calendar,
                )
                for event in part
            )
            Occurrence.objects.filter(event__in=ids).delete()
            count += CalendarEvent.objects.filter(pk__in=ids).update(
                status=CalendarEvent.Status.CANCELLED,
                deleted_at=now,
                updated_at=now,
                revision=revision,
                synced_revision=revision,
                sync_state="",
            )
        _announce(calendar, revision, [event.pk for event in members])
    return count


@transaction.atomic
def mark_unsent(*, events: Iterable[CalendarEvent]) -> None:
    """The other side no longer has these as they stand here: they are to be sent."""
    for calendar, members in _by_calendar(events).items():
        for ids in _chunks([event.pk for event in members]):
            CalendarEvent.objects.filter(pk__in=ids).update(synced_revision=0)
        _announce(calendar, next_revision(calendar), [event.pk for event in members])


@transaction.atomic
def delete_calendar(*, calendar: Calendar) -> None:
    """The calendar and everything in it, for good."""
    _announce(calendar, next_revision(calendar), [])
    calendar.delete()


def _by_calendar(events: Iterable[CalendarEvent]) -> dict[Calendar, list[CalendarEvent]]:
    found: dict[Calendar, list[CalendarEvent]] = {}
    for event in events:
        found.setdefault(event.calendar, []).append(event)
    return found


def _chunks(members: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (members[start : start + CHUNK] for start in range(0, len(members), CHUNK))


def _announce(calendar: Calendar, revision: int, event_ids: Iterable[UUID]) -> None:
    live.announce(
        user_id=calendar.user_id,
        calendar_id=calendar.pk,
        revision=revision,
        event_ids=event_ids,
        origin=EventRevision.Origin.SYSTEM,
    )
