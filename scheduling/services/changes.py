"""What every write of events is made of: rows locked and checked, then saved together as one change.

Invariants:
- all rows of a change share one revision, so that it is told, and taken back, as one
- every row keeps what it was as an `EventRevision`
- the stored occurrences are rewritten once, each calendar gets one notice
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduling import live
from scheduling.core.event import EventValues, InvalidEvent, canonical, check, to_json
from scheduling.core.recurrence import RecurrenceError, check_recurrence
from scheduling.models import Calendar, CalendarEvent, EventRevision
from scheduling.services.errors import ReadOnly, StaleEvent
from scheduling.services.occurrences import rewrite_occurrences
from scheduling.services.revisions import next_revision
from scheduling.signals import event_written

Actor = User | AnonymousUser | None
READ_ONLY_EVENT = gettext_lazy(
    "Only its organiser can change this event. You can copy it to your own calendar."
)


def locked(event: CalendarEvent, expected_revision: int | None = None) -> CalendarEvent:
    """The row as it stands now, held against other writers until the transaction ends; raises `StaleEvent`."""
    current = CalendarEvent.objects.select_for_update(of=("self",)).select_related("calendar", "series")
    found = current.get(pk=event.pk)
    if expected_revision is not None and found.revision != expected_revision:
        raise StaleEvent(found)
    return found


def require_editable(event: CalendarEvent) -> None:
    if event.calendar.is_read_only:
        raise ReadOnly(event.calendar.read_only_words)
    if event.is_read_only:
        raise ReadOnly(event.read_only_reason or str(READ_ONLY_EVENT))


def require_writable(calendar: Calendar, event: CalendarEvent) -> None:
    """Whether the event may go to this calendar."""
    if calendar.user_id != event.user_id:
        raise InvalidEvent({"calendar": _("Choose one of your own calendars.")})
    if calendar.is_read_only:
        raise ReadOnly(calendar.read_only_words)


def checked(values: EventValues, before: EventValues | None = None) -> EventValues:
    """The canonical values; raises `InvalidEvent`. What stood there before is not held against an edit."""
    values = canonical(values)
    unchanged_time = before is not None and (before.start, before.end) == (values.start, values.end)
    kept = {name for name in EventValues.__dataclass_fields__ if before and _same(before, values, name)}
    if not unchanged_time:
        kept -= {"start", "end"}  # each is judged by the other
    faults: dict[str, str] = {}
    try:
        check(values, zero_length=unchanged_time)
    except InvalidEvent as error:
        # What came from elsewhere and is longer than people may write is not held against another field's edit.
        faults = {name: fault for name, fault in error.fields.items() if name not in kept}
    if not faults and values.recurrence and "recurrence" not in kept:
        try:
            check_recurrence(values)
        except RecurrenceError as error:
            faults = {"recurrence": str(error)}
    if faults:
        raise InvalidEvent(faults)
    return values


def _same(one: EventValues, other: EventValues, name: str) -> bool:
    return bool(getattr(one, name) == getattr(other, name))


@dataclass(frozen=True)
class Before:
    """A row as it was: its values and where it belonged."""

    values: EventValues
    calendar: Calendar
    series_id: UUID | None = None
    original_start: str = ""
    former_series_id: UUID | None = None
    is_deleted: bool = False

    @classmethod
    def of(cls, event: CalendarEvent) -> Before:
        return cls(
            values=event.values,
            calendar=event.calendar,
            series_id=event.series_id,
            original_start=event.original_start,
            former_series_id=event.former_series_id,
            is_deleted=event.is_deleted,
        )

    @property
    def place(self) -> dict[str, Any]:
        """JSON for `EventRevision.place_before`."""
        return {
            "series": self.series_id and str(self.series_id),
            "original_start": self.original_start,
            "former_series": self.former_series_id and str(self.former_series_id),
            "deleted": self.is_deleted,
        }


class Change:
    """`with Change(origin=…, actor=…) as change:` save rows in it, inside one transaction."""

    def __init__(self, *, origin: str, actor: Actor = None) -> None:
        self.origin = origin
        self.actor = actor if isinstance(actor, User) else None
        self.revision = 0
        self._calendars: dict[UUID, Calendar] = {}
        self._saved: dict[UUID, CalendarEvent] = {}
        self._touched: dict[UUID, None] = {}

    def __enter__(self) -> Change:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None) -> None:
        if kind is None and self.revision:
            self._finish()

    def save(
        self, event: CalendarEvent, *, action: str, before: Before | None, in_step: bool = False
    ) -> None:
        """Write the row and what it was. `in_step`: the other side needs not hear of it."""
        calendars = [event.calendar] + ([before.calendar] if before else [])
        if not self.revision:
            self.revision = next_revision(event.calendar)
        self._calendars |= {calendar.pk: calendar for calendar in calendars}
        event.revision, event.updated_at = self.revision, timezone.now()
        if in_step:
            event.synced_revision = event.revision
        event.save()
        EventRevision.objects.create(
            event=event,
            revision=event.revision,
            action=action,
            origin=self.origin,
            actor=self.actor,
            before=to_json(before.values) if before else None,
            calendar_before=before.calendar if before else event.calendar,
            place_before=before.place if before else {},
        )
        self._saved[event.pk] = event
        places = (event.pk, event.series_id, before.series_id if before else None)
        self._touched |= {place: None for place in places if place}

    def delete(self, event: CalendarEvent) -> None:
        """Cancel the row."""
        before = Before.of(event)
        event.status, event.deleted_at = CalendarEvent.Status.CANCELLED, timezone.now()
        self.save(event, action=EventRevision.Action.DELETE, before=before)

    def _finish(self) -> None:
        for pk in self._touched:
            event = self._saved.get(pk) or CalendarEvent.objects.select_related("calendar").get(pk=pk)
            if not event.series_id:  # an override's are its series'
                rewrite_occurrences(event)
        for calendar in self._calendars.values():
            if calendar.revision != self.revision:
                Calendar.objects.filter(pk=calendar.pk).update(revision=self.revision)
                calendar.revision = self.revision
            live.announce(
                user_id=calendar.user_id,
                calendar_id=calendar.pk,
                revision=self.revision,
                event_ids=list(self._saved),
                origin=self.origin,
            )
        for event in list(self._saved.values()):
            event_written.send(sender=None, event=event)
