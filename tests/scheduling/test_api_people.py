from __future__ import annotations

from typing import Any

import pytest

from scheduling import services
from scheduling.models import AvailableTimeSlot, Calendar, UserProfile
from tests.scheduling.test_api_events import Api, assert_problem

CALENDARS, PROFILE, SLOTS = (f"/appointment/api/{name}/" for name in ("calendars", "profile", "slots"))
MONDAY = {"day_of_week": 0, "start_time": "09:00", "end_time": "12:30", "is_available": True}


@pytest.fixture
def api(alice: Any) -> Api:
    return Api(alice)


def test_calendars_are_listed_primary_first_and_only_ones_own(api: Api, alice: Any, bob: Any) -> None:
    work = services.create_calendar(user=alice, name="A work calendar", color=3, time_zone="Europe/Berlin")
    answer = api.get(CALENDARS).json()
    assert [calendar["name"] for calendar in answer] == ["Personal", "A work calendar"]
    assert answer[1] == {
        "id": str(work.pk),
        "name": "A work calendar",
        "color": 3,
        "time_zone": "Europe/Berlin",
        "is_primary": False,
        "is_visible": True,
        "read_only": False,
        "is_synced": False,
        "account_name": "",
        "revision": Calendar.objects.get(pk=work.pk).revision,
    }


@pytest.mark.parametrize("rows", [1, 30])
def test_calendars_cost_the_same_number_of_queries(
    api: Api, alice: Any, django_assert_max_num_queries: Any, rows: int
) -> None:
    for number in range(rows):
        services.create_calendar(user=alice, name=f"Calendar {number}")
    api.get(CALENDARS)
    with django_assert_max_num_queries(2):
        assert len(api.get(CALENDARS).json()) == rows + 1


def test_the_profile_shows_what_was_chosen(api: Api) -> None:
    answer = api.get(PROFILE).json()
    assert answer["email"] == "alice@example.com"
    assert (answer["timezone"], answer["working_hours_start"], answer["handle"]) == (
        "Europe/Berlin",
        "09:00",
        None,
    )
    assert set(answer) - {"email"} == {
        field.name
        for field in UserProfile._meta.fields
        if field.editable and field.name not in ("user", "hours_are_set")
    }


def test_patching_the_profile_changes_only_what_it_names(api: Api, alice: Any) -> None:
    change = {"working_hours_end": "18:30", "timezone": "Asia/Tokyo", "handle": "alice", "public_page": True}
    answer = api.send("PATCH", PROFILE, change)
    assert answer.status_code == 200, answer.content
    assert api.get(PROFILE).json() == answer.json()
    assert {name: answer.json()[name] for name in change} == change
    assert answer.json()["working_hours_start"] == "09:00"


def test_a_profile_that_was_read_can_be_patched_back(api: Api) -> None:
    before = api.get(PROFILE).json()
    assert api.send("PATCH", PROFILE, before).json() == before


def test_whether_google_is_connected_is_not_for_the_api_to_say(api: Api, alice: Any) -> None:
    api.send("PATCH", PROFILE, {"google_calendar_connected": True, "google_calendar_id": "x"})
    profile = UserProfile.objects.get(user=alice)
    assert (profile.google_calendar_connected, profile.google_calendar_id) == (False, "")


def test_an_empty_handle_takes_it_away(api: Api, alice: Any, bob: Any) -> None:
    services.update_profile(profile=alice.profile, handle="alice")
    for empty in ("", None):
        assert api.send("PATCH", PROFILE, {"handle": empty}).json()["handle"] is None
        assert Api(bob).send("PATCH", PROFILE, {"handle": empty}).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"working_hours_end": "08:00"}, "working_hours_end"),
        ({"working_hours_start": "25:00"}, "working_hours_start"),
        ({"working_hours_start": 9}, "working_hours_start"),
        ({"first_day_of_week": 3}, "first_day_of_week"),
        ({"default_event_duration": 0}, "default_event_duration"),
        ({"default_event_duration": "60"}, "default_event_duration"),
        ({"reminder_minutes": -1}, "reminder_minutes"),
        ({"handle": "a b"}, "handle"),
        ({"handle": "bob"}, "handle"),
        ({"theme": "neon"}, "theme"),
        ({"show_weekends": None}, "show_weekends"),
        ({"revision": 7}, "revision"),
        ({"user": 7}, "user"),
    ],
)
def test_a_profile_refuses_what_it_cannot_be(
    api: Api, alice: Any, bob: Any, change: dict[str, Any], field: str
) -> None:
    services.update_profile(profile=bob.profile, handle="bob")
    before = UserProfile.objects.filter(user=alice).values().get()
    assert_problem(api.send("PATCH", PROFILE, change), 422, "invalid", field)
    assert UserProfile.objects.filter(user=alice).values().get() == before


def test_the_week_is_replaced_as_a_whole(api: Api, alice: Any, bob: Any) -> None:
    AvailableTimeSlot.objects.create(user=bob, day_of_week=1, start_time="09:00", end_time="10:00")
    afternoon = {"day_of_week": 0, "start_time": "13:30", "end_time": "00:00", "is_available": False}
    answer = api.send("PUT", SLOTS, [afternoon, MONDAY])
    assert answer.status_code == 200, answer.content
    assert answer.json() == api.get(SLOTS).json() == [MONDAY, afternoon]
    assert api.send("PUT", SLOTS, [MONDAY]).json() == [MONDAY]
    assert api.send("PUT", SLOTS, []).json() == []
    assert AvailableTimeSlot.objects.get().user == bob


@pytest.mark.parametrize(
    "change",
    [
        {"day_of_week": 7},
        {"day_of_week": -1},
        {"day_of_week": "Monday"},
        {"start_time": "9"},
        {"start_time": "09:00:30"},
        {"end_time": "25:00"},
        {"end_time": "09:00"},
        {"start_time": "24:00"},
        {"is_available": 1},
        {"place": "here"},
    ],
)
def test_a_week_with_one_bad_range_changes_nothing(api: Api, alice: Any, change: dict[str, Any]) -> None:
    api.send("PUT", SLOTS, [MONDAY])
    answer = api.send("PUT", SLOTS, [{**MONDAY, "day_of_week": 1}, MONDAY | change])
    assert answer.status_code == 422, answer.content
    assert all(name.startswith("1") for name in answer.json()["fields"])
    assert api.get(SLOTS).json() == [MONDAY]


def test_two_ranges_of_a_day_cannot_begin_together(api: Api) -> None:
    later = MONDAY | {"end_time": "17:00"}
    assert_problem(api.send("PUT", SLOTS, [MONDAY, later]), 422, "invalid", "1.start_time")


def test_a_week_has_a_limit(api: Api) -> None:
    many = [MONDAY | {"start_time": f"{n // 60:02}:{n % 60:02}", "end_time": "23:59"} for n in range(201)]
    assert api.send("PUT", SLOTS, many).status_code == 422
