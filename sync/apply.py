"""Takes one thing that Google says into our calendar: merge, write, remember. Runs inside the caller's transaction.

Invariants:
- an equal etag, or values equal to `base`, writes no event
- an edit beats a delete, on whichever side the edit was
- what a merge displaces is kept as a revision and shown as a conflict
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling import services
from scheduling.core.changes import named_in_sentence, take_groups
from scheduling.core.event import EventValues, InvalidEvent, from_json, to_json
from scheduling.models import CalendarEvent, EventRevision
from sync.core.merge import changed_groups, merge
from sync.core.remote import RemoteEvent, RemoteItem, UnreadableEvent, as_shown_to
from sync.core.series import occurrence_values
from sync.exceptions import has_moved_on, look_again
from sync.journal import IN, NOTE, tell
from sync.models import CalendarLink, Conflict, EventLink

logger = logging.getLogger(__name__)


def tombstone(known: EventLink) -> RemoteEvent:
    """What a provider would say of this event, had it kept the tombstone."""
    return RemoteEvent(id=known.google_id, etag="", values=None, series_id=known.google_series_id)


def apply_item(
    link: CalendarLink, item: RemoteItem, known: EventLink | None, *, agreed: EventValues | None = None
) -> bool:
    """Take in one resource; returns whether an event here changed.

    `agreed` overrides the link's `base`: the values just sent, when `item` is Google's answer to a write.
    A resource that cannot be read is quarantined, never an error for the others.
    """
    item = as_shown_to(link.access_role, item)
    if isinstance(item, UnreadableEvent):
        _quarantine(link, item, known, item.fault)
        return False
    if known is not None and is_unchanged(known.etag, known.state, item.etag):
        _note_seen(link, known)
        return False
    try:
        with transaction.atomic():
            return _apply(link, item, known, agreed)
    except OperationalError:  # the database's trouble, not the item's
        raise
    except Exception as error:
        # Whatever an odd resource sets off, the others must come in and the cursor must go on.
        if not isinstance(error, InvalidEvent):
            logger.exception("an event from Google was set aside")
        fresh = EventLink.objects.select_related("event").filter(link=link, google_id=item.id).first()
        _quarantine(link, item, fresh, str(error) or type(error).__name__)
        return False


def _apply(
    link: CalendarLink, remote: RemoteEvent, known: EventLink | None, agreed: EventValues | None
) -> bool:
    event = known.event if known is not None else _twin(link, remote)
    if known is None:
        if remote.values is None and not remote.series_id:
            return _adopt_deletion(event)
        known = (event and EventLink.objects.filter(event=event).first()) or EventLink(event=event)
        known.link, known.google_id = link, remote.id
    if event is not None and remote.values is None and event.calendar_id != link.calendar_id:
        # It went to another calendar here, perhaps in Google too: that is no deletion.
        known.is_deleted_remotely = True
        known.save()
        return False
    master = _master_link(link, remote) if remote.series_id else None
    series = master.event if master else None
    if event is not None and remote.values is None and has_moved_on(known, event):
        # What is gone there is no longer what this event is here.
        if known.is_deleted_remotely:
            return False
        event = None
    if series is not None and (event is None or not (event.series_id or known.is_standalone)):
        # Known by no id yet, or only as a row that was dropped from its series when it had no place in it.
        event, known = _same_override(series, remote, known)
    base = agreed or (from_json(known.base) if known.base else None)
    if base is None and master is not None and master.base and remote.original_start:
        # Both sides have changed the same occurrence for the first time: its series said what it was.
        base = occurrence_values(from_json(master.base), remote.original_start)
    known.google_series_id = remote.series_id
    if remote.series_id and series is None and not known.is_standalone:
        # Its master is not here yet (order is not promised): remembered, linked at the end of the pull.
        _remember(link, known, remote, event)
        return False
    revision_before = event.revision if event is not None else None
    before = event.values if event is not None and not event.is_deleted else None
    if remote.values is None:
        event = _apply_cancelled(link, remote, known, event, base, series)
    else:
        event = _apply_living(link, remote, known, event, base, series)
    _remember(link, known, remote, event)
    has_changed = event is not None and event.revision != revision_before
    if has_changed and before is not None and agreed is None:
        _tell_arrival(link, event, before)
    return has_changed


def _tell_arrival(link: CalendarLink, event: CalendarEvent | None, before: EventValues) -> None:
    assert event is not None
    names = {"title": before.title, "calendar": link.calendar}
    if event.is_deleted:
        verb, text = "deleted", _("“%(title)s” was deleted in Google · %(calendar)s") % names
    else:
        verb, text = "changed", _("“%(title)s” was changed in Google · %(calendar)s") % names
    tell(link.account_id, IN, verb, text, event=event, before=before, after=event.values)


def _apply_living(
    link: CalendarLink,
    remote: RemoteEvent,
    known: EventLink,
    event: CalendarEvent | None,
    base: EventValues | None,
    series: CalendarEvent | None,
) -> CalendarEvent:
    theirs = remote.values
    assert theirs is not None and link.calendar is not None
    known.is_deleted_remotely = False
    if event is None:
        event = services.apply_remote(
            calendar=link.calendar,
            event=None,
            values=theirs,
            details=remote.details,
            series=series,
            original_start=remote.original_start if series else "",
        )
        return event
    before = base
    # Without a link we know nothing of having sent it (a restored backup): both versions stay.
    if known.pk is not None and event.revision > event.synced_revision:
        base = _with_echoes(base, event, theirs)
    if event.is_deleted and theirs == base:
        return event  # deleted here, untouched there: the deletion is still to be sent
    conflicts: tuple[str, ...] = ()
    if event.is_deleted:
        _note(
            link, event, "restored", _("It was changed in Google after you deleted it here, so it is back.")
        )
        merged, ours = theirs, theirs
    else:
        ours = event.values
        result = merge(base or theirs, ours, theirs)
        merged, conflicts = result.values, result.conflicts
        if base is None and ours != theirs:
            # Found again without a memory of what was agreed (a restored backup): theirs stands, ours is kept.
            merged, conflicts = theirs, changed_groups(theirs, ours)
    if conflicts:
        services.keep_displaced(event=event, values=ours, origin=EventRevision.Origin.GOOGLE)
    event = services.apply_remote(
        calendar=link.calendar,
        event=event,
        values=merged,
        details=remote.details,
        # What went to another calendar here is still to be moved there.
        in_step=merged == theirs and event.calendar_id == link.calendar_id,
    )
    if theirs.recurrence and "when" in changed_groups(before or ours, theirs):
        # Perhaps by us: our answer was lost, or another run of ours read it. Google has dropped its exceptions of
        # occurrences that are no more, without a word.
        services.drop_lost_occurrences(series=event)
        look_again(link, remote, event)
    if conflicts:
        known.event = event
        known.save()  # a conflict needs the link's row, which `_remember` completes
        _open_conflict(known, event, conflicts, ours, theirs)
    return event


def _with_echoes(base: EventValues | None, event: CalendarEvent, theirs: EventValues) -> EventValues | None:
    """`base`, where Google has by now what we sent and got no answer to: it is ours, no change of anybody's there."""
    unsettled = EventRevision.objects.filter(event=event, revision__gt=event.synced_revision).order_by("pk")
    ours = [from_json(before) for before in unsettled.values_list("before", flat=True) if before]
    if not ours:
        return base
    strange = set.intersection(*(set(changed_groups(version, theirs)) for version in ours))
    return take_groups(theirs, base or ours[0], strange)


def _apply_cancelled(
    link: CalendarLink,
    remote: RemoteEvent,
    known: EventLink,
    event: CalendarEvent | None,
    base: EventValues | None,
    series: CalendarEvent | None,
) -> CalendarEvent | None:
    assert link.calendar is not None
    is_news, known.is_deleted_remotely = not known.is_deleted_remotely, True
    if series is not None and event is None and remote.original_start:
        is_news = True
        event = services.apply_remote(
            calendar=link.calendar,
            event=None,
            values=occurrence_values(series.values, remote.original_start),
            details={},
            series=series,
            original_start=remote.original_start,
            in_step=False,
        )
    if event is None:
        return None
    if not is_news and not event.is_deleted and event.revision > event.synced_revision:
        return event  # brought back here since: the deletion is an old story, the return is still to be sent
    if not event.is_deleted and base is not None and event.values != base and link.can_write:
        if not event.organizer and event.is_editable:  # a tombstone does not say whose event it was
            _note(
                link,
                event,
                "kept",
                _("It was deleted in Google after you changed it here, so it goes back there."),
            )
            return event
        services.keep_displaced(event=event, values=event.values, origin=EventRevision.Origin.GOOGLE)
    return services.apply_remote(calendar=link.calendar, event=event, values=None, details={})


def _twin(link: CalendarLink, remote: RemoteEvent) -> CalendarEvent | None:
    """The event here that is this one, although this calendar's links do not say so: it came here from another
    calendar and Google has moved it already, or it carries Google's id or the id we gave it.
    """
    came = came_here(link, [remote.id]).select_related("event__calendar").first()
    if came is not None:
        return came.event
    candidates = CalendarEvent.objects.filter(
        google_link__base__isnull=True, calendar=link.calendar
    ).select_related("calendar")
    found = candidates.filter(google_event_id=remote.id).first()
    if found is None and remote.local_id and not remote.series_id:
        try:
            found = candidates.filter(pk=UUID(remote.local_id)).first()
        except ValueError:
            return None
    return found


def came_here(link: CalendarLink, google_ids: Collection[str]) -> QuerySet[EventLink]:
    """Links of other calendars of the account, whose events are in this one by now."""
    # Named one by one, so that the index of a link's ids is used.
    others = CalendarLink.objects.filter(account=link.account_id).exclude(pk=link.pk).order_by()
    links = EventLink.objects.filter(link__in=list(others.values_list("pk", flat=True)))
    return links.filter(google_id__in=google_ids, event__calendar=link.calendar_id)


def _adopt_deletion(event: CalendarEvent | None) -> bool:
    """A tombstone without a link: only an event that once carried this Google id can be meant."""
    if event is None or event.is_deleted:
        return False
    services.apply_remote(calendar=event.calendar, event=event, values=None, details={})
    return True


def _master_link(link: CalendarLink, remote: RemoteEvent) -> EventLink | None:
    masters = EventLink.objects.filter(link=link, google_id=remote.series_id, event__isnull=False)
    return masters.select_related("event__calendar").first()


def _same_override(
    series: CalendarEvent, remote: RemoteEvent, known: EventLink
) -> tuple[CalendarEvent | None, EventLink]:
    """The row that the occurrence has here already, with its link: changed on both sides, known by no id yet."""
    override = (
        series.overrides.select_related("calendar").filter(original_start=remote.original_start).first()
    )
    own = override and EventLink.objects.filter(event=override).first()
    known.base = None  # what was agreed with another row says nothing of this one
    if not own or own.pk == known.pk:
        return override, known
    if known.pk:
        known.delete()
    own.link, own.google_id = known.link, remote.id
    return override, own


def _remember(link: CalendarLink, known: EventLink, remote: RemoteEvent, event: CalendarEvent | None) -> None:
    known.event = event
    for name, value in agreed_columns(link, remote).items():
        setattr(known, name, value)
    known.original_start = remote.original_start or known.original_start
    known.save()


def agreed_columns(link: CalendarLink, remote: RemoteEvent) -> dict[str, Any]:
    """The columns of a link that say what was just agreed."""
    agreed = {
        "etag": remote.etag,
        "raw": remote.raw,
        "seen_generation": link.full_generation,
        "state": EventLink.State.CLEAN,
        "error": "",
        "attempts": 0,
        "next_attempt_at": None,
        "synced_at": timezone.now(),
    }
    return agreed if remote.values is None else {**agreed, "base": to_json(remote.values)}


def is_unchanged(known_etag: str, state: str, etag: str) -> bool:
    return bool(etag) and known_etag == etag and state != EventLink.State.QUARANTINED


def _note_seen(link: CalendarLink, known: EventLink) -> None:
    if known.seen_generation != link.full_generation:
        known.seen_generation = link.full_generation
        known.save(update_fields=["seen_generation"])


def _quarantine(link: CalendarLink, item: RemoteItem, known: EventLink | None, error: str) -> None:
    if not item.id:
        return
    known = known or EventLink(link=link, google_id=item.id)
    # The etag stays: what is sent meanwhile must not overwrite what could not be read.
    known.raw, known.error = item.raw, error[:500]
    known.state, known.seen_generation = EventLink.State.QUARANTINED, link.full_generation
    known.save()
    _note(
        link,
        known.event,
        "quarantined",
        _("An event from Google was not understood and is kept aside: %(reason)s") % {"reason": error},
    )


def _open_conflict(
    known: EventLink, event: CalendarEvent, groups: tuple[str, ...], ours: EventValues, theirs: EventValues
) -> None:
    earlier = Conflict.objects.filter(event_link=known, resolved_at=None).first()
    if earlier is not None:  # what was still to be chosen stays so
        left = [group for group in earlier.groups if group not in groups]
        ours, groups = take_groups(ours, from_json(earlier.ours), left), (*left, *groups)
    Conflict.objects.update_or_create(
        event_link=known,
        resolved_at=None,
        defaults={"groups": list(groups), "ours": to_json(ours), "theirs": to_json(theirs)},
    )
    services.set_sync_state(event=event, sync_state=CalendarEvent.SyncState.CONFLICT)
    text = _("“%(title)s” was changed in two places: %(parts)s wait for you")
    _note(known.link, event, "conflict", text % {"title": event.title, "parts": named_in_sentence(groups)})


def _note(link: CalendarLink, event: CalendarEvent | None, action: str, text: str) -> None:
    tell(link.account_id, NOTE, action, text, event=event)
