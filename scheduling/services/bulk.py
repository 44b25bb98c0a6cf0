"""Many events at once: what another system has and we do not, in one insert with one revision and one notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from scheduling import live
from scheduling.core.event import EventValues, check
from scheduling.models import Calendar, CalendarEvent, Occurrence, columns_of
from scheduling.rows import insert_rows
from scheduling.services.occurrences import (
    occurrence_of_single,
    occurrences_of_new,
    rewrite_occurrences,
)
from scheduling.services.revisions import next_revision


@transaction.atomic
def create_remote_events(
    *, calendar: Calendar, items: Sequence[tuple[EventValues, Mapping[str, Any]]], origin: str
) -> list[UUID]:
    """Many events that another calendar system has and we do not, as `apply_remote` would make each of them.

    They share one revision and one notice. `items` are (canonical values, details); raises `InvalidEvent` before
    anything is written when one of them cannot be an event. Returns their ids.
    """
    for values, _ in items:
        check(values, from_remote=True)
    revision = next_revision(calendar)
    shared = {
        "user_id": calendar.user_id,
        "calendar_id": calendar.pk,
        "revision": revision,
        "synced_revision": revision,
    }
    events: list[Mapping[str, Any]] = []
    occurrences: list[dict[str, Any]] = []
    for values, details in items:
        row = {"id": uuid4(), **shared, **details, **columns_of(values)}
        if values.recurrence:
            series = CalendarEvent(**row)
            occurrences += occurrences_of_new([series])
            row = vars(series)  # also how far these reach
        else:
            occurrences.append(occurrence_of_single(calendar.pk, row["id"], values))
        events.append(row)
    insert_rows(CalendarEvent, events)
    insert_rows(Occurrence, occurrences)
    made = [row["id"] for row in events]
    _announce(calendar, revision, made, origin)
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
    occurrences = occurrences_of_new(masters, overrides)
    insert_rows(CalendarEvent, [vars(event) for event in made])
    insert_rows(Occurrence, occurrences)
    new = {event.pk for event in masters}
    for series in {
        event.series_id: event.series for event in overrides if event.series_id not in new
    }.values():
        assert series is not None
        rewrite_occurrences(series)
    _announce(calendar, revision, [event.pk for event in made], origin)


def _announce(calendar: Calendar, revision: int, event_ids: Iterable[UUID], origin: str) -> None:
    live.announce(
        user_id=calendar.user_id,
        calendar_id=calendar.pk,
        revision=revision,
        event_ids=event_ids,
        origin=origin,
    )
