"""The slot engine against an oracle that looks at every minute (BK-03). SLOT_CASES=10000 for the long run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling.core.slots import Caps, Grid, Hours, HoursRange, Offer, Override, Rules, Taken, Window

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
# Each zone with a day on which its clocks do something, or an ordinary one.
PLACES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Asia/Kathmandu", date(2026, 6, 10)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Pacific/Chatham", date(2026, 9, 27)),
    ("UTC", date(2026, 12, 31)),
]
quarters = st.integers(0, 95).map(lambda n: n * 15)


@st.composite
def ranges(draw: st.DrawFn) -> HoursRange:
    start = draw(quarters)
    length = draw(st.sampled_from([15, 45, 60, 180, 480, 720, 1440]))
    return HoursRange(start, start + length, draw(st.integers(0, 4)) > 0)


@dataclass(frozen=True)
class Case:
    hours: Hours
    rules: Rules
    start: datetime
    end: datetime
    now: datetime
    busy: list[tuple[datetime, datetime]]
    all_day: list[tuple[date, date]]
    taken: list[Taken]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    name, day = draw(st.sampled_from(PLACES))
    zone = ZoneInfo(name)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    start = noon - DAY + draw(st.integers(0, 720)) * MINUTE
    end = start + draw(st.integers(60, 1900)) * MINUTE
    weekly = draw(st.lists(st.tuples(st.integers(0, 6), ranges()), max_size=4))
    weekly += [(n, HoursRange(540, 1020)) for n in range(7) if draw(st.booleans())]
    days = st.integers(-2, 2).map(lambda n: day + n * DAY)
    overrides = [
        Override(first, first + draw(st.integers(0, 1)) * DAY, draw(st.none() | ranges()))
        for first in draw(st.lists(days, max_size=2))
    ]
    rules = Rules(
        duration=draw(st.sampled_from([5, 15, 30, 45, 60, 150])),
        increment=draw(st.sampled_from([5, 15, 20, 30, 50, 60])),
        buffer_before=draw(st.sampled_from([0, 0, 5, 15, 60])),
        buffer_after=draw(st.sampled_from([0, 0, 10, 15, 60])),
        minimum_notice=draw(st.sampled_from([0, 0, 60, 600])),
        window=draw(
            st.sampled_from(
                [
                    Window(),
                    Window(),
                    Window(days=0),
                    Window(days=1),
                    Window(days=1, bookable_only=True),
                    Window(days=2, bookable_only=True),
                    Window(first=day, last=day),
                ]
            )
        ),
        caps=draw(
            st.sampled_from([Caps(), Caps(), Caps(day=1), Caps(day=2, week=2), Caps(month=2), Caps(week=1)])
        ),
        seats=draw(st.sampled_from([1, 1, 2])),
        grid=draw(st.sampled_from(list(Grid))),
        first_day_of_week=draw(st.sampled_from([0, 1, 6])),
    )
    moments = st.integers(-300, 2200).map(lambda n: start + n * MINUTE)
    lengths = st.sampled_from([0, 1, 15, 30, 60, 500])
    busy = [
        (moment, moment + length * MINUTE)
        for moment, length in draw(st.lists(st.tuples(moments, lengths), max_size=4))
    ]
    all_day = [(first, first + DAY) for first in draw(st.lists(days, max_size=1))]
    taken = []
    for number, moment in enumerate(draw(st.lists(moments, max_size=3))):
        length = draw(st.sampled_from([15, 30, rules.duration])) * MINUTE
        same = draw(st.booleans())
        for _ in range(draw(st.sampled_from([1, rules.seats])) if same else 1):
            taken.append(
                Taken(
                    moment,
                    moment + length,
                    UUID(int=number),
                    draw(st.sampled_from([0, 10, 30])),
                    draw(st.sampled_from([0, 10, 30])),
                    draw(st.booleans()),
                    same,
                )
            )
    now = start + draw(st.sampled_from([-2000, -700, -60, 0, 90])) * MINUTE
    return Case(Hours(zone, tuple(weekly), tuple(overrides)), rules, start, end, now, busy, all_day, taken)


# --- the oracle: nothing but minutes ---------------------------------------------------------------
def wall_minutes_of_day(hours: Hours, day: date) -> set[datetime]:
    """The wall minutes that belong to the hours beginning on that day."""
    mine = [o for o in hours.overrides if o.first <= day <= o.last]
    if any(o.hours is None for o in mine):
        return set()
    replacing = [o.hours for o in mine if o.hours and o.hours.is_available]
    valid = replacing or [r for weekday, r in hours.weekly if weekday == day.weekday()]
    midnight = datetime(day.year, day.month, day.day)

    def minutes(chosen: list[HoursRange], first: datetime = midnight) -> set[datetime]:
        return {first + n * MINUTE for r in chosen for n in range(r.start, r.end)}

    kept = minutes([r for r in valid if r.is_available]) - minutes([r for r in valid if not r.is_available])
    for override in hours.overrides:
        other = override.first
        while other <= override.last:
            first = datetime(other.year, other.month, other.day)
            if override.hours is None:
                kept = {minute for minute in kept if minute.date() != other}
            elif not override.hours.is_available:
                kept -= minutes([override.hours], first)
            other += DAY
    return kept


def grid_of_day(minutes: set[datetime], rules: Rules) -> set[datetime]:
    found, begin, before = set(), None, None
    for minute in sorted(minutes):
        if before != minute - MINUTE:
            begin = minute  # of a stretch without a gap
        before = minute
        assert begin is not None
        anchor = begin if rules.grid == Grid.RANGE else minute.replace(hour=0, minute=0)
        if (minute - anchor) % (rules.increment * MINUTE) == timedelta(0):
            found.add(minute)
    return found


def oracle(case: Case) -> list[datetime]:
    zone, rules = case.hours.zone, case.rules
    first = case.start.astimezone(zone).date() - 2 * DAY
    by_day = {first + n * DAY: wall_minutes_of_day(case.hours, first + n * DAY) for n in range(8)}
    opened = set().union(*by_day.values())
    shown = {m: m.astimezone(zone) for m in minutes_between(case.start - 2 * DAY, case.end + 2 * DAY)}
    grid = set().union(*(grid_of_day(minutes, rules) for minutes in by_day.values()))
    busy = {moment for start, end in case.busy for moment in minutes_between(start, end)}
    closed_days = {s + n * DAY for s, e in case.all_day for n in range((e - s).days)}
    today = case.now.astimezone(zone).date()
    bookable = [
        today + n * DAY
        for n in range(12 if rules.window.bookable_only else 0)
        if wall_minutes_of_day(case.hours, today + n * DAY)
    ]
    found, seen = [], set()
    for moment in minutes_between(case.start - DAY, case.end):
        wall = shown[moment].replace(tzinfo=None, fold=0)
        if wall in seen:
            continue
        seen.add(wall)
        length = rules.duration * MINUTE
        if moment < case.start or wall not in grid:
            continue
        if moment < case.now + rules.minimum_notice * MINUTE:
            continue
        if not in_window(wall.date(), today, rules.window, bookable):
            continue
        if any(
            shown[m].replace(tzinfo=None, fold=0) not in opened
            for m in minutes_between(moment, moment + length)
        ):
            continue
        around = minutes_between(
            moment - rules.buffer_before * MINUTE, moment + length + rules.buffer_after * MINUTE
        )
        if any(m in busy or shown[m].date() in closed_days for m in around):
            continue
        if fits_among(case, moment, moment + length):
            found.append(moment)
    return found


def minutes_between(start: datetime, end: datetime) -> list[datetime]:
    return [start + n * MINUTE for n in range(int((end - start) / MINUTE))]


def in_window(day: date, today: date, window: Window, bookable: list[date]) -> bool:
    if window.first and not window.first <= day <= (window.last or date.max):
        return False
    if window.days is None:
        return True
    if window.bookable_only:
        allowed = bookable[: window.days]
        return bool(allowed) and day <= allowed[-1]
    return day <= today + window.days * DAY


def fits_among(case: Case, start: datetime, end: datetime) -> bool:
    rules = case.rules
    same = [t for t in case.taken if t.is_same_type]
    joined = [t for t in same if rules.seats > 1 and (t.start, t.end) == (start, end)]
    session = joined[-1].session if joined else None
    if joined and sum(t.session == session for t in case.taken) >= rules.seats:
        return False
    for t in case.taken:
        if t.session == session:
            continue
        if t.start < end and start < t.end:
            return False
        gap, needed = (
            (start - t.end, max(rules.buffer_before, t.buffer_after))
            if t.end <= start
            else (t.start - end, max(rules.buffer_after, t.buffer_before))
        )
        if gap < needed * MINUTE:
            return False
    if joined:
        return True
    zone = case.hours.zone

    def week(day: date) -> date:
        return day - timedelta(days=(day.isoweekday() - rules.first_day_of_week) % 7)

    mine = start.astimezone(zone).date()
    days = {t.session: t.start.astimezone(zone).date() for t in same}.values()
    caps = rules.caps
    return not (
        (caps.day is not None and sum(d == mine for d in days) >= caps.day)
        or (caps.week is not None and sum(week(d) == week(mine) for d in days) >= caps.week)
        or (
            caps.month is not None
            and sum(d.replace(day=1) == mine.replace(day=1) for d in days) >= caps.month
        )
    )


@settings(
    max_examples=int(os.environ.get("SLOT_CASES", "70")),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(cases())
def test_slots_are_exactly_what_every_minute_says(case: Case) -> None:
    offer = Offer(
        hours=case.hours,
        rules=case.rules,
        start=case.start,
        end=case.end,
        now=case.now,
        busy=[(int(start.timestamp()), int(end.timestamp())) for start, end in case.busy],
        all_day=case.all_day,
        taken=case.taken,
    )
    slots = [slot.start for slot in offer.slots()]
    assert slots == oracle(case)
    assert slots == [m for m in minutes_between(case.start, case.end) if not offer.reasons(m)]
