"""Counts and times equal what counting minute by minute gives."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.core.grid import Entry
from scheduling.core.spans import Span, total
from scheduling.core.statistics import Appearance, busy_in, by_hour, by_week, percentile, weeks_before
from scheduling.core.zones import DAY, wall_time, window

LAST = date(2026, 10, 26)  # its week and the one before touch the end of summer time in Berlin
MINUTE = timedelta(minutes=1)
ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "UTC")]


@st.composite
def appearances(draw: st.DrawFn) -> list[tuple[Appearance, ZoneInfo]]:
    place = draw(st.sampled_from(ZONES))
    found = []
    for _ in range(draw(st.integers(0, 6))):
        start = datetime(2026, 10, 9, tzinfo=UTC) + MINUTE * draw(st.integers(0, 28 * 24 * 60))
        end = start + MINUTE * draw(st.sampled_from([0, 15, 45, 60, 95, 600, 3000]))
        kind = draw(st.sampled_from(["busy", "busy", "free", "all day"]))
        entry = Entry("", start.date(), end.date() + DAY) if kind == "all day" else Entry("", start, end)
        busy = Span(start, end) if kind == "busy" else None
        found.append((Appearance(entry.days(place), busy, draw(st.booleans())), place))
    return found or [(Appearance(Span(LAST, LAST + DAY)), place)]


@given(appearances())
@settings(max_examples=60, deadline=None)
def test_weeks_and_hours_equal_a_count_minute_by_minute(drawn: list[tuple[Appearance, ZoneInfo]]) -> None:
    place = drawn[0][1]
    seen = [one for one, _ in drawn]
    weeks = by_week(seen, weeks_before(LAST, 2), place)
    hours: dict[tuple[int, int], int] = {}
    for week in weeks:
        days = {week.days.start + DAY * n for n in range(7)}
        touching = [
            one
            for one in seen
            if days & {one.days.start + DAY * n for n in range((one.days.end - one.days.start).days)}
        ]
        assert week.own == sum(not one.is_booked for one in touching)
        assert week.booked == sum(one.is_booked for one in touching)
        span = window(week.days.start, week.days.end, place)
        minutes = {
            minute
            for one in seen
            if one.busy
            for n in range(int((one.busy.end - one.busy.start) / MINUTE))
            if span.contains(minute := one.busy.start + MINUTE * n)
        }
        assert week.time == MINUTE * len(minutes)
        for minute in minutes:
            wall = wall_time(minute, place)
            cell = (wall.weekday(), wall.hour)
            hours[cell] = hours.get(cell, 0) + 60
    both = window(weeks[0].days.start, weeks[-1].days.end, place)
    assert dict(by_hour(busy_in(seen, both), place)) == hours
    assert total(busy_in(seen, both)).total_seconds() == sum(hours.values())


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, None), ([3], 0.95, 3), ([1, 2, 3, 4], 0.5, 2), (list(range(1, 21)), 0.95, 19)],
)
def test_percentile_is_the_smallest_value_that_enough_do_not_exceed(
    values: list[float], share: float, expected: float | None
) -> None:
    assert percentile(values, share) == expected
