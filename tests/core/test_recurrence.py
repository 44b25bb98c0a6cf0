from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduling.core.event import EventValues
from scheduling.core.recurrence import RecurrenceError, check_recurrence, expand, last_end

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def series(*lines: str, **over: Any) -> EventValues:
    fields = {"title": "x", "start": NINE, "end": NINE + HOUR, "time_zone": "Europe/Berlin"} | over
    return EventValues(recurrence=lines, **fields)


def starts(values: EventValues, days: int = 10) -> list[Any]:
    return [span.start for span in expand(values, start=NINE, end=NINE + days * DAY)]


@pytest.mark.parametrize(
    "line",
    [
        "",
        ":",
        "FREQ=DAILY",
        "RRULE:",
        "RRULE:FREQ=HOURLY",
        "RRULE:FREQ=DAILY;INTERVAL=0",
        "RRULE:FREQ=DAILY;INTERVAL=-1",
        "RRULE:FREQ=DAILY;COUNT=0",
        "RRULE:FREQ=DAILY;COUNT=many",
        "RRULE:FREQ=DAILY;UNTIL=00000000",
        "RRULE:FREQ=WEEKLY;BYDAY=XX",
        "RDATE:tomorrow",
        "EXDATE;TZID=Mars/Olympus:20261124T090000",
        "EXRULE:FREQ=DAILY",
        "DTSTART:20261124T090000Z",
    ],
)
def test_lines_that_are_not_understood_are_refused(line: str) -> None:
    with pytest.raises(RecurrenceError):
        check_recurrence(series(line))


def test_the_first_occurrence_is_the_events_own_start() -> None:
    assert starts(series("RRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=1")) == [NINE, NINE + DAY]


def test_dates_are_added_and_excluded() -> None:
    values = series("RRULE:FREQ=DAILY;COUNT=3", "RDATE:20261201T120000Z", "EXDATE:20261125T090000Z")
    assert starts(values) == [NINE, NINE + 2 * DAY, datetime(2026, 12, 1, 12, tzinfo=UTC)]


def test_dates_outside_the_years_that_are_kept_do_no_harm() -> None:
    values = series("RDATE:00010101T000000Z,99991231T235959Z", "EXDATE:99991231T235959Z")
    assert starts(values) == [NINE]
    assert last_end(values) == NINE + HOUR


def test_a_rule_until_the_end_of_time_is_expanded_like_one_without_end() -> None:
    for until in ("99991231T235959Z", "99991231"):
        assert len(starts(series(f"RRULE:FREQ=DAILY;UNTIL={until}"))) == 10


def test_a_series_of_which_nothing_is_left_is_over_at_once() -> None:
    values = series("EXDATE:20261124T090000Z")
    assert starts(values) == []
    assert last_end(values) == NINE + HOUR


def test_a_series_that_ends_is_over_after_its_last_occurrence() -> None:
    assert last_end(series("RRULE:FREQ=DAILY;COUNT=3")) == NINE + 2 * DAY + HOUR
    assert last_end(series("RRULE:FREQ=DAILY")) is None
