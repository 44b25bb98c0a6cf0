"""Google's JSON and our values say the same, both ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from scheduling.core.event import EventValues
from sync.core.wire import NotUnderstood, from_google, instance_id, to_google
from tests.make import make_values


def item(**over: Any) -> dict[str, Any]:
    return {
        "id": "abc12345",
        "etag": '"1"',
        "status": "confirmed",
        "summary": "Lunch",
        "start": {"dateTime": "2026-11-24T12:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-24T13:00:00+01:00", "timeZone": "Europe/Berlin"},
        **over,
    }


def read(**over: Any) -> EventValues:
    values = from_google(item(**over), "Europe/Berlin").values
    assert values is not None
    return values


@pytest.mark.parametrize(
    "values",
    [
        make_values(title="Plain"),
        make_values(title="Whole day", is_all_day=True),
        make_values(title="Three days", is_all_day=True, start=date(2026, 5, 1), end=date(2026, 5, 4)),
        make_values(title="Elsewhere", time_zone="America/New_York", end_time_zone="Europe/Paris"),
        make_values(
            title="Weekly",
            recurrence=("RRULE:FREQ=WEEKLY;BYDAY=TU", "EXDATE;TZID=Europe/Berlin:20261201T100000"),
        ),
        make_values(title="Free", availability="free", visibility="private", status="tentative", color=7),
        make_values(title="Text", description="two\nlines", location="Café Nil"),
        make_values(title="In the repeated hour", start=datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        make_values(title="In it again", start=datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        make_values(title="Kathmandu", time_zone="Asia/Kathmandu"),
    ],
    ids=lambda values: values.title,
)
def test_what_is_sent_reads_back_the_same(values: EventValues) -> None:
    body = to_google(values) | {"id": "abc12345", "etag": '"1"'}
    assert from_google(body, "Europe/Berlin").values == values


def test_missing_empty_and_default_are_the_same_value() -> None:
    full = read(description="", location="", transparency="opaque", visibility="default", recurrence=[])
    assert full == read() == read(description=None)


def test_text_is_normalised_so_that_nothing_goes_to_and_fro() -> None:
    assert read(description="a\r\nb  ", summary=" Lunch \t time ").description == "a\nb"
    assert read(summary=" Lunch \t time ").title == "Lunch time"


def test_all_day_end_is_exclusive_on_both_sides() -> None:
    values = read(start={"date": "2026-05-01"}, end={"date": "2026-05-04"})
    assert (values.start, values.end, values.is_all_day) == (date(2026, 5, 1), date(2026, 5, 4), True)
    assert to_google(values)["end"] == {"date": "2026-05-04"}


def test_a_patch_from_timed_to_all_day_takes_the_times_away() -> None:
    body = to_google(make_values(is_all_day=True), ["when"], patch=True)
    assert body["start"] == {"date": "2026-11-24", "dateTime": None, "timeZone": None}


def test_a_patch_names_only_the_groups_that_changed() -> None:
    assert set(to_google(make_values(), ["title", "location"], patch=True)) == {"summary", "location"}


def test_a_tombstone_with_nothing_but_an_id_is_read() -> None:
    remote = from_google({"id": "abc12345", "status": "cancelled"}, "UTC")
    assert (remote.values, remote.id) == (None, "abc12345")


def test_a_cancelled_instance_names_its_series_and_original_start() -> None:
    remote = from_google(
        {
            "id": "s_20261124T090000Z",
            "status": "cancelled",
            "recurringEventId": "s",
            "originalStartTime": {"dateTime": "2026-11-24T10:00:00+01:00"},
        },
        "Europe/Berlin",
    )
    assert (remote.series_id, remote.original_start) == ("s", "2026-11-24T09:00:00Z")
    assert instance_id("s", remote.original_start) == "s_20261124T090000Z"
    assert instance_id("s", "2026-11-24") == "s_20261124"


def test_an_event_of_somebody_else_is_read_only_and_says_why() -> None:
    remote = from_google(item(organizer={"email": "ines@example.com", "displayName": "Ines"}), "UTC")
    assert remote.details["is_read_only"] is True
    assert "Ines" in remote.details["read_only_reason"]
    assert from_google(item(organizer={"self": True}), "UTC").details["is_read_only"] is False


def test_an_unknown_zone_falls_back_to_the_calendars_zone() -> None:
    strange = {"dateTime": "2026-11-24T12:00:00+01:00", "timeZone": "Mars/Olympus"}
    values = from_google(
        item(start=strange, end=strange | {"dateTime": "2026-11-24T13:00:00+01:00"}), "Asia/Tokyo"
    )
    assert values.values is not None and values.values.time_zone == "Asia/Tokyo"
    assert values.values.start == datetime(2026, 11, 24, 11, tzinfo=UTC)


def test_an_overlong_title_is_cut_here() -> None:
    assert len(read(summary="x" * 500).title) == 200


@pytest.mark.parametrize(
    "broken",
    [
        {"start": {}},
        {"start": {"dateTime": "tomorrow"}},
        {"start": {"date": "2026-11-24"}},
        {"end": None},
        {"id": ""},
        {"originalStartTime": {"date": "x"}},
    ],
    ids=str,
)
def test_what_is_no_event_is_refused_as_not_understood(broken: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood):
        from_google(item(**broken), "UTC")


def test_replacing_a_value_changes_only_its_group() -> None:
    before = read()
    assert to_google(replace(before, title="Other"), ["title"], patch=True) == {"summary": "Other"}


# --- reminders ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        (None, None),
        ({"useDefault": True}, None),
        ({"useDefault": True, "overrides": []}, None),
        ({"useDefault": False}, ()),
        ({"useDefault": False, "overrides": [{"method": "popup", "minutes": 30}, {"method": "email", "minutes": 10}]}, (10, 30)),
        ({"useDefault": False, "overrides": [{"method": "popup", "minutes": 10}, {"method": "email", "minutes": 10}]}, (10,)),
    ],
)  # fmt: skip
def test_reminders_are_the_minutes_of_google_s_overrides(said: Any, minutes: tuple[int, ...] | None) -> None:
    values = from_google(item(**({"reminders": said} if said else {})), "Europe/Berlin").values
    assert values is not None and values.reminders == minutes
    sent = to_google(values, patch=True)["reminders"]
    again = from_google(item(reminders=sent), "Europe/Berlin").values
    assert again is not None and again.reminders == minutes


def test_reminders_that_nobody_changed_here_are_not_sent_so_that_google_keeps_its_methods() -> None:
    values = from_google(item(reminders={"useDefault": False, "overrides": []}), "Europe/Berlin").values
    assert values is not None
    assert "reminders" not in to_google(values, ["title"], patch=True)
