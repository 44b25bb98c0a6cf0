"""Calendars and single events as iCalendar text, a piece at a time."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from scheduling.core import ical
from scheduling.models import Calendar, CalendarEvent, CalendarEventQuerySet
from scheduling.sanitise import cleaned_markup, is_markup, plain_text

BATCH = 500
# What an override needs of its series.
SERIES_FIELDS = ("series__ical_uid", "series__time_zone", "series__availability")
ZONES = ("time_zone", "end_time_zone")
BUSY = CalendarEvent.Availability.BUSY


@dataclass(frozen=True, slots=True)
class _Series:
    ical_uid: str
    time_zone: str


def calendar_text(calendar: Calendar, *, busy_only: bool = False) -> Iterator[str]:
    """The whole calendar, `BATCH` events a piece; without its words when `busy_only`."""
    events = CalendarEvent.objects.filter(calendar=calendar).live().exclude(series__status="cancelled")
    zones = {name for pair in events.order_by().values_list(*ZONES).distinct() for name in pair}
    yield ical.head(ical.BUSY_TITLE if busy_only else calendar.name, zones)
    cancelled = _cancelled_occurrences(calendar)
    tells = _tells_of_busy(events) if busy_only else _always
    write = _busy if busy_only else _full
    pieces: list[str] = []
    rows = events.order_by().values_list(*ical.FIELDS, *SERIES_FIELDS, named=True)
    for row in rows.iterator(chunk_size=BATCH):
        if tells(row):
            pieces.append(write(row, cancelled.get(row.id, ())))
        if len(pieces) == BATCH:
            yield "".join(pieces)
            pieces = []
    yield "".join(pieces) + ical.END


def event_text(event: CalendarEvent) -> str:
    """One event as a file; a series with its overrides."""
    found = CalendarEvent.objects.filter(Q(pk=event.pk) | Q(series=event)).live()
    rows = list(found.values_list(*ical.FIELDS, *SERIES_FIELDS, named=True))
    cancelled = _cancelled_occurrences(event.calendar, event)
    zones = {zone for row in rows for zone in (row.time_zone, row.end_time_zone)}
    text = "".join(_full(row, cancelled.get(row.id, ())) for row in rows)
    return ical.head(event.calendar.name, zones) + text + ical.END


def _cancelled_occurrences(calendar: Calendar, series: CalendarEvent | None = None) -> dict[Any, list[str]]:
    """The original starts that each series leaves out, by its id."""
    found: dict[Any, list[str]] = defaultdict(list)
    cancelled = CalendarEvent.objects.filter(
        calendar=calendar, series__isnull=False, status=CalendarEvent.Status.CANCELLED
    )
    if series is not None:
        cancelled = cancelled.filter(series=series)
    for series_id, original_start in cancelled.order_by().values_list("series", "original_start"):
        found[series_id].append(original_start)
    return found


def _always(row: Any) -> bool:
    return True


def _tells_of_busy(events: CalendarEventQuerySet) -> Callable[[Any], bool]:
    """Whether a row has to do with busy time: a free series counts when one of its occurrences is busy."""
    busy_overrides = events.filter(series__isnull=False, availability=BUSY)
    series = set(busy_overrides.order_by().values_list("series", flat=True))

    def tells(row: Any) -> bool:
        own = row.availability == BUSY or row.id in series
        return own or row.series_id in series or row.series__availability == BUSY

    return tells


def _full(row: Any, cancelled: Collection[str]) -> str:
    series = _Series(row.series__ical_uid, row.series__time_zone) if row.series_id else None
    if not is_markup(row.description):
        return ical.write_event(row, series=series, cancelled=cancelled)
    rich = cleaned_markup(row.description)
    return ical.write_event(
        row, series=series, cancelled=cancelled, rich=rich, plain=plain_text(row.description)
    )


def _busy(row: Any, cancelled: Collection[str]) -> str:
    series = _Series("", row.series__time_zone) if row.series_id else None
    return ical.write_busy(row, series=series, cancelled=cancelled)


def file_name(name: str) -> str:
    """`name` in the letters that every system and every header takes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return f"{re.sub('[^A-Za-z0-9]+', '-', plain).strip('-')[:60] or 'calendar'}.ics"
