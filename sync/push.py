"""From here to Google: what differs from `base` is sent, one event at a time.

Invariants:
- an event's Google id is fixed and stored before the first send, so a repeated insert meets itself
- updates and deletes carry the etag; 412 is looked at, merged and tried again
- no call runs inside a transaction
- an edit made while its earlier version is under way stays to be sent
- Google is told to mail nobody
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from scheduling import services
from scheduling.core.event import EventValues, from_json, to_json
from scheduling.models import CalendarEvent
from sync.apply import apply_item, tombstone
from sync.connection import waiting_from_before
from sync.core.merge import changed_groups
from sync.core.remote import RemoteEvent, RemoteItem
from sync.lease import Lease
from sync.models import CalendarLink, EventLink, JournalEntry
from sync.provider import (
    AlreadyDeleted,
    AlreadyExists,
    CalendarProvider,
    NotFound,
    Outdated,
    Refused,
    RetryLater,
)

MERGE_ROUNDS = 3


@dataclass
class PushResult:
    sent: int = 0
    failed: int = 0
    next_due: datetime | None = None


def waiting(link: CalendarLink) -> QuerySet[CalendarEvent]:
    """Events whose present revision Google is not known to have, masters before their overrides."""
    account = link.account
    events = CalendarEvent.objects.filter(
        calendar=link.calendar, is_read_only=False, revision__gt=F("synced_revision")
    ).exclude(google_link__state=EventLink.State.PARKED)
    if not account.is_rehearsed:
        events = events.exclude(pk__in=waiting_from_before(account).values("pk"))
    return events.select_related("calendar", "series", "google_link__link").order_by("series_id", "revision")


def push(provider: CalendarProvider, link: CalendarLink, lease: Lease, *, at_once: bool) -> PushResult:
    """Send what is due; with `at_once` the grace period for undo is not waited for.

    A refused event is parked and the others go on; raises `RetryLater` and what concerns the whole account.
    """
    result = PushResult()
    if link.calendar is None:
        return result
    now = timezone.now()
    grace = timedelta(0) if at_once else timedelta(seconds=settings.SYNC_SEND_DELAY_SECONDS)
    due = waiting(link)
    if not at_once:
        due = due.exclude(google_link__next_attempt_at__gt=now)
    for leftover in _leftovers(link):
        _retract(provider, leftover, lease)
        result.sent += 1
    for identifier in list(due.values_list("pk", flat=True)):
        # Read again: an earlier push of this run, or a person, may have changed it.
        event = waiting(link).filter(pk=identifier).first()
        if event is None:
            continue
        ready_at = event.updated_at + grace
        if ready_at > timezone.now():
            result.next_due = min(filter(None, (result.next_due, ready_at)))
            continue
        try:
            result.sent += _send(provider, link, event, lease)
        except Refused as error:
            _park(provider, link, event, lease, str(error))
            result.failed += 1
        except RetryLater:
            _count_attempt(event, link, lease)
            raise
    return result


def _send(provider: CalendarProvider, link: CalendarLink, event: CalendarEvent, lease: Lease) -> int:
    """Bring Google to where `event` is now; returns the number of writes Google took."""
    for _ in range(MERGE_ROUNDS):
        known = _known(event, link)
        base = from_json(known.base) if known is not None and known.base else None
        sent, revision = event.values, event.revision
        try:
            if event.is_deleted:
                if known is None or known.is_deleted_remotely:
                    with lease.hold():
                        services.mark_synced(event=event, revision=revision)
                    return 0
                _delete(provider, link, event, known, lease, revision)
                return 1
            if known is None or base is None:
                if event.series_id:
                    answer, known = _first_send_of_override(provider, link, event, known, lease)
                else:
                    answer, known = _insert(provider, link, event, known, lease)
            elif known.is_deleted_remotely:
                answer = provider.patch_event(link.ref, known.google_id, sent)
            elif sent == base:
                with lease.hold():
                    services.mark_synced(event=event, revision=revision, sync_state=event.sync_state)
                return 0
            else:
                answer = provider.patch_event(
                    link.ref,
                    known.google_id,
                    sent,
                    changed_groups(base, sent),
                    was_recurring=bool(base.recurrence),
                    etag=known.etag,
                )
        except Outdated:
            assert known is not None
            _merge_newer(provider, link, known, lease)
            event = _fresh(event)
            if event.revision <= event.synced_revision:
                return 0
            continue
        except (AlreadyDeleted, NotFound) as error:
            if known is None or base is None:
                raise
            _find_out_what_is_gone(provider, link, event, known, lease, error)
            event = _fresh(event)
            continue
        _settle(link, event, known, lease, answer, sent, revision)
        return 1
    raise RetryLater("The event keeps changing in Google; the next run tries again.")


def _insert(
    provider: CalendarProvider,
    link: CalendarLink,
    event: CalendarEvent,
    known: EventLink | None,
    lease: Lease,
) -> tuple[RemoteEvent, EventLink]:
    while True:
        if known is None:
            with lease.hold():
                known, _ = EventLink.objects.get_or_create(
                    event=event, defaults={"link": link, "google_id": provider.new_event_id(event.pk)}
                )
        try:
            return provider.insert_event(link.ref, known.google_id, event.values, event.pk), known
        except AlreadyExists:
            found = provider.get_event(link.ref, known.google_id)
            if isinstance(found, RemoteEvent) and found.local_id == str(event.pk) and not found.is_cancelled:
                return found, known  # the earlier try had landed
            with lease.hold():
                # A stranger holds the id, or it was burned by a deletion: the next generation of ids.
                known.id_generation += 1
                known.google_id = provider.new_event_id(event.pk, known.id_generation)
                known.save(update_fields=["id_generation", "google_id"])


def _first_send_of_override(
    provider: CalendarProvider,
    link: CalendarLink,
    event: CalendarEvent,
    known: EventLink | None,
    lease: Lease,
) -> tuple[RemoteEvent, EventLink]:
    master = EventLink.objects.filter(link=link, event_id=event.series_id, base__isnull=False).first()
    if master is None:
        raise RetryLater("The series has not reached Google yet.")
    if known is None:
        google_id = provider.instance_id(master.google_id, event.original_start)
        with lease.hold():
            known, _ = EventLink.objects.get_or_create(
                event=event,
                defaults={"link": link, "google_id": google_id, "google_series_id": master.google_id},
            )
    groups = ("when", "title", "description", "location", "availability", "color")
    return provider.patch_event(link.ref, known.google_id, event.values, groups), known


def _delete(
    provider: CalendarProvider,
    link: CalendarLink,
    event: CalendarEvent,
    known: EventLink,
    lease: Lease,
    revision: int,
) -> None:
    with suppress(AlreadyDeleted, NotFound):
        provider.delete_event(link.ref, known.google_id, known.etag)
    with lease.hold():
        known.is_deleted_remotely, known.etag, known.synced_at = True, "", timezone.now()
        known.attempts, known.error, known.next_attempt_at = 0, "", None
        known.save()
        services.mark_synced(event=event, revision=revision)
        _journal(link, event, "deleted", f"Deleted “{event.title}” in Google.")


def _merge_newer(provider: CalendarProvider, link: CalendarLink, known: EventLink, lease: Lease) -> None:
    """412: somebody, or our own resent request, was faster. Read what stands there and merge."""
    try:
        item = provider.get_event(link.ref, known.google_id)
    except (NotFound, AlreadyDeleted):
        item = tombstone(known)
    with lease.hold():
        known = EventLink.objects.select_related("event__calendar", "event__series").get(pk=known.pk)
        event = known.event
        if event is not None and event.is_deleted and _untouched(item, known):
            known.etag = item.etag  # only fields that are not ours changed: delete again
            known.save(update_fields=["etag"])
        else:
            apply_item(link, item, known)


def _untouched(item: RemoteItem, known: EventLink) -> bool:
    if not isinstance(item, RemoteEvent) or item.values is None:
        return False
    return known.base is not None and to_json(item.values) == known.base


def _settle(
    link: CalendarLink,
    event: CalendarEvent,
    known: EventLink,
    lease: Lease,
    answer: RemoteEvent,
    sent: EventValues,
    revision: int,
) -> None:
    """Remember Google's answer. An edit made here meanwhile has a later revision and stays to be sent."""
    with lease.hold():
        known = EventLink.objects.select_related("event__calendar", "event__series").get(pk=known.pk)
        known.base, known.is_deleted_remotely = to_json(sent), False
        current = known.event
        assert current is not None
        if current.revision == revision:
            services.mark_synced(event=current, revision=revision, sync_state=current.sync_state)
        known.etag = ""  # so that the answer is read even when it repeats the old etag
        apply_item(link, answer, known, agreed=sent)
        _journal(link, event, "sent", f"Sent “{event.title}” to Google.")


def _find_out_what_is_gone(
    provider: CalendarProvider,
    link: CalendarLink,
    event: CalendarEvent,
    known: EventLink,
    lease: Lease,
    error: Exception,
) -> None:
    """An update met 404 or 410. A passing loss of access must not make a second event, so look first.

    Living: try later. Deleted: it is brought back under its id. Unknown to a calendar that is there: it goes out
    again under the next id. Raises `NotFound` when the calendar itself is out of reach.
    """
    try:
        found = provider.get_event(link.ref, known.google_id)
    except (NotFound, AlreadyDeleted):
        found = None
    if found is not None and not (isinstance(found, RemoteEvent) and found.is_cancelled):
        raise RetryLater(f"Google contradicts itself about an event ({error}).") from error
    if found is not None and not known.is_deleted_remotely:
        with lease.hold():
            known.is_deleted_remotely, known.etag = True, ""
            known.save(update_fields=["is_deleted_remotely", "etag"])
        return
    provider.get_calendar(link.google_id)
    if event.series_id:
        raise Refused(str(error)) from error
    with lease.hold():
        known.id_generation += 1
        known.google_id = provider.new_event_id(event.pk, known.id_generation)
        known.base, known.etag, known.is_deleted_remotely = None, "", False
        known.save()


def _leftovers(link: CalendarLink) -> list[EventLink]:
    """Links whose event has moved to another calendar here: their remote twin must go."""
    moved = EventLink.objects.filter(link=link, event__isnull=False).exclude(event__calendar=link.calendar)
    return list(moved.select_related("event", "link"))


def _retract(provider: CalendarProvider, known: EventLink, lease: Lease) -> None:
    if not known.is_deleted_remotely and known.base is not None:
        with suppress(AlreadyDeleted, NotFound):
            provider.delete_event(known.link.ref, known.google_id)
    with lease.hold():
        known.event = None
        known.is_deleted_remotely = True
        known.save(update_fields=["event", "is_deleted_remotely"])


def _known(event: CalendarEvent, link: CalendarLink) -> EventLink | None:
    return EventLink.objects.filter(event=event, link=link).first()


def _fresh(event: CalendarEvent) -> CalendarEvent:
    return CalendarEvent.objects.select_related("calendar", "series").get(pk=event.pk)


def _park(
    provider: CalendarProvider, link: CalendarLink, event: CalendarEvent, lease: Lease, error: str
) -> None:
    """Google will not take it: shown on the event, tried again only after the next edit or on request."""
    with lease.hold():
        known, _ = EventLink.objects.get_or_create(
            event=event, defaults={"link": link, "google_id": provider.new_event_id(event.pk)}
        )
        known.state, known.error = EventLink.State.PARKED, error[:500]
        known.save(update_fields=["state", "error"])
        services.set_sync_state(event=event, sync_state=CalendarEvent.SyncState.REFUSED)
        _journal(link, event, "refused", f"Google refused “{event.title}”: {error}")


def _count_attempt(event: CalendarEvent, link: CalendarLink, lease: Lease) -> None:
    known = _known(event, link)
    if known is None:
        return
    known.attempts += 1
    known.next_attempt_at = timezone.now() + timedelta(seconds=min(2**known.attempts, 64) * random.random())
    with lease.hold():
        known.save(update_fields=["attempts", "next_attempt_at"])


def unpark(event_filter: Q) -> int:
    """Let parked events be tried again."""
    parked = EventLink.objects.filter(event_filter, state=EventLink.State.PARKED)
    for known in parked.select_related("event__calendar"):
        if known.event is not None:
            services.set_sync_state(event=known.event, sync_state="")
    return parked.update(state=EventLink.State.CLEAN, error="", attempts=0, next_attempt_at=None)


def _journal(link: CalendarLink, event: CalendarEvent, action: str, text: str) -> None:
    JournalEntry.objects.create(
        account_id=link.account_id,
        event=event,
        direction=JournalEntry.Direction.OUT,
        action=action,
        text=text[:500],
    )
