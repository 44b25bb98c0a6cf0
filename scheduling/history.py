"""The history of one event as people read it: who, when, from where, and what was before and after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling.core.changes import Difference, Reader, differences
from scheduling.core.event import EventValues, from_json
from scheduling.core.zones import wall_time
from scheduling.models import CalendarEvent, EventRevision, UserProfile

LONGEST = 200  # changes that the page lists


@dataclass(frozen=True)
class Change:
    """One row. `offer` says what its button brings back; empty when there is nothing to bring back."""

    id: int
    at: datetime
    action: str
    sentence: str
    differences: tuple[Difference, ...]
    calendar: tuple[str, str] | None
    offer: str


def reader_of(profile: UserProfile) -> Reader:
    place = ZoneInfo(profile.timezone)
    return Reader(place, wall_time(timezone.now(), place).date(), profile.clock == UserProfile.Clock.HOURS_12)


def history_of(event: CalendarEvent, profile: UserProfile) -> list[Change]:
    """The latest changes, newest first. Each one's outcome is what the next one found."""
    reader = reader_of(profile)
    rows = event.revisions.select_related("actor", "calendar_before")[:LONGEST]
    changes: list[Change] = []
    after, calendar_after = event.values, event.calendar
    for row in rows:
        before = from_json(row.before) if row.before else None
        displaced = row.action == EventRevision.Action.DISPLACED
        if displaced and changes and before == after:
            # The write that followed tells the same, and its button brings the same back.
            changes[-1] = replace(changes[-1], sentence=_gave_way(), action=row.action)
            continue
        moved = row.calendar_before is not None and row.calendar_before != calendar_after and not displaced
        changes.append(
            Change(
                id=row.pk,
                at=row.at,
                action=row.action,
                sentence=_sentence(row, profile.user),
                differences=_differences(row, before, after, reader),
                calendar=(str(row.calendar_before), str(calendar_after)) if moved else None,
                offer=_offer(row, event),
            )
        )
        if before is not None and not displaced:
            after, calendar_after = before, row.calendar_before or calendar_after
    return changes


def _differences(
    row: EventRevision, before: EventValues | None, after: EventValues, reader: Reader
) -> tuple[Difference, ...]:
    if before is None or row.action in (EventRevision.Action.DELETE, EventRevision.Action.RESTORE):
        return ()
    return differences(before, after, reader)


def _gave_way() -> str:
    return _("Your version gave way to Google’s")


def _sentence(row: EventRevision, reader: Any) -> str:
    if row.action == EventRevision.Action.DISPLACED:
        return _gave_way()
    if row.origin == EventRevision.Origin.GOOGLE:
        return _("%(action)s in Google") % {"action": row.get_action_display()}
    who = _("by you") if row.actor_id == reader.pk else ""
    if not who and row.actor and row.actor.get_full_name():
        who = _("by %(name)s") % {"name": row.actor.get_full_name()}
    sources = {
        EventRevision.Origin.API: _("by the API"),
        EventRevision.Origin.IMPORT: _("by an import"),
        EventRevision.Origin.ADMIN: _("in the administration"),
    }
    parts = (row.get_action_display(), who, sources.get(EventRevision.Origin(row.origin), ""))
    return " ".join(filter(None, parts))


def _offer(row: EventRevision, event: CalendarEvent) -> str:
    """Nothing to bring back where the event cannot be changed, is new, or stands like that already."""
    if not event.is_editable or row.before is None or row.action == EventRevision.Action.RESTORE:
        return ""
    if (
        not event.is_deleted
        and from_json(row.before) == event.values
        and row.calendar_before in (None, event.calendar)
    ):
        return ""
    return _("Restore mine") if row.action == EventRevision.Action.DISPLACED else _("Restore")
