"""Keeps the stored occurrences true: written in the transaction of the write, extended by the worker.

A series is stored from a year ago to two years ahead; what lies outside that is computed when it is asked for, with the
same result. A series so dense that it would fill the table is always computed.

Invariants:
- the stored occurrences of a series are those that its lines and overrides give between its two horizons
- a write that moves nothing in time rewrites no occurrence
- occurrences are made anew when the zone data or this way of making them changes
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from scheduling.core.event import EventValues
from scheduling.core.recurrence import MOST_OCCURRENCES, RecurrenceError, expand, last_end
from scheduling.core.zones import instant_of, zone_fingerprint
from scheduling.models import CalendarEvent, EventInstance, Occurrence
from scheduling.rows import insert_rows

BEHIND, AHEAD = timedelta(days=366), timedelta(days=731)
MARGIN = timedelta(days=30)  # a horizon that is nearer than AHEAD by this much is moved
BEGINNING_OF_TIME, END_OF_TIME = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
ENGINE = "1"  # raise it when the same lines give other occurrences than before
COLUMNS = (
    "calendar_id",
    "event_id",
    "master_id",
    "original_start",
    "is_all_day",
    "start",
    "end",
    "reach",
)
AT_ONCE = 500  # events or rows handled together


def rewrite_occurrences(event: CalendarEvent) -> None:
    """Make the stored occurrences of `event` (and of the series it belongs to) what they should be."""
    if event.series_id:
        assert event.series is not None
        rewrite_occurrences(event.series)
    elif event.recurrence:
        _rewrite_series(event)
    else:
        _store(event, [] if event.is_deleted else [own_instance(event)])


def occurrences_of_new(
    masters: Iterable[CalendarEvent], overrides: Iterable[CalendarEvent] = ()
) -> list[dict[str, Any]]:
    """What is to be stored of events that are about to be inserted, as rows; series note how far that reaches."""
    own: dict[UUID | None, list[CalendarEvent]] = {}
    for override in overrides:
        own.setdefault(override.series_id, []).append(override)
    rows: list[dict[str, Any]] = []
    for event in masters:
        instances = _expanded(event, own.get(event.pk, [])) if event.recurrence else [own_instance(event)]
        rows += map(_row, instances)
    return rows


def instances_of_series(
    master: CalendarEvent, overrides: Iterable[CalendarEvent], start: datetime, end: datetime
) -> list[EventInstance]:
    """The instances of a series that overlap `[start, end)`, its overrides in their places; not in order.

    Raises `RecurrenceError`.
    """
    overrides = list(overrides)
    replaced = {override.original_start for override in overrides}
    regular = [
        EventInstance(master, instant_of(span.start), instant_of(span.end), span.key)
        for span in expand(master.values, start=start, end=end)
        if span.key not in replaced
    ]
    moved = [
        own_instance(override)
        for override in overrides
        if not override.is_deleted and instant_of(override.start) < end and instant_of(override.end) >= start
    ]
    return regular + moved


def extend_occurrences() -> int:
    """Move the horizon of every series that nears its end, and make those anew whose rules of time have changed.

    Returns how many series were looked at anew.
    """
    stored = Q(expanded_until__gt=BEGINNING_OF_TIME)
    near = stored & Q(expanded_until__lt=timezone.now() + AHEAD - MARGIN)
    return _rewrite_each(_series().filter(near | ~_made_with_present_rules()))


def rebuild_occurrences() -> int:
    """Make every stored occurrence anew; returns how many events were looked at."""
    events = CalendarEvent.objects.filter(series=None)
    Occurrence.objects.exclude(event__in=CalendarEvent.objects.live()).delete()
    return _rewrite_each(events.live())


def _series() -> QuerySet[CalendarEvent]:
    return CalendarEvent.objects.filter(series=None).exclude(recurrence=[]).live()


def _made_with_present_rules() -> Q:
    zones = _series().order_by().values_list("time_zone", flat=True).distinct()
    present = Q(pk__in=[])
    for zone in zones:
        present |= Q(time_zone=zone, expanded_with=_rules_of_time(zone))
    return present


def _rules_of_time(zone: str) -> str:
    return f"{ENGINE}:{zone_fingerprint(zone) if zone else ''}"


def _rewrite_each(events: QuerySet[CalendarEvent]) -> int:
    """In short transactions, so that people's writes need not wait."""
    identifiers = list(events.values_list("pk", flat=True))
    for identifier in identifiers:
        with transaction.atomic():
            event = CalendarEvent.objects.select_for_update().filter(pk=identifier).first()
            if event is not None:
                rewrite_occurrences(event)
    return len(identifiers)


def _rewrite_series(master: CalendarEvent) -> None:
    _store(master, _expanded(master, list(master.overrides.all())))
    master.save(update_fields=["expanded_from", "expanded_until", "expanded_with", "recurrence_error"])


def _expanded(master: CalendarEvent, overrides: Sequence[CalendarEvent]) -> list[EventInstance]:
    """What is to be stored of a series; notes on `master` how far that reaches."""
    now = timezone.now()
    master.expanded_from, master.expanded_until, master.recurrence_error = now - BEHIND, now + AHEAD, ""
    master.expanded_with = _rules_of_time(master.time_zone)
    instances: list[EventInstance] = []
    if not master.is_deleted:
        try:
            instances = _instances_to_store(master, overrides)
        except RecurrenceError as error:
            # What came from elsewhere and is not understood is kept and shown once, at its first time.
            master.recurrence_error = str(error)[:300]
            master.expanded_from, master.expanded_until = BEGINNING_OF_TIME, END_OF_TIME
            instances = [own_instance(master)]
    return instances


def _instances_to_store(master: CalendarEvent, overrides: Sequence[CalendarEvent]) -> list[EventInstance]:
    """Within the horizons, which are set: to the ends of time where the series does not reach them."""
    assert master.expanded_from is not None and master.expanded_until is not None
    firsts = [instant_of(event.start) for event in (master, *overrides)]
    if min(firsts) > master.expanded_from:
        master.expanded_from = BEGINNING_OF_TIME
    over = last_end(master.values)
    ends = [instant_of(override.end) for override in overrides]
    if over is not None and max([over, *ends]) < master.expanded_until:
        master.expanded_until = END_OF_TIME
    instances = instances_of_series(master, overrides, master.expanded_from, master.expanded_until)
    if len(instances) >= MOST_OCCURRENCES:
        master.expanded_from, master.expanded_until = (
            END_OF_TIME,
            BEGINNING_OF_TIME,
        )  # computed when asked for
        return []
    return instances


def _store(event: CalendarEvent, instances: Sequence[EventInstance]) -> None:
    """Make the rows of a series or single event these; rows that stay are not touched."""
    wanted = {tuple(row.values()): row for row in map(_row, instances)}
    stored = Occurrence.objects.filter(Q(event=event) | Q(master=event)).order_by()
    stale = []
    for pk, *row in stored.values_list("pk", *COLUMNS):
        if wanted.pop(tuple(row), None) is None:
            stale.append(pk)
    for index in range(0, len(stale), AT_ONCE):
        Occurrence.objects.filter(pk__in=stale[index : index + AT_ONCE]).delete()
    insert_rows(Occurrence, list(wanted.values()))


def own_instance(event: CalendarEvent) -> EventInstance:
    """Where the event itself stands: a single event, an override, a series that cannot be expanded."""
    return EventInstance(event, instant_of(event.start), instant_of(event.end), event.original_start)


def occurrence_of_single(calendar_id: UUID, event_id: UUID, values: EventValues) -> dict[str, Any]:
    """What is to be stored of an event without a rule, as a row."""
    start, end = instant_of(values.start), instant_of(values.end)
    return _row_of(calendar_id, event_id, None, "", values.is_all_day, start, end)


def _row(instance: EventInstance) -> dict[str, Any]:
    return _row_of(
        instance.calendar_id,
        instance.event_id,
        instance.master_id,
        instance.original_start,
        instance.is_all_day,
        instance.start,
        instance.end,
    )


def _row_of(*row: Any) -> dict[str, Any]:
    *_, start, end = row
    return dict(zip(COLUMNS, (*row, Occurrence.reach_of(end - start)), strict=True))
