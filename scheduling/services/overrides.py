"""What becomes of the overrides of a series when the series changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any

from django.utils import timezone

from scheduling.core.event import EventValues
from scheduling.core.recurrence import RecurrenceError
from scheduling.core.series import occurrence_at
from scheduling.models import CalendarEvent, EventRevision
from scheduling.series import SeriesOccurrence, regular_values
from scheduling.services.changes import Before, Change

TIME_FIELDS = ("start", "end", "is_all_day", "time_zone", "end_time_zone")
PLAIN_FIELDS = tuple(
    field.name for field in fields(EventValues) if field.name not in (*TIME_FIELDS, "recurrence")
)
# What people only read comes from the series when a part of it gets a row of its own.
INHERITED = (
    "is_local_only",
    "ical_uid",
    "event_type",
    "organizer",
    "attendees",
    "conference_url",
    "is_read_only",
    "read_only_reason",
)


def inherit(event: CalendarEvent, series: CalendarEvent) -> None:
    """Give a part of the series what people only read of it; unsaved."""
    for name in INHERITED:
        setattr(event, name, getattr(series, name))


def save_override(
    change: Change, occurrence: SeriesOccurrence, values: EventValues, *, is_deleted: bool = False
) -> CalendarEvent:
    """Give an occurrence a row of its own, or its row other values; `is_deleted` cancels it.

    Its first `EventRevision` tells what the series said there: taken back, it says that again.
    """
    series, override = occurrence.series, occurrence.override
    if override is not None:
        before = Before.of(override)
    else:
        override = CalendarEvent(user_id=series.user_id, calendar=series.calendar, series=series)
        override.original_start = occurrence.key
        inherit(override, series)
        before = Before(occurrence.values, series.calendar, series.pk, occurrence.key)
    override.values, override.deleted_at = values, None
    if is_deleted:
        override.status, override.deleted_at = CalendarEvent.Status.CANCELLED, timezone.now()
    action = EventRevision.Action.DELETE if is_deleted else EventRevision.Action.EDIT
    change.save(override, action=action, before=before)
    return override


def carry_overrides(
    change: Change,
    overrides: Iterable[CalendarEvent],
    *,
    to: CalendarEvent,
    before: EventValues,
    new_key: Callable[[str], str],
    edited: SeriesOccurrence | None = None,
    values: EventValues | None = None,
) -> None:
    """Let overrides follow their series, which said `before` and is `to` now (it may be another series).

    What an override had in common with its series stays in common, its time too; what was its own stays its own.
    The one that was `edited` takes the `values`. Those whose occurrence there is no longer are dropped.
    """
    overrides = list(overrides)
    names = {override.pk: new_key(override.original_start) for override in overrides}
    taken: set[str] = set()
    lost: list[CalendarEvent] = []
    kept: list[CalendarEvent] = []
    for override in overrides:
        name = names[override.pk]
        is_lost = name in taken or not _has(to.values, name)
        (lost if is_lost else kept).append(override)
        taken.add(name)
    for override in lost:
        drop_override(change, override)
    renamed = [o for o in kept if (o.series_id, o.original_start) != (to.pk, names[o.pk])]
    olds = {override.pk: Before.of(override) for override in kept}
    for override in renamed:
        # A name may be that of a neighbour which has yet to go on.
        CalendarEvent.objects.filter(pk=override.pk).update(original_start=override.pk.hex[:20])
        override.google_event_id = ""
    for override in kept:
        old, name = olds[override.pk], names[override.pk]
        if edited is not None and edited.override == override and values is not None:
            new = replace(values, recurrence=())
        else:
            new = _following(old.values, before, old.original_start, to.values, name)
        if override in renamed or new != old.values or override.calendar_id != to.calendar_id:
            status = override.status
            override.series, override.original_start, override.calendar = to, name, to.calendar
            override.values = new
            if old.is_deleted:
                override.status = status
            change.save(override, action=EventRevision.Action.EDIT, before=old)


def drop_lost_overrides(change: Change, series: CalendarEvent) -> None:
    """Drop the overrides of occurrences that the series does not have any more."""
    for override in series.overrides.select_related("calendar"):
        if not _has(series.values, override.original_start):
            drop_override(change, override)


def drop_override(change: Change, override: CalendarEvent) -> None:
    """Take the override out of its series. The row stays out of every view; it can be restored."""
    before = Before.of(override)
    override.former_series_id, override.series, override.original_start = override.series_id, None, ""
    override.google_event_id = ""  # that place may be somebody else's one day
    override.status = CalendarEvent.Status.CANCELLED
    override.deleted_at = override.deleted_at or timezone.now()
    # The other side drops it by itself when it hears of the series.
    change.save(override, action=EventRevision.Action.DROP, before=before, in_step=True)


def take_back(override: CalendarEvent) -> None:
    """Give a dropped override its place in its series again, if that is there and free; unsaved.

    Otherwise it becomes an event of its own.
    """
    dropped = override.revisions.filter(action=EventRevision.Action.DROP).first()
    name = dropped.place_before.get("original_start", "") if dropped else ""
    series, override.former_series = override.former_series, None
    is_there = series is not None and not series.is_deleted and name and _has(series.values, name)
    if series is not None and is_there and not series.overrides.filter(original_start=name).exists():
        override.series, override.original_start, override.calendar = series, name, series.calendar
        return
    override.ical_uid, override.google_event_id = f"{override.pk}@appointment", ""


def _has(series: EventValues, name: str) -> bool:
    if not series.recurrence:
        return False
    try:
        return occurrence_at(series, name) is not None
    except RecurrenceError:
        return True  # it cannot be known, so nothing is taken away


def _following(
    own: EventValues, before: EventValues, old_name: str, after: EventValues, new_name: str
) -> EventValues:
    new = {
        name: getattr(after, name)
        for name in PLAIN_FIELDS
        if getattr(own, name) == getattr(before, name) != getattr(after, name)
    }
    old_regular, new_regular = regular_values(before, old_name), regular_values(after, new_name)
    if old_regular and new_regular and replace(old_regular, **_times(own)) == old_regular:
        new |= _times(new_regular)
    return replace(own, **new)


def _times(values: EventValues) -> dict[str, Any]:
    return {name: getattr(values, name) for name in TIME_FIELDS}
