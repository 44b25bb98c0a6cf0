"""Keeps the stored occurrences true: written in the transaction of the write, extended by the worker."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from scheduling.core.recurrence import OccurrenceSpan, RecurrenceError, expand, last_end
from scheduling.models import CalendarEvent, Occurrence

BEHIND, AHEAD = timedelta(days=366), timedelta(days=731)
END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


def rewrite_occurrences(event: CalendarEvent) -> None:
    """Make the stored occurrences of `event` (and of the series it belongs to) what they should be."""
    if event.series_id:
        assert event.series is not None
        rewrite_occurrences(event.series)
    elif event.recurrence:
        _rewrite_series(event)
    else:
        Occurrence.objects.filter(master=event).delete()
        Occurrence.objects.filter(event=event).delete()
        if not event.is_deleted:
            single_occurrence(event).save(force_insert=True)


def write_new_occurrences(events: Iterable[CalendarEvent]) -> None:
    """The stored occurrences of events that have none yet (none of them an override)."""
    single = []
    for event in events:
        if event.recurrence:
            _rewrite_series(event)
        else:
            single.append(single_occurrence(event))
    Occurrence.objects.bulk_create(single, batch_size=500)


def _rewrite_series(master: CalendarEvent) -> None:
    now = timezone.now()
    Occurrence.objects.filter(master=master).delete()
    Occurrence.objects.filter(event=master).delete()
    master.expanded_from, master.expanded_until, master.recurrence_error = now - BEHIND, now + AHEAD, ""
    if not master.is_deleted:
        try:
            if over := last_end(master.values):
                master.expanded_until = (
                    max(master.expanded_until, END_OF_TIME) if over < now + AHEAD else now + AHEAD
                )
            Occurrence.objects.bulk_create(
                series_occurrences(
                    master, master.overrides.all(), master.expanded_from, master.expanded_until
                )
            )
        except RecurrenceError as error:
            # What came from elsewhere and is not understood is kept and shown once, at its first time.
            master.recurrence_error = str(error)[:300]
            master.expanded_from, master.expanded_until = datetime(1, 1, 2, tzinfo=UTC), END_OF_TIME
            single_occurrence(master).save(force_insert=True)
    master.save(update_fields=["expanded_from", "expanded_until", "recurrence_error"])


def single_occurrence(event: CalendarEvent, master: CalendarEvent | None = None) -> Occurrence:
    return Occurrence(
        calendar_id=event.calendar_id,
        event=event,
        master=master,
        original_start=event.original_start,
        is_all_day=event.is_all_day,
        start=as_instant(event.start),
        end=as_instant(event.end),
    )


def series_occurrences(
    master: CalendarEvent, overrides: Iterable[CalendarEvent], start: datetime, end: datetime
) -> list[Occurrence]:
    """The unsaved occurrences of a series in `[start, end)`, its overrides in their places."""
    overrides = list(overrides)
    replaced = {override.original_start for override in overrides}
    regular = [
        occurrence_of(master, span)
        for span in expand(master.values, start=start, end=end)
        if span.key not in replaced
    ]
    moved = [
        single_occurrence(override, master)
        for override in overrides
        if not override.is_deleted and as_instant(override.start) < end and as_instant(override.end) >= start
    ]
    return regular + moved


def occurrence_of(master: CalendarEvent, span: OccurrenceSpan) -> Occurrence:
    return Occurrence(
        calendar_id=master.calendar_id,
        event=master,
        master=master,
        original_start=span.key,
        is_all_day=master.is_all_day,
        start=as_instant(span.start),
        end=as_instant(span.end),
    )


def as_instant(value: datetime | date) -> datetime:
    if isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


def extend_occurrences() -> int:
    """Move the horizon of every series that nears its end; returns how many were rewritten."""
    due = CalendarEvent.objects.filter(
        series=None, expanded_until__lt=timezone.now() + AHEAD - timedelta(days=30)
    )
    extended = 0
    for identifier in list(due.exclude(recurrence=[]).live().values_list("pk", flat=True)):
        with transaction.atomic():
            master = CalendarEvent.objects.select_for_update().filter(pk=identifier).first()
            if master is not None:
                _rewrite_series(master)
                extended += 1
    return extended
