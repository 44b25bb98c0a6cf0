from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from scheduling import services
from scheduling.models import Calendar, CalendarEvent, EventRevision, IdempotentAnswer
from scheduling.signals import events_changed
from tests.make import make_event

EVENTS = "/appointment/api/events/"
LUNCH = {
    "title": "Lunch with Priya",
    "start_time": "2026-11-24T12:30:00+01:00",
    "end_time": "2026-11-24T13:30:00+01:00",
}
WEEK = {"start": "2026-11-23", "end": "2026-11-30"}


class Api(Client):
    """A client that holds a token and sends JSON."""

    def __init__(self, user: Any, scope: str = "write") -> None:
        cache.clear()  # the counted requests of an earlier test's token of the same number
        token = services.create_api_token(user=user, name="test", scope=scope)
        super().__init__(headers={"authorization": f"Bearer {token}"})

    def send(self, method: str, path: str, content: Any = None, **headers: str) -> HttpResponse:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        body = "" if content is None else json.dumps(content)
        return self.generic(method, path, body, content_type="application/json", headers=names)


@pytest.fixture
def api(alice: Any) -> Api:
    return Api(alice)


def items(answer: HttpResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]


def assert_problem(answer: HttpResponse, status: int, error: str, *fields: str) -> None:
    assert answer.status_code == status, answer.content
    content = answer.json()
    assert set(content) == {"error", "message", "fields"}
    assert content["error"] == error
    assert content["message"]
    assert set(content["fields"]) == set(fields)


# --- Creating ----------------------------------------------------------------------------------
def test_creating_answers_with_the_event_and_where_it_is(api: Api, alice: Any) -> None:
    answer = api.send("POST", EVENTS, LUNCH | {"description": "Bring the map", "location": "Kantine"})
    assert answer.status_code == 201
    content = answer.json()
    event = CalendarEvent.objects.get()
    assert content == {
        "id": str(event.pk),
        "calendar": str(event.calendar_id),
        "title": "Lunch with Priya",
        "description": "Bring the map",
        "location": "Kantine",
        "start_time": "2026-11-24T12:30:00+01:00",
        "end_time": "2026-11-24T13:30:00+01:00",
        "is_all_day": False,
        "time_zone": "Europe/Berlin",
        "recurrence": [],
        "series": None,
        "original_start": None,
        "status": "confirmed",
        "availability": "busy",
        "google_event_id": "",
        "read_only": False,
        "revision": event.revision,
        "created_at": event.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "updated_at": event.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert event.user == alice
    assert event.calendar.is_primary
    assert answer["Location"] == f"{EVENTS}{event.pk}/"
    assert answer["ETag"] == f'"{event.revision}"'
    assert event.revisions.get().origin == EventRevision.Origin.API
    assert event.revisions.get().actor == alice


def test_a_created_event_is_read_back_at_its_location(api: Api) -> None:
    created = api.send("POST", EVENTS, LUNCH)
    assert api.get(created["Location"]).json() == created.json()


def test_an_all_day_event_has_dates_and_an_exclusive_end(api: Api) -> None:
    content = {"title": "Fair", "start_time": "2026-11-24", "end_time": "2026-11-26", "is_all_day": True}
    answer = api.send("POST", EVENTS, content).json()
    assert (answer["start_time"], answer["end_time"], answer["time_zone"]) == ("2026-11-24", "2026-11-26", "")
    event = CalendarEvent.objects.get()
    assert (str(event.start_date), str(event.end_date), event.start_time) == (
        "2026-11-24",
        "2026-11-26",
        None,
    )


@pytest.mark.parametrize(
    ("zone", "start", "instant"),
    [
        (None, "2026-11-24T12:30:00", "2026-11-24T11:30:00Z"),  # the profile's: Berlin
        ("Asia/Tokyo", "2026-11-24T12:30", "2026-11-24T03:30:00Z"),
        ("Asia/Tokyo", "2026-11-24T12:30:00Z", "2026-11-24T12:30:00Z"),
        ("Asia/Tokyo", "2026-11-24t12:30:00.5z", "2026-11-24T12:30:00Z"),
        ("Asia/Tokyo", "2026-11-24T12:30:00-0500", "2026-11-24T17:30:00Z"),
        ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),  # in the gap: an hour on
        ("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),  # happens twice: the first
    ],
)
def test_a_time_without_offset_is_read_in_the_events_zone(
    api: Api, zone: str | None, start: str, instant: str
) -> None:
    content = {"title": "Call", "start_time": start, "end_time": "2026-12-01T00:00:00Z"}
    answer = api.send("POST", EVENTS, content | ({"time_zone": zone} if zone else {}))
    assert answer.status_code == 201, answer.content
    assert f"{CalendarEvent.objects.get().start_time:%Y-%m-%dT%H:%M:%SZ}" == instant


def test_times_are_written_with_the_offset_of_the_events_zone(api: Api) -> None:
    answer = api.send("POST", EVENTS, LUNCH | {"time_zone": "America/New_York"}).json()
    assert answer["start_time"] == "2026-11-24T06:30:00-05:00"


def test_an_event_goes_to_the_calendar_it_names(api: Api, alice: Any) -> None:
    family = services.create_calendar(user=alice, name="Family")
    answer = api.send("POST", EVENTS, LUNCH | {"calendar": str(family.pk)})
    assert answer.json()["calendar"] == str(family.pk)


def test_a_calendar_of_someone_else_is_not_there(api: Api, bob: Any) -> None:
    foreign = Calendar.objects.get(user=bob)
    assert_problem(
        api.send("POST", EVENTS, LUNCH | {"calendar": str(foreign.pk)}), 422, "invalid", "calendar"
    )
    assert not CalendarEvent.objects.exists()


def test_a_read_only_calendar_refuses_an_event(api: Api, alice: Any) -> None:
    holidays = services.create_calendar(user=alice, name="Holidays", is_read_only=True)
    assert_problem(api.send("POST", EVENTS, LUNCH | {"calendar": str(holidays.pk)}), 403, "read_only")


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"title": ""}, ["title"]),
        ({"title": "   "}, ["title"]),
        ({"title": "x" * 201}, ["title"]),
        ({"title": None}, ["title"]),
        ({"title": 7}, ["title"]),
        ({"location": "x" * 201}, ["location"]),
        ({"description": "x" * 8193}, ["description"]),
        ({"end_time": "2026-11-24T11:00:00+01:00"}, ["end_time"]),
        ({"end_time": LUNCH["start_time"]}, ["end_time"]),
        ({"start_time": "yesterday", "end_time": "2026-02-30T10:00:00Z"}, ["start_time", "end_time"]),
        ({"start_time": "2026-11-24"}, ["start_time"]),
        ({"start_time": "0001-01-01T00:00:00+14:00"}, ["start_time"]),
        ({"end_time": "9999-12-31T23:59:59-14:00"}, ["end_time"]),
        ({"start_time": "٢٠٢٦-11-24T12:30:00Z"}, ["start_time"]),
        ({"is_all_day": True}, ["start_time", "end_time"]),
        ({"is_all_day": "yes"}, ["is_all_day"]),
        ({"time_zone": "Mars/Olympus"}, ["time_zone"]),
        ({"time_zone": "../../etc/passwd"}, ["time_zone"]),
        ({"status": "cancelled"}, ["status"]),
        ({"availability": "maybe"}, ["availability"]),
        ({"recurrence": ["FREQ=DAILY"]}, ["recurrence"]),
        ({"recurrence": ["RRULE:FREQ=SECONDLY"]}, ["recurrence"]),
        ({"recurrence": "RRULE:FREQ=DAILY"}, ["recurrence"]),
        ({"calendar": "personal"}, ["calendar"]),
        ({"calendar": str(uuid4())}, ["calendar"]),
        ({"colour": 3}, ["colour"]),
    ],
)
def test_what_cannot_be_an_event_is_named_and_not_stored(
    api: Api, change: dict[str, Any], fields: list[str]
) -> None:
    assert_problem(api.send("POST", EVENTS, LUNCH | change), 422, "invalid", *fields)
    assert not CalendarEvent.objects.exists()


def test_missing_fields_are_all_named(api: Api) -> None:
    assert_problem(api.send("POST", EVENTS, {}), 422, "invalid", "title", "start_time", "end_time")


def test_a_body_that_is_no_object_is_refused(api: Api) -> None:
    for content in ([], "title", 5, None):
        assert api.send("POST", EVENTS, content).status_code == 422


# --- Reading -----------------------------------------------------------------------------------
def test_reading_what_is_known_answers_304(api: Api, alice: Any) -> None:
    path = f"{EVENTS}{make_event(alice).pk}/"
    tag = api.get(path)["ETag"]
    for known in (tag, f"W/{tag}", f'"0", {tag}', "*"):
        answer = api.send("GET", path, If_None_Match=known)
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    assert api.send("GET", path, If_None_Match='"0"').status_code == 200


def test_an_event_of_someone_else_is_not_there(api: Api, bob: Any) -> None:
    path = f"{EVENTS}{make_event(bob).pk}/"
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        content = {"PUT": LUNCH, "PATCH": {"title": "Mine"}}.get(method)
        assert_problem(api.send(method, path, content), 404, "not_found")
    assert CalendarEvent.objects.get().title == "Stand-up"


def test_a_deleted_event_is_not_there(api: Api, alice: Any) -> None:
    event = make_event(alice)
    services.delete_event(event=event, origin="web")
    assert_problem(api.get(f"{EVENTS}{event.pk}/"), 404, "not_found")


def test_an_id_that_is_no_uuid_is_not_there(api: Api) -> None:
    assert_problem(api.get(f"{EVENTS}1/"), 404, "not_found")


# --- Changing ----------------------------------------------------------------------------------
def test_patch_changes_only_what_it_names(api: Api, alice: Any) -> None:
    event = make_event(alice, description="Notes", location="Room 2", color=4, visibility="private")
    answer = api.send("PATCH", f"{EVENTS}{event.pk}/", {"title": "Retro"})
    assert answer.status_code == 200
    assert answer.json()["title"] == "Retro"
    after = CalendarEvent.objects.get()
    assert after.values == services.events.replace(event.values, title="Retro")
    assert after.revision > event.revision
    assert answer["ETag"] == f'"{after.revision}"'


def test_put_resets_what_it_leaves_out_but_not_what_it_cannot_say(api: Api, alice: Any) -> None:
    event = make_event(
        alice, description="Notes", location="Room 2", status="tentative", availability="free", color=4
    )
    answer = api.send("PUT", f"{EVENTS}{event.pk}/", LUNCH).json()
    assert (answer["title"], answer["description"], answer["location"]) == ("Lunch with Priya", "", "")
    assert (answer["status"], answer["availability"]) == ("confirmed", "busy")
    after = CalendarEvent.objects.get()
    assert (after.color, after.calendar_id) == (4, event.calendar_id)


def test_what_was_read_can_be_put_back_as_it_is(api: Api, alice: Any) -> None:
    for event in (make_event(alice, description="Notes"), make_event(alice, is_all_day=True)):
        path = f"{EVENTS}{event.pk}/"
        before = api.get(path).json()
        answer = api.send("PUT", path, before)
        assert (answer.status_code, answer.json()) == (200, before)


def test_put_needs_the_whole_event(api: Api, alice: Any) -> None:
    path = f"{EVENTS}{make_event(alice).pk}/"
    assert_problem(api.send("PUT", path, {"title": "Retro"}), 422, "invalid", "start_time", "end_time")


def test_a_patched_time_without_offset_is_read_in_the_events_own_zone(api: Api, alice: Any) -> None:
    event = make_event(alice, time_zone="Asia/Tokyo")
    answer = api.send("PATCH", f"{EVENTS}{event.pk}/", {"end_time": "2026-11-24T20:00"}).json()
    assert answer["end_time"] == "2026-11-24T20:00:00+09:00"


def test_a_timed_event_becomes_an_all_day_one_only_with_dates(api: Api, alice: Any) -> None:
    path = f"{EVENTS}{make_event(alice).pk}/"
    assert_problem(api.send("PATCH", path, {"is_all_day": True}), 422, "invalid", "start_time", "end_time")
    change = {"is_all_day": True, "start_time": "2026-11-24", "end_time": "2026-11-25"}
    assert api.send("PATCH", path, change).json()["start_time"] == "2026-11-24"
    assert_problem(api.send("PATCH", path, {"is_all_day": False}), 422, "invalid", "start_time", "end_time")


def test_an_empty_patch_changes_nothing(api: Api, alice: Any) -> None:
    event = make_event(alice)
    assert api.send("PATCH", f"{EVENTS}{event.pk}/", {}).json()["revision"] == event.revision
    assert event.revisions.count() == 1


def test_an_event_moves_to_another_own_calendar(api: Api, alice: Any, bob: Any) -> None:
    family = services.create_calendar(user=alice, name="Family")
    path = f"{EVENTS}{make_event(alice).pk}/"
    assert api.send("PATCH", path, {"calendar": str(family.pk)}).json()["calendar"] == str(family.pk)
    foreign = Calendar.objects.get(user=bob)
    assert_problem(api.send("PATCH", path, {"calendar": str(foreign.pk)}), 422, "invalid", "calendar")


def test_a_read_only_event_cannot_be_changed_or_deleted(api: Api, alice: Any) -> None:
    event = make_event(alice)
    CalendarEvent.objects.update(is_read_only=True, read_only_reason="Priya organises it.")
    path = f"{EVENTS}{event.pk}/"
    assert api.get(path).json()["read_only"] is True
    for method, content in (("PUT", LUNCH), ("PATCH", {"title": "Mine"}), ("DELETE", None)):
        answer = api.send(method, path, content)
        assert_problem(answer, 403, "read_only")
        assert answer.json()["message"] == "Priya organises it."


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_stale_revision_is_refused(api: Api, alice: Any, method: str) -> None:
    event = make_event(alice)
    path = f"{EVENTS}{event.pk}/"
    stale = api.get(path)["ETag"]
    current = api.send("PATCH", path, {"title": "Changed elsewhere"})["ETag"]
    content = {"PUT": LUNCH, "PATCH": {"title": "Mine"}}.get(method)
    for condition in (stale, f"W/{stale}", "nonsense", '""'):
        answer = api.send(method, path, content, If_Match=condition)
        assert_problem(answer, 412, "stale")
        assert answer["ETag"] == current
    assert CalendarEvent.objects.get().title == "Changed elsewhere"
    answer = api.send(method, path, content, If_Match=f'"7777", W/{current}')
    assert answer.status_code == (204 if method == "DELETE" else 200)


def test_the_weak_tag_of_a_compressed_answer_still_matches(api: Api, alice: Any) -> None:
    path = f"{EVENTS}{make_event(alice, description='long ' * 200).pk}/"
    answer = api.send("GET", path, Accept_Encoding="gzip")
    assert answer["ETag"].startswith("W/")
    assert api.send("PATCH", path, {"title": "Retro"}, If_Match=answer["ETag"]).status_code == 200


# --- Deleting ----------------------------------------------------------------------------------
def test_a_deleted_event_goes_to_the_trash(api: Api, alice: Any) -> None:
    event = make_event(alice)
    path = f"{EVENTS}{event.pk}/"
    answer = api.send("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert CalendarEvent.objects.get().is_deleted
    assert_problem(api.send("DELETE", path), 404, "not_found")


# --- Series ------------------------------------------------------------------------------------
def test_a_series_is_listed_as_its_occurrences(api: Api) -> None:
    series = api.send("POST", EVENTS, LUNCH | {"recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]}).json()
    assert (series["series"], series["original_start"]) == (None, None)
    found = items(api.get(EVENTS, WEEK))
    assert [item["start_time"] for item in found] == [f"2026-11-{day}T12:30:00+01:00" for day in (24, 25, 26)]
    assert [item["original_start"] for item in found] == [f"2026-11-{day}T11:30:00Z" for day in (24, 25, 26)]
    assert {item["id"] for item in found} == {item["series"] for item in found} == {series["id"]}


def test_a_series_keeps_its_wall_time_over_a_clock_change(api: Api) -> None:
    start = {"start_time": "2026-10-24T09:00", "end_time": "2026-10-24T10:00"}
    api.send("POST", EVENTS, {"title": "Run", "recurrence": ["RRULE:FREQ=DAILY;COUNT=2"], **start})
    found = items(api.get(EVENTS, {"start": "2026-10-24", "end": "2026-10-26"}))
    assert [item["start_time"] for item in found] == [
        "2026-10-24T09:00:00+02:00",
        "2026-10-25T09:00:00+01:00",
    ]


def test_expand_false_lists_series_as_they_are_written(api: Api, alice: Any) -> None:
    series = make_event(alice, recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    single = make_event(alice, start=datetime(2026, 12, 24, 17, tzinfo=UTC))
    found = items(api.get(EVENTS, {"expand": "false"}))
    assert {item["id"]: item["recurrence"] for item in found} == {
        str(series.pk): ["RRULE:FREQ=DAILY;COUNT=3"],
        str(single.pk): [],
    }
    in_week = items(api.get(EVENTS, WEEK | {"expand": "false"}))
    assert [item["id"] for item in in_week] == [str(series.pk)]


def test_a_window_far_beyond_what_is_stored_is_expanded_too(api: Api, alice: Any) -> None:
    make_event(alice, recurrence=("RRULE:FREQ=WEEKLY",))
    found = items(api.get(EVENTS, {"start": "2046-11-01", "end": "2046-12-01"}))
    assert [item["start_time"][:10] for item in found] == [f"2046-11-{day:02}" for day in (6, 13, 20, 27)]


def test_a_series_is_changed_and_deleted_as_a_whole(api: Api, alice: Any) -> None:
    path = f"{EVENTS}{make_event(alice, recurrence=('RRULE:FREQ=DAILY;COUNT=3',)).pk}/"
    assert api.send("PATCH", f"{path}?scope=all", {"title": "Retro"}).status_code == 200
    assert {item["title"] for item in items(api.get(EVENTS, WEEK))} == {"Retro"}
    assert api.send("DELETE", path).status_code == 204
    assert items(api.get(EVENTS, WEEK)) == []


def test_what_part_of_a_series_is_meant_must_be_clear(api: Api, alice: Any) -> None:
    series = f"{EVENTS}{make_event(alice, recurrence=('RRULE:FREQ=DAILY;COUNT=3',)).pk}/"
    key = "2026-11-25T09:00:00Z"
    assert_problem(api.send("DELETE", f"{series}?occurrence={key}"), 422, "invalid", "scope")
    assert_problem(api.send("DELETE", f"{series}?scope=some"), 422, "invalid", "scope")
    single = f"{EVENTS}{make_event(alice).pk}/"
    assert_problem(api.send("DELETE", f"{single}?occurrence={key}"), 422, "invalid", "occurrence")
    assert CalendarEvent.objects.live().count() == 2


# --- Windows -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-11-24T10:00:00+01:00", "2026-11-24T11:00:00+01:00", 1),
        ("2026-11-24T10:59:59+01:00", "2026-11-24T12:00:00+01:00", 1),
        ("2026-11-24T09:00:00+01:00", "2026-11-24T10:00:00+01:00", 0),
        ("2026-11-24T11:00:00+01:00", "2026-11-24T12:00:00+01:00", 0),
        ("2026-11-24", "2026-11-25", 1),
        ("2026-11-25", "2026-11-26", 0),
    ],
)
def test_the_window_is_half_open(api: Api, alice: Any, start: str, end: str, expected: int) -> None:
    make_event(alice)  # 10:00 to 11:00 in Berlin
    assert len(items(api.get(EVENTS, {"start": start, "end": end}))) == expected


def test_an_all_day_event_fills_its_days_in_the_persons_zone(api: Api, alice: Any) -> None:
    make_event(alice, is_all_day=True)  # 24 November, in Berlin 23:00Z to 23:00Z
    for start, end, expected in (
        ("2026-11-23T22:00:00Z", "2026-11-23T23:00:00Z", 0),
        ("2026-11-23T22:00:00Z", "2026-11-23T23:00:01Z", 1),
        ("2026-11-24T22:59:59Z", "2026-11-25T10:00:00Z", 1),
        ("2026-11-24T23:00:00Z", "2026-11-25T10:00:00Z", 0),
    ):
        assert len(items(api.get(EVENTS, {"start": start, "end": end}))) == expected, (start, end)


def test_an_offset_whose_plus_became_a_blank_is_understood(api: Api, alice: Any) -> None:
    make_event(alice)
    query = "?start=2026-11-24T10:00:00+01:00&end=2026-11-24T11:00:00+01:00"
    assert len(items(api.get(EVENTS + query))) == 1


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({}, ["start"]),
        ({"start": "2026-11-24"}, ["end"]),
        ({"end": "2026-11-24"}, ["start"]),
        ({"start": "2026-11-24", "end": "2026-11-24"}, ["end"]),
        ({"start": "2026-11-25", "end": "2026-11-24"}, ["end"]),
        ({"start": "2020-01-01", "end": "2026-01-01"}, ["end"]),
        ({"start": "soon", "end": "2026-02-30"}, ["start", "end"]),
        ({"start": "0001-01-01", "end": "0001-01-02"}, ["start", "end"]),
        (WEEK | {"limit": "0"}, ["limit"]),
        (WEEK | {"limit": "many"}, ["limit"]),
        (WEEK | {"cursor": "tomorrow"}, ["cursor"]),
        (WEEK | {"cursor": "é"}, ["cursor"]),
        ({"since": "-1"}, ["since"]),
        ({"since": "99999999999999999999"}, ["since"]),
        ({"since": "0", "cursor": "WzEsIDJd"}, ["cursor"]),
        (WEEK | {"expand": "perhaps"}, ["expand"]),
    ],
)
def test_a_query_that_makes_no_sense_is_explained(api: Api, query: dict[str, str], fields: list[str]) -> None:
    assert_problem(api.get(EVENTS, query), 422, "invalid", *fields)


def test_nobody_sees_the_events_of_others(api: Api, bob: Any) -> None:
    make_event(bob)
    for query in (WEEK, {"expand": "false"}, {"since": "0"}):
        assert items(api.get(EVENTS, query)) == []


# --- Pages -------------------------------------------------------------------------------------
def all_pages(api: Api, query: dict[str, str], limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    asked = query | {"limit": str(limit)}
    while True:
        page = api.get(EVENTS, asked).json()
        assert len(page["items"]) <= limit
        found += page["items"]
        if page["next"] is None:
            return found
        asked["cursor"] = page["next"]


@pytest.mark.parametrize("query", [WEEK, {"expand": "false"}, WEEK | {"expand": "false"}, {"since": "0"}])
@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_pages_neither_repeat_nor_skip(api: Api, alice: Any, query: dict[str, str], limit: int) -> None:
    for day in (24, 24, 25, 26):
        make_event(alice, start=datetime(2026, 11, day, 9, tzinfo=UTC))
    make_event(alice, recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    make_event(alice, is_all_day=True)
    found = all_pages(api, query, limit)
    assert found == items(api.get(EVENTS, query))
    names = [(item["id"], item["original_start"]) for item in found]
    assert len(names) == len(set(names)) == (8 if query == WEEK else 6)


def test_a_page_goes_on_where_it_stopped_although_events_come_and_go(api: Api, alice: Any) -> None:
    events = [make_event(alice, start=datetime(2026, 11, 24, hour, tzinfo=UTC)) for hour in (8, 9, 10)]
    first = api.get(EVENTS, WEEK | {"limit": "2"}).json()
    services.delete_event(event=events[0], origin="web")
    make_event(alice, start=datetime(2026, 11, 24, 7, tzinfo=UTC))
    second = api.get(EVENTS, WEEK | {"limit": "2", "cursor": first["next"]}).json()
    assert [item["id"] for item in second["items"]] == [str(events[2].pk)]
    assert second["next"] is None


# --- What changed ------------------------------------------------------------------------------
def test_since_tells_what_changed_and_what_is_gone(api: Api, alice: Any) -> None:
    kept, changed, deleted = (make_event(alice) for _ in range(3))
    revision = api.get(EVENTS, WEEK).json()["revision"]
    assert items(api.get(EVENTS, {"since": revision})) == []
    api.send("PATCH", f"{EVENTS}{changed.pk}/", {"title": "Retro"})
    services.delete_event(event=deleted, origin="web")
    deleted.refresh_from_db()
    answer = api.get(EVENTS, {"since": revision}).json()
    assert [item["id"] for item in answer["items"]] == [str(changed.pk), str(deleted.pk)]
    assert answer["items"][0]["title"] == "Retro"
    assert answer["items"][1] == {
        "id": str(deleted.pk),
        "status": "cancelled",
        "revision": deleted.revision,
        "series": None,
        "original_start": None,
    }
    assert items(api.get(EVENTS, {"since": answer["revision"]})) == []
    assert str(kept.pk) not in str(answer)


def test_an_unchanged_list_answers_304_until_something_changes(api: Api, alice: Any) -> None:
    make_event(alice)
    tag = api.get(EVENTS, WEEK)["ETag"]
    answer = api.get(EVENTS, WEEK, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert api.get(EVENTS, {"since": "0"}, headers={"If-None-Match": tag}).status_code == 200
    make_event(alice)
    assert api.get(EVENTS, WEEK, headers={"If-None-Match": tag}).status_code == 200


# --- Repeating ---------------------------------------------------------------------------------
def test_a_repeated_post_with_its_key_makes_no_second_event(api: Api) -> None:
    first = api.send("POST", EVENTS, LUNCH, Idempotency_Key="k-1")
    again = api.send("POST", EVENTS, LUNCH, Idempotency_Key="k-1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert (again["Location"], again["ETag"]) == (first["Location"], first["ETag"])
    assert CalendarEvent.objects.count() == 1
    api.send("POST", EVENTS, LUNCH, Idempotency_Key="k-2")
    assert CalendarEvent.objects.count() == 2


def test_a_key_belongs_to_one_body(api: Api) -> None:
    api.send("POST", EVENTS, LUNCH, Idempotency_Key="k-1")
    answer = api.send("POST", EVENTS, LUNCH | {"title": "Dinner"}, Idempotency_Key="k-1")
    assert_problem(answer, 422, "key_reused")
    assert CalendarEvent.objects.count() == 1


def test_a_key_belongs_to_one_person(api: Api, bob: Any) -> None:
    api.send("POST", EVENTS, LUNCH, Idempotency_Key="k-1")
    assert Api(bob).send("POST", EVENTS, LUNCH, Idempotency_Key="k-1").status_code == 201
    assert CalendarEvent.objects.count() == 2


def test_a_refused_request_does_not_use_its_key_up(api: Api) -> None:
    assert api.send("POST", EVENTS, LUNCH | {"title": ""}, Idempotency_Key="k-1").status_code == 422
    assert api.send("POST", EVENTS, LUNCH | {"title": " "}, Idempotency_Key="k-1").status_code == 422
    assert not IdempotentAnswer.objects.exists()
    assert api.send("POST", EVENTS, LUNCH, Idempotency_Key="k-1").status_code == 201


def test_a_key_must_be_short_and_printable(api: Api) -> None:
    for key in ("", "x" * 256, "é"):
        answer = api.send("POST", EVENTS, LUNCH, Idempotency_Key=key)
        assert_problem(answer, 422, "invalid", "Idempotency-Key")


def test_old_keys_are_forgotten(api: Api) -> None:
    api.send("POST", EVENTS, LUNCH, Idempotency_Key="old")
    IdempotentAnswer.objects.update(created_at=datetime.now(UTC) - timedelta(days=8))
    api.send("POST", EVENTS, LUNCH, Idempotency_Key="new")
    assert [answer.key for answer in IdempotentAnswer.objects.all()] == ["new"]


# --- Cost and notices --------------------------------------------------------------------------
@pytest.mark.parametrize("query", [WEEK, {"expand": "false"}, {"since": "0"}])
@pytest.mark.parametrize("rows", [1, 30])
def test_a_list_costs_the_same_number_of_queries(
    api: Api, alice: Any, django_assert_max_num_queries: Any, query: dict[str, str], rows: int
) -> None:
    family = services.create_calendar(user=alice, name="Family")
    for number in range(rows):
        make_event(alice, calendar=family if number % 2 else None, description="Notes")
    api.get(EVENTS, query)  # the token's first use is noted once a minute
    with django_assert_max_num_queries(5):
        assert len(items(api.get(EVENTS, query))) == rows


@pytest.mark.parametrize(
    ("method", "content"), [("POST", LUNCH), ("PUT", LUNCH), ("PATCH", {"title": "Retro"}), ("DELETE", None)]
)
def test_a_write_announces_exactly_one_change(
    api: Api, alice: Any, django_capture_on_commit_callbacks: Any, method: str, content: Any
) -> None:
    event = make_event(alice)
    heard: list[dict[str, Any]] = []

    def hear(sender: Any, **notice: Any) -> None:
        heard.append(notice)

    events_changed.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            path = EVENTS if method == "POST" else f"{EVENTS}{event.pk}/"
            api.send(method, path, content, Idempotency_Key="k-1")
    finally:
        events_changed.disconnect(hear)
    assert [(notice["user_id"], notice["calendar_id"], notice["origin"]) for notice in heard] == [
        (alice.pk, event.calendar_id, "api")
    ]
