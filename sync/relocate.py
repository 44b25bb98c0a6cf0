"""An event that went to another calendar here: Google moves it too, with its guests and all that we do not know of.

Invariants:
- the twin is never in two calendars for good, nor in none: cut short, the next run finds it on either side
- what a calendar says of an event that has left it here deletes nothing
"""

from __future__ import annotations

from contextlib import suppress

from django.utils.translation import gettext as _

from scheduling.models import CalendarEvent
from sync.apply import apply_item
from sync.core.remote import RemoteEvent
from sync.journal import OUT, tell
from sync.lease import Lease
from sync.models import CalendarLink, EventLink, GoogleAccount
from sync.provider import AlreadyDeleted, CalendarProvider, NotFound, Refused


class NotYet(Exception):
    """The event waits for another one: an override for its series, the end of a series for what goes on from it."""


def retract_departed(provider: CalendarProvider, link: CalendarLink, lease: Lease) -> int:
    """Delete the twins of events that went where Google cannot move them; returns how many."""
    departed = EventLink.objects.filter(link=link, event__isnull=False).exclude(event__calendar=link.calendar)
    count = 0
    for known in departed.select_related("event__calendar__google_link", "link"):
        if not _is_taken_over(known):
            retract(provider, known, lease)
            count += 1
    return count


def retract(provider: CalendarProvider, known: EventLink, lease: Lease) -> None:
    """Its event is not in this calendar any more: the remote twin goes."""
    if not known.is_deleted_remotely and known.base is not None:
        with suppress(AlreadyDeleted, NotFound):
            provider.delete_event(known.link.ref, known.google_id)
    with lease.hold():
        known.event, known.is_deleted_remotely = None, True
        known.save(update_fields=["event", "is_deleted_remotely"])


def take_over(
    provider: CalendarProvider, link: CalendarLink, event: CalendarEvent, known: EventLink, lease: Lease
) -> int:
    """Bring the twin of an event that came to this calendar here, or let the event be sent anew; returns the number
    of writes Google took. Raises `NotYet`.
    """
    old = known.link
    if event.series_id:
        if EventLink.objects.filter(link=old, event=event.series_id).exists():
            raise NotYet  # it goes with its series
        with lease.hold():
            known.delete()
        return 0
    if old.account_id != link.account_id:
        if old.is_enabled and old.can_write and old.account.status == GoogleAccount.Status.ACTIVE:
            raise NotYet  # that account takes its twin away
        _send_anew(link, known, lease)
        return 0
    if event.is_deleted or known.base is None:
        retract(provider, known, lease)
        return 1
    moved = _move(provider, link, known)
    if moved is None:
        with suppress(AlreadyDeleted, NotFound):
            provider.delete_event(old.ref, known.google_id)
        _send_anew(link, known, lease)
        return 1
    with lease.hold():
        family = EventLink.objects.filter(link=old, google_series_id=known.google_id)
        names = [known.google_id, *family.values_list("google_id", flat=True)]
        EventLink.objects.filter(link=link, google_id__in=names, event=None).delete()
        family.update(link=link)
        known = EventLink.objects.select_related("event__calendar", "event__series").get(pk=known.pk)
        known.link, known.etag, known.is_deleted_remotely = link, "", False
        apply_item(link, moved, known)
        text = _("Moved “%(title)s” from %(old)s to %(new)s in Google") % {
            "title": event.title,
            "old": old,
            "new": link,
        }
        tell(link.account_id, OUT, "moved", text, event=event)
    return 1


def _send_anew(link: CalendarLink, known: EventLink, lease: Lease) -> None:
    """Under another id; `raw` stays, so that guests and meeting come along."""
    with lease.hold():
        known.link, known.base, known.etag, known.is_deleted_remotely = link, None, "", False
        known.id_generation += 1
        known.save()


def _move(provider: CalendarProvider, link: CalendarLink, known: EventLink) -> RemoteEvent | None:
    """The twin in its new calendar; None when Google does not move it."""
    with suppress(Refused, NotFound, AlreadyDeleted):
        return provider.move_event(known.link.ref, known.google_id, link.ref)
    # Perhaps our earlier try did.
    with suppress(NotFound, AlreadyDeleted):
        found = provider.get_event(link.ref, known.google_id)
        if isinstance(found, RemoteEvent) and not found.is_cancelled:
            return found
    provider.get_calendar(link.google_id)  # raises `NotFound` when it is the calendar that is out of reach
    return None


def _is_taken_over(known: EventLink) -> bool:
    """Whether the calendar that the event is in now brings the twin along."""
    event = known.event
    assert event is not None
    if event.is_local_only or event.is_read_only:
        return False
    target: CalendarLink | None = getattr(event.calendar, "google_link", None)
    return (
        target is not None
        and target.account_id == known.link.account_id
        and target.is_enabled
        and target.can_write
    )
