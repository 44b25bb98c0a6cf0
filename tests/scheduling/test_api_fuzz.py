"""Whatever is sent, the API answers in its own form and never fails itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling.models import CalendarEvent, UserProfile
from tests.make import make_event
from tests.scheduling.test_api_events import EVENTS, Api

fuzzed = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

moments = st.one_of(
    st.sampled_from(
        [
            "2026-11-24",
            "2026-11-24T09:00",
            "2026-11-24T09:00:00Z",
            "1900-01-01T00:00:00+23:59",
            "2199-12-31T23:59:59-23:59",
        ]
        + [
            "0000-00-00",
            "9999-12-31",
            "2026-02-30T25:61:00Z",
            "2026-11-24T09:00:00+99:99",
            "2026-11-24T09:00 0100",
        ]
    ),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
    st.dates().map(lambda day: day.isoformat()),
    st.text(max_size=45),
)
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | moments,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
rules = st.one_of(
    st.sampled_from(
        [
            "RRULE:FREQ=DAILY",
            "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "RRULE:FREQ=WEEKLY;BYDAY=MO,XX",
            "RRULE:FREQ=MONTHLY;BYSETPOS=-1;BYDAY=FR;COUNT=99999999",
            "RRULE:FREQ=DAILY;INTERVAL=0",
            "RRULE:FREQ=DAILY;UNTIL=00000000",
            "RRULE:FREQ=DAILY;COUNT=-1",
            "RDATE:20261124T090000Z,99991231T235959Z,00010101T000000Z",
            "EXDATE;TZID=Mars/Olympus:20261124T090000",
            "EXDATE;VALUE=DATE:20261124",
            "RRULE:",
            ":",
        ]
    ),
    st.text(max_size=30).map(lambda text: f"RRULE:FREQ={text}"),
    st.text(max_size=30),
)
likely = st.fixed_dictionaries(
    {},
    optional={
        "title": st.text(max_size=210) | anything,
        "description": st.text(max_size=30) | anything,
        "location": st.text(max_size=30) | anything,
        "start_time": moments | anything,
        "end_time": moments | anything,
        "is_all_day": st.booleans() | anything,
        "time_zone": st.sampled_from(["Europe/Berlin", "Africa/Monrovia", "", "UTC", "Europe", "/etc"])
        | anything,
        "recurrence": st.lists(rules, max_size=3) | anything,
        "status": st.sampled_from(["confirmed", "tentative", "cancelled"]) | anything,
        "availability": st.sampled_from(["busy", "free"]) | anything,
        "calendar": anything,
        "id": anything,
        "unknown": anything,
    },
)
valid_with_odd_times = st.fixed_dictionaries(
    {"title": st.text(min_size=1, max_size=200), "start_time": moments, "end_time": moments},
    optional={
        "is_all_day": st.booleans(),
        "time_zone": st.sampled_from(["Europe/Berlin", "Africa/Monrovia", "Pacific/Apia", "UTC"]),
        "recurrence": st.lists(rules, max_size=2),
    },
)
queries = st.fixed_dictionaries(
    {},
    optional={
        "start": moments,
        "end": moments,
        "since": st.integers().map(str) | st.text(max_size=10),
        "limit": st.integers().map(str) | st.text(max_size=10),
        "cursor": st.text(max_size=60)
        | st.sampled_from(["WzEsMl0", "WyJhIiwiYiIsImMiXQ", "W1tdXQ", "e30", "WzFlOTk5LDFd", "WzFlNTk0LDFd"]),
        "expand": st.sampled_from(["true", "false", "0", "maybe"]),
    },
)


@pytest.fixture
def api(alice: Any) -> Api:
    return Api(alice)


def start_afresh() -> None:
    """All examples of a test share one transaction."""
    cache.clear()
    CalendarEvent.objects.all().delete()


def assert_in_form(answer: Any) -> None:
    assert answer.status_code < 500, answer.content
    content = answer.json() if answer.content else {}
    if answer.status_code >= 400:
        assert set(content) == {"error", "message", "fields"}
        assert all(isinstance(text, str) for text in content["fields"].values())


def look_at_everything(api: Api) -> None:
    for query in ({"start": "2026-01-01", "end": "2027-12-31"}, {"expand": "false"}, {"since": "0"}):
        assert api.get(EVENTS, query).status_code == 200


@fuzzed
@given(content=likely | anything | valid_with_odd_times)
def test_any_body_is_taken_or_refused_in_form(api: Api, content: Any) -> None:
    start_afresh()
    answer = api.send("POST", EVENTS, content)
    assert_in_form(answer)
    if answer.status_code == 201:
        path = answer["Location"]
        assert api.get(path).json() == answer.json()
        assert api.send("PUT", path, answer.json()).json() == answer.json()
        look_at_everything(api)
        api.delete(path)


@fuzzed
@given(content=likely | anything)
def test_any_change_is_taken_or_refused_in_form(api: Api, alice: Any, content: Any) -> None:
    start_afresh()
    event = make_event(alice, recurrence=("RRULE:FREQ=WEEKLY;COUNT=4",))
    for method in ("PATCH", "PUT"):
        assert_in_form(api.send(method, f"{EVENTS}{event.pk}/", content))
    look_at_everything(api)


@fuzzed
@given(query=queries)
def test_any_query_is_answered_in_form(api: Api, alice: Any, query: dict[str, str]) -> None:
    start_afresh()
    make_event(alice, recurrence=("RRULE:FREQ=WEEKLY",))
    assert_in_form(api.get(EVENTS, query))


@fuzzed
@given(
    headers=st.dictionaries(
        st.sampled_from(["If-Match", "If-None-Match", "Idempotency-Key", "Content-Type", "Authorization"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=300),
    ),
    body=st.binary(max_size=40),
)
def test_any_header_and_any_bytes_are_answered_in_form(
    api: Api, alice: Any, headers: dict[str, str], body: bytes
) -> None:
    start_afresh()
    path = f"{EVENTS}{make_event(alice).pk}/"
    for method, target in (("POST", EVENTS), ("PATCH", path), ("GET", path), ("DELETE", path)):
        kind = headers.get("Content-Type", "application/json")
        assert_in_form(api.generic(method, target, body, content_type=kind, headers=headers))


@fuzzed
@given(
    content=anything
    | st.dictionaries(
        st.sampled_from([field.name for field in UserProfile._meta.fields]),
        anything,
        max_size=4,
    )
)
def test_any_profile_is_taken_or_refused_in_form(api: Api, content: Any) -> None:
    start_afresh()
    assert_in_form(api.send("PATCH", "/appointment/api/profile/", content))
    assert_in_form(api.send("PUT", "/appointment/api/slots/", content))
    assert api.get("/appointment/api/profile/").status_code == 200


def test_numbers_of_any_size_are_only_text(api: Api) -> None:
    body = json.dumps({"title": "x", "start_time": 10**400, "end_time": 1e308})
    assert_in_form(api.generic("POST", EVENTS, body, content_type="application/json"))
