from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduling.core.event import EventValues
from scheduling.core.recurrence import RecurrenceError, check_recurrence, expand, last_end
from scheduling.core.recurrence.rule import parse_rule
from tests.oracle.rules import generate

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


# --- Where engines differ, and what we do --------------------------------------------------------
def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def named(rule: str, first: str, count: int = 6) -> list[str]:
    """The first wall-clock times of a rule."""
    start = at(first).replace(tzinfo=None)
    return [f"{wall:%a %Y-%m-%d %H:%M}" for wall in islice(parse_rule(rule).starts(start, start), count)]


def local(zone: str, first: str, *lines: str, hours: float = 1, until: int = 20) -> list[str]:
    """Starts and ends in UTC of a series on the wall clock of `zone`, over `until` days."""
    wall = at(first).replace(tzinfo=None)
    place = ZoneInfo(zone)
    start = wall.replace(tzinfo=place).astimezone(UTC)
    end = (wall + timedelta(hours=hours)).replace(tzinfo=place).astimezone(UTC)
    values = EventValues(title="x", start=start, end=end, time_zone=zone, recurrence=lines)
    spans = expand(values, start=start - DAY, end=start + until * DAY)
    return [f"{span.start:%d %H:%M}-{span.end:%d %H:%M}" for span in spans]


def test_positions_of_a_weekly_rule_count_within_the_whole_week_of_the_start() -> None:
    """RFC 5545 3.3.10: the set of one interval. dateutil counts from the start on and finds Wednesday first."""
    assert named("FREQ=WEEKLY;BYDAY=MO,TU,WE;BYSETPOS=2", "2026-11-24 09:00", 2) == [
        "Tue 2026-11-24 09:00",
        "Tue 2026-12-01 09:00",
    ]


def test_weekdays_with_and_without_an_ordinal_add_up() -> None:
    """RFC 5545 3.3.10: a list of days. dateutil keeps only the days that are both."""
    assert named("FREQ=MONTHLY;BYDAY=1MO,FR", "2026-11-01 09:00", 5) == [
        "Mon 2026-11-02 09:00",
        "Fri 2026-11-06 09:00",
        "Fri 2026-11-13 09:00",
        "Fri 2026-11-20 09:00",
        "Fri 2026-11-27 09:00",
    ]


def test_a_week_without_a_weekday_names_all_its_days() -> None:
    """As dateutil reads it; ical.js names none."""
    assert named("FREQ=YEARLY;BYWEEKNO=20", "2027-01-01 09:00", 7)[::6] == [
        "Mon 2027-05-17 09:00",
        "Sun 2027-05-23 09:00",
    ]


def test_a_start_that_the_rule_does_not_name_is_first_and_not_counted() -> None:
    """recurring-ical-events agrees; dateutil and ical.js leave the start out."""
    assert starts(series("RRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=2"), 20) == [NINE, NINE + DAY, NINE + 8 * DAY]


@pytest.mark.parametrize(
    ("until", "days"),
    [
        ("20261126T090000Z", 3),
        ("20261126T085959Z", 2),
        ("20261126T100000", 3),  # the wall clock of the series
        ("20261126T095959", 2),
        ("20261126", 3),  # the whole day
        ("20261125", 2),
        ("20261001", 1),  # the start stands
    ],
)
def test_until_is_an_instant_a_wall_clock_time_or_a_whole_day(until: str, days: int) -> None:
    assert len(starts(series(f"RRULE:FREQ=DAILY;UNTIL={until}"))) == days


def test_until_of_an_all_day_series_is_its_last_day() -> None:
    first = date(2026, 11, 24)
    for until in ("20261126", "20261126T000000Z", "20261126T225959Z"):
        values = EventValues(
            title="x",
            start=first,
            end=first + DAY,
            is_all_day=True,
            recurrence=(f"RRULE:FREQ=DAILY;UNTIL={until}",),
        )
        assert [span.key for span in expand(values, start=NINE - DAY, end=NINE + 9 * DAY)] == [
            "2026-11-24",
            "2026-11-25",
            "2026-11-26",
        ]


@pytest.mark.parametrize(
    "line",
    [
        "EXDATE:20261125T090000Z",
        "EXDATE;TZID=Europe/Berlin:20261125T100000",
        'EXDATE;TZID="America/New_York":20261125T040000',
        "EXDATE;VALUE=DATE:20261125",
        "exdate:20261125t090000z",
        "EXDATE:20261125T100000",
        "EXRULE:FREQ=WEEKLY;BYDAY=WE",
    ],
)
def test_a_time_is_excluded_however_it_is_written(line: str) -> None:
    assert starts(series("RRULE:FREQ=DAILY;COUNT=3", line)) == [NINE, NINE + 2 * DAY]


def test_an_added_period_has_a_length_of_its_own() -> None:
    values = series("RDATE;VALUE=PERIOD:20261125T120000Z/PT3H,20261126T120000Z/20261126T123000Z")
    spans = expand(values, start=NINE, end=NINE + 9 * DAY)
    assert [(span.end - span.start) / HOUR for span in spans] == [1, 3, 0.5]  # type: ignore[operator]


def test_several_rules_join_and_name_each_time_once() -> None:
    values = series("RRULE:FREQ=WEEKLY;BYDAY=TU,TH", "RRULE:FREQ=WEEKLY;BYDAY=TH,FR")
    assert starts(values, 6) == [NINE, NINE + 2 * DAY, NINE + 3 * DAY]


def test_a_start_in_the_gap_of_a_clock_change_moves_forward_by_the_gap() -> None:
    assert local("Europe/Berlin", "2027-03-27 02:30", "RRULE:FREQ=DAILY;COUNT=3") == [
        "27 01:30-27 02:30",
        "28 01:30-28 02:30",  # 03:30, an hour after midnight's 02:30 that never comes
        "29 00:30-29 01:30",
    ]
    # Half an hour on Lord Howe.
    assert local("Australia/Lord_Howe", "2026-10-03 02:15", "RRULE:FREQ=DAILY;COUNT=2") == [
        "02 15:45-02 16:45",
        "03 15:45-03 16:15",  # 02:45 to 03:15: the end keeps its wall-clock time
    ]


def test_a_start_in_the_repeated_hour_is_its_first_reading() -> None:
    assert local("Europe/Berlin", "2026-10-24 02:30", "RRULE:FREQ=DAILY;COUNT=3", hours=0.25) == [
        "24 00:30-24 00:45",
        "25 00:30-25 00:45",
        "26 01:30-26 01:45",
    ]


def test_two_starts_that_a_gap_makes_one_instant_are_one_occurrence() -> None:
    found = local(
        "Europe/Berlin", "2027-03-28 01:30", "RRULE:FREQ=DAILY;COUNT=4;BYHOUR=1,2,3", hours=0.5, until=2
    )
    assert found[:2] == ["28 00:30-28 01:00", "28 01:30-28 02:00"]
    assert len(found) == 3


def test_a_gap_excluded_by_its_instant_is_excluded() -> None:
    assert local(
        "Europe/Berlin", "2027-03-27 02:30", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20270328T013000Z"
    ) == ["27 01:30-27 02:30", "29 00:30-29 01:30"]


def test_a_night_shift_keeps_its_wall_clock_end() -> None:
    assert local("Europe/Berlin", "2027-03-26 22:00", "RRULE:FREQ=DAILY;COUNT=3", hours=8) == [
        "26 21:00-27 05:00",
        "27 21:00-28 04:00",  # seven hours: clocks go forward
        "28 20:00-29 04:00",
    ]


def test_a_day_that_a_zone_left_out_gives_no_second_occurrence() -> None:
    """Samoa had no 30 December 2011: what would be then moves to the 31st, which is there already."""
    assert local("Pacific/Apia", "2011-12-29 09:00", "RRULE:FREQ=DAILY;COUNT=4", until=6) == [
        "29 19:00-29 20:00",
        "30 19:00-30 20:00",
        "31 19:00-31 20:00",
    ]


def test_a_window_shows_the_same_however_it_is_cut() -> None:
    for seed in range(150):
        values = generate(seed).values
        begin = NINE.replace(year=2026) - 300 * DAY
        whole = expand(values, start=begin, end=begin + 120 * DAY)
        parts = [
            span
            for day in range(0, 120, 7)
            for span in expand(values, start=begin + day * DAY, end=begin + min(day + 7, 120) * DAY)
        ]
        assert list(dict.fromkeys(parts)) == whole


# --- Limits -------------------------------------------------------------------------------------
HUGE = "1," * 4000 + "1"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("RRULE:FREQ=SECONDLY", "daily, weekly, monthly and yearly"),
        ("RRULE:FREQ=MINUTELY;COUNT=5", "daily, weekly, monthly and yearly"),
        ("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never happen"),
        ("RRULE:FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=31", "never happen"),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6", "never happen"),
        ("RRULE:FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=31;BYDAY=MO", "never happen"),
        ("RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", "never happen"),
        ("RRULE:FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1", "never happen"),
        ("RRULE:FREQ=DAILY;BYSETPOS=-2;COUNT=100", "never happen"),
        ("RRULE:FREQ=DAILY;BYSETPOS=-2;COUNT=100000", "at most 10000"),
        ("RRULE:FREQ=DAILY;COUNT=99999999999999999999", "at most 10000"),
        ("RRULE:FREQ=DAILY;INTERVAL=999999999", "at most 10000"),
        ("RRULE:FREQ=DAILY;COUNT=5;UNTIL=20270101", "not both"),
        (
            "RRULE:FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=0,15,30,45",
            "too many days or times",
        ),
        (
            "RRULE:FREQ=YEARLY;BYYEARDAY="
            + ",".join(map(str, range(1, 367)))
            + ";BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12",
            "too many days or times",
        ),
        ("RRULE:FREQ=DAILY;BYHOUR=" + HUGE, ""),
        ("RRULE:FREQ=DAILY;BYHOUR=24", "numbers from 0 to 23"),
        ("RRULE:FREQ=MONTHLY;BYMONTHDAY=0", "numbers from 1 to 31"),
        ("RRULE:FREQ=DAILY;BYEASTER=1", "not a part of a rule"),
        ("RRULE:FREQ=DAILY;FREQ=DAILY", "not understood"),
        ("RRULE:RSCALE=CHINESE;FREQ=YEARLY", "Gregorian"),
        ("RRULE:FREQ=MONTHLY;BYDAY=+-1MO", "no weekday"),
        ("RRULE:FREQ=MONTHLY;BYDAY=54MO", "no weekday"),
        ("RDATE:" + ",".join(["20261124T090000Z"] * 550), ""),
        ("RDATE;VALUE=PERIOD:20261124T090000Z/P", "length of time"),
        ("X" * 20_000, "too long"),
    ],
)
def test_what_is_impossible_or_huge_ends_at_once_with_words(line: str, words: str) -> None:
    began = time.process_time()
    try:
        check_recurrence(series(line))
        expand(series(line), start=NINE, end=NINE + 400 * DAY)
        assert not words
    except RecurrenceError as error:
        assert words and words in str(error)
    assert time.process_time() - began < 0.3


@pytest.mark.parametrize(
    "line",
    [
        "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "RRULE:FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "RRULE:FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=31;BYDAY=MO",
        "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;INTERVAL=3;COUNT=10000",
        "RRULE:FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))),
        "RRULE:FREQ=DAILY;COUNT=10000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=7;BYMONTH=2;COUNT=10000",
    ],
)
def test_what_came_from_elsewhere_is_expanded_in_no_time_however_odd(line: str) -> None:
    values = series(line)
    began = time.process_time()
    expand(values, start=NINE - 366 * DAY, end=NINE + 731 * DAY)
    expand(values, start=NINE + 365 * 170 * DAY, end=NINE + 365 * 172 * DAY)
    last_end(values)
    assert time.process_time() - began < 0.6  # three answers, 0.3 s would do for one on a busy machine


def test_too_many_lines_dates_or_rules_are_refused() -> None:
    for lines in (
        ["RDATE:20261124T090000Z"] * 201,
        [
            f"RDATE:{','.join(f'{NINE + n * HOUR:%Y%m%dT%H%M%SZ}' for n in range(m, m + 500))}"
            for m in range(0, 5500, 500)
        ],
        ["RRULE:FREQ=DAILY"] * 11,
    ):
        with pytest.raises(RecurrenceError):
            check_recurrence(series(*lines))


def calls_of(work: Callable[[], object]) -> int:
    """How many functions `work` calls: a measure that no other load on the machine changes."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY;INTERVAL=2"]
)
def test_the_age_of_a_rule_costs_nothing(rule: str) -> None:
    def month_of(year: int) -> int:
        start = NINE.replace(year=year)
        values = EventValues(
            title="x", start=start, end=start + HOUR, time_zone="UTC", recurrence=(f"RRULE:{rule}",)
        )
        expand(values, start=NINE, end=NINE + 31 * DAY)  # fills the caches that both share
        return calls_of(lambda: expand(values, start=NINE, end=NINE + 31 * DAY))

    assert month_of(1900) <= 1.2 * month_of(2024)
