"""What a search found, as lines to read: marked words, a short date, and the way to the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from scheduling.core import wording
from scheduling.core.search import Segment, excerpt, segments
from scheduling.core.zones import DAY
from scheduling.models import EventInstance
from scheduling.presentation.items import GUESTS, Item, Mark, items_of
from scheduling.presentation.viewer import Viewer, view_address
from scheduling.sanitise import plain_text


@dataclass(frozen=True)
class Hit:
    item: Item
    day: str
    time: str
    href: str
    title: list[Segment]
    details: list[list[Segment]]  # calendar, place, and where else the words stand
    mark: Mark | None


def hits_of(occurrences: Sequence[EventInstance], words: Sequence[str], viewer: Viewer) -> list[Hit]:
    return [
        _hit(item, occurrence, words, viewer)
        for item, occurrence in zip(items_of(occurrences, viewer), occurrences, strict=True)
    ]


def _hit(item: Item, occurrence: EventInstance, words: Sequence[str], viewer: Viewer) -> Hit:
    event = occurrence.event
    days = item.entry.days(viewer.place)
    first, last = days.start, days.end - DAY
    shown = min(max(first, viewer.today), last)  # what goes on today opens today
    details = [[Segment(item.calendar, False)]]
    details += [segments(item.location, words)] if item.location else []
    details += [[Segment(str(mark.label), False)] for mark in item.marks if mark != GUESTS]
    people = ", ".join(_name(guest) for guest in (event.organizer, *event.attendees) if guest)
    details += filter(None, (excerpt(people, words), excerpt(plain_text(event.description), words)))
    address = f"{view_address('day', shown)}?event={item.event_id}#ev-{item.key}-{shown:%Y%m%d}"
    return Hit(
        item=item,
        day=wording.short_range(first, last, viewer.today),
        time=_times(item, viewer),
        # The grid of a hidden calendar would not show it.
        href=address if event.calendar.is_visible else item.href,
        title=segments(item.title, words),
        details=details,
        mark=item.marks[0] if item.marks else None,
    )


def _name(guest: dict[str, str]) -> str:
    name, address = guest.get("displayName", ""), guest.get("email", "")
    return f"{name} ({address})" if name and address else name or address


def _times(item: Item, viewer: Viewer) -> str:
    if not isinstance(item.starts, datetime) or item.ends is None:
        return _("All day")
    return f"{viewer.time(item.starts)}–{viewer.time(item.ends)}"
