"""Writes of a series by one of its occurrences: this one, this and all that follow, or all of them.

An occurrence is named by its original start, in any zone or offset. `expected_revision` is that of the row that
says what the occurrence shows (`SeriesOccurrence.event`). All raise `StaleEvent`, `ReadOnly`, `InvalidEvent` and
`UnknownOccurrence`.

Invariants:
- a division writes the new series before it ends the old one: cut short, it leaves a double, never a hole
- "this and following" of what nothing is shown before is the whole series
- an occurrence keeps what was its own when its series changes
"""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from scheduling.core.event import EventValues, InvalidEvent, canonical, format_moment
from scheduling.core.recurrence import RecurrenceError
from scheduling.core.series import Moved, continue_from, moved, trim_before
from scheduling.models import Calendar, CalendarEvent, EventRevision
from scheduling.series import SeriesOccurrence, find_occurrence, has_earlier
from scheduling.services.changes import (
    Actor,
    Before,
    Change,
    checked,
    locked,
    require_editable,
    require_writable,
)
from scheduling.services.errors import StaleEvent, UnknownOccurrence
from scheduling.services.overrides import (
    PLAIN_FIELDS,
    TIME_FIELDS,
    carry_overrides,
    drop_override,
    inherit,
    save_override,
)

EDIT, DELETE = EventRevision.Action.EDIT, EventRevision.Action.DELETE


# --- one occurrence ----------------------------------------------------------------------------
@transaction.atomic
def update_occurrence(
    *,
    series: CalendarEvent,
    occurrence: str,
    values: EventValues,
    origin: str,
    actor: Actor = None,
    expected_revision: int | None = None,
) -> CalendarEvent:
    """Give one occurrence values of its own; returns the row that says them (the series' when nothing changes)."""
    found = _found(series, occurrence, expected_revision)
    if values.recurrence:
        raise InvalidEvent({"recurrence": _("One event of a series cannot repeat by a rule of its own.")})
    values = checked(values, before=found.values)
    if values == found.values:
        return found.event
    with Change(origin=origin, actor=actor) as change:
        return save_override(change, found, values)


@transaction.atomic
def delete_occurrence(
    *,
    series: CalendarEvent,
    occurrence: str,
    origin: str,
    actor: Actor = None,
    expected_revision: int | None = None,
) -> CalendarEvent:
    """Cancel one occurrence; returns its row. Deleting twice changes nothing."""
    found = _found(series, occurrence, expected_revision, living=False)
    if found.is_deleted:
        return found.event
    with Change(origin=origin, actor=actor) as change:
        return save_override(change, found, found.values, is_deleted=True)


@transaction.atomic
def restore_occurrence(
    *, series: CalendarEvent, occurrence: str, origin: str, actor: Actor = None
) -> CalendarEvent:
    """Bring a cancelled occurrence back as it was. Restoring a living one changes nothing."""
    found = _found(series, occurrence, None, living=False)
    if not found.is_deleted or found.override is None:
        return found.event
    override, before = found.override, Before.of(found.override)
    override.values, override.deleted_at = found.values, None
    with Change(origin=origin, actor=actor) as change:
        change.save(override, action=EventRevision.Action.RESTORE, before=before)
    return override


# --- this and following ------------------------------------------------------------------------
@transaction.atomic
def update_following(
    *,
    series: CalendarEvent,
    occurrence: str,
    values: EventValues,
    origin: str,
    actor: Actor = None,
    expected_revision: int | None = None,
    calendar: Calendar | None = None,
) -> CalendarEvent:
    """Let a new series with these values go on from this occurrence; returns it.

    `values` are the occurrence's with the rule that shall count from there: the series' own lines mean the rest of
    it, none a single event.
    """
    found = _found(series, occurrence, expected_revision)
    old = found.series
    if not has_earlier(old, found.key):
        return _update_all(found, values, calendar, origin, actor)
    target = calendar or old.calendar
    require_writable(target, old)
    if not _differs(found, values) and target.pk == old.calendar_id:
        return old
    before = Before.of(old)
    later, earlier = _parts(before.values, found.key)
    result = _edited(later, found, values, keeps_rule=values.recurrence == before.values.recurrence)
    new = CalendarEvent(id=uuid.uuid4(), user_id=old.user_id, calendar=target)
    inherit(new, old)
    new.ical_uid = f"{new.id}@appointment"
    new.values = checked(result.values, before=later)
    with Change(origin=origin, actor=actor) as change:
        change.save(new, action=EventRevision.Action.CREATE, before=None)
        carry_overrides(
            change,
            _overrides_from(old, found.key),
            to=new,
            before=before.values,
            new_key=result.new_key,
            edited=found,
            values=values,
        )
        old.values = earlier
        change.save(old, action=EDIT, before=before)
    return new


@transaction.atomic
def delete_following(
    *,
    series: CalendarEvent,
    occurrence: str,
    origin: str,
    actor: Actor = None,
    expected_revision: int | None = None,
) -> CalendarEvent:
    """End the series before this occurrence; returns it (deleted, when nothing is shown before)."""
    found = _found(series, occurrence, expected_revision, living=False)
    old, before = found.series, Before.of(found.series)
    with Change(origin=origin, actor=actor) as change:
        if not has_earlier(old, found.key):
            change.delete(old)
            return old
        _, old.values = _parts(before.values, found.key, continues=False)
        for override in _overrides_from(old, found.key):
            drop_override(change, override)
        change.save(old, action=EDIT, before=before)
    return old


# --- all ---------------------------------------------------------------------------------------
@transaction.atomic
def update_series(
    *,
    series: CalendarEvent,
    occurrence: str,
    values: EventValues,
    origin: str,
    actor: Actor = None,
    expected_revision: int | None = None,
    calendar: Calendar | None = None,
) -> CalendarEvent:
    """Change the whole series by what one of its occurrences is given; returns the series.

    Fields that the edit leaves alone stay the series'. Another time moves every occurrence by as much on the clock,
    another day the days of the rule (`core.series.moved`). With other lines the series repeats by these; with none it
    becomes a single event, at the time of `values`.
    """
    return _update_all(_found(series, occurrence, expected_revision), values, calendar, origin, actor)


def update_master(
    *,
    series: CalendarEvent,
    values: EventValues,
    calendar: Calendar,
    origin: str,
    actor: Actor,
) -> CalendarEvent:
    """The same by the first start of a series, which the caller has locked and found editable."""
    key = format_moment(series.start)
    first = SeriesOccurrence(series, key, replace(series.values, recurrence=()))
    return _update_all(first, values, calendar, origin, actor)


def _update_all(
    found: SeriesOccurrence, values: EventValues, calendar: Calendar | None, origin: str, actor: Actor
) -> CalendarEvent:
    series, before = found.series, Before.of(found.series)
    target = calendar or series.calendar
    require_writable(target, series)
    keeps_rule = values.recurrence == before.values.recurrence
    result = _edited(before.values, found, values, keeps_rule=keeps_rule)
    new = checked(result.values, before=before.values)
    if new == before.values and target.pk == series.calendar_id and not _differs(found, values):
        return series
    if target.pk != series.calendar_id:
        # Its twin belongs to the old calendar and is left to sync by the link.
        series.calendar, series.google_event_id = target, ""
    series.values = new
    with Change(origin=origin, actor=actor) as change:
        change.save(series, action=EDIT, before=before)
        carry_overrides(
            change,
            series.overrides.select_related("calendar"),
            to=series,
            before=before.values,
            new_key=result.new_key,
            edited=found,
            values=values,
        )
    return series


# --- parts -------------------------------------------------------------------------------------
def _found(
    series: CalendarEvent, occurrence: str, expected_revision: int | None, *, living: bool = True
) -> SeriesOccurrence:
    series = locked(series)
    if series.is_deleted:
        raise StaleEvent(series)
    found = find_occurrence(series, occurrence)
    if found is None:
        raise UnknownOccurrence(series)
    if expected_revision is not None and found.event.revision != expected_revision:
        raise StaleEvent(found.event)
    if living and found.is_deleted:
        raise StaleEvent(found.event)
    require_editable(series)
    require_editable(found.event)
    return found


def _differs(found: SeriesOccurrence, values: EventValues) -> bool:
    return canonical(values) != replace(found.values, recurrence=tuple(found.series.recurrence))


def _overrides_from(series: CalendarEvent, key: str) -> list[CalendarEvent]:
    # Names of one series sort in time.
    return list(series.overrides.filter(original_start__gte=key).select_related("calendar"))


def _parts(values: EventValues, key: str, *, continues: bool = True) -> tuple[EventValues, EventValues]:
    try:
        return continue_from(values, key) if continues else values, trim_before(values, key)
    except RecurrenceError as error:
        raise InvalidEvent({"recurrence": str(error)}) from error


def _edited(base: EventValues, found: SeriesOccurrence, values: EventValues, *, keeps_rule: bool) -> Moved:
    """The series `base` with what the edit changes in its occurrence `found`."""
    values = canonical(values)
    plain = {
        name: getattr(values, name)
        for name in PLAIN_FIELDS
        if getattr(values, name) != getattr(found.values, name)
    }
    base = replace(base, **plain)
    if not values.recurrence:
        times = {name: getattr(values, name) for name in TIME_FIELDS}
        return Moved(replace(base, **times, recurrence=()), lambda key: key)
    # The faults of the times are said before a rule is moved by them.
    checked(replace(values, recurrence=()), before=found.values)
    rule = base.recurrence if keeps_rule else ()
    try:
        result = moved(replace(base, recurrence=rule), found.key, found.values, values)
    except RecurrenceError as error:
        raise InvalidEvent({"start": str(error)}) from error
    return (
        result if keeps_rule else Moved(replace(result.values, recurrence=values.recurrence), result.new_key)
    )
