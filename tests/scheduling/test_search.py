"""The index and what is read from it, on the real database."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling import search, services
from scheduling.core.search import words_of
from scheduling.models import Calendar, CalendarEvent, SearchEntry
from scheduling.search import Found, Wanted, matching
from tests.make import make_event, make_user, make_values
from tests.plans import plan_of

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def find(user: Any, text: str = "", **over: Any) -> Found:
    today = over.pop("today", date(2026, 11, 24))
    number = over.pop("number", 1)
    return search.find(user, Wanted(text=text, **over), today=today, place=BERLIN, number=number)


def titles(user: Any, text: str = "", **over: Any) -> list[str]:
    found = find(user, text, **over)
    return [o.event.title for o in (*found.to_come, *found.today, *found.earlier)]


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize(
    "text", ["steering", "STEER", "spree", "budget", "grace", "hopper.example", "ada", "café", "cafe"]
)
def test_an_event_is_found_by_title_place_people_and_description(alice: Any, text: str) -> None:
    event = make_event(
        alice, title="Steering group", location="Room Spree, Café", description="<p>The budget</p>"
    )
    people = {
        "organizer": {"email": "ada@lovelace.example", "displayName": "Ada Lovelace"},
        "attendees": [
            {"email": "grace@hopper.example", "displayName": "Grace Hopper"},
            {"email": "x@y.example"},
        ],
    }
    services.apply_remote(calendar=event.calendar, event=event, values=event.values, details=people)
    make_event(alice, title="Something else")
    assert titles(alice, text) == ["Steering group"]


def test_every_word_must_be_there_in_any_field(alice: Any) -> None:
    make_event(alice, title="Atlas kick-off", location="Room Spree")
    make_event(alice, title="Atlas results", location="Library")
    assert titles(alice, "atlas spree") == ["Atlas kick-off"]
    assert titles(alice, "spr atl kick-off") == ["Atlas kick-off"]
    assert titles(alice, "atlas harbour") == []


def test_an_index_follows_edits_deletes_and_restores(alice: Any) -> None:
    event = make_event(alice, title="Yoga")
    event = services.update_event(event=event, values=replace(event.values, title="Pilates"), origin="web")
    assert (titles(alice, "yoga"), titles(alice, "pilates")) == ([], ["Pilates"])
    services.delete_event(event=event, origin="web")
    assert titles(alice, "pilates") == []
    services.restore_event(event=event, origin="web")
    assert titles(alice, "pilates") == ["Pilates"]


def test_an_index_follows_writes_in_bulk_and_rows_that_go(alice: Any) -> None:
    calendar = Calendar.objects.get(user=alice)
    values = [(make_values(title=f"Bulk {n}"), {"google_event_id": f"g{n}"}) for n in range(3)]
    services.create_remote_events(calendar=calendar, items=values, origin="google")
    assert len(titles(alice, "bulk")) == 3
    CalendarEvent.objects.filter(title="Bulk 1").update(title="Moved on")
    assert sorted(titles(alice, "bulk")) == ["Bulk 0", "Bulk 2"]
    calendar.delete()
    assert titles(alice, "bulk") == [] and not SearchEntry.objects.exists()


def test_nobody_finds_what_is_not_theirs(alice: Any, bob: Any) -> None:
    make_event(alice, title="Secret plan")
    assert titles(bob, "secret") == []
    assert titles(bob, "secret", calendar=Calendar.objects.get(user=alice).pk) == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40), st.text(max_size=20))
def test_whatever_is_typed_is_a_search(alice: Any, text: str, people: str) -> None:
    find(alice, text, people=people)


@pytest.mark.parametrize(
    "text",
    ['"', "'", "a' OR '1'='1", 'tea" OR "x', "title:tea", "NEAR(tea cake)", "tea NOT cake", "(tea", "tea*", "^tea", "{tea}", "-tea",
     "tea AND", "a:*b", "tea\x00", "\ud800tea", "%", "_", "\\", "tea; DROP TABLE x", "!tea & <-> |", "𝕥𝕖𝕒", "हिन्दी", "\u0301", "ﬁ"],
)  # fmt: skip
def test_quotes_and_operators_are_only_text(alice: Any, text: str) -> None:
    make_event(alice, title="Harbour")
    assert titles(alice, text) == []


def test_operators_do_not_hide_the_word_beside_them(alice: Any) -> None:
    make_event(alice, title="Tea or cake near (the) harbour")
    for text in ('"tea"', "tea* OR cake", "NEAR tea", "(tea", "-harbour", "the)"):
        assert titles(alice, text) == ["Tea or cake near (the) harbour"], text


def test_words_in_other_scripts_are_found(alice: Any) -> None:
    for title in ("Встреча", "会議 室", "회의 준비", "हिन्दी पाठ", "Ångström øl", "Τάξη"):
        make_event(alice, title=title)
    for text, title in (
        ("встр", "Встреча"), ("会議", "会議 室"), ("회의", "회의 준비"), ("हिन्दी", "हिन्दी पाठ"), ("angstrom", "Ångström øl"), ("τάξ", "Τάξη"),
    ):  # fmt: skip
        assert titles(alice, text) == [title]


# --- order -------------------------------------------------------------------------------------
def at(day: int, hour: int = 9, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def test_hits_are_to_come_today_and_earlier_each_nearest_first(alice: Any) -> None:
    for title, start in {
        "Atlas in December": at(2, month=12),
        "Atlas tomorrow": at(25),
        "Atlas this evening": at(24, 18),
        "Atlas this morning": at(24, 6),
        "Atlas yesterday": at(23),
        "Atlas long ago": at(1, month=2),
    }.items():
        make_event(alice, title=title, start=start)
    make_event(alice, title="Atlas sprint", is_all_day=True, start=date(2026, 11, 23), end=date(2026, 11, 26))
    found = find(alice, "atlas")
    assert [o.event.title for o in found.to_come] == ["Atlas tomorrow", "Atlas in December"]
    assert [o.event.title for o in found.today] == [
        "Atlas sprint",
        "Atlas this morning",
        "Atlas this evening",
    ]
    assert [o.event.title for o in found.earlier] == ["Atlas yesterday", "Atlas long ago"]
    assert (found.total, found.ahead) == (7, 2)


def test_today_is_the_day_of_the_person_not_of_utc(alice: Any) -> None:
    make_event(
        alice, title="Night shift", start=datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    )  # 00:30 in Berlin
    make_event(alice, title="Night holiday", is_all_day=True)
    assert len(find(alice, "night").to_come) == 1
    assert [o.event.title for o in find(alice, "night", today=date(2026, 11, 25)).today] == ["Night shift"]


def test_a_series_is_found_once_at_its_next_time(alice: Any) -> None:
    series = make_event(alice, title="Yoga", start=at(3), recurrence=("RRULE:FREQ=WEEKLY;COUNT=10",))
    [hit] = find(alice, "yoga").today
    assert hit.event == series and hit.start == at(24)
    [hit] = find(alice, "yoga", today=date(2026, 11, 25)).to_come
    assert hit.start == at(1, month=12)
    [hit] = find(alice, "yoga", today=date(2027, 6, 1)).earlier
    assert hit.start == at(5, month=1).replace(year=2027)


def test_a_series_that_ended_before_the_horizon_is_found_at_its_own_time(alice: Any) -> None:
    start = datetime(2019, 3, 4, 9, tzinfo=UTC)
    make_event(alice, title="Old choir", start=start, recurrence=("RRULE:FREQ=WEEKLY;COUNT=3",))
    [hit] = find(alice, "choir").earlier
    assert hit.event.title == "Old choir"


def test_an_occurrence_changed_by_itself_is_a_hit_only_where_its_series_is_none(alice: Any) -> None:
    series = make_event(alice, title="Yoga", start=at(3), recurrence=("RRULE:FREQ=WEEKLY;COUNT=10",))
    services.apply_remote(
        calendar=series.calendar,
        event=None,
        values=make_values(title="Yoga in the park", start=at(1, 10, month=12)),
        details={"google_event_id": "x"},
        series=series,
        original_start="2026-12-01T09:00:00Z",
    )
    assert titles(alice, "yoga") == ["Yoga"]
    [hit] = find(alice, "park").to_come
    assert (hit.event.title, hit.start) == ("Yoga in the park", at(1, 10, month=12))
    [hit] = find(alice, "yoga", today=date(2026, 11, 25)).to_come
    assert (hit.event.title, hit.start) == (
        "Yoga in the park",
        at(1, 10, month=12),
    )  # it comes before the 8th


# --- filters -----------------------------------------------------------------------------------
def test_a_date_range_holds_what_touches_it(alice: Any) -> None:
    make_event(alice, title="Atlas A", start=at(20))
    make_event(alice, title="Atlas B", start=at(28))
    make_event(alice, title="Atlas C", is_all_day=True, start=date(2026, 11, 19), end=date(2026, 11, 21))
    make_event(alice, title="Atlas D", start=at(1, month=10), recurrence=("RRULE:FREQ=DAILY;COUNT=60",))
    assert sorted(titles(alice, "atlas", first=date(2026, 11, 20), last=date(2026, 11, 20))) == [
        "Atlas A", "Atlas C", "Atlas D",
    ]  # fmt: skip
    assert sorted(titles(alice, "atlas", first=date(2026, 11, 27))) == ["Atlas B", "Atlas D"]
    assert titles(alice, "atlas", last=date(2026, 10, 1)) == ["Atlas D"]
    [series] = find(alice, "atlas", last=date(2026, 10, 5)).earlier
    assert series.start == at(5, month=10)  # the last one within the range


def test_calendar_and_people_narrow_a_search(alice: Any) -> None:
    work = services.create_calendar(user=alice, name="Work")
    make_event(alice, title="Atlas at home")
    event = make_event(alice, title="Atlas at work", calendar=work)
    services.apply_remote(
        calendar=work,
        event=event,
        values=event.values,
        details={"attendees": [{"email": "ines@example.com"}]},
    )
    make_event(alice, title="Atlas of Ines")
    assert titles(alice, "atlas", calendar=work.pk) == ["Atlas at work"]
    assert titles(alice, "atlas", people="ines") == ["Atlas at work"]
    assert titles(alice, "", people="ines example") == ["Atlas at work"]


# --- size --------------------------------------------------------------------------------------
def test_pages_hold_every_hit_once_and_the_number_of_queries_is_constant(
    alice: Any, django_assert_num_queries: Any
) -> None:
    for n in range(60):
        make_event(alice, title=f"Atlas {n}", start=at(1) + timedelta(days=n))
    seen = []
    for number in (1, 2, 3):
        with django_assert_num_queries(4):
            seen += titles(alice, "atlas", number=number)
    assert len(seen) == len(set(seen)) == 60
    assert titles(alice, "atlas", number="nonsense") == titles(alice, "atlas", number=1)
    with django_assert_num_queries(4):
        titles(alice, "12")


def test_ten_thousand_events_are_searched_fast_by_the_index(alice: Any, bob: Any) -> None:
    calendar = Calendar.objects.get(user=alice)
    items = [
        (
            make_values(title=f"Meeting {n} about topic{n % 97}", start=at(1, month=1) + timedelta(hours=n)),
            {"google_event_id": f"g{n}"},
        )
        for n in range(10_000)
    ]
    services.create_remote_events(calendar=calendar, items=items, origin="google")
    for n in range(40):
        make_event(bob, title=f"Meeting of Bob {n}")

    def seconds(text: str) -> float:
        begun = time.process_time()
        find(alice, text)
        return time.process_time() - begun

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    plan = plan_of(CalendarEvent.objects.of(alice).filter(matching(words_of("topic13"))))
    assert "VIRTUAL TABLE INDEX" in plan or "scheduling_search_document" in plan
    assert find(alice, "topic13").total == 103
    assert min(seconds("topic13 meeting") for _ in range(3)) < 0.1
    assert min(seconds("meeting") for _ in range(3)) < 1.0  # everything matches


def test_an_index_that_lost_its_triggers_is_built_anew(alice: Any) -> None:
    """As a migration leaves it that rebuilds the event's table on SQLite."""
    with connection.cursor() as cursor:
        table = " ON scheduling_calendarevent" if connection.vendor == "postgresql" else ""
        for name in ("insert", "update") if not table else ("write",):
            cursor.execute(f"DROP TRIGGER scheduling_search_{name}{table}")
        make_event(alice, title="Written meanwhile")
        assert titles(alice, "meanwhile") == []
    assert search.install(connection) is True
    assert titles(alice, "meanwhile") == ["Written meanwhile"]
    assert search.install(connection) is False


def test_another_person_with_the_same_words_costs_nothing(alice: Any) -> None:
    carol = make_user("carol@example.com")
    make_event(carol, title="Atlas")
    assert find(alice, "atlas").total == 0
