"""Stored occurrences, the windows that read them, and the constraints of the tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.utils import timezone

from scheduling import queries, services
from scheduling.models import AvailableTimeSlot, Calendar, CalendarEvent, Occurrence, UserProfile
from scheduling.services.occurrences import AHEAD, BEHIND
from tests.make import make_event, make_values
from tests.plans import plans

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def today(time_machine: Any) -> None:
    time_machine.move_to("2026-11-24T08:00:00Z", tick=False)


def between(user: Any, start: datetime, end: datetime) -> list[Occurrence]:
    return queries.occurrences_between([c.pk for c in queries.calendars_of(user)], start, end)


def starts(user: Any, start: datetime, end: datetime) -> list[datetime]:
    return [occurrence.start for occurrence in between(user, start, end)]


# --- Windows -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (NINE, NINE + HOUR, True),
        (NINE + HOUR / 2, NINE + 2 * HOUR, True),
        (NINE - HOUR, NINE, False),
        (NINE + HOUR, NINE + 2 * HOUR, False),
        (NINE - HOUR, NINE + 2 * HOUR, True),
        (NINE + HOUR / 4, NINE + HOUR / 2, True),
    ],
)
def test_a_window_finds_what_overlaps_it(alice: Any, start: datetime, end: datetime, found: bool) -> None:
    make_event(alice)
    assert bool(between(alice, start, end)) is found


@pytest.mark.parametrize(
    ("offset", "found"), [(-HOUR, False), (timedelta(0), True), (HOUR / 2, True), (HOUR, False)]
)
def test_an_event_of_no_length_counts_as_its_moment(alice: Any, offset: timedelta, found: bool) -> None:
    calendar = Calendar.objects.get(user=alice)
    values = make_values(start=NINE + offset, end=NINE + offset)
    services.apply_remote(calendar=calendar, event=None, values=values, details={})
    assert bool(between(alice, NINE, NINE + HOUR)) is found


def test_an_all_day_event_is_found_wherever_its_day_may_be(alice: Any) -> None:
    make_event(alice, is_all_day=True)
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    assert between(alice, midnight - 14 * HOUR, midnight - 13 * HOUR)
    assert between(alice, midnight + DAY + 13 * HOUR, midnight + DAY + 14 * HOUR)
    assert not between(alice, midnight - 16 * HOUR, midnight - 15 * HOUR)


def test_occurrences_come_in_order_of_start_and_the_longest_first(alice: Any) -> None:
    short = make_event(alice)
    early = make_event(alice, start=NINE - HOUR)
    long = make_event(alice, end=NINE + 3 * HOUR)
    assert [o.event_id for o in between(alice, NINE - DAY, NINE + DAY)] == [early.pk, long.pk, short.pk]


def test_only_the_given_calendars_are_read(alice: Any, bob: Any) -> None:
    make_event(bob)
    assert between(alice, NINE - DAY, NINE + DAY) == []
    assert queries.occurrences_between([], NINE - DAY, NINE + DAY) == []


# --- Series ------------------------------------------------------------------------------------
def test_a_series_without_end_is_stored_over_the_horizon_only(alice: Any) -> None:
    make_event(alice, start=NINE - 3 * BEHIND, recurrence=("RRULE:FREQ=WEEKLY",))
    found = Occurrence.objects.all()
    assert all(NINE - BEHIND - DAY <= o.start <= NINE + AHEAD + DAY for o in found)
    assert len(found) in (156, 157)


@pytest.mark.parametrize("shift", [timedelta(0), 2 * AHEAD, 5 * AHEAD, -2 * BEHIND, AHEAD - 14 * DAY])
def test_beyond_the_horizon_a_window_reads_the_same_series(alice: Any, shift: timedelta) -> None:
    make_event(alice, start=NINE - 3 * BEHIND, recurrence=("RRULE:FREQ=WEEKLY",))
    window = NINE + shift, NINE + shift + 28 * DAY
    found = starts(alice, *window)
    assert len(found) == 4
    assert all(b - a == timedelta(days=7) for a, b in zip(found, found[1:], strict=False))


def test_a_series_that_is_over_is_never_expanded_again(alice: Any) -> None:
    make_event(alice, recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    assert starts(alice, NINE, NINE + 10 * DAY) == [NINE, NINE + DAY, NINE + 2 * DAY]
    assert starts(alice, NINE + 3 * AHEAD, NINE + 3 * AHEAD + DAY) == []
    assert services.extend_occurrences() == 0


def test_a_series_without_any_occurrence_left_is_kept(alice: Any) -> None:
    event = make_event(alice, recurrence=("EXDATE:20261124T090000Z",))
    assert not Occurrence.objects.exists()
    assert not CalendarEvent.objects.get(pk=event.pk).recurrence_error


def test_the_horizon_moves_on_with_time(alice: Any, time_machine: Any) -> None:
    make_event(alice, recurrence=("RRULE:FREQ=WEEKLY",))
    make_event(alice)
    assert services.extend_occurrences() == 0
    time_machine.move_to(NINE + 60 * DAY, tick=False)
    assert services.extend_occurrences() == 1
    assert services.extend_occurrences() == 0
    last = Occurrence.objects.order_by("start").last()
    assert last is not None
    assert last.start > timezone.now() + AHEAD - timedelta(days=8)


def test_a_series_keeps_its_wall_time_and_length_over_clock_changes(alice: Any) -> None:
    night = datetime(2027, 3, 26, 21, tzinfo=UTC)  # 22:00 in Berlin
    make_event(alice, start=night, end=night + 8 * HOUR, recurrence=("RRULE:FREQ=DAILY;COUNT=4",))
    found = [(o.start, o.end) for o in between(alice, night, night + 10 * DAY)]
    assert [f"{start:%d %H}-{end:%d %H}" for start, end in found] == [
        "26 21-27 05",
        "27 21-28 04",
        "28 20-29 04",
        "29 20-30 04",
    ]


def stored(event: CalendarEvent) -> set[tuple[Any, ...]]:
    return set(Occurrence.objects.filter(master=event).values_list("pk", "start", "end", "reach"))


def test_a_write_that_moves_nothing_touches_no_occurrence(alice: Any) -> None:
    master = make_event(alice, recurrence=("RRULE:FREQ=DAILY",))
    before = stored(master)
    services.update_event(event=master, values=replace(master.values, title="Renamed"), origin="web")
    assert stored(master) == before
    shorter = replace(master.values, title="Renamed", recurrence=("RRULE:FREQ=DAILY;COUNT=9",))
    services.update_event(event=master, values=shorter, origin="web")
    assert stored(master) < before
    assert len(stored(master)) == 9


def test_a_series_too_dense_to_store_is_computed(alice: Any) -> None:
    hours = ",".join(map(str, range(24)))
    master = make_event(alice, recurrence=(f"RRULE:FREQ=DAILY;BYHOUR={hours}",))
    assert not stored(master)
    assert len(starts(alice, NINE, NINE + 3 * DAY)) == 72
    assert len(starts(alice, NINE + 3000 * DAY, NINE + 3003 * DAY)) == 72
    assert services.extend_occurrences() == 0


def test_what_was_stored_with_other_rules_of_time_is_made_anew(alice: Any) -> None:
    """As after an update of the zone data, which moves future times on the wall clock of one zone."""
    master = make_event(alice, recurrence=("RRULE:FREQ=WEEKLY",))
    elsewhere = make_event(alice, recurrence=("RRULE:FREQ=WEEKLY",), time_zone="Asia/Tokyo")
    assert services.extend_occurrences() == 0
    CalendarEvent.objects.filter(pk=master.pk).update(expanded_with="1:other")
    Occurrence.objects.filter(master=master).update(start=F("start") + 3600, end=F("end") + 3600)
    unmoved = stored(elsewhere)
    assert services.extend_occurrences() == 1
    assert starts(alice, NINE, NINE + DAY) == [NINE, NINE]
    assert stored(elsewhere) == unmoved


def test_rebuilding_mends_whatever_happened_to_the_stored_occurrences(alice: Any) -> None:
    make_event(alice, recurrence=("RRULE:FREQ=WEEKLY",))
    make_event(alice)
    gone = make_event(alice)
    expected = [(i.event_id, i.start) for i in between(alice, NINE, NINE + 99 * DAY) if i.event_id != gone.pk]
    services.delete_event(event=gone, origin="web")
    Occurrence.objects.filter(start__gt=NINE + 20 * DAY).delete()
    Occurrence.objects.create(
        calendar=gone.calendar, event=gone, is_all_day=False, start=NINE, end=NINE + HOUR, reach=0
    )
    call_command("rebuild_occurrences", stdout=StringIO())
    assert [(i.event_id, i.start) for i in between(alice, NINE, NINE + 99 * DAY)] == expected


@pytest.mark.parametrize("days", [0.5, 1, 3, 8, 9, 64, 100, 512, 700, 3000])
def test_an_occurrence_is_found_in_every_window_it_touches_however_long_it_is(
    alice: Any, days: float
) -> None:
    make_event(alice, start=NINE, end=NINE + days * DAY)
    assert len(between(alice, NINE - DAY, NINE + HOUR)) == 1
    assert len(between(alice, NINE + days * DAY - HOUR, NINE + days * DAY + DAY)) == 1
    assert len(between(alice, NINE + days * DAY, NINE + days * DAY + DAY)) == 0
    assert len(between(alice, NINE - DAY, NINE)) == 0


def test_a_window_reads_bounded_ranges_of_one_index(alice: Any) -> None:
    calendar = Calendar.objects.get(user=alice)
    if connection.vendor == "postgresql":
        # PostgreSQL plans by what the table holds: years of occurrences, as people have them.
        event = make_event(alice)
        Occurrence.objects.bulk_create(
            Occurrence(
                calendar=calendar, event=event, is_all_day=False, start=start, end=start + HOUR, reach=reach
            )
            for reach in range(5)
            for start in (NINE - n * HOUR for n in range(4000))
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE scheduling_occurrence")
    with plans() as found:
        queries.occurrences_between([calendar.pk, uuid4()], NINE, NINE + 30 * DAY)
    plan = next(plan for plan in found if "occurrence_range" in plan)
    assert plan.count("occurrence_range") == 5  # a range for each class of length
    if connection.vendor == "sqlite":
        assert plan.count("(calendar_id=? AND reach=? AND start>? AND start<?)") == 5
        assert "SCAN" not in plan
    else:
        assert "Seq Scan on scheduling_occurrence" not in plan


def test_series_that_a_window_may_lie_beyond_are_found_by_index(alice: Any) -> None:
    with plans() as found:
        between(alice, NINE, NINE + DAY)
    if connection.vendor == "sqlite":  # PostgreSQL reads so small a table whole
        plan = next(plan for plan in found if "event_expanded_until" in plan)
        assert "event_expanded_from" in plan and "SCAN" not in plan


def override(master: CalendarEvent, key: str, **over: Any) -> CalendarEvent:
    return services.apply_remote(
        calendar=master.calendar,
        event=None,
        values=make_values(**over),
        details={},
        series=master,
        original_start=key,
    )


def test_an_override_takes_the_place_of_its_occurrence(alice: Any) -> None:
    master = make_event(alice, recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    moved = override(master, "2026-11-25T09:00:00Z", start=NINE + DAY + 3 * HOUR, title="Later")
    found = between(alice, NINE, NINE + 10 * DAY)
    assert [(o.event.title, o.start) for o in found] == [
        ("Stand-up", NINE),
        ("Later", NINE + DAY + 3 * HOUR),
        ("Stand-up", NINE + 2 * DAY),
    ]
    assert {o.master_id for o in found} == {master.pk}
    services.delete_event(event=moved, origin="web")
    assert starts(alice, NINE, NINE + 10 * DAY) == [NINE, NINE + 2 * DAY]
    services.delete_event(event=CalendarEvent.objects.get(pk=master.pk), origin="web")
    assert not Occurrence.objects.exists()


def test_a_series_moves_to_another_calendar_with_its_overrides(alice: Any) -> None:
    master = make_event(alice, recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    changed = override(master, "2026-11-25T09:00:00Z", start=NINE + DAY, title="Later")
    family = services.create_calendar(user=alice, name="Family")
    services.update_event(event=master, values=master.values, calendar=family, origin="web")
    changed.refresh_from_db()
    assert changed.calendar == family
    assert {o.calendar_id for o in Occurrence.objects.all()} == {family.pk}


@pytest.mark.parametrize(("rows", "series"), [(1, 0), (30, 0), (1, 30)])
def test_a_window_costs_the_same_number_of_queries(
    alice: Any, django_assert_max_num_queries: Any, rows: int, series: int
) -> None:
    for _ in range(rows):
        make_event(alice)
    for _ in range(series):
        make_event(alice, recurrence=("RRULE:FREQ=WEEKLY",))
    calendars = [Calendar.objects.get(user=alice).pk]
    with django_assert_max_num_queries(3):
        assert len(queries.occurrences_between(calendars, NINE, NINE + DAY)) == rows + series
    far = NINE + 3 * AHEAD
    with django_assert_max_num_queries(4):
        assert len(queries.occurrences_between(calendars, far, far + 7 * DAY)) == series


# --- What the tables themselves refuse ---------------------------------------------------------
def columns(**over: Any) -> dict[str, Any]:
    return {
        "title": "x",
        "start_time": NINE,
        "end_time": NINE + HOUR,
        "time_zone": "UTC",
        "revision": 1,
    } | over


@pytest.mark.parametrize(
    "over",
    [
        {"end_time": NINE - HOUR},
        {"time_zone": ""},
        {"start_date": date(2026, 11, 24)},
        {"start_time": None},
        {"is_all_day": True},
        {
            "is_all_day": True,
            "start_time": None,
            "end_time": None,
            "time_zone": "",
            "start_date": date(2026, 11, 24),
        },
        {"status": "cancelled"},
        {"status": "confirmed", "deleted_at": NINE},
        {"status": "perhaps"},
        {"availability": "maybe"},
        {"color": 12},
        {"color": 0},
        {"title": "x" * 201},
        {"location": "x" * 201},
        {"original_start": "2026-11-24T09:00:00Z"},
    ],
)
def test_the_table_refuses_an_event_that_cannot_be(alice: Any, over: dict[str, Any]) -> None:
    calendar = Calendar.objects.get(user=alice)
    CalendarEvent.objects.create(user=alice, calendar=calendar, **columns())
    with pytest.raises(DatabaseError), transaction.atomic():
        CalendarEvent.objects.create(user=alice, calendar=calendar, **columns(**over))


def test_an_all_day_event_ends_after_it_starts(alice: Any) -> None:
    calendar = Calendar.objects.get(user=alice)
    day = date(2026, 11, 24)
    whole = {"is_all_day": True, "start_time": None, "end_time": None, "time_zone": "", "start_date": day}
    CalendarEvent.objects.create(user=alice, calendar=calendar, **columns(**whole, end_date=day + DAY))
    with pytest.raises(DatabaseError), transaction.atomic():
        CalendarEvent.objects.create(user=alice, calendar=calendar, **columns(**whole, end_date=day))


def test_a_series_has_one_override_for_each_start(alice: Any) -> None:
    master = make_event(alice, recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    override(master, "2026-11-25T09:00:00Z")
    with pytest.raises(DatabaseError), transaction.atomic():
        override(master, "2026-11-25T09:00:00Z")


def test_a_google_id_is_there_once_per_calendar(alice: Any) -> None:
    calendar = Calendar.objects.get(user=alice)
    for _ in range(2):
        CalendarEvent.objects.create(user=alice, calendar=calendar, **columns())
    CalendarEvent.objects.create(user=alice, calendar=calendar, **columns(google_event_id="abc"))
    with pytest.raises(DatabaseError), transaction.atomic():
        CalendarEvent.objects.create(user=alice, calendar=calendar, **columns(google_event_id="abc"))


def test_a_person_has_one_primary_calendar(alice: Any) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Calendar.objects.create(user=alice, name="Second", is_primary=True)


def test_the_table_refuses_a_profile_that_cannot_be(alice: Any) -> None:
    for fields in ({"working_hours_end": "08:00"}, {"first_day_of_week": 2}, {"default_event_duration": 0}):
        with pytest.raises(DatabaseError), transaction.atomic():
            UserProfile.objects.filter(user=alice).update(**fields)


def test_two_ranges_of_a_day_cannot_start_together(alice: Any) -> None:
    slot = {"user": alice, "day_of_week": 0, "start_time": "09:00", "end_time": "10:00"}
    AvailableTimeSlot.objects.create(**slot)
    for over in ({"end_time": "11:00"}, {"day_of_week": 7}):
        with pytest.raises(DatabaseError), transaction.atomic():
            AvailableTimeSlot.objects.create(**slot | over)
