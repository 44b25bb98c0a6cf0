"""The exceptions of a series in Google, when they stand for other occurrences here than they do there.

Google names an exception by its series and original start for ever. Here an override goes with its series: to another
start when that moves, to another series when that is divided.
"""

from __future__ import annotations

from contextlib import suppress

from scheduling import services
from scheduling.models import CalendarEvent
from scheduling.series import regular_values
from sync.core.remote import RemoteEvent
from sync.lease import Lease
from sync.models import CalendarLink, EventLink
from sync.provider import AlreadyDeleted, CalendarProvider, NotFound


def has_moved_on(known: EventLink, event: CalendarEvent) -> bool:
    """Whether the link speaks of another occurrence than `event`, an override, has become."""
    if not event.series_id or not known.google_series_id or not known.original_start:
        return False
    master = EventLink.objects.filter(link=known.link_id, event=event.series_id).first()
    is_there = master is not None and master.google_id == known.google_series_id
    return not is_there or known.original_start != event.original_start


def release(provider: CalendarProvider, link: CalendarLink, known: EventLink, lease: Lease) -> None:
    """Part the link from its event; an occurrence that Google still has there goes back to what its series says."""
    series = EventLink.objects.filter(link=link, google_id=known.google_series_id, event__isnull=False)
    master = series.select_related("event__calendar").first()
    regular = (
        regular_values(master.event.values, known.original_start)
        if master is not None and master.event is not None and not master.event.is_deleted
        else None
    )
    etag = ""
    if regular is not None:
        with suppress(AlreadyDeleted, NotFound):
            etag = provider.patch_event(link.ref, known.google_id, regular).etag
    with lease.hold():
        _close_conflict(known)
        if etag:
            # Nobody's now, and no news when it is listed.
            known.event, known.etag, known.base, known.raw = None, etag, None, {}
            known.is_deleted_remotely = False
            known.save()
        else:
            known.delete()


def claim(link: CalendarLink, google_id: str, event: CalendarEvent) -> EventLink:
    """The link of `event` to this instance, which may still be that of an override that has moved on.

    Then `raw` says what stands there; that has to be overwritten as a whole.
    """
    known = EventLink.objects.filter(link=link, google_id=google_id).select_related("event__calendar").first()
    if known is None or known.event_id == event.pk:
        known, _ = EventLink.objects.get_or_create(event=event, defaults={"link": link})
        known.google_id = google_id
        return known
    EventLink.objects.filter(event=event).delete()
    _close_conflict(known)
    known.event, known.base, known.etag = event, None, ""
    known.state, known.error, known.attempts, known.next_attempt_at = EventLink.State.CLEAN, "", 0, None
    return known


def _close_conflict(known: EventLink) -> None:
    known.conflicts.filter(resolved_at=None).delete()
    if known.event is not None and known.event.sync_state == CalendarEvent.SyncState.CONFLICT:
        services.set_sync_state(event=known.event, sync_state="")


def look_again(link: CalendarLink, remote: RemoteEvent, series: CalendarEvent) -> None:
    """Google's rule stands and ours does not: what was dropped here because it stood by ours may be an exception of
    Google's still. Those are taken in anew at the end of the pull; the others Google has dropped, too."""
    assert remote.values is not None
    dropped = EventLink.objects.filter(link=link, event__former_series=series, google_series_id=remote.id)
    for known in dropped.exclude(original_start=""):
        if regular_values(remote.values, known.original_start) is None:
            known.delete()
        else:
            known.event, known.etag, known.is_deleted_remotely = None, "", False
            known.save(update_fields=["event", "etag", "is_deleted_remotely"])


def forget_dropped(series: CalendarEvent) -> None:
    """Google has heard of a change that took occurrences away, and has dropped their exceptions by itself."""
    EventLink.objects.filter(event__former_series=series).delete()
