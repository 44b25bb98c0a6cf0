"""What the grids read: every occurrence of a window as numbers, then the events of those that are drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from uuid import UUID

from scheduling import queries
from scheduling.core.crowd import Numbers, Row
from scheduling.core.event import owner_declined
from scheduling.models import CalendarEvent, EventInstance, Occurrence

BUSY = CalendarEvent.Availability.BUSY
FREE = "-"
ATTENDEES = "CAST(e.attendees AS TEXT)"
# As in a `Row`. The last one: '-' by the event's word, the answers of its guests where anyone has declined.
COLUMNS = (
    'o.start, o."end", o.event_id, o.original_start, o.is_all_day,'
    f" CASE WHEN e.availability <> '{BUSY}' THEN '{FREE}'"
    f" WHEN {ATTENDEES} LIKE '%%declined%%' THEN {ATTENDEES} ELSE '' END"
)
Read = Callable[[Iterable[Row]], list[EventInstance]]


def glance(calendar_ids: Collection[UUID], start: datetime, end: datetime) -> tuple[list[Numbers], Read]:
    """(what may touch `[start, end)`, in order of its start; the way from its rows to instances with their events).

    All-day ones are included when they touch the window in any zone.
    """
    margin = queries.ALL_DAY_MARGIN
    if queries.beyond_horizon(list(calendar_ids), start - margin, end + margin):
        return _computed(queries.occurrences_between(calendar_ids, start, end))
    found = Occurrence.objects.rows_touching(
        calendar_ids, start, end, COLUMNS, all_day_margin=margin, joined=True
    )
    rows = [row if len(row[-1]) < 2 else (*row[:-1], _weighed(row[-1])) for row in found]
    return sorted(rows), _stored


def _weighed(answers: str) -> str:
    """What the guests' answers say of the owner."""
    return FREE if owner_declined(json.loads(answers)) else ""


def _stored(rows: Iterable[Row]) -> list[EventInstance]:
    rows = list(rows)
    events = CalendarEvent.objects.light({row.event for row in rows})
    return [
        EventInstance(event, _instant(row.start), _instant(row.end), row.original_start)
        for row in rows
        if (event := events.get(row.event)) is not None  # it can vanish between the two reads
    ]


def _computed(instances: list[EventInstance]) -> tuple[list[Numbers], Read]:
    """The same of instances whose rules ran on the fly."""
    rows: list[Numbers] = [
        Row(
            start=int(instance.start.timestamp()),
            end=int(instance.end.timestamp()),
            event=number,
            original_start=instance.original_start,
            is_all_day=instance.is_all_day,
            excuse=""
            if instance.event.availability == BUSY and not owner_declined(instance.event.attendees)
            else FREE,
        )
        for number, instance in enumerate(instances)
    ]
    return rows, lambda chosen: [instances[row.event] for row in chosen]


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
