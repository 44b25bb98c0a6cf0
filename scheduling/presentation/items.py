"""Occurrences as they are drawn: an `Item` has its words, states and address, a `Row` is its line in a list.

Occurrences come with their event and its calendar; nothing here queries.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import NamedTuple

from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from scheduling.core import grid, wording
from scheduling.core.event import owner_declined
from scheduling.core.zones import DAY, wall_time
from scheduling.models import CalendarEvent, EventInstance
from scheduling.presentation.viewer import Viewer, event_address, list_address

DAY_LIMIT = 30  # lines of one day in a longer list; more make a page heavy and are not read in passing


# Told apart by which one it is: comparing or hashing the words would translate them, several times for each event.
@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """A state as a sign and in words; there is one of each."""

    icon: str
    label: str | Promise


CONFLICT = Mark(
    icon="exclamation-triangle-fill", label=gettext_lazy("changed in two places, choose a version")
)
REFUSED = Mark(icon="cloud-slash", label=gettext_lazy("refused by Google"))
WAITING = Mark(icon="cloud-arrow-up", label=gettext_lazy("not yet in Google"))
READ_ONLY = Mark(icon="lock", label=gettext_lazy("read only"))
TENTATIVE = Mark(icon="question-circle", label=pgettext_lazy("event", "tentative"))
GUESTS = Mark(icon="people", label=gettext_lazy("with guests"))
REPEATS = Mark(icon="arrow-repeat", label=pgettext_lazy("event", "repeats"))
URGENT = (CONFLICT, REFUSED, WAITING, READ_ONLY)


class _Signs(NamedTuple):
    """The states of an event: class names in grids and in lists, signs, and words each after a comma."""

    state: str
    list_state: str
    marks: tuple[Mark, ...]
    spoken: str


class Item:
    """One occurrence, ready to be drawn any number of times.

    A crowded month has thousands and draws a hundred: where it stands is worked out at once, what it says only when it
    is asked for.
    """

    entry: grid.Entry
    starts: datetime | None = None  # wall time; None when all day
    ends: datetime | None = None

    def __init__(self, occurrence: EventInstance, viewer: Viewer) -> None:
        self._occurrence, self._viewer = occurrence, viewer
        self._event: CalendarEvent = occurrence.event
        self.event_id = str(self._event.id)
        key = f"{self.event_id}-{_compact(occurrence.original_start)}"
        if self._event.is_all_day:
            self.entry = grid.Entry(key, occurrence.start_date, occurrence.end_date, self._event.title)
        else:
            start, end = occurrence.start, occurrence.end
            self.starts, self.ends = wall_time(start, viewer.place), wall_time(end, viewer.place)
            self.entry = grid.Entry(
                key, start, end, self._event.title, grid.local_days(start, end, viewer.place)
            )

    @property
    def key(self) -> str:
        return self.entry.key

    @cached_property
    def revision(self) -> str:
        """Of an event that may be changed here, else empty."""
        return str(self._event.revision) if self._event.is_editable else ""

    @cached_property
    def href(self) -> str:
        original = self._occurrence.original_start
        address = event_address(self.event_id)
        if original and self._event.id == self._occurrence.master_id:  # an override has an address of its own
            address += f"?occurrence={original}"
        return address

    @cached_property
    def title(self) -> str:
        return self._event.title or _("(no title)")

    @cached_property
    def color(self) -> int:
        return self._event.effective_color

    @cached_property
    def calendar(self) -> str:
        return self._event.calendar.name

    @property
    def location(self) -> str:
        return self._event.location

    @cached_property
    def busy(self) -> bool:
        return not self._is_free and not self._is_declined

    @property
    def _is_free(self) -> bool:
        return self._event.availability == CalendarEvent.Availability.FREE

    @property
    def _is_declined(self) -> bool:
        return owner_declined(self._event.attendees)

    @property
    def state(self) -> str:
        return self._signs.state

    @property
    def list_state(self) -> str:
        return self._signs.list_state

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The weightiest state as a sign."""
        return self._signs.marks[:1]

    @property
    def urgent(self) -> tuple[Mark, ...]:
        """The same where there is less room."""
        return tuple(mark for mark in self.marks if mark in URGENT)

    @property
    def spoken(self) -> str:
        return self._signs.spoken

    @cached_property
    def _signs(self) -> _Signs:
        event, occurrence, viewer = self._event, self._occurrence, self._viewer
        if self.starts is None:
            past, now = occurrence.end_date <= viewer.today, False
        else:
            past, now = occurrence.end <= viewer.now, occurrence.start <= viewer.now < occurrence.end
        return _signs_of(
            is_timed=self.starts is not None,
            is_past=past,
            is_now=now,
            is_conflict=event.sync_state == CalendarEvent.SyncState.CONFLICT,
            is_refused=event.sync_state == CalendarEvent.SyncState.REFUSED,
            is_waiting=event.is_waiting,
            is_editable=event.is_editable,
            is_free=self._is_free,
            is_declined=self._is_declined,
            is_tentative=event.status == CalendarEvent.Status.TENTATIVE,
            has_guests=bool(event.attendees),
            repeats=occurrence.master_id is not None,
            language=viewer.language,
        )


@lru_cache(maxsize=1024)
def _signs_of(
    *,
    is_timed: bool,
    is_past: bool,
    is_now: bool,
    is_conflict: bool,
    is_refused: bool,
    is_waiting: bool,
    is_editable: bool,
    is_free: bool,
    is_declined: bool,
    is_tentative: bool,
    has_guests: bool,
    repeats: bool,
    language: str,
) -> _Signs:
    """The signs of all events alike; the words are those of the language that is spoken."""
    waiting = is_waiting and not is_conflict and not is_refused
    tentative = is_tentative and not is_declined
    flags = {
        "is-past": is_past,
        "is-now": is_now,
        "is-tentative": tentative,
        "is-declined": is_declined,
        "is-free": is_free and not is_declined and is_timed,
        "is-pending": waiting,
        "is-conflict": is_conflict,
        "is-error": is_refused,
    }
    in_lists = {"past": is_past, "no": is_declined, "asks": is_conflict, "bad": is_refused}
    found = {
        CONFLICT: is_conflict,
        REFUSED: is_refused,
        WAITING: waiting,
        READ_ONLY: not is_editable,
        TENTATIVE: tentative,
        GUESTS: has_guests,
        REPEATS: repeats,
    }
    marks = tuple(mark for mark, is_set in found.items() if is_set)
    words = [str(mark.label) for mark in marks]
    words += [pgettext("event", "declined")] * is_declined + [_("shown as free")] * is_free
    return _Signs(
        state=" ".join(name for name, is_set in flags.items() if is_set),
        list_state=" ".join(name for name, is_set in in_lists.items() if is_set),
        marks=marks,
        spoken="".join(f", {word}" for word in words),
    )


def items_of(occurrences: Iterable[EventInstance], viewer: Viewer) -> list[Item]:
    return [Item(occurrence, viewer) for occurrence in occurrences]


def _compact(original_start: str) -> str:
    """An original start as part of an element's id."""
    return "".join(c for c in original_start if c.isalnum()) if original_start else "0"


class Row(NamedTuple):
    """An event in a list of one day. `id` is its element's."""

    item: Item
    id: str
    time: str
    till: str
    detail: str
    day: str


def row_of(item: Item, day: date, viewer: Viewer, prefix: str = "ev") -> Row:
    calendar = item.calendar
    touched = item.entry.days(viewer.place)
    length = (touched.end - touched.start).days
    begins_here, ends_here = touched.start == day, touched.end == day + DAY
    if length > 1:
        calendar += _(", day %(number)d of %(count)d") % {
            "number": (day - touched.start).days + 1,
            "count": length,
        }
    if item.starts is None or item.ends is None or not (begins_here or ends_here):
        clock = (_("All day"), "")
    else:
        clock = (
            viewer.time(item.starts if begins_here else time.min),
            viewer.time(item.ends) if ends_here or item.ends - item.starts < DAY else "",
        )
    details = f"{calendar} · {item.location}" if item.location else calendar
    return Row(item, f"{prefix}-{item.key}-{day:%Y%m%d}", *clock, details, viewer.long_day(day))


class More(NamedTuple):
    """ "+N more": opens the list of its day, which is its agenda where no script runs.

    In the month it has no `id`, as the pieces.
    """

    id: str
    place: str
    words: str
    spoken: str  # what follows them, for those who listen
    href: str


def more_of(count: int, day: date, place: str, viewer: Viewer, *, with_id: bool) -> More:
    return More(
        id=f"more-{day:%Y%m%d}-{'-'.join(place.split())}" if with_id else "",
        place=place,
        words=_more_words(count, viewer.language),
        spoken=_on_day(day, viewer.language),
        href=list_address(day),
    )


@lru_cache(maxsize=1024)
def _more_words(count: int, language: str) -> str:
    return _("+%(count)d more") % {"count": count}


@lru_cache(maxsize=1024)
def _on_day(day: date, language: str) -> str:
    return _(" on %(day)s") % {"day": wording.long_day(day, language)}
