"""Where events appear on the time line."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, models
from django.db.models import F, Q

from scheduling.models.calendars import Calendar
from scheduling.models.events import CalendarEvent
from scheduling.models.fields import InstantField, stored_uuid

BEGINNING = int(datetime.min.replace(tzinfo=UTC).timestamp())


class OccurrenceManager(models.Manager["Occurrence"]):
    def rows_touching(
        self,
        calendar_ids: Collection[uuid.UUID],
        start: datetime,
        end: datetime,
        columns: str,
        *,
        all_day_margin: timedelta = timedelta(),
        joined: bool = False,
        of_events: str = "",
        parameters: Collection[Any] = (),
    ) -> list[tuple[Any, ...]]:
        """What may overlap `[start, end)`, unordered: `columns` of the occurrences `o`, as the database has them.

        All-day ones are also found when they lie up to `all_day_margin` outside. `joined` with their events,
        `columns` and the condition `of_events` (its values in `parameters`) may be of the event `e` too.

        One bounded range of one index is read for each class of length: an overlap alone bounds a B-tree on one
        side only, and all that ever was would be read. The SQL is ours for two reasons. PostgreSQL takes an OR of
        ranges apart and reads the whole table, hence UNION ALL. And every view, feed and list of slots waits for
        these thousands of rows, which Django takes longer to word and convert than a database takes to find them.
        """
        calendars = [stored_uuid(pk) for pk in calendar_ids]
        if not calendars:
            return []
        inner = int(start.timestamp()), int(end.timestamp())
        margin = int(all_day_margin.total_seconds())
        first, last = inner[0] - margin, inner[1] + margin
        source = "scheduling_occurrence o"
        if joined:
            source += " JOIN scheduling_calendarevent e ON e.id = o.event_id"
        condition = f" AND ({of_events})" if of_events else ""
        arm = (
            f"SELECT {columns} FROM {source} WHERE o.calendar_id IN ({', '.join(['%s'] * len(calendars))})"
            f' AND o.reach = %s AND o.start >= %s AND o.start < %s AND o."end" >= %s'
            f' AND (o.is_all_day OR (o."end" >= %s AND o.start < %s)){condition}'
        )
        values: list[Any] = []
        for reach, longest in enumerate((*Occurrence.REACHES, None)):
            earliest = BEGINNING if longest is None else first - int(longest.total_seconds())
            values += [*calendars, reach, earliest, last, first, *inner, *parameters]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join([arm] * (len(Occurrence.REACHES) + 1)), values)
            return cursor.fetchall()


class Occurrence(models.Model):
    """One appearance of an event on the time line: what grids, searches and busy queries read.

    `start` and `end` are instants; those of an all-day event are midnight UTC of its dates, so that one index
    serves both kinds (a reader widens its window by 14 hours and compares dates).
    """

    # The longest occurrence of each class of length, the last class being open.
    REACHES = tuple(timedelta(days=days) for days in (1, 8, 64, 512))

    calendar = models.ForeignKey(
        Calendar, on_delete=models.CASCADE, related_name="occurrences", db_index=False
    )
    event = models.ForeignKey(CalendarEvent, on_delete=models.CASCADE, related_name="occurrences")
    master = models.ForeignKey(
        CalendarEvent, on_delete=models.CASCADE, null=True, related_name="series_occurrences"
    )
    original_start = models.CharField(max_length=20, blank=True)
    is_all_day = models.BooleanField()
    start = InstantField()
    end = InstantField()
    reach = models.PositiveSmallIntegerField(editable=False, help_text="Its class of length, see REACHES.")

    objects = OccurrenceManager()

    class Meta:
        ordering = ["start", "-end", "event_id"]
        indexes = [models.Index(fields=["calendar", "reach", "start"], name="occurrence_range")]
        constraints = [
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="occurrence_end_not_before_start"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} at {self.start:%Y-%m-%d %H:%M}Z"

    @classmethod
    def reach_of(cls, length: timedelta) -> int:
        """The class of that length."""
        return sum(length > longest for longest in cls.REACHES)


@dataclass(slots=True)
class EventInstance:
    """One appearance of an event: `start` and `end` are instants, of an all-day event midnight UTC of its dates.

    `original_start` names the occurrence within its series; it is empty for a single event. `event` is the series'
    master, or the override that stands in its place.
    """

    event: CalendarEvent
    start: datetime
    end: datetime
    original_start: str = ""

    @property
    def event_id(self) -> uuid.UUID:
        return self.event.pk

    @property
    def calendar_id(self) -> uuid.UUID:
        return self.event.calendar_id

    @property
    def is_all_day(self) -> bool:
        return self.event.is_all_day

    @property
    def master_id(self) -> uuid.UUID | None:
        """The series it belongs to."""
        return self.event.series_id or (self.event.pk if self.original_start else None)

    @property
    def start_date(self) -> date:
        return self.start.astimezone(UTC).date()

    @property
    def end_date(self) -> date:
        """Exclusive; of an all-day occurrence."""
        return self.end.astimezone(UTC).date()
