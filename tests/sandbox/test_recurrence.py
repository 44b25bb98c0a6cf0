"""Slots of a series, without a server."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import islice

import pytest

from sync.sandbox import recurrence
from sync.sandbox.recurrence import BadRecurrence

BERLIN = {"dateTime": "2026-03-27T02:30:00+01:00", "timeZone": "Europe/Berlin"}
DAY = {"date": "2026-12-01"}


def stamps(start: dict[str, str], lines: list[str], **window: datetime) -> list[str]:
    return [recurrence.stamp(slot) for slot in islice(recurrence.slots(start, lines, **window), 20)]


def test_slot_in_the_gap_of_a_clock_change_moves_forward() -> None:
    found = stamps(BERLIN, ["RRULE:FREQ=DAILY;COUNT=4"])
    assert found == ["20260327T013000Z", "20260328T013000Z", "20260329T013000Z", "20260330T003000Z"]
    slot = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert recurrence.has_slot(BERLIN, ["RRULE:FREQ=DAILY;COUNT=4"], slot)


def test_first_instance_is_the_start_even_when_the_rule_would_not_name_it() -> None:
    assert stamps(DAY, ["RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=2"]) == ["20261201", "20261204", "20261211"]


@pytest.mark.parametrize("until", ["20261203", "20261203T120000Z", "20261203T120000"])
def test_until_is_understood_in_every_form(until: str) -> None:
    start = {"dateTime": "2026-12-01T10:00:00+01:00", "timeZone": "Europe/Berlin"}
    assert len(stamps(start, [f"RRULE:FREQ=DAILY;UNTIL={until}"])) == 3


def test_listed_and_left_out_days_count() -> None:
    lines = ["RDATE;VALUE=DATE:20261224,20261231", "EXDATE;VALUE=DATE:20261231"]
    assert stamps(DAY, lines) == ["20261201", "20261224"]


def test_endless_rule_has_no_last_slot_and_a_counted_one_has() -> None:
    assert recurrence.last_slot(DAY, ["RRULE:FREQ=DAILY"]) is None
    assert recurrence.last_slot(DAY, ["RRULE:FREQ=DAILY;COUNT=3"]) == date(2026, 12, 3)


def test_window_is_half_open() -> None:
    window = {"after": datetime(2026, 12, 3, tzinfo=UTC), "before": datetime(2026, 12, 6, tzinfo=UTC)}
    assert stamps(DAY, ["RRULE:FREQ=DAILY"], **window) == ["20261204", "20261205"]


@pytest.mark.parametrize(
    "line",
    ["DTSTART:20261201", "RRULE:", "FREQ=DAILY", "RDATE;TZID=Nowhere/Land:20261201T100000", "EXDATE:soon"],
)
def test_line_that_makes_no_sense_is_bad(line: str) -> None:
    with pytest.raises(BadRecurrence):
        recurrence.check(DAY, [line])


def test_trimmed_series_ends_before_the_slot() -> None:
    lines = recurrence.trimmed(
        DAY, ["RRULE:FREQ=DAILY;COUNT=9", "EXDATE;VALUE=DATE:20261202"], date(2026, 12, 4)
    )
    assert lines == ["RRULE:FREQ=DAILY;UNTIL=20261203", "EXDATE;VALUE=DATE:20261202"]
    assert stamps(DAY, lines) == ["20261201", "20261203"]


def test_instance_ids_are_told_from_others() -> None:
    assert recurrence.split_instance_id("abc_20261201T090000Z") == ("abc", "20261201T090000Z")
    assert recurrence.split_instance_id("abc_R20261201T090000_20261208") == (
        "abc_R20261201T090000",
        "20261208",
    )
    assert recurrence.split_instance_id("abc_R20261201T090000") is None
