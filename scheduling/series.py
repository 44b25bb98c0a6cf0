"""One occurrence of a series as it stands, whether or not a row of its own overrides it."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from datetime import timedelta

from scheduling.core.event import EventValues, parse_moment
from scheduling.core.recurrence import MOST_OCCURRENCES, RecurrenceError, expand, last_end
from scheduling.core.series import YEAR, occurrence_at, read_key
from scheduling.core.zones import instant_of
from scheduling.models import CalendarEvent, EventRevision


@dataclass(frozen=True)
class SeriesOccurrence:
    """`key` is its original start, `values` what it shows (its own, without recurrence)."""

    series: CalendarEvent
    key: str
    values: EventValues
    override: CalendarEvent | None = None

    @property
    def event(self) -> CalendarEvent:
        """The row that says what it shows: its revision counts."""
        return self.override or self.series

    @property
    def is_deleted(self) -> bool:
        return self.event.is_deleted

    def as_event(self) -> CalendarEvent:
        """The row with the occurrence's values and the series' rule, to be read and shown, never saved."""
        shown = copy(self.event)
        status = shown.status
        shown.values = replace(self.values, recurrence=tuple(self.series.recurrence))
        shown.status, shown.original_start = status, self.key
        return shown


def find_occurrence(series: CalendarEvent, original_start: str) -> SeriesOccurrence | None:
    """The occurrence whose original start is this moment, in any zone or offset; a cancelled one too."""
    try:
        key = read_key(original_start, series.values)
    except (ValueError, OverflowError):
        return None
    override = series.overrides.select_related("calendar").filter(original_start=key).first()
    if override is not None:
        override.series = series
        return SeriesOccurrence(series, key, override.values, override)
    values = regular_values(series.values, key)
    return SeriesOccurrence(series, key, values) if values is not None else None


def regular_values(series: EventValues, key: str) -> EventValues | None:
    """What the series' occurrence `key` says when nobody changed it; None when there is no such one."""
    try:
        span = occurrence_at(series, key) if series.recurrence else None
    except RecurrenceError:
        return None
    return replace(series, start=span.start, end=span.end, recurrence=()) if span is not None else None


def divided_from(series: CalendarEvent) -> CalendarEvent | None:
    """The series that this one goes on from, when "this and following" made it: one change wrote both."""
    action = EventRevision.Action
    made = EventRevision.objects.filter(event=series, action=action.CREATE).values("revision")
    masters = CalendarEvent.objects.filter(user_id=series.user_id, series=None).exclude(pk=series.pk)
    return masters.filter(revisions__revision__in=made, revisions__action=action.EDIT).first()


def has_earlier(series: CalendarEvent, key: str) -> bool:
    """Whether the series shows anything before its occurrence `key`."""
    cut = instant_of(parse_moment(key))
    changed = dict(series.overrides.values_list("original_start", "status"))
    gone = {name for name, status in changed.items() if status == CalendarEvent.Status.CANCELLED}
    if any(instant_of(parse_moment(name)) < cut for name in changed.keys() - gone):
        return True
    at, values = instant_of(series.start), series.values
    while at < cut:
        end = min(at + YEAR, cut)
        spans = expand(values, start=at, end=end)
        if any(instant_of(span.start) < cut and span.key not in gone for span in spans):
            return True
        at = end
    return False


@dataclass(frozen=True)
class Reach:
    """How many living events a change of a series is about; None when it has no end, or more than are counted.

    `of_their_own` are the others that were changed by hand.
    """

    following: int | None
    whole: int | None
    of_their_own: int


def reach_of(occurrence: SeriesOccurrence) -> Reach:
    series, key = occurrence.series, occurrence.key
    changed = dict(series.overrides.values_list("original_start", "status"))
    gone = {name for name, status in changed.items() if status == CalendarEvent.Status.CANCELLED}
    of_their_own = len(changed.keys() - gone - {key})
    try:
        end = last_end(series.values)
        if end is None:
            return Reach(None, None, of_their_own)
        spans = expand(series.values, start=instant_of(series.start), end=end + timedelta(seconds=1))
    except RecurrenceError:
        return Reach(None, None, of_their_own)
    if len(spans) >= MOST_OCCURRENCES:
        return Reach(None, None, of_their_own)
    names = ({span.key for span in spans} | changed.keys()) - gone
    return Reach(sum(name >= key for name in names), len(names), of_their_own)
