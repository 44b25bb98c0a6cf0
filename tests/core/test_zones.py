from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.core.zones import (
    UnknownZone,
    add_months,
    day_bounds,
    exists,
    instant,
    month_weeks,
    wall_time,
    week_start,
    zone,
    zone_names,
)

DST_ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/Sao_Paulo",
]
zones = st.sampled_from(DST_ZONES).map(zone)
days = st.dates(date(1990, 1, 1), date(2035, 12, 31))
walls = st.datetimes(datetime(1990, 1, 1), datetime(2035, 12, 31))


@pytest.mark.parametrize(
    "name", ["", "Europe/Atlantis", "../etc/passwd", "/etc/localtime", "europe/berlin", "posix"]
)
def test_zone_refuses_an_unknown_name(name: str) -> None:
    with pytest.raises(UnknownZone, match="is not a time zone"):
        zone(name)


def test_zone_names_offer_places_and_can_all_be_loaded() -> None:
    assert {"UTC", "Europe/Berlin", "Asia/Kathmandu"} <= set(zone_names())
    assert "EST" not in zone_names()
    assert all(zone(name) for name in zone_names())


@given(walls, zones)
def test_wall_time_that_exists_survives_the_way_to_the_instant_and_back(wall: datetime, place) -> None:
    if exists(wall, place):
        assert wall_time(instant(wall, place), place) == wall


@pytest.mark.parametrize(
    ("name", "wall", "shown"),
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 3, 30)),
        ("America/New_York", datetime(2026, 3, 8, 2, 0), datetime(2026, 3, 8, 3, 0)),
        ("Australia/Lord_Howe", datetime(2026, 10, 4, 2, 10), datetime(2026, 10, 4, 2, 40)),
        ("Pacific/Apia", datetime(2011, 12, 30, 9, 0), datetime(2011, 12, 31, 9, 0)),
    ],
)
def test_wall_time_in_a_gap_moves_forward_by_the_gap(name: str, wall: datetime, shown: datetime) -> None:
    assert not exists(wall, zone(name))
    assert wall_time(instant(wall, zone(name)), zone(name)) == shown


@pytest.mark.parametrize(
    ("name", "wall", "first"),
    [
        ("Europe/Berlin", datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 1, 30), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 5, 1, 45), datetime(2026, 4, 4, 14, 45, tzinfo=UTC)),
    ],
)
def test_wall_time_that_happens_twice_is_the_first(name: str, wall: datetime, first: datetime) -> None:
    assert instant(wall, zone(name)) == first


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Asia/Kathmandu", date(2026, 3, 29), 24),
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # the gap is at midnight: the day begins at 01:00
    ],
)
def test_day_bounds_follow_the_clock_change(name: str, day: date, hours: float) -> None:
    bounds = day_bounds(day, zone(name))
    assert bounds.end - bounds.start == timedelta(hours=hours)


@given(days, zones)
def test_days_follow_each_other_without_gap_or_overlap(day: date, place) -> None:
    assert day_bounds(day, place).end == day_bounds(day + timedelta(days=1), place).start


@pytest.mark.parametrize(("first_day", "weekday"), [(0, 7), (1, 1), (6, 6)])
@given(day=days)
def test_week_starts_on_the_chosen_day_at_most_six_days_back(first_day: int, weekday: int, day: date) -> None:
    start = week_start(day, first_day)
    assert start.isoweekday() == weekday
    assert 0 <= (day - start).days <= 6


@given(days, st.sampled_from([0, 1, 6]))
def test_month_weeks_show_the_whole_month_and_no_week_without_it(day: date, first_day: int) -> None:
    weeks = month_weeks(day, first_day)
    shown = [d for week in weeks for d in week]
    assert 4 <= len(weeks) <= 6
    assert shown == [shown[0] + timedelta(days=n) for n in range(len(shown))]
    assert {d for d in shown if (d.year, d.month) == (day.year, day.month)} >= {day.replace(day=1), day}
    assert all(any(d.month == day.month for d in week) for week in weeks)
    assert shown[-1].month != day.month or (shown[-1] + timedelta(days=1)).month != day.month


def test_add_months_keeps_the_day_or_takes_the_last_one() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2026, 1, 15), -1) == date(2025, 12, 15)
    assert add_months(date(2026, 11, 30), 15) == date(2028, 2, 29)
