"""Brings the events of an iCalendar file into a calendar: compared first, then written in bulk.

What is in the file meets what is here by UID, so that importing twice changes nothing. A later SEQUENCE wins; of
equal ones the file does, because a person just asked for it. Events that are new get an id made from the
calendar and the UID: they are met again even when Google has given them another UID in the meantime.

Invariants:
- importing the same file twice creates nothing the second time
- an older version never displaces a newer one
- what is new comes in one insert for a whole chunk, with one revision and one notice
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, Q
from django.utils.translation import gettext_lazy as _

from scheduling.core.event import EventValues, parse_moment
from scheduling.core.ical import ReadEvent, ReadOverride
from scheduling.core.ical.recurrence import without_exdates
from scheduling.models import Calendar, CalendarEvent, EventRevision
from scheduling.services.bulk import insert_events
from scheduling.services.changes import Change
from scheduling.services.events import apply_remote
from scheduling.services.overrides import drop_override

CREATE, UPDATE, UNCHANGED, SKIP = "created", "updated", "unchanged", "skipped"
KINDS = (CREATE, UPDATE, UNCHANGED, SKIP)

OLDER = _("A later version of it is here already.")
NOT_YOURS = _("Only its organiser can change it here.")
NOT_HERE = _("It is cancelled in the file, and not here.")
LONE_CHANGES = _("It changes single dates of a series that is not here.")


@dataclass(frozen=True)
class Step:
    """What is to happen with one event of the file; `words` say why it is skipped."""

    kind: str
    event: ReadEvent
    existing: CalendarEvent | None = None
    words: str = ""

    @property
    def values(self) -> EventValues | None:
        """What to show of it."""
        if self.event.values is not None:
            return self.event.values
        if self.existing is not None:
            return self.existing.values
        return next((o.values for o in self.event.overrides if o.values), None)


def plan_import(*, calendar: Calendar, events: Sequence[ReadEvent]) -> list[Step]:
    """Compare the events with what is in the calendar; two queries, nothing is written."""
    existing = _existing(calendar, [event.uid for event in events])
    return [_step(event, existing.get(event.uid)) for event in events]


@transaction.atomic
def apply_import(*, calendar: Calendar, events: Sequence[ReadEvent], in_step: bool = False) -> dict[str, int]:
    """Write one chunk of a file; returns the counts by kind.

    `in_step` says that the calendar mirrors where the file comes from; otherwise what changes here is sent on to
    where the calendar is synced with.
    """
    Calendar.objects.select_for_update().get(pk=calendar.pk)  # one import at a time, or twins would be made
    steps = plan_import(calendar=calendar, events=events)
    _create([step.event for step in steps if step.kind == CREATE], calendar, in_step)
    for step in steps:
        if step.kind == UPDATE and step.existing is not None:
            _update(step.event, step.existing, calendar, in_step)
    return {kind: sum(step.kind == kind for step in steps) for kind in KINDS}


def import_id(calendar: Calendar, uid: str) -> uuid.UUID:
    """The id of an event that comes into this calendar with that UID."""
    return uuid.uuid5(calendar.pk, uid)


def _existing(calendar: Calendar, uids: Iterable[str]) -> dict[str, CalendarEvent]:
    by_id = {import_id(calendar, uid): uid for uid in uids}
    found: dict[str, CalendarEvent] = {}
    masters = CalendarEvent.objects.filter(
        Q(ical_uid__in=list(by_id.values())) | Q(pk__in=list(by_id)),
        calendar=calendar,
        series=None,
        former_series=None,
    )
    overrides = Prefetch("overrides", CalendarEvent.objects.order_by("pk"))
    # Of several that share a UID the living one counts, and of those the one that has had it longest.
    for event in masters.order_by("-deleted_at", "created_at", "pk").prefetch_related(overrides):
        uid = by_id.get(event.pk, event.ical_uid)
        if uid not in found or (found[uid].is_deleted and not event.is_deleted):
            found[uid] = event
    return found


def _step(event: ReadEvent, existing: CalendarEvent | None) -> Step:
    if existing is None:
        if event.values is not None:
            return Step(CREATE, event)
        return Step(SKIP, event, words=str(NOT_HERE if event.is_cancelled else LONE_CHANGES))
    if existing.is_read_only and not existing.calendar.is_read_only:
        return Step(SKIP, event, existing, str(NOT_YOURS))
    if event.sequence < existing.sequence:
        return Step(SKIP, event, existing, str(OLDER))
    return Step(UPDATE if _differs(event, existing) else UNCHANGED, event, existing)


def _differs(event: ReadEvent, existing: CalendarEvent) -> bool:
    if event.is_cancelled:
        return not existing.is_deleted
    if event.values is not None:
        if existing.is_deleted or _merged(event.values, existing) != existing.values:
            return True
        if _details_differ(event.details, existing):
            return True
    overrides = {override.original_start: override for override in existing.overrides.all()}
    if _is_mirror(existing.calendar) and overrides.keys() - _keys(event, existing):
        return True
    return any(
        _override_differs(override, overrides.get(_original_start(override, existing)))
        for override in event.overrides
    )


def _is_mirror(calendar: Calendar) -> bool:
    """A calendar that people do not change here: what the file no longer says is no longer so."""
    return calendar.is_read_only


def _keys(event: ReadEvent, series: CalendarEvent) -> set[str]:
    return {_original_start(override, series) for override in event.overrides}


def _override_differs(override: ReadOverride, existing: CalendarEvent | None) -> bool:
    if existing is None:
        return True
    if override.values is None or existing.is_deleted:
        return (override.values is None) != existing.is_deleted
    return _merged(override.values, existing) != existing.values or _details_differ(
        override.details, existing
    )


def _details_differ(details: Mapping[str, Any], existing: CalendarEvent) -> bool:
    return any(getattr(existing, name) != value for name, value in details.items() if name != "sequence")


def _merged(values: EventValues, existing: CalendarEvent) -> EventValues:
    """What the file says in the form that it has here.

    Colours are chosen here, and files of others name none. An occurrence that was deleted here alone is an EXDATE
    in our own files.
    """
    changes: dict[str, Any] = {} if values.color is not None else {"color": existing.color}
    if values.recurrence and existing.recurrence:
        deleted = {override.original_start for override in existing.overrides.all() if override.is_deleted}
        if deleted:
            lines = without_exdates(values.recurrence, deleted, values.time_zone)
            changes["recurrence"] = tuple(lines)
    return replace(values, **changes)


def _original_start(override: ReadOverride, series: CalendarEvent) -> str:
    """The key of the occurrence, also where the file named it by its day alone."""
    moment = parse_moment(override.original_start)
    if series.is_all_day == (len(override.original_start) == 10):
        return override.original_start
    if series.is_all_day:
        return moment.isoformat()[:10]
    return f"{moment.isoformat()}T{series.start_time:%H:%M:%S}Z"


def _create(events: Sequence[ReadEvent], calendar: Calendar, in_step: bool) -> None:
    ids = {event.uid: import_id(calendar, event.uid) for event in events}
    taken = set(CalendarEvent.objects.filter(pk__in=ids.values()).values_list("pk", flat=True))
    masters, overrides = [], []
    for event in events:
        identifier = ids[event.uid] if ids[event.uid] not in taken else uuid.uuid4()
        master = CalendarEvent(id=identifier, ical_uid=event.uid, **event.details)
        assert event.values is not None
        master.values = event.values
        masters.append(master)
        for override in event.overrides:
            overrides.append(_new_override(override, event.values, master))
    insert_events(
        calendar=calendar,
        masters=masters,
        overrides=overrides,
        origin=EventRevision.Origin.IMPORT,
        in_step=in_step,
    )


def _new_override(override: ReadOverride, values: EventValues, master: CalendarEvent) -> CalendarEvent:
    made = CalendarEvent(
        ical_uid=master.ical_uid,
        series=master,
        original_start=override.original_start,
        is_local_only=master.is_local_only,
        **override.details,
    )
    made.values = override.values or replace(values, recurrence=())
    if override.values is None:
        made.status = CalendarEvent.Status.CANCELLED
        made.deleted_at = made.updated_at
    return made


def _update(event: ReadEvent, existing: CalendarEvent, calendar: Calendar, in_step: bool) -> None:
    origin = EventRevision.Origin.IMPORT
    # Anew: `existing` has its overrides as they were before.
    master = CalendarEvent.objects.select_related("calendar").get(pk=existing.pk)
    if event.is_cancelled or event.values is not None:
        values = None if event.values is None else _merged(event.values, existing)
        master = apply_remote(
            calendar=calendar,
            event=master,
            values=values,
            details=event.details,
            origin=origin,
            in_step=in_step,
        )
        if _is_mirror(calendar):
            _drop_forgotten(event, master, origin)
    known = {override.original_start: override for override in existing.overrides.all()}
    for override in event.overrides:
        key = _original_start(override, master)
        if not _override_differs(override, known.get(key)):
            continue
        values = override.values
        if values is None and key not in known:
            # apply_remote gives a cancelled occurrence no values of its own.
            made = _new_override(replace(override, original_start=key), master.values, master)
            insert_events(calendar=calendar, masters=[], overrides=[made], origin=origin, in_step=in_step)
            continue
        apply_remote(
            calendar=calendar,
            event=known.get(key),
            values=values if values is None or key not in known else _merged(values, known[key]),
            details={
                "ical_uid": master.ical_uid,
                "is_local_only": master.is_local_only,
                **override.details,
            },
            series=master,
            original_start=key,
            origin=origin,
            in_step=in_step,
        )


def _drop_forgotten(event: ReadEvent, series: CalendarEvent, origin: str) -> None:
    """Let occurrences be regular again that the file does not change any more."""
    with Change(origin=origin) as change:
        forgotten = series.overrides.exclude(original_start__in=_keys(event, series))
        for override in forgotten.select_related("calendar"):
            drop_override(change, override)
