from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.core.crowd import Row, thin_out
from scheduling.core.grid import local_days
from scheduling.core.spans import Span, clip, total
from scheduling.core.zones import DAY, day_bounds

FIRST = date(2026, 3, 23)  # the clocks of Berlin change on the 29th
DAYS = [FIRST + timedelta(days=n) for n in range(14)]
MIDNIGHT = int(datetime(2026, 3, 23, tzinfo=UTC).timestamp())
HOUR = 3600

timed = st.builds(
    lambda start, length, busy: (MIDNIGHT + start * HOUR // 4, length * HOUR // 4, False, busy),
    st.integers(-200, 14 * 96 + 100),
    st.one_of(st.integers(0, 12), st.integers(0, 500)),
    st.booleans(),
)
all_day = st.builds(
    lambda day, length, busy: (MIDNIGHT + day * 24 * HOUR, length * 24 * HOUR, True, busy),
    st.integers(-4, 15),
    st.integers(1, 6),
    st.booleans(),
)
many = st.lists(st.one_of(timed, all_day), max_size=60)
places = st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"]).map(ZoneInfo)


def rows_of(found: list[tuple[int, int, bool, bool]]) -> list[Row]:
    rows = [
        Row(start, start + length, n, "", is_all_day, "" if busy else "free")
        for n, (start, length, is_all_day, busy) in enumerate(found)
    ]
    return sorted(rows, key=lambda row: (row.start, -row.end))


def touched(row: Row, place: ZoneInfo) -> Span[date]:
    start, end = (datetime.fromtimestamp(seconds, UTC) for seconds in (row.start, row.end))
    return Span(start.date(), end.date()) if row.is_all_day else local_days(start, end, place)


def is_bar(row: Row) -> bool:
    return row.is_all_day or row.end - row.start >= 24 * HOUR


@settings(max_examples=150, deadline=None)
@given(many, places, st.integers(0, 3), st.integers(1, 7))
def test_view_without_limits_keeps_all_that_touches_its_days(
    found: list[tuple[int, int, bool, bool]], place: ZoneInfo, skip: int, length: int
) -> None:
    rows, shown = rows_of(found), DAYS[skip : skip + length]
    crowd = thin_out(rows, DAYS, place, shown, None)
    span = Span(shown[0], shown[-1] + DAY)
    assert sorted(crowd.kept) == sorted(row for row in rows if clip(touched(row, place), span))
    assert crowd.left_out == {}


@settings(max_examples=150, deadline=None)
@given(many, places, st.integers(1, 6))
def test_what_is_kept_and_what_is_left_out_of_a_month_are_all_there_is(
    found: list[tuple[int, int, bool, bool]], place: ZoneInfo, limit: int
) -> None:
    rows = rows_of(found)
    crowd = thin_out(rows, DAYS, place, DAYS, dict.fromkeys(DAYS, limit))
    window = Span(DAYS[0], DAYS[-1] + DAY)

    def on(day: date, among: list[Row]) -> int:
        count = 0
        for row in among:
            shown = clip(touched(row, place), window)
            if shown and (shown.contains(day) if is_bar(row) else shown.start == day):
                count += 1
        return count

    for day in DAYS:
        kept, everything = on(day, crowd.kept), on(day, rows)
        assert kept + crowd.left_out.get(day, 0) == everything
        assert kept >= min(limit, everything)


@settings(max_examples=150, deadline=None)
@given(many, places)
def test_booked_time_of_a_day_is_the_union_of_what_makes_busy(
    found: list[tuple[int, int, bool, bool]], place: ZoneInfo
) -> None:
    rows = rows_of(found)
    crowd = thin_out(rows, DAYS, place, DAYS[:1], {})
    for day in DAYS:
        bounds = day_bounds(day, place)
        spans = [
            Span(datetime.fromtimestamp(row.start, UTC), datetime.fromtimestamp(row.end, UTC))
            for row in rows
            if not row.excuse and not row.is_all_day
        ]
        parts = [part for span in spans if (part := clip(span, bounds))]
        assert crowd.booked[day] == total(parts).total_seconds()
