from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from scheduling.models import ApiToken, CalendarEvent
from tests.make import make_event
from tests.scheduling.test_api_events import EVENTS, LUNCH, WEEK, Api, assert_problem

API = "/appointment/api/"


@pytest.fixture
def api(alice: Any) -> Api:
    return Api(alice)


# --- Tokens ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer nonsense",
        "Bearer apt_nonsense",
        "Bearer apt_\ud7ff",
        "Basic YTpi",
        "Token x",
    ],
)
def test_without_a_known_token_nothing_is_told(alice: Any, header: str | None) -> None:
    make_event(alice)
    for path in (EVENTS, f"{API}calendars/", f"{API}profile/", f"{API}slots/"):
        answer = Client().get(path, headers={} if header is None else {"authorization": header})
        assert_problem(answer, 401, "unauthorized")
        assert answer["WWW-Authenticate"] == "Bearer"


def test_a_wrong_token_is_not_saved_by_a_session(alice: Any) -> None:
    client = Client(headers={"authorization": "Bearer apt_wrong"})
    client.force_login(alice)
    assert_problem(client.get(EVENTS, WEEK), 401, "unauthorized")


def test_an_expired_token_is_refused(api: Api) -> None:
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    assert api.get(EVENTS, WEEK).status_code == 200
    ApiToken.objects.update(expires_at=timezone.now())
    assert_problem(api.get(EVENTS, WEEK), 401, "unauthorized")


def test_the_token_of_a_blocked_person_is_refused(api: Api, alice: Any) -> None:
    alice.is_active = False
    alice.save()
    assert_problem(api.get(EVENTS, WEEK), 401, "unauthorized")


def test_a_token_for_reading_cannot_write(alice: Any) -> None:
    event = make_event(alice)
    api = Api(alice, scope="read")
    assert api.get(EVENTS, WEEK).status_code == 200
    path = f"{EVENTS}{event.pk}/"
    for method, target in (("POST", EVENTS), ("PUT", path), ("PATCH", path), ("DELETE", path)):
        assert_problem(api.send(method, target, LUNCH), 403, "insufficient_scope")
    assert CalendarEvent.objects.get().title == "Stand-up"


def test_the_use_of_a_token_is_noted(api: Api) -> None:
    assert ApiToken.objects.get().last_used_at is None
    api.get(EVENTS, WEEK)
    assert ApiToken.objects.get().last_used_at is not None


# --- Sessions ----------------------------------------------------------------------------------
def test_a_signed_in_browser_reads_and_writes_with_its_csrf_token(alice: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert browser.get(EVENTS, WEEK).status_code == 200
    browser.cookies["csrftoken"] = "x" * 32
    answer = browser.post(
        EVENTS, json.dumps(LUNCH), content_type="application/json", headers={"x-csrftoken": "x" * 32}
    )
    assert answer.status_code == 201, answer.content


@pytest.mark.parametrize("headers", [{}, {"x-csrftoken": "y" * 32}])
def test_a_session_without_its_csrf_token_cannot_write(alice: Any, headers: dict[str, str]) -> None:
    event = make_event(alice)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    browser.cookies["csrftoken"] = "x" * 32
    path = f"{EVENTS}{event.pk}/"
    for method, target in (("POST", EVENTS), ("PUT", path), ("PATCH", path), ("DELETE", path)):
        answer = browser.generic(
            method, target, json.dumps(LUNCH), content_type="application/json", headers=headers
        )
        assert_problem(answer, 403, "csrf")
    assert CalendarEvent.objects.get().title == "Stand-up"


def test_a_form_on_another_site_cannot_write(alice: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = browser.generic("POST", EVENTS, json.dumps(LUNCH), content_type=kind)
        assert_problem(answer, 415, "unsupported_media_type")
    assert not CalendarEvent.objects.exists()


def test_a_token_needs_no_csrf_token(alice: Any) -> None:
    api = Api(alice)
    api.handler.enforce_csrf_checks = True
    assert api.send("POST", EVENTS, LUNCH).status_code == 201


# --- Rates -------------------------------------------------------------------------------------
def test_every_answer_says_how_many_requests_are_left(api: Api, settings: Any) -> None:
    settings.API_RATE_PER_MINUTE = 3
    for left in ("2", "1"):
        answer = api.get(EVENTS, WEEK)
        assert (answer["RateLimit-Limit"], answer["RateLimit-Remaining"]) == ("3", left)
        assert 0 < int(answer["RateLimit-Reset"]) <= 60


def test_one_request_too_many_is_refused_with_the_time_to_wait(
    api: Api, alice: Any, bob: Any, settings: Any, time_machine: Any
) -> None:
    time_machine.move_to("2026-11-24T09:00:15Z", tick=False)
    settings.API_RATE_PER_MINUTE = 2
    other = Api(bob)
    for _ in range(2):
        assert api.get(EVENTS, WEEK).status_code == 200
    answer = api.send("POST", EVENTS, LUNCH)
    assert_problem(answer, 429, "too_many_requests")
    assert (answer["Retry-After"], answer["RateLimit-Remaining"]) == ("45", "0")
    assert not CalendarEvent.objects.exists()
    assert other.get(EVENTS, WEEK).status_code == 200
    time_machine.move_to("2026-11-24T09:01:00Z")
    assert api.get(EVENTS, WEEK).status_code == 200


# --- Requests that cannot be read --------------------------------------------------------------
@pytest.mark.parametrize(
    "body", ["{", "nope", '{"title": NaN}', "[" * 100_000, "9" * 5_000, '{"title": "\\', "\x00", "\ufeff{}"]
)
def test_a_body_that_is_no_json_is_malformed(api: Api, body: str) -> None:
    assert_problem(api.generic("POST", EVENTS, body, content_type="application/json"), 400, "malformed")


def test_a_body_in_another_encoding_is_malformed(api: Api) -> None:
    body = json.dumps(LUNCH).encode("utf-16")
    assert_problem(api.generic("POST", EVENTS, body, content_type="application/json"), 400, "malformed")


def test_an_overlarge_body_is_refused(api: Api) -> None:
    for size in (1024 * 1024 + 1, 12 * 1024 * 1024):
        answer = api.generic("POST", EVENTS, b" " * size, content_type="application/json")
        assert_problem(answer, 413, "too_large")


def test_a_wrong_method_is_named(api: Api) -> None:
    answer = api.put(EVENTS)
    assert_problem(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "GET, POST"


@pytest.mark.parametrize("path", ["nothing/", "events", "events/x/", "calendars/1/"])
def test_an_unknown_address_answers_in_the_same_form(api: Api, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert_problem(api.send(method, f"{API}{path}"), 404, "not_found")


def test_our_own_failure_answers_in_the_same_form(api: Api, alice: Any, caplog: Any) -> None:
    make_event(alice)
    CalendarEvent.objects.update(time_zone="Mars/Olympus")
    with caplog.at_level("ERROR"):
        answer = api.get(EVENTS, {"expand": "false"})
    assert_problem(answer, 500, "server_error")
    assert "Mars" not in answer.content.decode()
    assert "Mars" in caplog.text


def test_answers_are_private_and_vary_by_who_asks(api: Api) -> None:
    answer = api.get(EVENTS, WEEK)
    assert answer["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(re.split(r", *", answer["Vary"]))


# --- Documentation -----------------------------------------------------------------------------
def test_the_openapi_document_tells_limits_failures_and_security(client: Client, db: None) -> None:
    document = client.get(f"{API}openapi.json").json()
    assert document["openapi"] == "3.1.0"
    event = document["components"]["schemas"]["EventIn"]
    assert event["additionalProperties"] is False
    assert event["properties"]["title"]["maxLength"] == 200
    assert event["required"] == ["title", "start_time", "end_time"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert {"429", "500"} <= set(operation["responses"]), (method, path)
            if path.startswith(f"{API}public/"):
                assert "security" not in operation and "401" not in operation["responses"]
                continue
            assert "401" in operation["responses"], (method, path)
            assert operation["security"] == [{"BearerToken": []}, {"SessionCookie": []}]
    assert {path.removeprefix(API) for path in document["paths"]} == {
        "availability/",
        "bookings/",
        "calendars/",
        "events/",
        "events/{event_id}/",
        "import/",
        "import/{import_id}/",
        "overrides/",
        "overrides/{override_id}/",
        "profile/",
        "public/{handle}/{name}/bookings/",
        "public/{handle}/{name}/slots/",
        "slots/",
        "types/",
        "types/{type_id}/",
    }


def test_the_reference_page_describes_every_operation_without_a_script(client: Client, db: None) -> None:
    page = client.get(f"{API}docs")
    text = page.content.decode()
    operations = [
        operation["operationId"]
        for methods in client.get(f"{API}openapi.json").json()["paths"].values()
        for operation in methods.values()
    ]
    assert len(operations) == 26
    for name in operations:
        assert f'id="{name}"' in text
    assert "<script" not in text.replace("theme.js", "").split("<body")[1]
    assert " style=" not in text


def test_the_root_leads_to_the_reference(client: Client, db: None) -> None:
    assert client.get(API)["Location"] == f"{API}docs"
