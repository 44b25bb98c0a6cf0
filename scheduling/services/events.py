"""Writes of an event as a whole: views, API, admin, imports and sync all come through here and `services.series`.

Each function runs in one transaction and writes one `Change`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling import live
from scheduling.core.event import EventValues, InvalidEvent, canonical, check, to_json
from scheduling.models import Calendar, CalendarEvent, EventRevision
from scheduling.services.changes import (
    Actor,
    Before,
    Change,
    checked,
    locked,
    require_editable,
    require_writable,
)
from scheduling.services.errors import ReadOnly, StaleEvent
from scheduling.services.overrides import drop_lost_overrides, take_back
from scheduling.services.revisions import next_revision
from scheduling.services.series import update_master


@transaction.atomic
def create_event(
    *,
    calendar: Calendar,
    values: EventValues,
    origin: str,
    actor: Actor = None,
    event_id: uuid.UUID | None = None,
) -> CalendarEvent:
    """A new event in `calendar`; raises `InvalidEvent` or `ReadOnly`."""
    if calendar.is_read_only:
        raise ReadOnly(calendar.read_only_words)
    values = checked(values)
    event = CalendarEvent(id=event_id or uuid.uuid4(), user_id=calendar.user_id, calendar=calendar)
    event.ical_uid = f"{event.id}@appointment"
    event.values = values
    with Change(origin=origin, actor=actor) as change:
        change.save(event, action=EventRevision.Action.CREATE, before=None)
    return event


@transaction.atomic
def update_event(
    *,
    event: CalendarEvent,
    values: EventValues,
    origin: str,
    actor: Actor = None,
    expected_revision: int | None = None,
    calendar: Calendar | None = None,
) -> CalendarEvent:
    """Give `event` the values (and, when given, another calendar of the same person).

    A series whose rule stays and whose first start moves is moved as a whole, its changed occurrences with it.
    Nothing is written when nothing changes. Raises `StaleEvent` when the event was deleted, or when
    `expected_revision` is given and is not the event's; `InvalidEvent`; `ReadOnly`.
    """
    event = locked(event, expected_revision)
    if event.is_deleted:
        raise StaleEvent(event)
    require_editable(event)
    target = calendar or event.calendar
    require_writable(target, event)
    if event.recurrence:
        return update_master(series=event, values=values, calendar=target, origin=origin, actor=actor)
    before = Before.of(event)
    values = checked(values, before=before.values)
    if event.series_id and target.pk != event.calendar_id:
        raise InvalidEvent({"calendar": _("One event of a series stays in the calendar of its series.")})
    if event.series_id and values.recurrence:
        raise InvalidEvent({"recurrence": _("One event of a series cannot repeat by a rule of its own.")})
    if target.pk != event.calendar_id:
        # The event keeps its id; its remote twin belongs to the old calendar and is left to sync by the link.
        event.calendar, event.google_event_id = target, ""
    elif values == before.values:
        return event
    event.values = values
    with Change(origin=origin, actor=actor) as change:
        change.save(event, action=EventRevision.Action.EDIT, before=before)
    return event


@transaction.atomic
def delete_event(
    *,
    event: CalendarEvent,
    origin: str,
    actor: Actor = None,
    expected_revision: int | None = None,
) -> CalendarEvent:
    """Cancel `event`: it leaves every view and stays in the trash. Deleting twice changes nothing."""
    event = locked(event, expected_revision)
    if event.is_deleted:
        return event
    require_editable(event)
    with Change(origin=origin, actor=actor) as change:
        change.delete(event)
    return event


@transaction.atomic
def restore_event(*, event: CalendarEvent, origin: str, actor: Actor = None) -> CalendarEvent:
    """Bring a deleted event back under the same id. Restoring a living event changes nothing."""
    event = locked(event)
    if not event.is_deleted:
        return event
    require_editable(event)
    before = Before.of(event)
    event.status, event.deleted_at = _status_before_deletion(event), None
    if event.former_series_id:
        take_back(event)
    with Change(origin=origin, actor=actor) as change:
        change.save(event, action=EventRevision.Action.RESTORE, before=before)
    return event


def move_event(
    *,
    event: CalendarEvent,
    start: datetime | date,
    origin: str,
    actor: Actor = None,
    expected_revision: int | None = None,
) -> CalendarEvent:
    """Give the event another start (an instant, or a date when it is all-day) and keep its length."""
    length: timedelta = event.end - event.start  # type: ignore[operator]
    values = replace(event.values, start=start, end=start + length)
    return update_event(
        event=event, values=values, origin=origin, actor=actor, expected_revision=expected_revision
    )


# Bookkeeping of the other side: writing it is no change of the event, so it takes no revision. Otherwise the
# answer to the first send would make every form that is open on the event stale.
INVISIBLE_DETAILS = {"google_event_id", "ical_uid", "sequence"}


@transaction.atomic
def apply_remote(
    *,
    calendar: Calendar,
    event: CalendarEvent | None,
    values: EventValues | None,
    details: Mapping[str, Any],
    series: CalendarEvent | None = None,
    original_start: str = "",
    event_id: uuid.UUID | None = None,
    origin: str = EventRevision.Origin.GOOGLE,
    in_step: bool = True,
) -> CalendarEvent:
    """Write what another calendar system says: `values` None means deleted there.

    `details` are model fields people here only read (organiser, guests, uid, read-only marks …). `in_step` says
    that the other side now has exactly this. Limits for people do not apply: what other systems allow is kept.
    """
    before = None
    action = EventRevision.Action.CREATE
    if event is None:
        event = CalendarEvent(id=event_id or uuid.uuid4(), user_id=calendar.user_id, calendar=calendar)
        event.series, event.original_start = series, original_start
    else:
        event = locked(event)
        before, action = Before.of(event), EventRevision.Action.EDIT
    was_deleted = before is not None and before.is_deleted
    changed = {name for name, value in details.items() if getattr(event, name) != value}
    for name in changed:
        setattr(event, name, details[name])
    if values is not None:
        values = canonical(values)
        check(values, from_remote=True)
        visible = (
            before is None or before.values != values or was_deleted or bool(changed - INVISIBLE_DETAILS)
        )
        event.values, event.deleted_at = values, None
        if was_deleted:
            action = EventRevision.Action.RESTORE
        if event.former_series_id:
            take_back(event)
    else:
        visible = not was_deleted
        event.status, event.deleted_at = CalendarEvent.Status.CANCELLED, event.deleted_at or timezone.now()
        if before is not None:
            action = EventRevision.Action.DELETE
    if visible:
        with Change(origin=origin) as change:
            change.save(event, action=action, before=before, in_step=in_step)
            if before is not None and before.values.recurrence and not event.is_deleted:
                drop_lost_overrides(change, event)
        return event
    if changed:
        event.save(update_fields=list(changed))
    if in_step and event.synced_revision != event.revision:
        mark_synced(event=event, revision=event.revision, sync_state=event.sync_state)
    return event


@transaction.atomic
def drop_lost_occurrences(*, series: CalendarEvent, origin: str = EventRevision.Origin.GOOGLE) -> None:
    """Drop what was said of occurrences that the series does not have, as the other side has done already."""
    with Change(origin=origin) as change:
        drop_lost_overrides(change, locked(series))


@transaction.atomic
def mark_synced(*, event: CalendarEvent, revision: int, sync_state: str = "") -> None:
    """Note that the remote side agrees with the event as it was at `revision`.

    The event has not changed and keeps its revision; its calendar takes one, because open views draw the mark.
    """
    if (event.synced_revision, event.sync_state) == (revision, sync_state):
        return
    CalendarEvent.objects.filter(pk=event.pk).update(synced_revision=revision, sync_state=sync_state)
    event.synced_revision, event.sync_state = revision, sync_state
    _announce(event.calendar, next_revision(event.calendar), event, EventRevision.Origin.GOOGLE)


def set_sync_state(*, event: CalendarEvent, sync_state: str) -> None:
    """Show on the event that sync needs its owner, or no longer does."""
    mark_synced(event=event, revision=event.synced_revision, sync_state=sync_state)


def keep_displaced(*, event: CalendarEvent, values: EventValues, origin: str) -> EventRevision:
    """Remember values that a merge displaced, so that a person can bring them back."""
    return EventRevision.objects.create(
        event=event,
        revision=event.revision,
        action=EventRevision.Action.DISPLACED,
        origin=origin,
        before=to_json(values),
        calendar_before_id=event.calendar_id,
    )


def _status_before_deletion(event: CalendarEvent) -> str:
    lost = (EventRevision.Action.DELETE, EventRevision.Action.DROP)
    deletion = event.revisions.filter(action__in=lost).first()
    before = (deletion.before if deletion else None) or {}
    return before.get("status", CalendarEvent.Status.CONFIRMED)


def _announce(calendar: Calendar, revision: int, event: CalendarEvent, origin: str) -> None:
    live.announce(
        user_id=calendar.user_id,
        calendar_id=calendar.pk,
        revision=revision,
        event_ids=[event.pk],
        origin=origin,
    )
