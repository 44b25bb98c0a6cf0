"""Two versions of one event: what differs, and what becomes of it when its owner has chosen.

Google's version stands until then. Choosing it writes nothing; choosing ours is an edit like any other, which the
next run sends. What is not chosen stays in the event's history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from scheduling import services
from scheduling.core.changes import (
    GROUPS,
    Reader,
    changed_groups,
    differences,
    label_of,
    named_in_sentence,
    take_groups,
    words,
)
from scheduling.core.event import EventValues, from_json
from scheduling.details import details_of
from scheduling.history import reader_of
from scheduling.models import CalendarEvent, EventRevision, UserProfile
from scheduling.services import Actor
from sync.journal import NOTE, tell
from sync.models import Conflict, GoogleAccount

OURS, THEIRS = "ours", "theirs"
ALWAYS_SHOWN = ("when", "title")


@dataclass(frozen=True)
class Field:
    """One row of the tray; equal ones have the same words on both sides."""

    group: str
    label: str
    ours: str
    theirs: str
    is_open: bool


@dataclass(frozen=True)
class OpenConflict:
    conflict: Conflict
    event: CalendarEvent
    day: str
    fields: tuple[Field, ...]
    changed_here: datetime | None
    changed_there: datetime | None


@dataclass(frozen=True)
class Tray:
    """`digest` is another one as soon as anything in the tray is."""

    conflicts: tuple[OpenConflict, ...]
    digest: str


def tray_of(account: GoogleAccount | None, profile: UserProfile) -> Tray:
    """Every conflict that waits for its owner, the latest first."""
    found = (
        Conflict.objects.filter(
            event_link__link__account=account, resolved_at=None, event_link__event__isnull=False
        )
        .select_related("event_link__event__calendar", "event_link__event__series")
        .order_by("-found_at")
    )
    shown = tuple(_shown(conflict, profile) for conflict in found) if account else ()
    state = [(c.conflict.pk, c.conflict.found_at, c.conflict.groups, c.event.revision) for c in shown]
    return Tray(shown, sha256(repr(state).encode()).hexdigest()[:16])


def _shown(conflict: Conflict, profile: UserProfile) -> OpenConflict:
    event = conflict.event_link.event
    assert event is not None
    here = (
        event.revisions.exclude(origin=EventRevision.Origin.GOOGLE).filter(at__lte=conflict.found_at).first()
    )
    return OpenConflict(
        conflict=conflict,
        event=event,
        day=details_of(event, profile)["days"],
        fields=tuple(_fields(conflict, event, reader_of(profile))),
        changed_here=here.at if here else None,
        changed_there=parse_datetime(str(conflict.event_link.raw.get("updated") or "")),
    )


def _fields(conflict: Conflict, event: CalendarEvent, reader: Reader) -> Iterable[Field]:
    """What is to be chosen first, then what both sides say alike."""
    theirs = event.values
    ours = take_groups(theirs, from_json(conflict.ours), conflict.groups)
    for difference in differences(ours, theirs, reader):
        yield Field(difference.group, difference.label, difference.before, difference.after, is_open=True)
    plain = EventValues(start=theirs.start, end=theirs.end)
    said = {*ALWAYS_SHOWN, *changed_groups(plain, theirs)} - set(changed_groups(ours, theirs))
    for group in GROUPS:
        if group in said:
            text = words(theirs, group, reader)
            yield Field(group, label_of(group), text, text, is_open=False)
    if event.attendees:
        guests = ", ".join(
            str(g.get("displayName") or g.get("email") or _("Someone")) for g in event.attendees
        )
        yield Field("guests", _("Guests"), guests, guests, is_open=False)


@transaction.atomic
def resolve_conflict(
    *, conflict: Conflict, choices: Mapping[str, str], actor: Actor, expected_revision: int | None = None
) -> CalendarEvent:
    """Close the conflict with `OURS` or `THEIRS` per group (what is not named stays Google's).

    Raises `StaleEvent` when the event has changed since it was read, `ReadOnly`, `InvalidEvent`. A conflict that is
    closed already stays as it is.
    """
    # The order in which a run takes its locks: account, then event.
    account = GoogleAccount.objects.select_for_update().get(calendar_links__event_links__conflicts=conflict)
    conflict = Conflict.objects.select_related("event_link__event__calendar").get(pk=conflict.pk)
    event = conflict.event_link.event
    assert event is not None
    if conflict.resolved_at:
        return event
    if expected_revision is not None and event.revision != expected_revision:
        raise services.StaleEvent(event)
    before = event.values
    kept = [group for group in conflict.groups if choices.get(group) == OURS]
    if kept:
        event = services.restore_event(event=event, origin=EventRevision.Origin.WEB, actor=actor)
        event = services.update_event(
            event=event,
            values=take_groups(event.values, from_json(conflict.ours), kept),
            origin=EventRevision.Origin.WEB,
            actor=actor,
        )
    _close(
        conflict, event, "mixed" if kept and len(kept) < len(conflict.groups) else OURS if kept else THEIRS
    )
    title = event.title
    if kept:
        said = _("You kept your %(parts)s of “%(title)s”") % {
            "parts": named_in_sentence(kept),
            "title": title,
        }
    else:
        said = _("You kept Google’s “%(title)s”") % {"title": title}
    tell(
        account.pk,
        NOTE,
        "chosen",
        said,
        event=event,
        before=before,
        after=event.values,
    )
    return event


def settle_edited(event_ids: Iterable[UUID]) -> None:
    """After a person's edit: what they have written anew is no longer a choice between the two old versions."""
    edited = Conflict.objects.filter(event_link__event__in=list(event_ids), resolved_at=None)
    for conflict in edited.select_related("event_link__event__calendar"):
        event = conflict.event_link.event
        assert event is not None
        latest = (
            event.revisions.filter(revision=event.revision)
            .exclude(action=EventRevision.Action.DISPLACED)
            .first()
        )
        if latest is None or latest.origin == EventRevision.Origin.GOOGLE or latest.before is None:
            continue
        written = set(changed_groups(from_json(latest.before), event.values))
        conflict.groups = [] if event.is_deleted else [g for g in conflict.groups if g not in written]
        if conflict.groups:
            conflict.save(update_fields=["groups"])
        else:
            _close(conflict, event, "edited")


def let_all_stand(account: GoogleAccount) -> None:
    """The connection ends: Google's versions stand, ours stay in the histories, no mark asks for a choice."""
    waiting = Conflict.objects.filter(event_link__link__account=account, resolved_at=None)
    waiting.update(resolved_at=timezone.now(), kept=THEIRS)
    for event in CalendarEvent.objects.filter(google_link__link__account=account).exclude(sync_state=""):
        services.set_sync_state(event=event, sync_state="")


def _close(conflict: Conflict, event: CalendarEvent, kept: str) -> None:
    conflict.resolved_at, conflict.kept = timezone.now(), kept
    conflict.save(update_fields=["resolved_at", "kept", "groups"])
    services.set_sync_state(event=event, sync_state="")
