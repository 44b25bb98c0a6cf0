from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.core.moving import Move, moved_span
from scheduling.core.zones import instant, wall_time, zone

BERLIN = zone("Europe/Berlin")
HOUR = timedelta(hours=1)
TEN = datetime(2026, 11, 24, 9, tzinfo=UTC)  # 10:00 in Berlin
DAY = date(2026, 11, 24)


def go(start: object, end: object, /, **said: str) -> tuple[object, object]:
    return moved_span(start, end, Move.read(said), BERLIN, HOUR)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "start", "end"),
    [
        ({"start": "2026-11-25T08:00"}, "2026-11-25 07:00", "2026-11-25 08:00"),
        ({"start": "2026-11-25T08:00", "end": "2026-11-25T08:30"}, "2026-11-25 07:00", "2026-11-25 07:30"),
        ({"start": "2026-11-24T09:30", "edge": "start"}, "2026-11-24 08:30", "2026-11-24 10:00"),
        ({"end": "2026-11-24T12:00"}, "2026-11-24 09:00", "2026-11-24 11:00"),
        ({"delta_minutes": "-15"}, "2026-11-24 08:45", "2026-11-24 09:45"),
        ({"delta_days": "1", "delta_minutes": "30"}, "2026-11-25 09:30", "2026-11-25 10:30"),
        ({"longer_minutes": "15"}, "2026-11-24 09:00", "2026-11-24 10:15"),
        ({"start": "2026-11-24T10:00+00:00"}, "2026-11-24 10:00", "2026-11-24 11:00"),
    ],
)
def test_timed_event_goes_where_the_hand_put_it(said: dict[str, str], start: str, end: str) -> None:
    assert go(TEN, TEN + HOUR, **said) == tuple(
        datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end)
    )


@pytest.mark.parametrize(
    ("said", "start", "end"),
    [
        ({"start": "2026-11-26"}, date(2026, 11, 26), date(2026, 11, 28)),
        ({"delta_days": "-1"}, date(2026, 11, 23), date(2026, 11, 25)),
        ({"delta_days": "1", "edge": "start"}, date(2026, 11, 25), date(2026, 11, 26)),
        ({"longer_minutes": "1440"}, DAY, date(2026, 11, 27)),
        ({"delta_minutes": "1440"}, date(2026, 11, 25), date(2026, 11, 27)),
    ],
)
def test_all_day_event_goes_by_days(said: dict[str, str], start: date, end: date) -> None:
    assert go(DAY, DAY + timedelta(days=2), **said) == (start, end)


def test_timed_event_over_midnight_becomes_the_days_it_touched() -> None:
    late = TEN + 13 * HOUR  # 23:00
    assert go(late, late + 2 * HOUR, start="2026-12-01", all_day="1") == (
        date(2026, 12, 1),
        date(2026, 12, 3),
    )


def test_all_day_event_becomes_an_hour_at_the_given_time() -> None:
    start, end = go(DAY, DAY + timedelta(days=3), start="2026-11-24T10:00", all_day="0")
    assert (start, end) == (TEN, TEN + HOUR)


@pytest.mark.parametrize(
    "said",
    [{}, {"start": "soon"}, {"all_day": "0"}, {"delta_minutes": "x"}, {"end": "2026-11-24", "all_day": "0"}],
)
def test_what_is_no_time_is_refused(said: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        go(DAY, DAY + timedelta(days=1), **said)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    st.integers(-400, 400),
    st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu"]),
)
def test_move_by_days_keeps_hour_and_length_over_clock_changes(wall: datetime, days: int, name: str) -> None:
    place = zone(name)
    start = instant(wall, place)
    new, end = moved_span(start, start + HOUR, Move(delta=timedelta(days=days)), place, HOUR)
    assert isinstance(new, datetime) and isinstance(end, datetime)
    assert end - new == HOUR
    meant = wall_time(start, place) + timedelta(days=days)
    assert wall_time(new, place) == wall_time(instant(meant, place), place)
