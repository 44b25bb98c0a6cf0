from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling.core import wording
from scheduling.core.repeat import MONTH_DAYS, ORDINALS, Place, Repeat, read_repeat, repeat_lines
from scheduling.core.wording import CODES

BERLIN = Place(date(2026, 11, 24), "Europe/Berlin")
TODAY = date(2026, 11, 18)

zones = st.sampled_from(
    ("", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
)
places = st.builds(Place, st.dates(date(2000, 1, 1), date(2100, 1, 1)), zones)
weekdays = st.sets(st.sampled_from(CODES)).map(lambda chosen: tuple(c for c in CODES if c in chosen))


@st.composite
def repeats(draw: st.DrawFn) -> Repeat:
    frequency = draw(st.sampled_from(("", "daily", "weekly", "monthly", "yearly")))
    if not frequency:
        return Repeat()
    said: dict[str, object] = {"every": draw(st.integers(1, 999))}
    if frequency == "weekly":
        said |= {"weekdays": draw(weekdays), "week_start": draw(st.sampled_from(("", "SU", "SA")))}
    if frequency in ("monthly", "yearly"):
        by = ("start", "day", "weekday") if frequency == "monthly" else ("start", "weekday")
        match draw(st.sampled_from(by)):
            case "day":
                said["month_day"] = draw(st.sampled_from(MONTH_DAYS))
            case "weekday":
                said |= {
                    "ordinal": draw(st.sampled_from(ORDINALS)),
                    "weekday": draw(st.sampled_from(CODES)),
                }
    match draw(st.sampled_from(("never", "after", "on"))):
        case "after":
            said["count"] = draw(st.integers(1, 9999))
        case "on":
            said["until"] = draw(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
    return Repeat(frequency, **said)  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(repeats(), places)
def test_lines_of_the_editor_are_read_back_as_the_same(repeat: Repeat, place: Place) -> None:
    lines = repeat_lines(repeat, place)
    assert read_repeat(lines, place) == repeat
    assert bool(wording.repeats(lines, TODAY)) == bool(repeat.frequency)
    assert "of its own" not in wording.repeats(lines, TODAY)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY", Repeat("daily")),
        ("FREQ=WEEKLY;WKST=MO;BYDAY=FR,TH", Repeat("weekly", weekdays=("TH", "FR"))),
        ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=-1", Repeat("monthly", ordinal=-1, weekday="TU")),
        ("FREQ=MONTHLY;BYDAY=+2TU", Repeat("monthly", ordinal=2, weekday="TU")),
        ("FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=24", Repeat("yearly")),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", Repeat("yearly", ordinal=4, weekday="TH")),
        ("FREQ=YEARLY;BYDAY=TH;BYMONTH=11;BYSETPOS=-1", Repeat("yearly", ordinal=-1, weekday="TH")),
        ("FREQ=DAILY;UNTIL=20261218T225959Z", Repeat("daily", until=date(2026, 12, 18))),
        ("FREQ=DAILY;UNTIL=20261218T230000Z", Repeat("daily", until=date(2026, 12, 19))),
        ("FREQ=DAILY;UNTIL=20261218", Repeat("daily", until=date(2026, 12, 18))),
    ],
)
def test_rules_of_others_are_read_when_they_mean_no_more(rule: str, expected: Repeat) -> None:
    assert read_repeat([f"RRULE:{rule}"], BERLIN) == expected


@pytest.mark.parametrize(
    "lines",
    [
        ["RRULE:FREQ=HOURLY"],
        ["RRULE:FREQ=DAILY;BYDAY=MO"],
        ["RRULE:FREQ=WEEKLY;BYDAY=TU;X-OWN=1"],
        ["RRULE:FREQ=WEEKLY;BYDAY=2TU"],
        ["RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15"],
        ["RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1"],
        ["RRULE:FREQ=YEARLY;BYMONTH=12"],
        ["RRULE:FREQ=YEARLY;BYMONTHDAY=24"],
        ["RRULE:FREQ=YEARLY;BYDAY=4TH"],
        ["RRULE:FREQ=YEARLY;BYMONTH=12;BYDAY=4TH"],
        ["RRULE:FREQ=YEARLY;BYSETPOS=1"],
        ["RRULE:FREQ=DAILY;COUNT=0"],
        ["RRULE:FREQ=DAILY;COUNT=3;UNTIL=20261218"],
        ["RRULE:FREQ=DAILY;UNTIL=soon"],
        ["RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"],
        ["RRULE:FREQ=DAILY", "RDATE:20261224T090000Z"],
        ["RDATE:20261224T090000Z"],
        ["nonsense"],
    ],
)
def test_what_the_editor_cannot_say_is_not_read(lines: list[str]) -> None:
    assert read_repeat(lines, BERLIN) is None


def test_excluded_dates_are_carried_along() -> None:
    lines = ("RRULE:FREQ=WEEKLY;COUNT=9", "EXDATE;TZID=Europe/Berlin:20261201T100000")
    read = read_repeat(lines, BERLIN)
    assert read is not None and read.kept == lines[1:]
    assert repeat_lines(read, BERLIN) == lines


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], ""),
        (["RRULE:FREQ=DAILY;INTERVAL=3;COUNT=4"], "Every 3 days, 4 times"),
        (["RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"], "Every week from Monday to Friday"),
        (["RRULE:FREQ=WEEKLY;BYDAY=TH,FR;UNTIL=20261218T225959Z"], "Every week on Thursday and Friday, until 18 December"),
        (["RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15"], "Every month on days 1 and 15"),
        (["RRULE:FREQ=MONTHLY;BYMONTHDAY=-2"], "Every month on the second to last day"),
        (["RRULE:FREQ=MONTHLY;BYDAY=-1FR"], "Every month on the last Friday"),
        (["RRULE:FREQ=MONTHLY;BYDAY=-2FR"], "Every month on the second to last Friday"),
        (["RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"], "Every month on the last weekday"),
        (["RRULE:FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=1"], "Every month on the first day of the weekend"),
        (["RRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24"], "Every year on 24 December"),
        (["RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"], "Every year on the fourth Thursday of November"),
        (["RRULE:FREQ=DAILY;BYMONTH=6,7"], "Every day in June and July"),
        (["RRULE:FREQ=YEARLY;BYWEEKNO=20"], "Repeats by a rule of its own"),
        (["RRULE:FREQ=WEEKLY;BYDAY=MO", "RRULE:FREQ=MONTHLY;BYMONTHDAY=1"], "Every week on Monday; also every month on day 1"),
        (["RRULE:FREQ=WEEKLY", "EXDATE:20261201T090000Z,20261208T090000Z"], "Every week, except 1 December and 8 December"),
        (["RRULE:FREQ=WEEKLY", "RDATE;VALUE=DATE:20270101"], "Every week, and on 1 January 2027"),
        (["RDATE:20261224T090000Z"], "On the start, and on 24 December"),
        (["RRULE:FREQ=DAILY", "EXDATE:20261201,20261202,20261203,20261204"], "Every day, except 4 dates"),
    ],
)  # fmt: skip
def test_a_rule_in_words(lines: list[str], words: str) -> None:
    assert wording.repeats(lines, TODAY) == words


def test_the_last_day_is_said_as_the_clock_of_the_series_has_it() -> None:
    lines = ["RRULE:FREQ=DAILY;UNTIL=20261219T045959Z"]
    assert wording.repeats(lines, TODAY, "America/New_York") == "Every day, until 18 December"
