from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.core.reminders import after_quiet, lead_words, remind_at
from scheduling.core.zones import wall_time

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC"]
NIGHT = (time(22), time(7))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_a_timed_event_is_counted_back_from_its_instant_across_a_clock_change() -> None:
    start = utc(2026, 10, 25, 9)  # after clocks went back in Berlin that night
    assert remind_at(start, 1440, BERLIN) == utc(2026, 10, 24, 9)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (0, utc(2026, 3, 29, 7)),
        (15, utc(2026, 3, 29, 6, 45)),
        (1440, utc(2026, 3, 28, 8)),
        (2880, utc(2026, 3, 27, 8)),
    ],
)
def test_an_all_day_event_is_counted_back_from_the_morning_and_keeps_the_hour_across_clock_changes(
    minutes: int, expected: datetime
) -> None:
    """Clocks go forward on 29 March: nine o'clock is 7:00 UTC from then on, 8:00 UTC before."""
    midnight = utc(2026, 3, 29)
    assert remind_at(midnight, minutes, BERLIN, is_all_day=True, morning=time(9)) == expected


def test_minutes_of_an_all_day_event_s_own_are_counted_back_from_midnight() -> None:
    assert remind_at(utc(2026, 11, 24), 420, BERLIN, is_all_day=True) == utc(2026, 11, 23, 16)  # 17:00 there


@pytest.mark.parametrize(
    ("quiet", "wall", "expected"),
    [
        (NIGHT, datetime(2026, 11, 24, 21, 59), datetime(2026, 11, 24, 21, 59)),
        (NIGHT, datetime(2026, 11, 24, 22, 0), datetime(2026, 11, 25, 7, 0)),
        (NIGHT, datetime(2026, 11, 25, 6, 59), datetime(2026, 11, 25, 7, 0)),
        (NIGHT, datetime(2026, 11, 25, 7, 0), datetime(2026, 11, 25, 7, 0)),
        ((time(12), time(13)), datetime(2026, 11, 24, 12, 30), datetime(2026, 11, 24, 13, 0)),
        ((time(12), time(12)), datetime(2026, 11, 24, 12, 0), datetime(2026, 11, 24, 12, 0)),
        (None, datetime(2026, 11, 24, 3, 0), datetime(2026, 11, 24, 3, 0)),
    ],
)
def test_quiet_hours_delay_to_their_end(
    quiet: tuple[time, time] | None, wall: datetime, expected: datetime
) -> None:
    moment = after_quiet(wall.replace(tzinfo=BERLIN).astimezone(UTC), quiet, BERLIN)
    assert wall_time(moment, BERLIN) == expected


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    st.tuples(st.times(), st.times()),
    st.sampled_from(ZONES),
)
def test_what_quiet_hours_delay_is_never_earlier_and_at_most_a_long_day_later(
    moment: datetime, quiet: tuple[time, time], name: str
) -> None:
    delayed = after_quiet(moment, quiet, ZoneInfo(name))
    assert timedelta() <= delayed - moment <= timedelta(hours=25)


def test_leads_are_said_in_words() -> None:
    words = [lead_words(minutes) for minutes in (0, 1, 15, 60, 120, 90, 1440, 2880, 10080)]
    assert words == [
        "At the start", "1 minute before", "15 minutes before", "1 hour before", "2 hours before",
        "90 minutes before", "1 day before", "2 days before", "1 week before",
    ]  # fmt: skip
