"""Takes in the steps of a listing: what is new and plain in bulk, what has not changed at next to no cost.

What needs a look goes through `sync.apply` one by one. Runs inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import OperationalError, transaction

from scheduling import services
from scheduling.models import CalendarEvent, EventRevision
from scheduling.rows import insert_rows
from sync.apply import agreed_columns, apply_item, came_here, is_unchanged
from sync.core.remote import RemoteEvent, RemoteItem, as_shown_to
from sync.models import CalendarLink, EventLink


@dataclass(frozen=True)
class Applied:
    """How many events here changed, the new ones among them."""

    changed: int
    new: int


def apply_items(link: CalendarLink, items: Sequence[RemoteItem]) -> Applied:
    """Take in some resources of one listing.

    What is new and plain is written in bulk; what is known and unchanged costs no write of its own.
    """
    if not items:
        return Applied(0, 0)
    # One listing may name an event twice: the last is true.
    latest = {item.id: as_shown_to(link.access_role, item) for item in items}
    named, unchanged = _note_unchanged(link, latest)
    links = EventLink.objects.filter(link=link).select_related("event__calendar", "event__series")
    settled = unchanged | _create_plain(link, [item for key, item in latest.items() if key not in named])
    changed = new = len(settled) - len(unchanged)
    for google_id, item in latest.items():
        if google_id not in settled:
            # Read now: an earlier item may have brought it along, or dropped its event with a series' end.
            found = links.filter(google_id=google_id).first()
            has_changed = apply_item(link, item, found)
            changed, new = changed + has_changed, new + (has_changed and found is None)
    return Applied(changed, new)


def _note_unchanged(link: CalendarLink, latest: Mapping[str, RemoteItem]) -> tuple[set[str], set[str]]:
    """Which of the items are known, and which of those have not changed; only a few columns are read for it."""
    links = EventLink.objects.filter(link=link, google_id__in=latest)
    named, unchanged, unseen = set(), set(), set()
    for google_id, etag, state, generation in links.values_list(
        "google_id", "etag", "state", "seen_generation"
    ):
        named.add(google_id)
        if is_unchanged(etag, state, latest[google_id].etag):
            unchanged.add(google_id)
            if generation != link.full_generation:
                unseen.add(google_id)
    if unseen:
        links.filter(google_id__in=unseen).update(seen_generation=link.full_generation)
    return named, unchanged


def _create_plain(link: CalendarLink, items: list[RemoteItem]) -> set[str]:
    """Create, in bulk, events that exist only in Google; returns the ids that are settled by it.

    Exceptions, tombstones, events we may know by another sign and whatever cannot be read go the careful way.
    """
    assert link.calendar is not None
    plain = [
        item
        for item in items
        if isinstance(item, RemoteEvent)
        and item.values is not None
        and not item.series_id
        and not item.local_id
    ]
    ids = [remote.id for remote in plain]
    taken = CalendarEvent.objects.filter(calendar=link.calendar, google_event_id__in=ids)
    taken = taken.exclude(google_event_id="")  # what their index leaves out
    twins = {
        *taken.values_list("google_event_id", flat=True),
        *came_here(link, ids).values_list("google_id", flat=True),
    }
    new = [remote for remote in plain if remote.id not in twins]
    if not new:
        return set()
    try:
        return _create(link, new)
    except OperationalError:
        raise
    except Exception:  # whatever it is, it is one of them: singly, that one alone is set aside
        return set()


@transaction.atomic
def _create(link: CalendarLink, new: list[RemoteEvent]) -> set[str]:
    assert link.calendar is not None
    events = services.create_remote_events(
        calendar=link.calendar,
        items=[(remote.values, remote.details) for remote in new if remote.values is not None],
        origin=EventRevision.Origin.GOOGLE,
    )
    insert_rows(
        EventLink,
        [
            {"link_id": link.pk, "google_id": remote.id, "event_id": event, **agreed_columns(link, remote)}
            for remote, event in zip(new, events, strict=True)
        ],
    )
    return {remote.id for remote in new}
