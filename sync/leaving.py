"""Leaving Google: the copies that came from there can go from here too. What is one's own stays in any case.

An event is a copy when it came from Google and nothing of it is unknown there.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef

from scheduling import services
from scheduling.models import CalendarEvent, EventRevision
from sync.connection import disconnect
from sync.models import CalendarLink, EventLink, GoogleAccount

CHUNK = 500


@dataclass(frozen=True)
class Parting:
    """What stays and what may go: `copies` to remove on request; `unsent` came from Google but changed here since."""

    own: int
    copies: tuple[CalendarEvent, ...]
    unsent: int


def parting_of(account: GoogleAccount) -> Parting:
    made_here = EventRevision.objects.filter(
        event=OuterRef("pk"), action=EventRevision.Action.CREATE
    ).exclude(origin=EventRevision.Origin.GOOGLE)
    linked = list(
        CalendarEvent.objects.filter(google_link__link__account=account)
        .live()
        .annotate(is_own=Exists(made_here))
        .select_related("calendar")
    )
    own = {event.pk for event in linked if event.is_own}
    changed = {
        event.series_id or event.pk
        for event in linked
        if not event.is_read_only and event.revision > event.synced_revision
    }
    imported = [event for event in linked if (event.series_id or event.pk) not in own and event.pk not in own]
    copies = tuple(event for event in imported if (event.series_id or event.pk) not in changed)
    return Parting(len(linked) - len(imported), copies, len(imported) - len(copies))


def leave(*, account: GoogleAccount, remove_copies: bool) -> int:
    """End the connection; returns how many copies went to the trash."""
    disconnect(account=account)  # first: no run commits any more
    return _remove_copies(account) if remove_copies else 0


@transaction.atomic
def _remove_copies(account: GoogleAccount) -> int:
    """They are forgotten, too: should the account come back, its events come in anew."""
    copies = parting_of(account).copies
    links = CalendarLink.objects.filter(account=account, calendar__in={event.calendar for event in copies})
    for link in list(links.select_related("calendar")):
        calendar = link.calendar
        assert calendar is not None
        members = [event for event in copies if event.calendar_id == calendar.pk]
        _forget(link, members)
        services.retire_events(events=members, origin=EventRevision.Origin.SYSTEM)
        if not calendar.is_primary and calendar.events.count() == len(members):
            services.delete_calendar(calendar=calendar)  # nothing of one's own was ever in it
    return len(copies)


def _forget(link: CalendarLink, events: list[CalendarEvent]) -> None:
    for start in range(0, len(events), CHUNK):
        ids = [event.pk for event in events[start : start + CHUNK]]
        EventLink.objects.filter(event__in=ids).delete()
        CalendarEvent.objects.filter(pk__in=ids).update(google_event_id="")
    link.sync_token = ""
    link.save(update_fields=["sync_token"])
