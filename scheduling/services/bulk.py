"""Many events at once: what another system has and we do not, in one insert with one revision and one notice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from scheduling import live
from scheduling.core.event import EventValues, canonical, check
from scheduling.models import Calendar, CalendarEvent
from scheduling.services.occurrences import rewrite_occurrences, write_new_occurrences
from scheduling.services.revisions import next_revision


@transaction.atomic
def create_remote_events(
    *, calendar: Calendar, items: Sequence[tuple[EventValues, Mapping[str, Any]]], origin: str
) -> list[CalendarEvent]:
    """Many events that another calendar system has and we do not, as `apply_remote` would make each of them.

    They share one revision and one notice. `items` are (values, details); raises `InvalidEvent` before anything is
    written when one of them cannot be an event.
    """
    made = []
    for values, details in items:
        values = canonical(values)
        check(values, from_remote=True)
        event = CalendarEvent(user_id=calendar.user_id, calendar=calendar, **details)
        event.values = values
        made.append(event)
    insert_events(calendar=calendar, masters=made, origin=origin, in_step=True)
    return made


@transaction.atomic
def insert_events(
    *,
    calendar: Calendar,
    masters: Sequence[CalendarEvent],
    overrides: Sequence[CalendarEvent] = (),
    origin: str,
    in_step: bool,
) -> None:
    """Write new events in bulk, each with its values set and checked; they share one revision and one notice.

    `overrides` belong to `masters`, or to series that are here already.
    """
    made = [*masters, *overrides]
    if not made:
        return
    revision = next_revision(calendar)
    for event in made:
        event.user_id, event.calendar, event.revision = calendar.user_id, calendar, revision
        event.synced_revision = revision if in_step else 0
    CalendarEvent.objects.bulk_create(masters, batch_size=200)
    CalendarEvent.objects.bulk_create(overrides, batch_size=200)
    write_new_occurrences(masters)
    new = {event.pk for event in masters}
    for series in {
        event.series_id: event.series for event in overrides if event.series_id not in new
    }.values():
        assert series is not None
        rewrite_occurrences(series)
    live.announce(
        user_id=calendar.user_id,
        calendar_id=calendar.pk,
        revision=revision,
        event_ids=[event.pk for event in made],
        origin=origin,
    )
