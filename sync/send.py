"""Brings one event to Google: what both last agreed on decides whether that is an insert, a patch or a delete.

Invariants:
- an event's Google id is fixed and stored before the first send, so a repeated insert meets itself
- updates and deletes carry the etag; what has changed there meanwhile is looked at, merged and tried again
- an edit made here while its earlier version is under way stays to be sent
- no call runs inside a transaction
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, NoReturn

from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling import services
from scheduling.core.changes import changed_groups
from scheduling.core.event import EventValues, from_json, to_json
from scheduling.models import CalendarEvent
from scheduling.series import divided_from
from sync.apply import apply_item, tombstone
from sync.core.remote import RemoteEvent, RemoteItem
from sync.core.series import occurrence_values
from sync.exceptions import claim, forget_dropped, has_moved_on, release
from sync.journal import OUT, tell
from sync.lease import Lease
from sync.models import CalendarLink, EventLink
from sync.provider import (
    AlreadyDeleted,
    AlreadyExists,
    CalendarProvider,
    NotFound,
    Outdated,
    Refused,
    RetryLater,
)
from sync.relocate import NotYet, take_over

MERGE_ROUNDS = 3


def send(provider: CalendarProvider, link: CalendarLink, event: CalendarEvent, lease: Lease) -> int:
    """Bring Google to where `event` is now; returns the number of writes Google took.

    Raises `NotYet`, `Refused` or `RetryLater` (this event only) and what concerns the whole account.
    """
    writes = 0
    for _round in range(MERGE_ROUNDS):
        known = EventLink.objects.filter(event=event).select_related("link__account").first()
        if known is not None and known.link_id != link.pk:
            writes += take_over(provider, link, event, known, lease)
            event = _fresh(event)
            known = EventLink.objects.filter(event=event).first()
        if known is not None and known.google_series_id and not (event.series_id or known.is_standalone):
            # It was an occurrence once and is an event of its own now: the instance is not its twin any more.
            with lease.hold():
                EventLink.objects.filter(pk=known.pk).delete()
            known = None
        if event.series is not None and not event.series.is_deleted:
            known = _name_instance(provider, link, event, known, lease)
        base = from_json(known.base) if known is not None and known.base else None
        sent, revision = event.values, event.revision
        if _is_settled(event, known, base):
            with lease.hold():
                services.mark_synced(event=event, revision=revision, sync_state=event.sync_state)
            return writes
        try:
            if event.is_deleted:
                assert known is not None
                _delete(provider, link, event, known, lease)
                return writes + 1
            if known is not None and known.is_deleted_remotely:
                answer = provider.patch_event(link.ref, known.google_id, sent)  # an edit beats a deletion
            elif known is None or base is None:
                known, answer = _first_send(provider, link, event, lease)
            else:
                if sent.recurrence != base.recurrence:
                    _wait_for_the_rest_of_a_division(event)
                answer = provider.patch_event(
                    link.ref,
                    known.google_id,
                    sent,
                    changed_groups(base, sent),
                    rule_changed=sent.recurrence != base.recurrence,
                    etag=known.etag,
                )
        except Outdated:
            known = known or EventLink.objects.get(event=event, link=link)
            _merge_newer(provider, link, event, known, lease)
            event = _fresh(event)
            if event.revision <= event.synced_revision:
                return writes
            continue
        except (AlreadyDeleted, NotFound) as error:
            if known is None or base is None:
                _explain_missing(provider, link, event, error)
            else:
                _find_out_what_is_gone(provider, link, event, known, lease, error)
            event = _fresh(event)
            continue
        _settle(link, event, known, lease, answer, sent, revision)
        return writes + 1
    raise RetryLater(_("The event keeps changing in Google; it is tried again later."))


def _is_settled(event: CalendarEvent, known: EventLink | None, base: EventValues | None) -> bool:
    """Whether there is nothing to say."""
    if event.series is not None and event.series.is_deleted:
        return True  # it went with its series
    if event.is_deleted:  # without a link it was made and deleted here
        return known is None or known.is_deleted_remotely
    return known is not None and base == event.values and not known.is_deleted_remotely


def _first_send(
    provider: CalendarProvider, link: CalendarLink, event: CalendarEvent, lease: Lease
) -> tuple[EventLink, RemoteEvent]:
    if event.series_id:
        known = EventLink.objects.get(event=event, link=link)
        if known.is_deleted_remotely or known.raw:  # something else stands there
            return known, provider.patch_event(link.ref, known.google_id, event.values)
        series = EventLink.objects.get(link=link, google_id=known.google_series_id)
        base = occurrence_values(from_json(series.base or {}), event.original_start)
        # The time is always said: what the occurrence's end would be in a night of a clock change is Google's.
        groups = {"when", *changed_groups(base, replace(event.values, recurrence=()))} - {"status"}
        return known, provider.patch_event(link.ref, known.google_id, event.values, sorted(groups))
    while True:
        with lease.hold():
            known, _ = EventLink.objects.get_or_create(event=event, defaults={"link": link})
            known.link, known.google_id = link, provider.new_event_id(event.pk, known.id_generation)
            known.save(update_fields=["link", "google_id"])
        like = known.raw or _raw_of_predecessor(event)
        try:
            return known, provider.insert_event(link.ref, known.google_id, event.values, event.pk, like)
        except AlreadyExists:
            found = provider.get_event(link.ref, known.google_id)
            if (
                isinstance(found, RemoteEvent)
                and found.local_id == str(event.pk)
                and found.values is not None
            ):
                if found.values != event.values:
                    raise Outdated from None  # the earlier try had landed; it was changed since, here or there
                return known, found
            with lease.hold():
                # A stranger holds the id, or it was burned by a deletion: the next generation of ids.
                known.id_generation += 1
                known.save(update_fields=["id_generation"])


def _raw_of_predecessor(event: CalendarEvent) -> dict[str, Any]:
    """What Google keeps of the series that this one was divided from: its guests are invited to both."""
    earlier = divided_from(event)
    while earlier is not None:
        known = EventLink.objects.filter(event=earlier, base__isnull=False).first()
        if known is not None:
            return dict(known.raw)
        earlier = divided_from(earlier)
    return {}


def _name_instance(
    provider: CalendarProvider,
    link: CalendarLink,
    event: CalendarEvent,
    known: EventLink | None,
    lease: Lease,
) -> EventLink:
    """The link of an occurrence with a row of its own, under the name that it has in its series now.

    An override that went to another series, or to another place in its own, is another instance there.
    """
    master = EventLink.objects.filter(link=link, event_id=event.series_id, base__isnull=False).first()
    series = event.series
    assert series is not None
    is_unsent = series.revision > series.synced_revision
    if master is None or (is_unsent and master.state != EventLink.State.PARKED):
        raise NotYet  # what the occurrence is named, and whether it is there, is the series' to say
    if known is not None and known.google_series_id:
        if not has_moved_on(known, event):
            return known
        release(provider, link, known, lease)
    with lease.hold():
        known = claim(link, provider.instance_id(master.google_id, event.original_start), event)
        known.google_series_id, known.original_start = master.google_id, event.original_start
        known.save()
    return known


def _wait_for_the_rest_of_a_division(event: CalendarEvent) -> None:
    """ "This and following": the old series ends in Google only once the new one is there. Cut short, there is a
    double, never a hole. All rows of one change here have the same revision."""
    unsent = CalendarEvent.objects.filter(
        user_id=event.user_id,
        revision=event.revision,
        series=None,
        calendar__is_synced=True,
        calendar__is_read_only=False,
        is_local_only=False,
    )
    unsent = unsent.filter(google_link__base__isnull=True).live()
    if unsent.exclude(pk=event.pk).exists():
        raise NotYet


def _delete(
    provider: CalendarProvider, link: CalendarLink, event: CalendarEvent, known: EventLink, lease: Lease
) -> None:
    revision = event.revision
    try:
        provider.delete_event(link.ref, known.google_id, known.etag)
    except AlreadyDeleted:
        pass
    except NotFound:
        # Raises `NotFound` when it is the calendar that is out of reach.
        provider.get_calendar(link.google_id)
    except Refused:
        # Also said of what is deleted already (seen by others): only a look tells.
        if not _is_gone(provider, link, known):
            raise
    with lease.hold():
        known.is_deleted_remotely, known.etag, known.synced_at = True, "", timezone.now()
        known.attempts, known.error, known.next_attempt_at = 0, "", None
        known.save()
        services.mark_synced(event=event, revision=revision)
        tell(
            link.account_id,
            OUT,
            "deleted",
            _("Deleted “%(title)s” in Google · %(calendar)s")
            % {"title": event.title, "calendar": link.calendar},
            event=event,
            changed_at=_changed_at(link, event),
        )


def _changed_at(link: CalendarLink, event: CalendarEvent) -> datetime | None:
    """When the change was made, unless it is from before the connection and had to wait for its owner's word."""
    return event.updated_at if event.updated_at >= link.account.connected_at else None


def _is_gone(provider: CalendarProvider, link: CalendarLink, known: EventLink) -> bool:
    try:
        found = provider.get_event(link.ref, known.google_id)
    except (NotFound, AlreadyDeleted):
        return True
    return isinstance(found, RemoteEvent) and found.is_cancelled


def _merge_newer(
    provider: CalendarProvider, link: CalendarLink, event: CalendarEvent, known: EventLink, lease: Lease
) -> None:
    """Somebody, or our own resent request, was faster. Read what stands there and merge."""
    item: RemoteItem
    try:
        item = provider.get_event(link.ref, known.google_id)
    except NotFound as error:
        if known.base is None:  # it never was there, so nobody has deleted it
            _explain_missing(provider, link, event, error)
        item = tombstone(known)
    except AlreadyDeleted:
        item = tombstone(known)
    with lease.hold():
        known = EventLink.objects.select_related("event__calendar", "event__series").get(pk=known.pk)
        ours = known.event
        if ours is not None and ours.is_deleted and _untouched(item, known):
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
        was_deleted = known.is_deleted_remotely
        before = from_json(known.base) if known.base else None
        known.base, known.is_deleted_remotely = to_json(sent), False
        current = known.event
        assert current is not None
        if current.revision == revision:
            services.mark_synced(event=current, revision=revision, sync_state=current.sync_state)
        known.etag = ""  # so that the answer is read even when it repeats the old etag
        apply_item(link, answer, known, agreed=sent)
        if not current.series_id:
            forget_dropped(current)
        if was_deleted and sent.recurrence:
            _send_overrides_again(current)
        elif sent.recurrence and "when" in changed_groups(before or sent, sent):
            # Google has dropped its exceptions of occurrences that are no more, without a word.
            services.drop_lost_occurrences(series=current)
        text = _("Sent “%(title)s” to Google · %(calendar)s") % {
            "title": event.title,
            "calendar": link.calendar,
        }
        tell(
            link.account_id,
            OUT,
            "sent",
            text,
            event=event,
            before=before,
            after=sent,
            changed_at=_changed_at(link, event),
        )


def _send_overrides_again(master: CalendarEvent) -> None:
    """A series that came back to Google came back without its exceptions."""
    EventLink.objects.filter(event__series=master).update(base=None, etag="", is_deleted_remotely=False)
    for override in master.overrides.select_related("calendar"):
        services.mark_synced(event=override, revision=0)


def _explain_missing(
    provider: CalendarProvider, link: CalendarLink, event: CalendarEvent, error: Exception
) -> NoReturn:
    """The first send met 404: the calendar is out of reach, or the series has no such occurrence there."""
    provider.get_calendar(link.google_id)
    if event.series_id:
        raise Refused(_("The series in Google has no such occurrence.")) from error
    raise RetryLater(
        _("Google contradicts itself about a new event (%(reason)s).") % {"reason": error}
    ) from error


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
    found: RemoteItem | None
    try:
        found = provider.get_event(link.ref, known.google_id)
    except (NotFound, AlreadyDeleted):
        found = None
    if found is not None and not (isinstance(found, RemoteEvent) and found.is_cancelled):
        raise RetryLater(
            _("Google contradicts itself about an event (%(reason)s).") % {"reason": error}
        ) from error
    if found is not None and not known.is_deleted_remotely:
        with lease.hold():
            apply_item(link, found, known)
        return
    provider.get_calendar(link.google_id)
    if event.series_id:
        raise Refused(_("The series in Google has no such occurrence.")) from error
    with lease.hold():
        known.id_generation += 1
        known.base, known.etag, known.is_deleted_remotely = None, "", False
        known.save()


def _fresh(event: CalendarEvent) -> CalendarEvent:
    return CalendarEvent.objects.select_related("calendar", "series").get(pk=event.pk)
