"""Reads and writes of events. Every write is one short transaction that takes the
calendar's next change number; after the commit its push channels are told.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from sync.sandbox import channels, clock, events, recurrence
from sync.sandbox.models import WRITER_NO_PRIVATE, Calendar, Event, ListEntry
from sync.sandbox.wire import (
    GoogleError,
    condition_not_met,
    deleted,
    duplicate,
    forbidden_for_non_organizer,
    invalid,
    not_found,
    required_access_level,
)

Json = dict[str, Any]


# --- Events: finding -----------------------------------------------------------------------------
def find(entry: ListEntry, event_id: str) -> Event:
    """The stored event, or an unsaved one for an instance that was never touched; 404 when there is none."""
    event = Event.objects.filter(calendar=entry.calendar, event_id=event_id).first()
    if event:
        return event
    parts = recurrence.split_instance_id(event_id)
    master = (
        parts and Event.objects.filter(calendar=entry.calendar, event_id=parts[0], is_recurring=True).first()
    )
    if not parts or not master or master.is_gone:
        raise not_found()
    try:
        slot = recurrence.parse_stamp(parts[1])
    except ValueError as error:
        raise not_found() from error
    if not recurrence.has_slot(master.body["start"], master.body["recurrence"], slot):
        raise not_found()
    return untouched_instance(master, slot)


def untouched_instance(master: Event, slot: recurrence.Slot) -> Event:
    """The unsaved event of one instance; it carries its master's etag."""
    event_id = f"{master.event_id}_{recurrence.stamp(slot)}"
    body = events.instance_body(master.body, slot)
    starts_at, ends_at = events.bounds(body, master.calendar.time_zone)
    return Event(
        calendar_id=master.calendar_id,
        event_id=event_id,
        body=body,
        status=master.status,
        organizer=master.organizer,
        creator=master.creator,
        ical_uid=master.ical_uid,
        recurring_event_id=master.event_id,
        original_start=recurrence.stamp(slot),
        starts_at=starts_at,
        ends_at=ends_at,
        etag=master.etag,
        sequence=master.sequence,
        created=master.created,
        updated=master.updated,
        change=master.change,
        order_key=order_key(event_id),
    )


def instances(master: Event, *, after: datetime | None = None, before: datetime | None = None) -> list[Event]:
    """The master's instances that overlap `(after, before)`, exceptions in place of what they replace."""
    exceptions = {
        event.original_start: event
        for event in Event.objects.filter(calendar_id=master.calendar_id, recurring_event_id=master.event_id)
    }
    result = [
        event
        for event in exceptions.values()
        if not (before and event.starts_at and event.starts_at >= before)
        and not (after and event.ends_at and event.ends_at <= after)
    ]
    slots = recurrence.slots(
        master.body["start"],
        master.body.get("recurrence", []),
        after=after,
        before=before,
        length=events.length(master.body),
    )
    result += [untouched_instance(master, slot) for slot in slots if recurrence.stamp(slot) not in exceptions]
    return sorted(result, key=lambda event: event.original_start)


def agenda(entry: ListEntry, after: datetime, before: datetime) -> list[Event]:
    """What a person sees of the span, series as instances, in the order of starts."""
    rows = Event.objects.filter(
        calendar=entry.calendar, recurring_event_id="", raw__isnull=True, starts_at__lt=before
    )
    found: list[Event] = []
    for event in rows.exclude(status="cancelled"):
        if event.is_recurring:
            found += [e for e in instances(event, after=after, before=before) if not e.is_cancelled]
        elif event.ends_at is None or event.ends_at > after or event.starts_at == event.ends_at == after:
            found.append(event)
    return sorted(found, key=lambda e: (max(e.starts_at or after, after), "dateTime" in e.body["start"]))


def order_key(event_id: str) -> str:
    """Lists are in this order: stable, and not that of starts; an exception may come before its master."""
    return hashlib.sha1(event_id.encode(), usedforsecurity=False).hexdigest()


# --- Events: writing -----------------------------------------------------------------------------
@transaction.atomic
def insert(entry: ListEntry, body: Json, *, conference: bool = False, attachments: bool = False) -> Event:
    """`events.insert`: 409 for an id that is taken, also by a deleted event."""
    _lock(entry)
    event_id = body.get("id") or None
    if event_id is not None:
        if not events.valid_id(event_id):
            raise invalid("Invalid resource id value.")
        if body.get("iCalUID"):
            raise invalid("The id and the iCalUID of an event cannot both be given.")
        if Event.objects.filter(calendar=entry.calendar, event_id=event_id).exists():
            raise duplicate()
    event = _new_event(entry, body, event_id, conference=conference, attachments=attachments)
    _save(entry.calendar, event)
    return event


@transaction.atomic
def insert_many(entry: ListEntry, bodies: Iterable[Json]) -> list[Event]:
    """Many single events at once, for tests and examples."""
    _lock(entry, must_write=False)
    result = []
    for body in bodies:
        event = _new_event(entry, body, body.get("id") or None, conference=True, attachments=True)
        _stamp(entry.calendar, event)
        result.append(event)
    Event.objects.bulk_create(result, batch_size=500)
    entry.calendar.save(update_fields=["change"])
    transaction.on_commit(partial(channels.notify_events, entry.calendar_id))
    return result


@transaction.atomic
def import_event(entry: ListEntry, body: Json) -> Event:
    """`events.import`: a private copy, matched by its iCalUID; its organizer may be anyone."""
    _lock(entry)
    if not body.get("iCalUID"):
        raise invalid("Missing iCalUID.", "required")
    if body.get("eventType", "default") != "default":
        raise invalid("Only default events can be imported.")
    event = Event.objects.filter(
        calendar=entry.calendar, ical_uid=body["iCalUID"], recurring_event_id=""
    ).first()
    fresh = _new_event(entry, body, None, conference=False, attachments=False)
    if event is None:
        _save(entry.calendar, fresh)
        return fresh
    event.body, event.status, event.organizer = fresh.body, fresh.status, fresh.organizer
    event.sequence += 1
    _save(entry.calendar, event)
    return event


@transaction.atomic
def store_raw(entry: ListEntry, event_id: str, resource: Json) -> Event:
    """Answer `resource` as it is for this id, however odd; for tests."""
    _lock(entry, must_write=False)
    now = clock.now()
    event = Event.objects.filter(calendar=entry.calendar, event_id=event_id).first() or Event(
        calendar=entry.calendar, event_id=event_id, ical_uid=event_id, created=now
    )
    event.raw = {key: value for key, value in resource.items() if key not in ("etag", "id")}
    event.status = resource.get("status", "confirmed")
    _save(entry.calendar, event)
    return event


@transaction.atomic
def update(
    entry: ListEntry,
    event_id: str,
    body: Json,
    *,
    replace: bool,
    if_match: str = "",
    conference: bool = False,
    attachments: bool = False,
) -> Event:
    """`events.update` (`replace`: what is not named is dropped) and `events.patch`.

    Changing an instance makes it an exception. A deleted event comes back when its status does.
    """
    _lock(entry)
    event = find(entry, event_id)
    if event.is_gone:
        raise not_found()
    _check_private(entry, event)
    _check_match(event, if_match)
    sequence = _sequence(event, body)
    old_status, status = event.status, body.get("status") or ("confirmed" if replace else event.status)
    if status not in ("confirmed", "tentative", "cancelled"):
        raise invalid("Invalid value for: status")
    old, given = event.body, events.writable(body)
    new = {"eventType": old.get("eventType"), **given} if replace else events.merged(old, given)
    new = events.kept_opaque(new, old, conference=conference, attachments=attachments)
    new = events.normalize(new, entry.calendar.time_zone, is_instance=event.is_exception)
    events.check_event_type(old, new)
    if not _is_organizer(entry, event):
        events.check_guest_change(old, new, entry.calendar.google_id)
    changed = events.changed_fields(old, new)
    if not changed and status == old_status:
        return event
    event.body, event.status, event.raw = new, status, None
    event.sequence = sequence + 1 if changed & events.WHEN or status != old_status else sequence
    _save(entry.calendar, event, touch=changed != {"reminders"} or status != old_status)
    if not event.is_exception:
        _follow_master(entry.calendar, event, old)
    return event


@transaction.atomic
def delete(entry: ListEntry, event_id: str, *, if_match: str = "") -> Event:
    """`events.delete`: leaves a tombstone; a second time 410. Of an instance: a cancelled exception."""
    _lock(entry)
    event = find(entry, event_id)
    if event.is_gone or event.is_cancelled:
        raise deleted()
    _check_private(entry, event)
    _check_match(event, if_match)
    event.status, event.sequence, event.raw = "cancelled", event.sequence + 1, None
    _save(entry.calendar, event)
    if not event.is_exception:
        _follow_master(entry.calendar, event, event.body)
    return event


@transaction.atomic
def move(entry: ListEntry, event_id: str, destination: ListEntry) -> Event:
    """`events.move`: the same id on the other calendar; what stays behind is cancelled and only an id."""
    for target in sorted((entry, destination), key=lambda item: item.calendar_id):
        _lock(target)
    event = find(entry, event_id)
    if event.is_exception or event.body.get("eventType", "default") != "default":
        raise invalid("This event cannot be moved.", "cannotChangeOrganizerOfInstance")
    if event.is_cancelled:
        raise deleted()
    if not _is_organizer(entry, event):
        raise forbidden_for_non_organizer()
    if entry.calendar_id == destination.calendar_id:
        return event
    taken = Event.objects.filter(calendar=destination.calendar, event_id=event_id).first()
    if taken and not taken.is_cancelled:
        raise duplicate()
    if taken:
        taken.delete()
    family = [event, *Event.objects.filter(calendar=entry.calendar, recurring_event_id=event_id)]
    for member in family:
        left_behind, member.pk = member.pk, None
        member.calendar, member.organizer = destination.calendar, _organizer(destination)
        member.sequence += 1
        _save(destination.calendar, member)
        old = Event.objects.get(pk=left_behind)
        if old.is_exception:
            old.delete()
            continue
        old.status, old.is_gone = "cancelled", True
        _save(entry.calendar, old)
    return event


@transaction.atomic
def split_series(entry: ListEntry, event_id: str, stamp: str, changes: Json) -> Event:
    """ "This and following" as Google's own page does it: the old series ends, a new `_R` series begins."""
    master, slot = find(entry, event_id), recurrence.parse_stamp(stamp)
    start, lines = master.body["start"], master.body["recurrence"]
    if slot == recurrence.slot_of(start):
        return update(entry, event_id, changes, replace=False)
    before = sum(1 for earlier in recurrence.slots(start, lines) if earlier < slot)  # type: ignore[operator]
    body = {**events.instance_body(master.body, slot), "recurrence": _remaining(lines, before)}
    update(entry, event_id, {"recurrence": recurrence.trimmed(start, lines, slot)}, replace=False)
    new_id = f"{event_id.split('_R')[0]}_R{stamp.rstrip('Z')}"
    event = _new_event(entry, events.merged(body, changes), new_id, conference=True, attachments=True)
    _save(entry.calendar, event)
    return event


def _remaining(lines: list[str], passed: int) -> list[str]:
    """The lines for a series that begins after `passed` instances of the old one."""
    result = []
    for line in lines:
        parts = line.split(";")
        result.append(
            ";".join(
                f"COUNT={int(part[6:]) - passed}" if part.upper().startswith("COUNT=") else part
                for part in parts
            )
        )
    return result


def _lock(entry: ListEntry, *, must_write: bool = True) -> None:
    """Take the calendar's row, so that change numbers have no gaps and no twins."""
    if must_write and not entry.can_write:
        raise required_access_level()
    entry.calendar = Calendar.objects.select_for_update().get(pk=entry.calendar_id)


def _new_event(
    entry: ListEntry, body: Json, event_id: str | None, *, conference: bool, attachments: bool
) -> Event:
    event_id = event_id or uuid.uuid4().hex
    new = events.kept_opaque(events.writable(body), {}, conference=conference, attachments=attachments)
    new = events.normalize(new, entry.calendar.time_zone)
    events.check_event_type(None, new)
    now = clock.now()
    return Event(
        calendar=entry.calendar,
        event_id=event_id,
        body=new,
        status=body.get("status") or "confirmed",
        organizer=body.get("organizer") or _organizer(entry),
        creator={"email": entry.account.email},
        ical_uid=body.get("iCalUID") or f"{event_id}@google.com",
        sequence=int(body.get("sequence") or 0),
        created=now,
        updated=now,
    )


def _organizer(entry: ListEntry) -> Json:
    if entry.calendar.google_id == entry.account.email:
        return {"email": entry.account.email}
    return {"email": entry.calendar.google_id, "displayName": entry.calendar.summary}


def _is_organizer(entry: ListEntry, event: Event) -> bool:
    return event.organizer.get("email", "").lower() == entry.calendar.google_id.lower()


def _check_private(entry: ListEntry, event: Event) -> None:
    is_private = event.body.get("visibility") in ("private", "confidential")
    if is_private and entry.access_role == WRITER_NO_PRIVATE:
        raise required_access_level()


def _check_match(event: Event, if_match: str) -> None:
    if if_match and if_match != "*" and event.etag not in [tag.strip() for tag in if_match.split(",")]:
        raise condition_not_met()


def _sequence(event: Event, body: Json) -> int:
    """The sequence to count on from; raises 400 when the caller's is out of date."""
    given = body.get("sequence")
    if given is None:
        return event.sequence
    if int(given) < event.sequence:
        raise GoogleError(
            400,
            "invalid",
            "Invalid sequence value. The specified sequence number is below the current sequence number of the "
            "resource. Re-fetch the resource and use its sequence number on the following request.",
        )
    return int(given)


def _stamp(calendar: Calendar, event: Event, *, touch: bool = True) -> None:
    """Give the event the calendar's next change number and a new etag (`touch`: also a new `updated`)."""
    calendar.change += 1
    event.change = calendar.change
    event.etag = f'"{secrets.randbelow(9 * 10**15) + 10**15}"'
    event.order_key = order_key(event.event_id)
    if touch or event.updated is None:
        event.updated = clock.now()
    event.is_recurring = bool(event.body.get("recurrence"))
    if event.raw is None and "start" in event.body:
        event.starts_at, event.ends_at = events.bounds(event.body, calendar.time_zone)


def _save(calendar: Calendar, event: Event, *, touch: bool = True) -> None:
    _stamp(calendar, event, touch=touch)
    event.save()
    calendar.save(update_fields=["change"])
    transaction.on_commit(partial(channels.notify_events, calendar.pk))


def _follow_master(calendar: Calendar, master: Event, old: Json) -> None:
    """Drop exceptions whose slot is gone; let the others follow what they shared with their master."""
    for event in Event.objects.filter(calendar=calendar, recurring_event_id=master.event_id):
        lines = master.body.get("recurrence", [])
        slot = recurrence.parse_stamp(event.original_start)
        if master.is_cancelled or not lines or not recurrence.has_slot(master.body["start"], lines, slot):
            event.delete()
            continue
        body = events.inherited(event.body, old, master.body)
        if body != event.body:
            event.body = body
            _save(calendar, event)
