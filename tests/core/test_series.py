"""One occurrence of a series, a series in two parts, a series moved as a whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduling.core.event import EventValues, parse_moment
from scheduling.core.recurrence import OccurrenceSpan, RecurrenceError, expand
from scheduling.core.series import continue_from, moved, occurrence_at, read_key, trim_before
from scheduling.core.zones import instant

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)  # a Tuesday, 10:00 in Berlin


def series(
    *lines: str, at: str = "2026-11-24T10:00", zone: str = "Europe/Berlin", **over: Any
) -> EventValues:
    start = instant(datetime.fromisoformat(at), ZoneInfo(zone))
    fields = {"title": "x", "start": start, "end": start + HOUR, "time_zone": zone} | over
    return EventValues(recurrence=lines, **fields)


def days(*lines: str, at: str = "2026-11-24", length: int = 1) -> EventValues:
    start = date.fromisoformat(at)
    return EventValues(title="x", start=start, end=start + length * DAY, is_all_day=True, recurrence=lines)


def all_of(values: EventValues, years: int = 4) -> list[OccurrenceSpan]:
    return expand(
        values, start=datetime(2020, 1, 1, tzinfo=UTC), end=datetime(2026 + years, 1, 1, tzinfo=UTC)
    )


def keys(values: EventValues, count: int = 4) -> list[str]:
    return [span.key for span in all_of(values)][:count]


def walls(values: EventValues, count: int = 4) -> list[str]:
    """`Tue 24 Nov 10:00` of each occurrence, in its own zone."""
    found = []
    for span in all_of(values)[:count]:
        if isinstance(span.start, datetime):
            found.append(f"{span.start.astimezone(ZoneInfo(values.time_zone)):%a %-d %b %H:%M}")
        else:
            found.append(f"{span.start:%a %-d %b}")
    return found


def at(values: EventValues, key: str, **changes: Any) -> tuple[EventValues, str, EventValues, EventValues]:
    """What `moved` wants: the series, the key, the occurrence as it is and as it shall be."""
    span = occurrence_at(values, key)
    assert span is not None
    old = replace(values, start=span.start, end=span.end, recurrence=())
    return values, key, old, replace(old, **changes)


# --- one occurrence ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "written",
    [
        "2026-12-01T09:00:00Z",
        "2026-12-01T10:00:00+01:00",
        "2026-12-01T10:00:00 01:00",  # the + of an address that was not encoded
        "2026-12-01T04:00:00-05:00",
        "2026-12-01T10:00",
        "20261201T090000Z",
    ],
)
def test_an_occurrence_has_one_name_however_it_is_written(written: str) -> None:
    values = series("RRULE:FREQ=WEEKLY")
    assert read_key(written, values) == "2026-12-01T09:00:00Z"
    assert occurrence_at(values, read_key(written, values)) is not None


def test_an_all_day_occurrence_is_named_by_its_date() -> None:
    values = days("RRULE:FREQ=WEEKLY")
    for written in ("2026-12-01", "20261201", "2026-12-01T00:00:00+13:00"):
        assert read_key(written, values) == "2026-12-01"
    assert occurrence_at(values, "2026-12-01") == OccurrenceSpan(
        "2026-12-01", date(2026, 12, 1), date(2026, 12, 2)
    )


@pytest.mark.parametrize(
    "written", ["", "soon", "2026-12-01", "2026-13-01T10:00", "0001-01-01T00:00:00+14:00"]
)
def test_what_is_no_time_names_nothing(written: str) -> None:
    with pytest.raises(ValueError):
        read_key(written, series("RRULE:FREQ=WEEKLY"))


@pytest.mark.parametrize(
    "key", ["2026-12-02T09:00:00Z", "2026-12-01T09:00:01Z", "2026-12-01", "2026-11-17T09:00:00Z"]
)
def test_where_the_series_has_nothing_there_is_no_occurrence(key: str) -> None:
    assert occurrence_at(series("RRULE:FREQ=WEEKLY"), key) is None
    assert (
        occurrence_at(series("RRULE:FREQ=WEEKLY", "EXDATE:20261201T090000Z"), "2026-12-01T09:00:00Z") is None
    )


# --- two parts ---------------------------------------------------------------------------------
def test_the_earlier_part_ends_a_second_before_and_the_later_goes_on() -> None:
    values = series("RRULE:FREQ=WEEKLY;BYDAY=TU")
    key = "2026-12-08T09:00:00Z"
    assert trim_before(values, key).recurrence == ("RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20261208T085959Z",)
    later = continue_from(values, key)
    assert (later.start, later.recurrence) == (NINE + 14 * DAY, values.recurrence)


def test_an_all_day_series_ends_on_the_day_before() -> None:
    values = days("RRULE:FREQ=DAILY")
    assert trim_before(values, "2026-11-30").recurrence == ("RRULE:FREQ=DAILY;UNTIL=20261129",)


def test_a_count_becomes_an_end_and_the_rest_of_the_count() -> None:
    values = series("RRULE:FREQ=DAILY;COUNT=10")
    key = "2026-11-27T09:00:00Z"
    assert trim_before(values, key).recurrence == ("RRULE:FREQ=DAILY;UNTIL=20261127T085959Z",)
    assert continue_from(values, key).recurrence == ("RRULE:FREQ=DAILY;COUNT=7",)


def test_the_last_occurrence_goes_on_as_a_single_event() -> None:
    values = series("RRULE:FREQ=DAILY;COUNT=3")
    assert len(all_of(continue_from(values, "2026-11-26T09:00:00Z"))) == 1


def test_an_end_stays_as_it_is_written_in_the_later_part() -> None:
    values = series("RRULE:FREQ=DAILY;UNTIL=20261231T235959Z;X-WHO=me", "X-NOTE:kept")
    later = continue_from(values, "2026-11-27T09:00:00Z")
    assert later.recurrence == values.recurrence


def test_added_and_excluded_dates_go_where_they_belong() -> None:
    values = series(
        "RRULE:FREQ=DAILY",
        "RDATE;TZID=Europe/Berlin:20261125T150000,20261205T150000",
        "EXDATE:20261126T090000Z",
        "EXDATE;TZID=America/New_York:20261204T040000",
    )
    earlier, later = (part(values, "2026-12-01T09:00:00Z") for part in (trim_before, continue_from))
    assert earlier.recurrence == (
        "RRULE:FREQ=DAILY;UNTIL=20261201T085959Z",
        "RDATE;TZID=Europe/Berlin:20261125T150000",
        "EXDATE:20261126T090000Z",
    )
    assert later.recurrence == (
        "RRULE:FREQ=DAILY",
        "RDATE;TZID=Europe/Berlin:20261205T150000",
        "EXDATE;TZID=America/New_York:20261204T040000",
    )


def test_of_several_rules_those_that_were_over_stay_with_the_earlier_part() -> None:
    values = series("RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=WEEKLY;BYDAY=TU")
    key = "2026-12-08T09:00:00Z"
    assert trim_before(values, key).recurrence == (
        "RRULE:FREQ=DAILY;COUNT=2",
        "RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20261208T085959Z",
    )
    assert continue_from(values, key).recurrence == ("RRULE:FREQ=WEEKLY;BYDAY=TU",)


def test_a_series_goes_on_from_an_added_date_with_its_own_days_and_times() -> None:
    values = series("RRULE:FREQ=WEEKLY", "RDATE:20261204T140000Z")
    assert_parts(values, "2026-12-04T14:00:00Z")


def test_a_series_goes_on_from_a_night_in_which_the_clocks_change() -> None:
    values = series("RRULE:FREQ=DAILY", at="2027-03-20T02:30", zone="Europe/Berlin")
    assert_parts(values, "2027-03-28T01:30:00Z")  # 02:30 does not exist
    assert walls(continue_from(values, "2027-03-28T01:30:00Z"), 2) == ["Sun 28 Mar 03:30", "Mon 29 Mar 02:30"]
    values = series("RRULE:FREQ=DAILY;COUNT=20", at="2027-03-20T02:30", zone="Europe/Berlin")
    assert_parts(values, "2027-03-28T01:30:00Z")


def test_where_there_is_no_occurrence_nothing_can_be_divided() -> None:
    with pytest.raises(RecurrenceError):
        continue_from(series("RRULE:FREQ=WEEKLY"), "2026-11-25T09:00:00Z")


def assert_parts(values: EventValues, key: str) -> None:
    whole = all_of(values)
    earlier, later = all_of(trim_before(values, key)), all_of(continue_from(values, key))
    assert earlier + later == whole
    assert later[0].key == key


@st.composite
def rules(draw: st.DrawFn) -> str:
    parts = {"FREQ": draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))}
    if draw(st.booleans()):
        parts["INTERVAL"] = str(draw(st.integers(1, 3)))
    if parts["FREQ"] == "WEEKLY" and draw(st.booleans()):
        parts["BYDAY"] = ",".join(
            draw(
                st.lists(
                    st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]),
                    min_size=1,
                    max_size=3,
                    unique=True,
                )
            )
        )
    if parts["FREQ"] == "MONTHLY":
        choice = draw(st.sampled_from(["", "BYMONTHDAY=31", "BYMONTHDAY=-1,5", "BYDAY=2TU", "BYDAY=-1FR"]))
        parts |= dict([choice.split("=")]) if choice else {}
    end = draw(st.sampled_from(["", "COUNT", "UNTIL", "UNTIL-DATE"]))
    if end == "COUNT":
        parts["COUNT"] = str(draw(st.integers(1, 40)))
    elif end:
        last = datetime(2027, 1, 1, 12) + draw(st.integers(0, 500)) * DAY
        parts["UNTIL"] = f"{last:%Y%m%dT%H%M%SZ}" if end == "UNTIL" else f"{last:%Y%m%d}"
    return "RRULE:" + ";".join(f"{name}={value}" for name, value in parts.items())


@st.composite
def generated(draw: st.DrawFn) -> EventValues:
    """Series of all kinds; times in the small hours, so that clock changes are met."""
    first = datetime(2026, 9, 15) + draw(st.integers(0, 200)) * DAY
    lines = [draw(rules())]
    if draw(st.booleans()):
        extra = [first + draw(st.integers(1, 300)) * DAY + draw(st.integers(0, 5)) * HOUR for _ in range(3)]
        lines.append("RDATE;VALUE=DATE:" + ",".join(f"{d:%Y%m%d}" for d in extra))
    if draw(st.booleans()):
        gone = [first + draw(st.integers(0, 60)) * DAY for _ in range(4)]
        lines.append("EXDATE;VALUE=DATE:" + ",".join(f"{d:%Y%m%d}" for d in gone))
    if draw(st.integers(0, 3)) == 0:
        return days(*lines, at=f"{first:%Y-%m-%d}", length=draw(st.integers(1, 3)))
    clock = draw(st.sampled_from(["00:30", "01:45", "02:15", "02:30", "10:00", "23:30"]))
    values = series(*lines, at=f"{first:%Y-%m-%d}T{clock}", zone=draw(st.sampled_from(ZONES)))
    return replace(values, end=values.start + draw(st.sampled_from([HOUR / 2, HOUR, 9 * HOUR])))  # type: ignore[operator]


@settings(max_examples=120, deadline=None)
@given(generated(), st.integers(1, 400))
def test_earlier_and_later_part_are_the_whole(values: EventValues, place: int) -> None:
    whole = all_of(values)
    assume(len(whole) > 1)
    key = whole[1 + place % (len(whole) - 1)].key
    earlier = all_of(trim_before(values, key))
    assert earlier == [span for span in whole if parse_moment(span.key) < parse_moment(key)]  # type: ignore[operator]
    try:
        later = continue_from(values, key)
    except RecurrenceError:
        return
    assert earlier + all_of(later) == whole


@settings(max_examples=100, deadline=None)
@given(generated(), st.integers(1, 400))
def test_a_series_of_one_rule_can_be_divided_anywhere(values: EventValues, place: int) -> None:
    values = replace(values, recurrence=values.recurrence[:1])
    whole = all_of(values)
    assume(len(whole) > 1)
    key = whole[1 + place % (len(whole) - 1)].key
    assert all_of(trim_before(values, key)) + all_of(continue_from(values, key)) == whole


# --- the whole moved ---------------------------------------------------------------------------
def test_another_time_of_day_moves_every_occurrence_on_its_own_clock() -> None:
    values = series("RRULE:FREQ=WEEKLY;COUNT=30", at="2027-03-02T10:00", zone="America/New_York")
    key = keys(values, 4)[3]  # after the clocks went forward on 14 March
    span = occurrence_at(values, key)
    assert span is not None
    result = moved(*at(values, key, start=span.start + HOUR, end=span.end + HOUR))
    assert {wall[-5:] for wall in walls(result.values, 30)} == {"11:00"}
    assert [result.new_key(name) for name in keys(values, 30)] == keys(result.values, 30)


def test_all_monday_meetings_go_to_tuesday() -> None:
    values = series("RRULE:FREQ=WEEKLY;BYDAY=MO", "EXDATE:20261207T090000Z", at="2026-11-23T10:00")
    key = "2026-12-14T09:00:00Z"
    result = moved(*at(values, key, start=NINE + 21 * DAY, end=NINE + 21 * DAY + HOUR))
    assert result.values.recurrence == (
        "RRULE:FREQ=WEEKLY;BYDAY=TU",
        "EXDATE;TZID=Europe/Berlin:20261208T100000",
    )
    assert walls(result.values) == [
        "Tue 24 Nov 10:00",
        "Tue 1 Dec 10:00",
        "Tue 15 Dec 10:00",
        "Tue 22 Dec 10:00",
    ]
    assert result.new_key(key) == "2026-12-15T09:00:00Z"


def test_of_several_weekdays_only_the_one_that_was_moved_is_another() -> None:
    values = series("RRULE:FREQ=WEEKLY;BYDAY=MO,WE", at="2026-11-23T10:00")
    start = datetime(2026, 12, 1, 9, tzinfo=UTC)
    result = moved(*at(values, "2026-11-30T09:00:00Z", start=start, end=start + HOUR))
    assert walls(result.values) == [
        "Tue 24 Nov 10:00",
        "Wed 25 Nov 10:00",
        "Tue 1 Dec 10:00",
        "Wed 2 Dec 10:00",
    ]
    assert result.new_key("2026-12-02T09:00:00Z") == "2026-12-02T09:00:00Z"
    past = datetime(2026, 12, 3, 9, tzinfo=UTC)
    result = moved(*at(values, "2026-11-30T09:00:00Z", start=past, end=past + HOUR))
    assert walls(result.values)[:3] == ["Wed 25 Nov 10:00", "Thu 26 Nov 10:00", "Wed 2 Dec 10:00"]


@pytest.mark.parametrize(
    ("rule", "first", "key", "to", "expected"),
    [
        (
            "FREQ=MONTHLY;BYMONTHDAY=15",
            "2026-11-15",
            1,
            "2026-12-16",
            ["Mon 16 Nov", "Wed 16 Dec", "Sat 16 Jan"],
        ),
        ("FREQ=MONTHLY", "2026-11-15", 3, "2027-03-16", ["Wed 16 Dec", "Sat 16 Jan", "Tue 16 Feb"]),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            "2026-11-30",
            1,
            "2026-12-30",
            ["Sun 29 Nov", "Wed 30 Dec", "Sat 30 Jan"],
        ),
        ("FREQ=MONTHLY;BYDAY=2TU", "2026-11-10", 1, "2026-12-09", ["Wed 11 Nov", "Wed 9 Dec", "Wed 13 Jan"]),
        (
            "FREQ=MONTHLY;BYDAY=-1FR",
            "2026-11-27",
            0,
            "2026-11-26",
            ["Thu 26 Nov", "Thu 31 Dec", "Thu 28 Jan"],
        ),
        ("FREQ=YEARLY", "2026-11-24", 1, "2027-11-25", ["Wed 25 Nov", "Thu 25 Nov", "Sat 25 Nov"]),
        (
            "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=30",
            "2026-11-30",
            1,
            "2027-12-01",
            ["Tue 1 Dec", "Wed 1 Dec", "Fri 1 Dec"],
        ),
        ("FREQ=DAILY;INTERVAL=3", "2026-11-24", 2, "2026-12-01", ["Wed 25 Nov", "Sat 28 Nov", "Tue 1 Dec"]),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU",
            "2026-11-29",
            1,
            "2026-12-14",
            ["Mon 30 Nov", "Mon 14 Dec", "Mon 28 Dec"],
        ),
    ],
)
def test_the_day_that_a_rule_names_is_the_day_it_was_moved_to(
    rule: str, first: str, key: int, to: str, expected: list[str]
) -> None:
    values = days(f"RRULE:{rule}", at=first)
    target = date.fromisoformat(to)
    result = moved(*at(values, keys(values)[key], start=target, end=target + DAY))
    assert walls(result.values, 3) == expected
    assert result.new_key(keys(values)[key]) == to


@pytest.mark.parametrize(
    "lines",
    [
        ("RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",),
        ("RRULE:FREQ=MONTHLY;BYDAY=TU;BYMONTHDAY=18,19,20,21,22,23,24",),
        ("RRULE:FREQ=WEEKLY", "RRULE:FREQ=MONTHLY;BYMONTHDAY=24"),
        ("RRULE:FREQ=YEARLY;BYYEARDAY=328",),
    ],
)
def test_a_rule_that_cannot_say_the_new_day_is_refused_with_words(lines: tuple[str, ...]) -> None:
    values = days(*lines)
    with pytest.raises(RecurrenceError, match="only this event"):
        moved(*at(values, "2026-11-24", start=date(2026, 11, 25), end=date(2026, 11, 26)))


def test_the_last_occurrence_stays_the_last_when_a_series_with_an_end_moves() -> None:
    values = series("RRULE:FREQ=DAILY;UNTIL=20261127T090000Z")
    result = moved(*at(values, keys(values)[1], start=NINE + DAY + 2 * HOUR, end=NINE + DAY + 3 * HOUR))
    assert len(all_of(result.values)) == len(all_of(values)) == 4


def test_a_longer_occurrence_makes_all_of_them_longer() -> None:
    values = series("RRULE:FREQ=DAILY;COUNT=3")
    result = moved(*at(values, keys(values)[1], end=NINE + DAY + 2 * HOUR))
    assert [span.end - span.start for span in all_of(result.values)] == [2 * HOUR] * 3  # type: ignore[operator]


def test_a_series_becomes_all_day_and_timed_again() -> None:
    values = series("RRULE:FREQ=WEEKLY;UNTIL=20261230T120000Z", "EXDATE:20261208T090000Z")
    key = "2026-12-01T09:00:00Z"
    day = date(2026, 12, 1)
    dates = moved(*at(values, key, start=day, end=day + DAY, is_all_day=True, time_zone=""))
    assert walls(dates.values, 9) == ["Tue 24 Nov", "Tue 1 Dec", "Tue 15 Dec", "Tue 22 Dec", "Tue 29 Dec"]
    assert dates.new_key(key) == "2026-12-01"
    back = moved(
        *at(
            dates.values,
            "2026-12-01",
            start=NINE + 7 * DAY,
            end=NINE + 7 * DAY + HOUR,
            is_all_day=False,
            time_zone="Europe/Berlin",
        )
    )
    assert all_of(back.values) == all_of(values)


def test_another_zone_keeps_the_clock_time_that_was_chosen() -> None:
    values = series("RRULE:FREQ=WEEKLY")
    start = instant(datetime(2026, 12, 1, 10), ZoneInfo("America/New_York"))
    result = moved(
        *at(values, "2026-12-01T09:00:00Z", start=start, end=start + HOUR, time_zone="America/New_York")
    )
    assert walls(result.values, 2) == ["Tue 24 Nov 10:00", "Tue 1 Dec 10:00"]
    assert result.values.time_zone == "America/New_York"


@settings(max_examples=100, deadline=None)
@given(generated(), st.integers(0, 400), st.integers(-3, 3), st.sampled_from([0, 15, 60, -90]))
def test_a_moved_series_shows_the_moved_occurrence_where_it_was_put(
    values: EventValues, place: int, by_days: int, by_minutes: int
) -> None:
    values = replace(values, recurrence=values.recurrence[:1])
    whole = all_of(values)
    key = whole[place % len(whole)].key
    span = occurrence_at(values, key)
    assert span is not None
    delta = by_days * DAY + (timedelta(0) if values.is_all_day else timedelta(minutes=by_minutes))
    start, end = span.start + delta, span.end + delta
    assume(values.is_all_day or _plain(values, key, start))
    try:
        result = moved(*at(values, key, start=start, end=end))
    except RecurrenceError:
        return
    found = occurrence_at(result.values, result.new_key(key))
    assert found is not None and found.start == start


def _plain(values: EventValues, key: str, start: Any) -> bool:
    """Whether neither place lies in a night of a clock change, where a wall-clock delta is no delta of time."""
    place = ZoneInfo(values.time_zone)
    offsets = {
        (moment + near * DAY).astimezone(place).utcoffset()
        for moment in (parse_moment(key), start)
        for near in (-2, -1, 0, 1, 2)
    }
    return len(offsets) == 1
