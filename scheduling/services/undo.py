"""Taking a change back: everything that was written with one revision, under the same ids."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from scheduling.core.event import from_json
from scheduling.models import CalendarEvent, EventRevision
from scheduling.services.changes import Actor, Before, Change, locked, require_editable, require_writable
from scheduling.services.errors import StaleEvent
from scheduling.services.overrides import drop_override

Action = EventRevision.Action


@transaction.atomic
def undo_change(*, event: CalendarEvent, revision: int, origin: str, actor: Actor = None) -> CalendarEvent:
    """Take back the change that produced `revision`, of all the events it wrote; returns `event` as it is then.

    Raises `StaleEvent` when a later change of one of them followed; `ReadOnly`. Taken back itself, it is done again.
    """
    event = locked(event, revision)
    rows = EventRevision.objects.filter(event__user_id=event.user_id, revision=revision)
    rows = rows.exclude(action=Action.DISPLACED).select_related("event__calendar", "calendar_before")
    written = {row.event_id: row for row in rows.order_by("pk")}
    if event.pk not in written:
        raise StaleEvent(event)
    events = {row.event_id: locked(row.event) for row in written.values()}
    for pk, found in events.items():
        if found.revision != revision:
            raise StaleEvent(found)
        require_editable(found)
        if (calendar := written[pk].calendar_before) is not None:
            require_writable(calendar, found)
        if found.original_start:
            # Neighbours may have changed places.
            CalendarEvent.objects.filter(pk=pk).update(original_start=found.pk.hex[:20])
    with Change(origin=origin, actor=actor) as change:
        _make_room(change, list(written.values()))
        for pk, found in sorted(
            events.items(), key=lambda item: bool(written[item[0]].place_before.get("series"))
        ):
            _revert(change, found, written[pk])
    return events[event.pk]


def _make_room(change: Change, rows: list[EventRevision]) -> None:
    """What has taken the place of an override since (a deletion made elsewhere) gives way, and is kept."""
    for row in rows:
        series, name = row.place_before.get("series"), row.place_before.get("original_start")
        if series and name:
            others = CalendarEvent.objects.filter(series=series, original_start=name)
            for other in others.exclude(pk=row.event_id).select_related("calendar"):
                drop_override(change, other)


def _revert(change: Change, event: CalendarEvent, row: EventRevision) -> None:
    now = Before.of(event)
    if row.before is None:
        if not event.is_deleted:
            change.delete(event)
        return
    place = row.place_before
    event.values = from_json(row.before)
    calendar = row.calendar_before or event.calendar
    if calendar.pk != event.calendar_id:
        event.calendar, event.google_event_id = calendar, ""
    series_id, original_start = place.get("series"), place.get("original_start", "")
    if (now.series_id and str(now.series_id), now.original_start) != (series_id, original_start):
        event.google_event_id = ""
    event.series_id, event.original_start = series_id, original_start
    event.former_series_id = place.get("former_series")
    event.deleted_at = None
    if place.get("deleted"):
        event.status, event.deleted_at = CalendarEvent.Status.CANCELLED, timezone.now()
    if event.is_deleted == now.is_deleted:
        action = Action.EDIT
    else:
        action = Action.DELETE if event.is_deleted else Action.RESTORE
    # Dropped again, it is no business of the other side, which drops it with the series.
    change.save(event, action=action, before=now, in_step=event.former_series_id is not None)
