"""Calendars and single events as iCalendar text, a piece at a time."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import CharField, Func, Q, TextField, Value
from django.db.models.functions import Cast

from scheduling.core import ical
from scheduling.models import Calendar, CalendarEvent, CalendarEventQuerySet
from scheduling.sanitise import cleaned_markup, is_markup, plain_text

BATCH = 2000  # events in one piece: each piece is a switch between threads
ZONES = ("time_zone", "end_time_zone")
BUSY = CalendarEvent.Availability.BUSY


class Stamp(Func):
    """A moment as `20261124T090000Z`, written by the database: that is half the work of reading a row."""

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return _stamp_by("strftime", Value("%Y%m%dT%H%M%SZ"), *self.source_expressions).as_sql(
            compiler, connection, **context
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return _stamp_by("to_char", *self.source_expressions, Value('YYYYMMDD"T"HH24MISS"Z"')).as_sql(
            compiler, connection, **context
        )


def _stamp_by(function: str, *expressions: Any) -> Func:
    return Func(*expressions, function=function, output_field=CharField())


class Row(NamedTuple):
    """What a file says of an event, and what an override needs of its series. Ids are as the database writes them."""

    ical_uid: str
    sequence: int
    title: str
    description: str
    location: str
    time_zone: str
    end_time_zone: str
    original_start: str
    status: str
    availability: str
    visibility: str
    color: int | None
    conference_url: str
    series__ical_uid: str
    series__time_zone: str
    series__availability: str
    # Computed by the database as text: nothing of a row has to be converted on its way through Django.
    id: str
    series_id: str | None
    is_all_day: bool
    start_time: datetime | None
    end_time: datetime | None
    start_date: date | None
    end_date: date | None
    recurrence: Any
    organizer: Any
    attendees: Any
    created: str
    updated: str


PLAIN = Row._fields[: Row._fields.index("id")]
COMPUTED = {
    "id_text": Cast("id", CharField()),
    "series_text": Cast("series_id", CharField()),
    "begins": Stamp("start_time"),
    "ends": Stamp("end_time"),
    "first_day": Cast("start_date", CharField()),
    "last_day": Cast("end_date", CharField()),
    **{f"{name}_text": Cast(name, TextField()) for name in ("recurrence", "organizer", "attendees")},
    "created": Stamp("created_at"),
    "updated": Stamp("updated_at"),
}
NOTHING: dict[str, Any] = {"[]": [], "{}": {}}


def _rows(events: CalendarEventQuerySet) -> Iterator[Row]:
    found = events.order_by().annotate(**COMPUTED).values_list(*PLAIN, *COMPUTED)
    moment, day = datetime.fromisoformat, date.fromisoformat
    for row in found.iterator(chunk_size=BATCH):
        *plain, pk, series, begins, ends, first, last = row[:-5]
        recurrence, organizer, attendees, created, updated = row[-5:]
        yield Row._make(
            (
                *plain,
                pk,
                series,
                first is not None,
                moment(begins) if begins else None,
                moment(ends) if ends else None,
                day(first) if first else None,
                day(last) if last else None,
                _read(recurrence),
                _read(organizer),
                _read(attendees),
                created,
                updated,
            )
        )


def _read(text: str) -> Any:
    return NOTHING[text] if text in NOTHING else json.loads(text)


def calendar_text(calendar: Calendar, *, busy_only: bool = False) -> Iterator[str]:
    """The whole calendar, `BATCH` events a piece; without its words when `busy_only`."""
    events = CalendarEvent.objects.filter(calendar=calendar).live().exclude(series__status="cancelled")
    zones = {name for pair in events.order_by().values_list(*ZONES).distinct() for name in pair}
    yield ical.head(ical.BUSY_TITLE if busy_only else calendar.name, zones)
    cancelled = _cancelled_occurrences(calendar)
    tells = _tells_of_busy(events) if busy_only else _always
    write = _busy if busy_only else _full
    pieces: list[str] = []
    for row in _rows(events):
        if tells(row):
            pieces.append(write(row, cancelled.get(row.id, ())))
        if len(pieces) == BATCH:
            yield "".join(pieces)
            pieces = []
    yield "".join(pieces) + ical.END


def event_text(event: CalendarEvent) -> str:
    """One event as a file; a series with its overrides."""
    found = CalendarEvent.objects.filter(Q(pk=event.pk) | Q(series=event)).live()
    rows = list(_rows(found))
    cancelled = _cancelled_occurrences(event.calendar, event)
    zones = {zone for row in rows for zone in (row.time_zone, row.end_time_zone)}
    text = "".join(_full(row, cancelled.get(row.id, ())) for row in rows)
    return ical.head(event.calendar.name, zones) + text + ical.END


@dataclass(frozen=True, slots=True)
class _Series:
    ical_uid: str
    time_zone: str


def _cancelled_occurrences(calendar: Calendar, series: CalendarEvent | None = None) -> dict[Any, list[str]]:
    """The original starts that each series leaves out, by its id."""
    found: dict[Any, list[str]] = defaultdict(list)
    cancelled = CalendarEvent.objects.filter(
        calendar=calendar, series__isnull=False, status=CalendarEvent.Status.CANCELLED
    )
    if series is not None:
        cancelled = cancelled.filter(series=series)
    series_text = Cast("series_id", CharField())
    for series_id, original_start in cancelled.order_by().values_list(series_text, "original_start"):
        found[series_id].append(original_start)
    return found


def _always(row: Row) -> bool:
    return True


def _tells_of_busy(events: CalendarEventQuerySet) -> Callable[[Row], bool]:
    """Whether a row has to do with busy time: a free series counts when one of its occurrences is busy."""
    busy_overrides = events.filter(series__isnull=False, availability=BUSY)
    series = set(busy_overrides.order_by().values_list(Cast("series_id", CharField()), flat=True))

    def tells(row: Row) -> bool:
        own = row.availability == BUSY or row.id in series
        return own or row.series_id in series or row.series__availability == BUSY

    return tells


def _full(row: Row, cancelled: Collection[str]) -> str:
    series = _Series(row.series__ical_uid, row.series__time_zone) if row.series_id else None
    if not is_markup(row.description):
        return ical.write_event(row, series=series, cancelled=cancelled)
    rich = cleaned_markup(row.description)
    return ical.write_event(
        row, series=series, cancelled=cancelled, rich=rich, plain=plain_text(row.description)
    )


def _busy(row: Row, cancelled: Collection[str]) -> str:
    series = _Series("", row.series__time_zone) if row.series_id else None
    return ical.write_busy(row, series=series, cancelled=cancelled)


def file_name(name: str) -> str:
    """`name` in the letters that every system and every header takes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return f"{re.sub('[^A-Za-z0-9]+', '-', plain).strip('-')[:60] or 'calendar'}.ics"
