"""What a search finds: every event once, with the time at which it shows, in the order in which people look.

Invariants:
- nobody finds what is not theirs, nor what is deleted
- a series is found once, at its next time or else at its last
- the number of queries does not depend on how much is found
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Cast, Coalesce

from scheduling.core.event import EARLIEST, LATEST
from scheduling.core.search import words_of
from scheduling.core.zones import DAY, day_bounds
from scheduling.models import CalendarEvent, EventInstance, Occurrence
from scheduling.search.index import matching
from scheduling.services.occurrences import own_instance

PER_PAGE = 25
RANKS = AHEAD, TODAY, EARLIER = range(3)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a person looks for. `first` and `last` are local days, both included."""

    text: str = ""
    people: str = ""
    calendar: UUID | None = None
    first: date | None = None
    last: date | None = None

    @property
    def is_empty(self) -> bool:
        return not (words_of(self.text) or words_of(self.people))


@dataclass(frozen=True)
class Found:
    """One page of hits, as occurrences with their event and calendar loaded: to come, today, earlier."""

    page: Page[Any]
    total: int
    ahead: int  # of them to come
    to_come: list[EventInstance]
    today: list[EventInstance]
    earlier: list[EventInstance]


@dataclass(frozen=True)
class _Days:
    """A span of local days: as instants for timed occurrences, as midnights UTC for all-day ones."""

    start: datetime
    end: datetime
    first: datetime
    last: datetime

    @classmethod
    def of(cls, first: date, last: date, place: ZoneInfo) -> _Days:
        """From `first` to `last`, both included."""
        midnights = (datetime.combine(day, time.min, UTC) for day in (first, last + DAY))
        return cls(day_bounds(first, place).start, day_bounds(last, place).end, *midnights)

    @property
    def begun(self) -> Q:
        """Occurrences that start before these days are over."""
        return Q(is_all_day=False, start__lt=self.end) | Q(is_all_day=True, start__lt=self.last)

    @property
    def not_over(self) -> Q:
        """Occurrences that end on these days or later."""
        timed = Q(end__gt=self.start) | Q(start__gte=self.start)
        return Q(is_all_day=False) & timed | Q(is_all_day=True, end__gt=self.first)


def find(user: User, wanted: Wanted, *, today: date, place: ZoneInfo, number: str | int = 1) -> Found:
    """Page `number` of what `user` finds; `today` is the day in `place`."""
    days = _Days.of(today, today, place)
    hits = _hits(user, wanted, days, place)
    counts = hits.aggregate(total=Count("pk"), ahead=Count("pk", filter=Q(rank=AHEAD)))
    counted: Any = _Counted(hits, counts["total"])
    page: Page[Any] = Paginator(counted, PER_PAGE).get_page(number)
    events = list(page.object_list)
    shown = _occurrences(events, days)
    return Found(
        page,
        counts["total"],
        counts["ahead"],
        *([shown[e.pk] for e in events if e.rank == rank] for rank in RANKS),
    )


class _Counted:
    """A queryset whose length is known, for the paginator."""

    def __init__(self, hits: QuerySet[CalendarEvent], total: int) -> None:
        self._hits, self._total = hits, total

    def __len__(self) -> int:
        return self._total

    def __getitem__(self, part: slice) -> QuerySet[CalendarEvent]:
        return self._hits[part]


def _hits(user: User, wanted: Wanted, today: _Days, place: ZoneInfo) -> QuerySet[Any]:
    """The events, each with its `rank` and the start that it is `shown` with, in order."""
    found = matching(words_of(wanted.text), words_of(wanted.people))
    mine = CalendarEvent.objects.of(user).live().filter(found)
    # An occurrence that was changed by itself is a hit only where its series is none.
    events = mine.exclude(Exists(mine.filter(pk=OuterRef("series"))))
    if wanted.calendar:
        events = events.filter(calendar=wanted.calendar)
    # By `event` alone: an OR with `master`, mostly null, may lead the planner to read the whole table for each.
    times = Occurrence.objects.filter(event=OuterRef("pk"))
    if wanted.first or wanted.last:
        days = _Days.of(wanted.first or EARLIEST, wanted.last or LATEST, place)
        times = times.filter(days.begun, days.not_over)
        events = events.filter(Exists(times))
    coming = Subquery(times.filter(today.not_over).order_by("start").values("start")[:1])
    latest = Subquery(times.order_by("-start").values("start")[:1])
    # A series that ended before the stored horizon has no occurrence any more: it is shown at its own time, last.
    own = Coalesce(F("start_time"), Cast("start_date", DateTimeField()))
    is_today = Q(is_all_day=False, coming__lt=today.end) | Q(is_all_day=True, coming__lt=today.last)
    rank = Case(When(coming=None, then=EARLIER), When(is_today, then=TODAY), default=AHEAD)
    events = events.annotate(coming=coming).annotate(shown=Coalesce("coming", latest), rank=rank)
    events = events.prefetch_related("calendar")  # joining would read every calendar for each event
    newest_first = F("shown").desc(nulls_last=True), own.desc()
    return events.order_by("rank", Case(When(rank__lt=EARLIER, then="shown")), *newest_first, "pk")


def _occurrences(events: list[Any], today: _Days) -> dict[UUID, EventInstance]:
    """The occurrence with which each event is shown; one that was changed by itself where it comes first."""
    by_id = {event.pk: event for event in events}
    regular = Q(event__in=by_id, start__in={event.shown for event in events} - {None})
    changed = Q(master__in=[event.pk for event in events if event.recurrence]) & ~Q(event=F("master"))
    rows = Occurrence.objects.filter(regular | changed & today.not_over).select_related("event")
    shown = {event.pk: own_instance(event) for event in events}
    for row in rows.order_by("-start"):
        hit = by_id.get(row.event_id) or by_id[row.master_id]
        if row.start == hit.shown or hit.rank != EARLIER and row.start < hit.shown:
            row.event.calendar = hit.calendar
            shown[hit.pk] = EventInstance(row.event, row.start, row.end, row.original_start)
    return shown
