"""Every write of an event: views, API, admin, imports and sync all come through here.

Each function runs in one transaction, takes the calendar's next revision, keeps what was displaced as an
`EventRevision`, rewrites the stored occurrences and announces the change once, on commit.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.utils import timezone

from scheduling import live
from scheduling.core.event import EventValues, InvalidEvent, canonical, check, from_json, to_json
from scheduling.core.recurrence import RecurrenceError, check_recurrence
from scheduling.models import Calendar, CalendarEvent, EventRevision
from scheduling.services.errors import ReadOnly, StaleEvent
from scheduling.services.occurrences import rewrite_occurrences, write_new_occurrences
from scheduling.services.revisions import next_revision

READ_ONLY_CALENDAR = "This calendar is read only in Google. You can copy the event to your own."
READ_ONLY_EVENT = "Only its organiser can change this event. You can copy it to your own calendar."


@transaction.atomic
def create_event(
    *,
    calendar: Calendar,
    values: EventValues,
    origin: str,
    actor: User | AnonymousUser | None = None,
    event_id: uuid.UUID | None = None,
) -> CalendarEvent:
    """A new event in `calendar`; raises `InvalidEvent` or `ReadOnly`."""
    if calendar.is_read_only:
        raise ReadOnly(READ_ONLY_CALENDAR)
    values = _checked(values)
    event = CalendarEvent(id=event_id or uuid.uuid4(), user_id=calendar.user_id, calendar=calendar)
    event.ical_uid = f"{event.id}@appointment"
    event.values = values
    _save(event, action=EventRevision.Action.CREATE, origin=origin, actor=actor, before=None)
    return event


@transaction.atomic
def update_event(
    *,
    event: CalendarEvent,
    values: EventValues,
    origin: str,
    actor: User | AnonymousUser | None = None,
    expected_revision: int | None = None,
    calendar: Calendar | None = None,
) -> CalendarEvent:
    """Give `event` the values (and, when given, another calendar of the same person).

    Nothing is written when nothing changes. Raises `StaleEvent` when the event was deleted, or when
    `expected_revision` is given and is not the event's; `InvalidEvent`; `ReadOnly`.
    """
    event = _locked(event, expected_revision)
    if event.is_deleted:
        raise StaleEvent(event)
    _require_editable(event)
    target = calendar or event.calendar
    if target.user_id != event.user_id:
        raise InvalidEvent({"calendar": "Choose one of your own calendars."})
    if target.is_read_only:
        raise ReadOnly(READ_ONLY_CALENDAR)
    before = event.values
    values = _checked(values, before=before)
    if target.pk != event.calendar_id:
        return _move_to_calendar(event, target, values, origin, actor)
    if values == before:
        return event
    event.values = values
    _save(event, action=EventRevision.Action.EDIT, origin=origin, actor=actor, before=before)
    return event


@transaction.atomic
def delete_event(
    *,
    event: CalendarEvent,
    origin: str,
    actor: User | AnonymousUser | None = None,
    expected_revision: int | None = None,
) -> CalendarEvent:
    """Cancel `event`: it leaves every view and stays in the trash. Deleting twice changes nothing."""
    event = _locked(event, expected_revision)
    if event.is_deleted:
        return event
    _require_editable(event)
    before = event.values
    event.status = CalendarEvent.Status.CANCELLED
    event.deleted_at = timezone.now()
    _save(event, action=EventRevision.Action.DELETE, origin=origin, actor=actor, before=before)
    return event


@transaction.atomic
def restore_event(
    *, event: CalendarEvent, origin: str, actor: User | AnonymousUser | None = None
) -> CalendarEvent:
    """Bring a deleted event back under the same id. Restoring a living event changes nothing."""
    event = _locked(event, None)
    if not event.is_deleted:
        return event
    _require_editable(event)
    event.status = _status_before_deletion(event)
    event.deleted_at = None
    _save(event, action=EventRevision.Action.RESTORE, origin=origin, actor=actor, before=event.values)
    return event


@transaction.atomic
def undo_change(
    *, event: CalendarEvent, revision: int, origin: str, actor: User | AnonymousUser | None = None
) -> CalendarEvent:
    """Take back the change that produced `revision`; raises `StaleEvent` when a later one followed."""
    event = _locked(event, revision)
    change = event.revisions.filter(revision=revision).exclude(action=EventRevision.Action.DISPLACED).first()
    if change is None:
        raise StaleEvent(event)
    if change.action == EventRevision.Action.DELETE:
        return restore_event(event=event, origin=origin, actor=actor)
    if change.action in (EventRevision.Action.CREATE, EventRevision.Action.RESTORE):
        return delete_event(event=event, origin=origin, actor=actor)
    return update_event(
        event=event,
        values=from_json(change.before or {}),
        calendar=change.calendar_before or event.calendar,
        origin=origin,
        actor=actor,
    )


def move_event(
    *,
    event: CalendarEvent,
    start: datetime | date,
    origin: str,
    actor: User | AnonymousUser | None = None,
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
        event = _locked(event, None)
        before, action = event.values, EventRevision.Action.EDIT
    was_deleted = before is not None and event.is_deleted
    changed = {name for name, value in details.items() if getattr(event, name) != value}
    for name in changed:
        setattr(event, name, details[name])
    if values is not None:
        values = canonical(values)
        check(values, from_remote=True)
        visible = before != values or was_deleted or bool(changed - INVISIBLE_DETAILS)
        event.values, event.deleted_at = values, None
        if was_deleted:
            action = EventRevision.Action.RESTORE
    else:
        visible = not was_deleted
        event.status, event.deleted_at = CalendarEvent.Status.CANCELLED, event.deleted_at or timezone.now()
        if before is not None:
            action = EventRevision.Action.DELETE
    if visible:
        _save(event, action=action, origin=origin, actor=None, before=before, in_step=in_step)
        return event
    if changed:
        event.save(update_fields=list(changed))
    if in_step and event.synced_revision != event.revision:
        mark_synced(event=event, revision=event.revision, sync_state=event.sync_state)
    return event


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
    if not made:
        return []
    revision = next_revision(calendar)
    for event in made:
        event.revision = event.synced_revision = revision
    CalendarEvent.objects.bulk_create(made, batch_size=200)
    write_new_occurrences(made)
    live.announce(
        user_id=calendar.user_id,
        calendar_id=calendar.pk,
        revision=revision,
        event_ids=[event.pk for event in made],
        origin=origin,
    )
    return made


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


def _checked(values: EventValues, before: EventValues | None = None) -> EventValues:
    values = canonical(values)
    unchanged_time = before is not None and (before.start, before.end) == (values.start, values.end)
    faults: dict[str, str] = {}
    try:
        check(values, zero_length=unchanged_time)
    except InvalidEvent as error:
        # What came from elsewhere and is longer than people may write is not held against another field's edit.
        faults = {
            name: fault
            for name, fault in error.fields.items()
            if before is None or getattr(before, name) != getattr(values, name)
        }
    if not faults and values.recurrence and (before is None or before.recurrence != values.recurrence):
        try:
            check_recurrence(values)
        except RecurrenceError as error:
            faults = {"recurrence": str(error)}
    if faults:
        raise InvalidEvent(faults)
    return values


def _locked(event: CalendarEvent, expected_revision: int | None) -> CalendarEvent:
    """The row as it stands now, held against other writers until the transaction ends."""
    current = CalendarEvent.objects.select_for_update(of=("self",)).select_related("calendar", "series")
    found = current.get(pk=event.pk)
    if expected_revision is not None and found.revision != expected_revision:
        raise StaleEvent(found)
    return found


def _require_editable(event: CalendarEvent) -> None:
    if event.calendar.is_read_only:
        raise ReadOnly(READ_ONLY_CALENDAR)
    if event.is_read_only:
        raise ReadOnly(event.read_only_reason or READ_ONLY_EVENT)


def _status_before_deletion(event: CalendarEvent) -> str:
    deletion = event.revisions.filter(action=EventRevision.Action.DELETE).first()
    before = (deletion.before if deletion else None) or {}
    return before.get("status", CalendarEvent.Status.CONFIRMED)


def _move_to_calendar(
    event: CalendarEvent,
    target: Calendar,
    values: EventValues,
    origin: str,
    actor: User | AnonymousUser | None,
) -> CalendarEvent:
    """The event keeps its id; its remote twin belongs to the old calendar and is left to sync by the link."""
    before, old = event.values, event.calendar
    event.calendar, event.values = target, values
    event.google_event_id = ""
    event.overrides.update(calendar=target)
    _save(
        event,
        action=EventRevision.Action.EDIT,
        origin=origin,
        actor=actor,
        before=before,
        calendar_before=old,
    )
    event.overrides.update(revision=event.revision)
    _announce(old, next_revision(old), event, origin)
    return event


def _save(
    event: CalendarEvent,
    *,
    action: str,
    origin: str,
    actor: User | AnonymousUser | None,
    before: EventValues | None,
    calendar_before: Calendar | None = None,
    in_step: bool = False,
) -> None:
    event.revision = next_revision(event.calendar)
    if in_step:
        event.synced_revision = event.revision
    event.updated_at = timezone.now()
    event.save()
    rewrite_occurrences(event)
    EventRevision.objects.create(
        event=event,
        revision=event.revision,
        action=action,
        origin=origin,
        actor=actor if isinstance(actor, User) else None,
        before=to_json(before) if before else None,
        calendar_before=calendar_before or event.calendar,
    )
    _announce(event.calendar, event.revision, event, origin)


def _announce(calendar: Calendar, revision: int, event: CalendarEvent, origin: str) -> None:
    live.announce(
        user_id=calendar.user_id,
        calendar_id=calendar.pk,
        revision=revision,
        event_ids=[event.pk],
        origin=origin,
    )
