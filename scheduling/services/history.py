"""Bringing an earlier version of an event back: a write like any other, so it can be taken back itself."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction

from scheduling.core.event import from_json
from scheduling.models import CalendarEvent, EventRevision
from scheduling.services.events import delete_event, restore_event, update_event


@transaction.atomic
def restore_revision(
    *, change: EventRevision, origin: str, actor: User | AnonymousUser | None = None
) -> CalendarEvent:
    """Give the event what it was before `change`, or what a merge displaced; from the trash too.

    Before its creation an event was not there: that goes to the trash. Raises `ReadOnly`, `InvalidEvent`.
    """
    event = change.event
    if change.before is None or change.action == EventRevision.Action.RESTORE:
        return delete_event(event=event, origin=origin, actor=actor)
    event = restore_event(event=event, origin=origin, actor=actor)
    calendar = change.calendar_before
    return update_event(
        event=event,
        values=from_json(change.before),
        calendar=calendar if calendar is not None and not calendar.is_read_only else event.calendar,
        origin=origin,
        actor=actor,
    )
