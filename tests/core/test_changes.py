"""What differs between two versions, in words."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduling.core.changes import (
    GROUPS,
    Reader,
    changed_groups,
    differences,
    part_of,
    take_groups,
    with_part,
    words,
)
from scheduling.core.event import EventValues
from tests.make import make_values

READER = Reader(ZoneInfo("Europe/Berlin"), date(2026, 11, 20))
OTHER = make_values(
    title="Other",
    description="More",
    location="Roma",
    start=datetime(2026, 11, 24, 10, tzinfo=UTC),
    status="tentative",
    availability="free",
    visibility="private",
    color=7,
    reminders=(10, 1440),
)


def said(before: EventValues, after: EventValues) -> list[tuple[str, str, str]]:
    return [(d.label, d.before, d.after) for d in differences(before, after, READER)]


def test_every_field_of_an_event_belongs_to_exactly_one_group() -> None:
    grouped = [field for group in GROUPS.values() for field in group]
    assert sorted(grouped) == sorted(field.name for field in fields(EventValues))


def test_a_move_within_a_day_names_the_day_and_the_two_clocks() -> None:
    values = make_values()
    later = replace(
        values, start=values.start + timedelta(minutes=30), end=values.end + timedelta(minutes=30)
    )
    assert said(values, later) == [("Tuesday 24 November", "10:00–11:00", "10:30–11:30")]


def test_a_move_to_another_day_names_both_days() -> None:
    values = make_values()
    later = replace(values, start=values.start + timedelta(days=1), end=values.end + timedelta(days=1))
    ((label, before, after),) = said(values, later)
    assert (label, before, after) == (
        "When",
        "Tuesday 24 November, 10:00–11:00",
        "Wednesday 25 November, 10:00–11:00",
    )


def test_times_that_read_alike_are_told_apart_by_their_zones() -> None:
    values = make_values()
    ((_, before, after),) = said(values, replace(values, time_zone="Europe/Paris"))
    assert (before, after) == ("in Europe/Berlin", "in Europe/Paris")


def test_each_group_has_words_for_a_value_and_for_none() -> None:
    ((label, before, after),) = said(make_values(), make_values(location="Roma"))
    assert (label, before, after) == ("Place", "nothing", "Roma")
    assert words(make_values(title=""), "title", READER) == "no title"
    assert words(OTHER, "color", READER) == "lagoon"
    assert words(make_values(), "color", READER) == "as the calendar"
    assert words(OTHER, "visibility", READER) == "private"
    assert words(OTHER, "reminders", READER) == "10 minutes before, 1 day before"
    assert words(make_values(), "reminders", READER) == "as usual"
    assert words(make_values(reminders=()), "reminders", READER) == "none"
    repeating = make_values(recurrence=("RRULE:FREQ=DAILY",))
    assert words(repeating, "when", READER).endswith("· Every day")


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_is_taken_over_whole_and_alone(group: str) -> None:
    values = make_values()
    assert changed_groups(values, take_groups(values, OTHER, [group])) == (group,)
    assert with_part(values, part_of(OTHER, [group])) == take_groups(values, OTHER, [group])
