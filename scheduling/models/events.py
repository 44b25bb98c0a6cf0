"""Events, and what they were before.

Times: a timed event has `start_time` and `end_time` (UTC instants) and the zone it is thought in; an all-day
event has `start_date` and an exclusive `end_date` and no instants. Deleting an event keeps its row
(`status` cancelled, `deleted_at`), so that trash, undo and sync can speak of it.

Invariants:
- the end of an event is never before its start, and an all-day event has dates only
- a series has at most one override for each original start
- a cancelled event knows when it was deleted
- an override whose series has lost its occurrence is cancelled and in no view; it knows its `former_series`
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.base import ModelState
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from scheduling.core.event import EventValues
from scheduling.models.calendars import Calendar
from scheduling.models.fields import read_uuid, stored_uuid

models.CharField.register_lookup(Length)

VALUE_COLUMNS = (
    "title",
    "description",
    "location",
    "is_all_day",
    "time_zone",
    "end_time_zone",
    "status",
    "availability",
    "visibility",
    "color",
)


def columns_of(values: EventValues) -> dict[str, Any]:
    """What `values` are in an event's row."""
    said, empty = ("start_time", "end_time"), ("start_date", "end_date")
    if values.is_all_day:
        said, empty = empty, said
    return {
        **dict.fromkeys(empty),
        **dict(zip(said, (values.start, values.end), strict=True)),
        **{name: getattr(values, name) for name in VALUE_COLUMNS},
        "recurrence": list(values.recurrence),
        "reminders": None if values.reminders is None else list(values.reminders),
    }


MOST_PARAMETERS = 900  # of one statement, for SQLite
CONVERTED_COLUMNS = (
    "id",
    "calendar_id",
    "series_id",
    "is_all_day",
    "is_read_only",
    "is_local_only",
    "attendees",
)
PLAIN_COLUMNS = (
    "user_id",
    "title",
    "location",
    "color",
    "original_start",
    "status",
    "availability",
    "visibility",
    "revision",
    "synced_revision",
    "sync_state",
)
LIGHT_COLUMNS = (*CONVERTED_COLUMNS, *PLAIN_COLUMNS)


class CalendarEventQuerySet(models.QuerySet["CalendarEvent"]):
    def of(self, user: User) -> CalendarEventQuerySet:
        """Every event of this person, deleted ones too. All reads start here."""
        return self.filter(user=user)

    def live(self) -> CalendarEventQuerySet:
        """What is there: an override goes with its series."""
        cancelled = CalendarEvent.Status.CANCELLED
        return self.exclude(status=cancelled).exclude(series__status=cancelled)

    def deleted(self) -> CalendarEventQuerySet:
        """What the trash shows: cancelled events that are not, and never were, one occurrence of a series."""
        return self.filter(status=CalendarEvent.Status.CANCELLED, series=None, former_series=None)

    def expanded_short_of(
        self, calendar_ids: Collection[uuid.UUID], start: datetime, end: datetime
    ) -> list[uuid.UUID]:
        """Those of these calendars whose stored occurrences do not cover `[start, end)`: seldom any."""
        if not calendar_ids:
            return []
        calendars = [stored_uuid(pk) for pk in calendar_ids]
        its = f"SELECT id FROM scheduling_calendarevent WHERE calendar_id IN ({', '.join(['%s'] * len(calendars))})"
        first, last = (connection.ops.adapt_datetimefield_value(moment) for moment in (start, end))
        with connection.cursor() as cursor:
            cursor.execute(
                f"{its} AND expanded_until < %s UNION {its} AND expanded_from > %s",
                [*calendars, last, *calendars, first],
            )
            return [read_uuid(pk) for (pk,) in cursor.fetchall()]

    def light(self, stored_ids: Collection[Any]) -> dict[Any, CalendarEvent]:
        """Identifier as the database has it → the event with what views, lists and busy queries need of it.

        The other fields are deferred. The SQL is ours: a view reads hundreds of events at a time, and Django takes
        longer to word the query and convert the columns than a database takes to find the rows.
        """
        wanted = list(stored_ids)
        columns = ", ".join(LIGHT_COLUMNS)
        alias = connection.alias  # a look-up through the thread's connections: once, not for each row
        found: dict[Any, CalendarEvent] = {}
        calendars: dict[Any, uuid.UUID] = {}
        with connection.cursor() as cursor:
            for batch in (wanted[at : at + MOST_PARAMETERS] for at in range(0, len(wanted), MOST_PARAMETERS)):
                cursor.execute(
                    f"SELECT {columns} FROM scheduling_calendarevent WHERE id IN ({', '.join(['%s'] * len(batch))})",
                    batch,
                )
                for (
                    pk,
                    calendar,
                    series,
                    is_all_day,
                    is_read_only,
                    is_local_only,
                    attendees,
                    *plain,
                ) in cursor.fetchall():
                    if calendar not in calendars:
                        calendars[calendar] = read_uuid(calendar)
                    values = (
                        read_uuid(pk),
                        calendars[calendar],
                        None if series is None else read_uuid(series),
                        bool(is_all_day),
                        bool(is_read_only),
                        bool(is_local_only),
                        [] if attendees == "[]" else json.loads(attendees),
                        *plain,
                    )
                    found[pk] = CalendarEvent.from_db(alias, LIGHT_COLUMNS, values)
        return found


class CalendarEvent(models.Model):
    """One event, the master of a series (`recurrence`), or an override of one occurrence (`series`)."""

    class Status(models.TextChoices):
        CONFIRMED = "confirmed", pgettext_lazy("event", "Confirmed")
        TENTATIVE = "tentative", pgettext_lazy("event", "Tentative")
        CANCELLED = "cancelled", pgettext_lazy("event", "Cancelled")

    class Availability(models.TextChoices):
        BUSY = "busy", pgettext_lazy("shown as", "Busy")
        FREE = "free", pgettext_lazy("shown as", "Free")

    class Visibility(models.TextChoices):
        DEFAULT = "default", pgettext_lazy("visibility", "As the calendar")
        PUBLIC = "public", pgettext_lazy("visibility", "Public")
        PRIVATE = "private", pgettext_lazy("visibility", "Private")
        CONFIDENTIAL = "confidential", pgettext_lazy("visibility", "Confidential")

    class SyncState(models.TextChoices):
        NONE = "", _("In step")
        CONFLICT = "conflict", _("Changed in two places")
        REFUSED = "refused", _("The other side refused the change")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="events")
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="events")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    location = models.CharField(max_length=200, blank=True)
    is_all_day = models.BooleanField(_("all day"), default=False)
    start_time = models.DateTimeField(null=True, blank=True)
    end_time = models.DateTimeField(null=True, blank=True)
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True, help_text="Exclusive: the day after the last one.")
    time_zone = models.CharField(max_length=64, blank=True)
    end_time_zone = models.CharField(max_length=64, blank=True)

    recurrence = models.JSONField(
        default=list, blank=True, help_text="RRULE, RDATE and EXDATE lines, verbatim."
    )
    series = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="overrides"
    )
    original_start = models.CharField(max_length=20, blank=True)
    former_series = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="former_overrides",
        help_text="Of what was an override until its series had no such occurrence any more.",
    )
    expanded_from = models.DateTimeField(null=True, editable=False)
    expanded_until = models.DateTimeField(null=True, editable=False)
    expanded_with = models.CharField(
        max_length=40,
        blank=True,
        editable=False,
        help_text="The rules of time its occurrences were made with.",
    )
    recurrence_error = models.CharField(max_length=300, blank=True, editable=False)

    status = models.CharField(max_length=9, choices=Status, default=Status.CONFIRMED)
    availability = models.CharField(max_length=4, choices=Availability, default=Availability.BUSY)
    visibility = models.CharField(max_length=12, choices=Visibility, default=Visibility.DEFAULT)
    color = models.PositiveSmallIntegerField(null=True, blank=True)
    reminders = models.JSONField(
        null=True, blank=True, help_text="Minutes before the start; null: as its owner chose for all."
    )

    # What comes along from outside and people here only read.
    ical_uid = models.CharField(max_length=1024, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    event_type = models.CharField(max_length=40, default="default")
    organizer = models.JSONField(default=dict, blank=True)
    attendees = models.JSONField(default=list, blank=True)
    conference_url = models.URLField(max_length=2000, blank=True)
    is_read_only = models.BooleanField(default=False)
    read_only_reason = models.CharField(max_length=200, blank=True)

    google_event_id = models.CharField(max_length=1024, blank=True)
    revision = models.BigIntegerField(editable=False)
    synced_revision = models.BigIntegerField(
        default=0, editable=False, help_text="The revision that the remote side is known to agree with."
    )
    sync_state = models.CharField(max_length=8, choices=SyncState, blank=True, default=SyncState.NONE)
    is_local_only = models.BooleanField(
        default=False, help_text="Its owner keeps it on this server: no other calendar gets it."
    )
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CalendarEventQuerySet.as_manager()

    class Meta:
        ordering = ["start_time", "start_date", "id"]
        indexes = [
            models.Index(fields=["calendar", "revision"]),
            models.Index(fields=["user", "revision"]),
            models.Index(fields=["calendar", "ical_uid"]),
            # Few series reach a window that their stored occurrences do not cover.
            models.Index(
                fields=["calendar", "expanded_until"],
                condition=Q(expanded_until__isnull=False),
                name="event_expanded_until",
            ),
            models.Index(
                fields=["calendar", "expanded_from"],
                condition=Q(expanded_from__isnull=False),
                name="event_expanded_from",
            ),
            # Asked for at every poll of a connected calendar, which mostly has none.
            models.Index(
                fields=["calendar"],
                condition=Q(revision__gt=F("synced_revision")),
                name="event_not_sent",
            ),
            # Most events are no override: by an index that names them all too, SQLite once told so by ANALYZE reads
            # the whole table instead.
            models.Index(fields=["series"], condition=Q(series__isnull=False), name="event_override_of"),
            models.Index(
                fields=["former_series"],
                condition=Q(former_series__isnull=False),
                name="event_former_override_of",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    is_all_day=True,
                    start_time=None,
                    end_time=None,
                    start_date__isnull=False,
                    end_date__isnull=False,
                    time_zone="",
                )
                | Q(
                    is_all_day=False,
                    start_time__isnull=False,
                    end_time__isnull=False,
                    start_date=None,
                    end_date=None,
                )
                & ~Q(time_zone=""),
                name="event_all_day_has_dates_timed_has_instants",
            ),
            models.CheckConstraint(
                condition=Q(is_all_day=True, end_date__gt=F("start_date"))
                | Q(is_all_day=False, end_time__gte=F("start_time")),
                name="event_end_not_before_start",
            ),
            models.CheckConstraint(condition=Q(title__length__lte=200), name="event_title_at_most_200"),
            models.CheckConstraint(condition=Q(location__length__lte=200), name="event_location_at_most_200"),
            models.CheckConstraint(
                condition=Q(color=None) | Q(color__gte=1, color__lte=11), name="event_color_in_palette"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["confirmed", "tentative", "cancelled"]), name="event_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(availability__in=["busy", "free"]), name="event_availability_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled", deleted_at__isnull=False)
                | ~Q(status="cancelled") & Q(deleted_at=None),
                name="event_cancelled_knows_when",
            ),
            models.CheckConstraint(
                condition=Q(series=None, original_start="") | Q(series__isnull=False) & ~Q(original_start=""),
                name="event_override_has_original_start",
            ),
            models.CheckConstraint(
                condition=Q(former_series=None) | Q(series=None, status="cancelled"),
                name="event_former_override_is_gone",
            ),
            models.UniqueConstraint(fields=["series", "original_start"], name="event_one_override_per_start"),
            models.UniqueConstraint(
                fields=["calendar", "google_event_id"],
                condition=~Q(google_event_id=""),
                name="event_google_id_once_per_calendar",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @classmethod
    def from_db(
        cls,
        db: str | None,
        field_names: Collection[str],
        values: Collection[Any],
        *,
        fetch_mode: Any = None,
    ) -> CalendarEvent:
        """As Django's, without walking all columns in `__init__`: a month view makes hundreds of these."""
        event = cls.__new__(cls)
        event._state = ModelState()
        event._state.adding, event._state.db = False, db
        event.__dict__.update(zip(field_names, values, strict=True))
        return event

    @property
    def values(self) -> EventValues:
        return EventValues(
            title=self.title,
            description=self.description,
            location=self.location,
            start=self.start,
            end=self.end,
            is_all_day=self.is_all_day,
            time_zone=self.time_zone,
            end_time_zone=self.end_time_zone,
            recurrence=tuple(self.recurrence),
            status="confirmed" if self.status == self.Status.CANCELLED else self.status,
            availability=self.availability,
            visibility=self.visibility,
            color=self.color,
            reminders=None if self.reminders is None else tuple(self.reminders),
        )

    @values.setter
    def values(self, values: EventValues) -> None:
        for name, value in columns_of(values).items():
            setattr(self, name, value)

    @property
    def start(self) -> datetime | date:
        """The instant, or the first day of an all-day event."""
        start = self.start_date if self.is_all_day else self.start_time
        assert start is not None
        return start

    @property
    def end(self) -> datetime | date:
        """The instant, or the day after the last one of an all-day event."""
        end = self.end_date if self.is_all_day else self.end_time
        assert end is not None
        return end

    @property
    def is_deleted(self) -> bool:
        return self.status == self.Status.CANCELLED

    @property
    def effective_color(self) -> int:
        return self.color or self.calendar.color

    @property
    def is_editable(self) -> bool:
        return not (self.is_read_only or self.calendar.is_read_only)

    @property
    def is_waiting(self) -> bool:
        """A change of it has not reached the remote calendar yet."""
        is_mirrored = self.calendar.is_synced and self.is_editable and not self.is_local_only
        return is_mirrored and self.revision > self.synced_revision
