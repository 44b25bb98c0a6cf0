"""What a rule means, before it is saved: a sentence and the next dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduling.core import wording
from scheduling.core.event import EventValues, parse_moment
from scheduling.core.recurrence import (
    MOST_OCCURRENCES,
    OccurrenceSpan,
    RecurrenceError,
    check_recurrence,
    expand,
    last_end,
)
from scheduling.core.series import YEAR, names_start, read_line
from scheduling.core.zones import instant_of, wall_time
from scheduling.forms import EventForm
from scheduling.series import SeriesOccurrence

MOST_DATES = 6
FAR = 100 * YEAR


@dataclass(frozen=True)
class Preview:
    """`lead` says how many times, `dates` are the next ones and `last` the last of those that are left out.

    `fault` says why there are none.
    """

    words: str = ""
    lead: str = ""
    dates: tuple[str, ...] = ()
    last: str = ""
    note: str = ""
    fault: str = ""


def form_preview(form: EventForm, occurrence: SeriesOccurrence | None, today: date) -> Preview | None:
    """Of what stands in the form; of the series as it is while nothing of that was changed."""
    shown = form.event
    if not form.can_repeat or (not form.is_bound and shown is None):
        return None
    if form.is_bound:
        form.is_valid()
        if faults := [form.errors[name][0] for name in form.errors if name.startswith("repeat")]:
            return Preview(fault=str(faults[0]))
        if form.span is None:
            return Preview(fault=_("Say when the event is, and its dates are shown here."))
        values = form.values
    else:
        assert shown is not None
        values = shown.values
    if occurrence is not None and shown is not None and occurrence.values.start == values.start:
        series = occurrence.series.values
        if values.recurrence == series.recurrence and values.time_zone == series.time_zone:
            return preview_of(series, parse_moment(occurrence.key), today)
    return preview_of(values, values.start, today)


def preview_of(values: EventValues, since: datetime | date, today: date) -> Preview | None:
    """The series `values` from that start on; None when nothing repeats."""
    if not values.recurrence:
        return None
    first = instant_of(since)
    try:
        check_recurrence(values)
        end = last_end(values)
        spans = [span for span in _from(values, first, end) if instant_of(span.start) >= first]
    except RecurrenceError as error:
        return Preview(fault=str(error))
    words = wording.repeats(values.recurrence, today, values.time_zone)
    days = [_day(span, values) for span in spans]
    dates = tuple(wording.short_day(day, today) for day in days[:MOST_DATES])
    if end is None:
        return Preview(words, _("The next dates:"), (*dates, "…"), note=_note(values))
    many = len(spans) >= MOST_OCCURRENCES
    last = wording.short_day(days[-1], today) if len(days) > MOST_DATES and not many else ""
    lead = _number_of_times(MOST_OCCURRENCES if many else len(days), many)
    return Preview(words, lead, dates, last, _note(values))


def _number_of_times(count: int, or_more: bool) -> str:
    if or_more:
        return _("%(count)d times or more:") % {"count": count}
    if count == 1:
        return _("Once:")
    return ngettext("%(count)d time:", "%(count)d times:", count) % {"count": count}


def _from(values: EventValues, first: datetime, end: datetime | None) -> list[OccurrenceSpan]:
    """All that are left of a series that ends, else at least those that are shown."""
    if end is not None:
        return expand(values, start=first, end=end + timedelta(seconds=1))
    for reach in _reaches():
        spans = expand(values, start=first, end=first + reach)
        if len(spans) > MOST_DATES:
            return spans
    return spans


def _reaches() -> Iterator[timedelta]:
    reach = YEAR / 12
    while reach < FAR:
        yield reach
        reach *= 4
    yield FAR


def _day(span: OccurrenceSpan, values: EventValues) -> date:
    if isinstance(span.start, datetime):
        return wall_time(span.start, ZoneInfo(values.time_zone)).date()
    return span.start


def _note(values: EventValues) -> str:
    rules = [line for text in values.recurrence if (line := read_line(text)).name == "RRULE"]
    if any(names_start(values, rule) for rule in rules) or not rules:
        return ""
    return _("The first one is the start itself, which the rule does not name.")
