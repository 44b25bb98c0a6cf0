"""Availability, appointment types and bookings by the API, as the contract names them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from scheduling import services
from scheduling.models import AppointmentType, Booking, CalendarEvent
from tests.booking.moments import berlin
from tests.make import make_event, make_type
from tests.scheduling.test_api_events import Api

pytestmark = pytest.mark.django_db
API = "/appointment/api/"
GUEST = {"name": "Greta", "email": "greta@example.com", "start": "2026-11-24T10:00:00+01:00"}


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def api(alice: Any, clock: Any) -> Api:
    return Api(alice)


@pytest.fixture
def page(alice: Any, intro: AppointmentType) -> str:
    services.update_profile(profile=alice.profile, handle="alice", public_page=True)
    return f"{API}public/alice/intro/"


def post(address: str, content: Any, **headers: str) -> Any:
    return Client().post(address, json.dumps(content), content_type="application/json", headers=headers)


# --- the host's side -----------------------------------------------------------------------------
def test_a_day_tells_its_free_times_and_why_one_is_not(api: Api, alice: Any) -> None:
    make_event(alice, start=berlin(24, 10), title="Secret meeting")
    free = api.get(f"{API}availability/", {"date": "2026-11-24", "time": "11:00", "duration": "30"})
    assert free.status_code == 200, free.content
    content = free.json()
    assert (content["date"], content["time_zone"], content["available"]) == (
        "2026-11-24",
        "Europe/Berlin",
        True,
    )
    assert content["reasons"] == [] and len(content["slots"]) == 14
    assert content["slots"][0] == {
        "start": "2026-11-24T09:00:00+01:00",
        "end": "2026-11-24T09:30:00+01:00",
    }
    busy = api.get(f"{API}availability/", {"date": "2026-11-24", "time": "10:15", "duration": "30"}).json()
    assert (busy["available"], busy["reasons"]) == (False, ["busy"])
    night = api.get(f"{API}availability/", {"date": "2026-11-24", "time": "03:00"}).json()
    assert (night["available"], night["reasons"]) == (False, ["outside_hours"])
    plain = api.get(f"{API}availability/", {"date": "2026-11-24"}).json()
    assert plain["available"] is None and len(plain["slots"]) == 7


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"date": "tomorrow"},
        {"date": "2026-02-30"},
        {"date": "9999-12-31"},
        {"date": "2026-11-24", "time": "25:00"},
        {"date": "2026-11-24", "duration": "0"},
        {"date": "2026-11-24", "duration": "9999999"},
    ],
)
def test_a_day_that_cannot_be_asked_for_is_422(api: Api, query: dict[str, str]) -> None:
    assert api.get(f"{API}availability/", query).status_code == 422


def test_the_weekly_hours_begin_as_the_working_hours_and_may_be_overnight(api: Api) -> None:
    assert [slot["day_of_week"] for slot in api.get(f"{API}slots/").json()] == [0, 1, 2, 3, 4]
    night = {"day_of_week": 1, "start_time": "22:00", "end_time": "02:00", "is_available": True}
    evening = {"day_of_week": 3, "start_time": "18:00", "end_time": "24:00", "is_available": True}
    answer = api.send("PUT", f"{API}slots/", [night, evening])
    assert answer.json() == [night, evening | {"end_time": "00:00"}]
    day = api.get(f"{API}availability/", {"date": "2026-11-25", "duration": "60"}).json()
    assert [slot["start"] for slot in day["slots"]] == [
        "2026-11-25T00:00:00+01:00",
        "2026-11-25T01:00:00+01:00",
    ]


def test_overrides_close_and_open_days(api: Api, bob: Any) -> None:
    closed = api.send("POST", f"{API}overrides/", {"date": "2026-11-24"})
    assert closed.status_code == 201, closed.content
    opened = api.send(
        "POST", f"{API}overrides/", {"date": "2026-11-28", "start_time": "10:00", "end_time": "12:00"}
    )
    assert opened.json()["is_available"] is True
    assert [o["date"] for o in api.get(f"{API}overrides/").json()] == ["2026-11-24", "2026-11-28"]
    day = api.get(f"{API}availability/", {"date": "2026-11-24", "time": "10:00"}).json()
    assert day["slots"] == [] and day["reasons"] == ["closed"]
    assert len(api.get(f"{API}availability/", {"date": "2026-11-28", "duration": "60"}).json()["slots"]) == 2
    address = f"{API}overrides/{closed.json()['id']}/"
    assert Api(bob).delete(address).status_code == 404
    assert api.delete(address).status_code == 204
    assert len(api.get(f"{API}availability/", {"date": "2026-11-24", "duration": "60"}).json()["slots"]) == 8


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"date": "2026-13-01"}, "date"),
        ({"last_date": "2026-11-01"}, "last_date"),
        ({"start_time": "10:00"}, "end_time"),
        ({"is_available": True}, "start_time"),
        ({"start_time": "10:00", "end_time": "10:00"}, "end_time"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_an_override_that_cannot_be_is_422(api: Api, change: dict[str, Any], field: str) -> None:
    answer = api.send("POST", f"{API}overrides/", {"date": "2026-11-24"} | change)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])


def test_a_type_is_made_read_changed_and_deleted(api: Api, alice: Any, bob: Any) -> None:
    wanted = {
        "slug": "intro",
        "name": "Intro",
        "duration": 45,
        "increment": 15,
        "buffer_before": 5,
        "buffer_after": 10,
        "minimum_notice": 120,
        "window_days": 30,
        "daily_cap": 3,
        "seats": 2,
        "requires_approval": True,
        "is_active": True,
    }
    made = api.send("POST", f"{API}types/", wanted)
    assert made.status_code == 201, made.content
    assert {name: made.json()[name] for name in wanted} == wanted
    address = f"{API}types/{made.json()['id']}/"
    assert api.get(address).json() == made.json() == api.get(f"{API}types/").json()[0]
    assert Api(bob).get(address).status_code == Api(bob).delete(address).status_code == 404
    changed = api.send("PATCH", address, {"daily_cap": 0, "duration": 60})
    assert (changed.json()["daily_cap"], changed.json()["duration"], changed.json()["seats"]) == (None, 60, 2)
    assert api.send("PUT", address, changed.json()).json() == changed.json()
    assert api.send("PUT", address, {"slug": "b", "name": "B"}).json()["duration"] == 30
    assert api.delete(address).status_code == 204 and api.get(address).status_code == 404
    assert api.send("POST", f"{API}types/", wanted).status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "in tro"}, "slug"),
        ({"slug": "taken"}, "slug"),
        ({"duration": 0}, "duration"),
        ({"duration": "30"}, "duration"),
        ({"seats": 0}, "seats"),
        ({"window_kind": "dates"}, "window_end"),
        ({"calendar": "7f3c1d3e-3f0a-4a55-9f9e-0d3c4a6b8f10"}, "calendar"),
        ({"questions": [{"key": "a", "label": "A", "kind": "choice"}]}, "questions"),
        ({"buffer_before": -1}, "buffer_before"),
    ],
)
def test_a_type_that_cannot_be_is_422(api: Api, alice: Any, change: dict[str, Any], field: str) -> None:
    make_type(alice, slug="taken")
    answer = api.send("POST", f"{API}types/", {"slug": "intro", "name": "Intro"} | change)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])


def test_bookings_are_listed_to_their_host_alone(api: Api, bob: Any, page: str) -> None:
    post(f"{page}bookings/", GUEST)
    window = {"start": "2026-11-24", "end": "2026-11-25"}
    [booking] = api.get(f"{API}bookings/", window).json()
    assert (booking["type"], booking["name"], booking["status"]) == ("intro", "Greta", "confirmed")
    assert booking["event"] == str(CalendarEvent.objects.get().pk)
    assert api.get(f"{API}bookings/", window | {"status": "cancelled"}).json() == []
    assert Api(bob).get(f"{API}bookings/", window).json() == []


# --- the guest's side ----------------------------------------------------------------------------
def test_a_stranger_sees_free_times_and_nothing_of_what_is_busy(alice: Any, page: str) -> None:
    make_event(alice, start=berlin(24, 12), title="Oncologist", location="Ward 7", description="Biopsy")
    answer = Client().get(
        f"{page}slots/", {"start": "2026-11-24", "end": "2026-11-25", "tz": "America/New_York"}
    )
    assert answer.status_code == 200, answer.content
    content = answer.json()
    # The day is New York's: 06:00 of the 24th in Berlin to 06:00 of the 25th.
    assert content["slots"][0] == {
        "start": "2026-11-24T03:00:00-05:00",
        "end": "2026-11-24T03:30:00-05:00",
        "seats_left": 1,
    }
    assert (len(content["slots"]), content["duration"], content["notice"]) == (14, 30, "")
    for word in (b"Oncologist", b"Ward", b"Biopsy", b"busy", b"alice@example.com"):
        assert word not in answer.content


def test_a_stranger_books_without_a_cookie(page: str) -> None:
    answer = post(f"{page}bookings/", GUEST)
    assert answer.status_code == 201, answer.content
    content = answer.json()
    assert (content["status"], content["start"]) == ("confirmed", "2026-11-24T10:00:00+01:00")
    assert content["cancel_url"].startswith("http://localhost:8000/bookings/")
    assert not answer.cookies


def test_a_taken_time_is_409_with_fresh_alternatives(page: str) -> None:
    post(f"{page}bookings/", GUEST)
    answer = post(f"{page}bookings/", GUEST)
    assert (answer.status_code, answer.json()["error"]) == (409, "taken")
    first = answer.json()["alternatives"][0]["start"]
    assert post(f"{page}bookings/", GUEST | {"start": first}).status_code == 201


def test_a_repeated_request_is_one_booking_and_the_same_answer(page: str) -> None:
    first = post(f"{page}bookings/", GUEST, Idempotency_Key="a")
    again = post(f"{page}bookings/", GUEST, Idempotency_Key="a")
    assert (again.status_code, again.json()) == (201, first.json())
    assert Booking.objects.count() == 1
    other = post(f"{page}bookings/", GUEST | {"name": "Bob"}, Idempotency_Key="a")
    assert (other.status_code, other.json()["error"]) == (422, "key_reused")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": "soon"}, "start"),
        ({"start": "2026-11-24T10:07:00+01:00"}, "start"),
        ({"start": "2020-01-01T10:00:00Z"}, "start"),
        ({"start": 5}, "start"),
        ({"email": "nobody"}, "email"),
        ({"name": "A\r\nBcc: b@example.com"}, "name"),
        ({"name": " "}, "name"),
        ({"answers": {"x": "y"}}, "answers.x"),
        ({"duration": 45}, "duration"),
        ({"time_zone": "Mars"}, "time_zone"),
        ({"admin": True}, "admin"),
    ],
)
def test_what_cannot_be_booked_is_422_and_changes_nothing(
    page: str, change: dict[str, Any], field: str
) -> None:
    answer = post(f"{page}bookings/", GUEST | change)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
    assert not Booking.objects.exists()


def test_too_many_attempts_are_429_whatever_a_header_claims(page: str, settings: Any) -> None:
    settings.BOOKING_LIMITS = {
        "address": (3, 600),
        "email": (100, 600),
        "page": (100, 600),
        "hold": (100, 600),
    }
    answers = [
        post(f"{page}bookings/", GUEST | {"email": f"g{n}@example.com"}, X_Forwarded_For=f"10.0.0.{n}")
        for n in range(4)
    ]
    assert [answer.status_code for answer in answers] == [201, 409, 409, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 600
    assert "Try again in" in answers[-1].json()["message"]


def test_behind_a_proxy_each_client_has_its_own_limit(page: str, settings: Any) -> None:
    settings.BOOKING_LIMITS = {
        "address": (1, 600),
        "email": (100, 600),
        "page": (100, 600),
        "hold": (100, 600),
    }
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    first = post(f"{page}bookings/", GUEST, X_Forwarded_For="6.6.6.6, 10.0.0.1")
    spoofed = post(f"{page}bookings/", GUEST, X_Forwarded_For="7.7.7.7, 10.0.0.1")
    other = post(f"{page}bookings/", GUEST, X_Forwarded_For="10.0.0.2")
    assert [first.status_code, spoofed.status_code, other.status_code] == [201, 429, 409]


@pytest.mark.parametrize("what", ["page", "type", "secret", "person"])
def test_what_is_switched_off_is_not_there(alice: Any, intro: AppointmentType, page: str, what: str) -> None:
    if what == "page":
        services.update_profile(profile=alice.profile, public_page=False)
    elif what == "type":
        services.update_type(appointment_type=intro, is_active=False)
    elif what == "secret":
        services.update_type(appointment_type=intro, is_secret=True)
    else:
        alice.is_active = False
        alice.save()
    assert Client().get(f"{page}slots/").status_code == post(f"{page}bookings/", GUEST).status_code == 404
    if what == "secret":
        assert Client().get(f"{API}public/alice/{intro.secret}/slots/").status_code == 200


def test_two_who_change_a_type_at_once_keep_what_the_other_changed(intro: AppointmentType) -> None:
    seen_before = AppointmentType.objects.get(pk=intro.pk)
    services.update_type(appointment_type=intro, name="First talk")
    services.update_type(appointment_type=seen_before, duration=45)
    intro.refresh_from_db()
    assert (intro.name, intro.duration) == ("First talk", 45)


def test_approval_keeps_the_time_until_the_host_answers(
    alice: Any, intro: AppointmentType, page: str
) -> None:
    services.update_type(appointment_type=intro, requires_approval=True)
    answer = post(f"{page}bookings/", GUEST)
    assert (answer.status_code, answer.json()["status"]) == (201, "pending")
    assert CalendarEvent.objects.get().status == "tentative"
    assert post(f"{page}bookings/", GUEST).status_code == 409


@pytest.mark.parametrize(
    "query", [{"tz": "Mars"}, {"start": "x"}, {"end": "2020-01-01"}, {"duration": "7"}, {"end": "2027-11-24"}]
)
def test_free_times_that_cannot_be_asked_for_are_422(page: str, query: dict[str, str]) -> None:
    assert Client().get(f"{page}slots/", query).status_code == 422
