"""Occurrences as they are drawn: an `Item` has its words, states and address, a `Row` is its line in a list.

Occurrences come with their event and its calendar; nothing here queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.urls import reverse

from scheduling.core import grid
from scheduling.core.zones import DAY, wall_time
from scheduling.models import Calendar, CalendarEvent, EventInstance
from scheduling.presentation.viewer import Viewer, long_day, view_address

LIST_LIMIT = 14  # the longest list that a page carries for a popover
DAY_LIMIT = 30  # lines of one day in a longer list; more make a page heavy and are not read in passing


@dataclass(frozen=True, slots=True)
class Mark:
    """A state as a sign and in words."""

    icon: str
    label: str


CONFLICT = Mark(icon="exclamation-triangle-fill", label="changed in two places, choose a version")
REFUSED = Mark(icon="cloud-slash", label="refused by Google")
WAITING = Mark(icon="cloud-arrow-up", label="not yet in Google")
READ_ONLY = Mark(icon="lock", label="read only")
TENTATIVE = Mark(icon="question-circle", label="tentative")
GUESTS = Mark(icon="people", label="with guests")
REPEATS = Mark(icon="arrow-repeat", label="repeats")
URGENT = (CONFLICT, REFUSED, WAITING, READ_ONLY)


@dataclass(frozen=True)
class Item:
    """One occurrence, ready to be drawn any number of times."""

    entry: grid.Entry
    event_id: str
    revision: str  # of an event that may be changed here, else empty
    href: str
    title: str
    color: int
    calendar: str
    location: str
    state: str  # class names
    marks: tuple[Mark, ...]  # the weightiest state as a sign
    urgent: tuple[Mark, ...]  # the same where there is less room
    spoken: str  # the states in words, each after a comma
    busy: bool
    starts: datetime | None = None  # wall time; None when all day
    ends: datetime | None = None
    list_state: str = ""  # class names in lists

    @property
    def key(self) -> str:
        return self.entry.key


def items_of(occurrences: Iterable[EventInstance], viewer: Viewer) -> list[Item]:
    return [_item(occurrence, viewer) for occurrence in occurrences]


def _item(occurrence: EventInstance, viewer: Viewer) -> Item:
    event: CalendarEvent = occurrence.event
    calendar: Calendar = event.calendar
    original = occurrence.original_start
    address = reverse("event", args=[event.pk])
    if original and event.pk == occurrence.master_id:  # an override has an address of its own
        address += f"?occurrence={original}"
    starts = ends = None
    start: datetime | date
    end: datetime | date
    if occurrence.is_all_day:
        start, end = occurrence.start_date, occurrence.end_date
        past, now = end <= viewer.today, False
    else:
        start, end = occurrence.start, occurrence.end
        starts, ends = wall_time(start, viewer.place), wall_time(end, viewer.place)
        past, now = end <= viewer.now, start <= viewer.now < end

    conflict = event.sync_state == CalendarEvent.SyncState.CONFLICT
    refused = event.sync_state == CalendarEvent.SyncState.REFUSED
    waiting = event.is_waiting and not conflict and not refused
    tentative = event.status == CalendarEvent.Status.TENTATIVE
    declined = any(
        guest.get("self") and guest.get("responseStatus") == "declined" for guest in event.attendees
    )
    free = event.availability == CalendarEvent.Availability.FREE
    flags = {
        "is-past": past,
        "is-now": now,
        "is-tentative": tentative and not declined,
        "is-declined": declined,
        "is-free": free and not declined and not occurrence.is_all_day,
        "is-pending": waiting,
        "is-conflict": conflict,
        "is-error": refused,
    }
    in_lists = {"past": past, "no": declined, "asks": conflict, "bad": refused}
    marks = [
        mark
        for mark, is_set in (
            (CONFLICT, conflict),
            (REFUSED, refused),
            (WAITING, waiting),
            (READ_ONLY, not event.is_editable),
            (TENTATIVE, tentative and not declined),
            (GUESTS, bool(event.attendees)),
            (REPEATS, occurrence.master_id is not None),
        )
        if is_set
    ]
    words = [mark.label for mark in marks] + ["declined"] * declined + ["shown as free"] * free
    return Item(
        entry=grid.Entry(f"{event.pk}-{_compact(original)}", start, end, event.title),
        event_id=str(event.pk),
        revision=str(event.revision) if event.is_editable else "",
        href=address,
        title=event.title or "(no title)",
        color=event.color or calendar.color,
        calendar=calendar.name,
        location=event.location,
        state=" ".join(name for name, is_set in flags.items() if is_set),
        marks=tuple(marks[:1]),
        urgent=tuple(mark for mark in marks[:1] if mark in URGENT),
        spoken="".join(f", {word}" for word in words),
        busy=not free and not declined,
        starts=starts,
        ends=ends,
        list_state=" ".join(name for name, is_set in in_lists.items() if is_set),
    )


def _compact(original_start: str) -> str:
    """An original start as part of an element's id."""
    return "".join(c for c in original_start if c.isalnum()) or "0"


@dataclass(frozen=True, slots=True)
class Row:
    """An event in a list of one day. `id` is its element's."""

    item: Item
    id: str
    time: str
    till: str
    detail: str
    day: str


def row_of(item: Item, day: date, viewer: Viewer, prefix: str = "ev") -> Row:
    details = [item.calendar] + [item.location] * bool(item.location)
    touched = item.entry.days(viewer.place)
    length = (touched.end - touched.start).days
    begins_here, ends_here = touched.start == day, touched.end == day + DAY
    if length > 1:
        details[0] += f", day {(day - touched.start).days + 1} of {length}"
    if item.starts is None or item.ends is None or not (begins_here or ends_here):
        clock = ("All day", "")
    else:
        clock = (
            viewer.time(item.starts if begins_here else time.min),
            viewer.time(item.ends) if ends_here or item.ends - item.starts < DAY else "",
        )
    return Row(item, f"{prefix}-{item.key}-{day:%Y%m%d}", *clock, " · ".join(details), long_day(day))


@dataclass(frozen=True, slots=True)
class More:
    """ "+N more": a button and the list it opens; of a very crowded day, a link to its agenda instead."""

    id: str
    place: str
    count: int
    day_name: str
    rows: tuple[Row, ...]
    href: str


def more_of(
    keys: Sequence[str], count: int, day: date, place: str, items: dict[str, Item], viewer: Viewer
) -> More:
    is_short = len(keys) <= LIST_LIMIT
    return More(
        id=f"more-{day:%Y%m%d}-{'-'.join(place.split())}",
        place=place,
        count=count,
        day_name=long_day(day),
        rows=tuple(row_of(items[key], day, viewer, "li") for key in keys) if is_short else (),
        href=view_address("agenda", day),
    )
