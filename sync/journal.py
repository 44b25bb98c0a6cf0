"""The journal: what each run did and why, for people; with what was before, so that it can be brought back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling import services
from scheduling.core.changes import Difference, Reader, changed_groups, differences, part_of, with_part
from scheduling.core.event import EventValues
from scheduling.core.spans import Span
from scheduling.models import CalendarEvent
from scheduling.services import Actor
from sync.models import GoogleAccount, JournalEntry

PAGE = 20  # entries
PROBLEMS = ("refused", "failed", "held", "quarantined", "lost", "conflict", "kept", "restored")
KEPT = timedelta(days=90)
IN, OUT, NOTE = JournalEntry.Direction.IN, JournalEntry.Direction.OUT, JournalEntry.Direction.NOTE


def tell(
    account_id: int,
    direction: JournalEntry.Direction,
    action: str,
    text: str,
    *,
    event: CalendarEvent | None = None,
    before: EventValues | None = None,
    after: EventValues | None = None,
    changed_at: datetime | None = None,
) -> None:
    """Write one entry. Of `before` and `after` only what differs is kept.

    `changed_at`: when the change that was sent was made here.
    """
    groups = changed_groups(before, after) if before and after else ()
    JournalEntry.objects.create(
        account_id=account_id,
        event=event,
        direction=direction,
        action=action,
        text=text[:500],
        before=part_of(before, groups) if before and groups else {},
        after=part_of(after, groups) if after and groups else {},
        seconds=max(0.0, (timezone.now() - changed_at).total_seconds()) if changed_at else None,
    )


@dataclass(frozen=True)
class Line:
    """An entry on the page. `offer` is what its button does; empty when there is nothing to do."""

    entry: JournalEntry
    differences: tuple[Difference, ...]
    offer: str


def lines_of(
    account: GoogleAccount,
    reader: Reader,
    *,
    show: str = "",
    before_id: int | None = None,
    during: Span[datetime] | None = None,
) -> list[Line]:
    """The latest entries (older than `before_id`, written `during`) of a kind: `in`, `out`, `problems`, else all."""
    entries = JournalEntry.objects.filter(account=account).select_related("event__calendar", "event__series")
    if show in (IN, OUT):
        entries = entries.filter(direction=show)
    elif show == "problems":
        entries = entries.filter(action__in=PROBLEMS)
    if during is not None:
        entries = entries.filter(at__gte=during.start, at__lt=during.end)
    if before_id is not None:
        entries = entries.filter(pk__lt=before_id)
    return [_line(entry, reader) for entry in entries.order_by("-pk")[:PAGE]]


def _line(entry: JournalEntry, reader: Reader) -> Line:
    event = entry.event
    if event is None or not entry.before:
        return Line(entry, (), _("Restore") if event and event.is_deleted and event.is_editable else "")
    before, after = with_part(event.values, entry.before), with_part(event.values, entry.after)
    can_restore = event.is_editable and (event.is_deleted or before != event.values)
    return Line(entry, differences(before, after, reader), _("Restore") if can_restore else "")


def restore_from(*, entry: JournalEntry, actor: Actor) -> CalendarEvent:
    """Bring back what the entry says was before; what changed otherwise since stays. Raises `ReadOnly`, `InvalidEvent`."""
    assert entry.event is not None
    with transaction.atomic():
        event = services.restore_event(event=entry.event, origin="web", actor=actor)
        values = with_part(event.values, entry.before)
        return services.update_event(event=event, values=values, origin="web", actor=actor)


def forget_old_entries() -> int:
    """Entries are kept for 90 days; what they speak of stays in the events' own histories."""
    return JournalEntry.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]
