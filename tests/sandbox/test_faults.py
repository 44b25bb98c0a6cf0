"""Faults, the log and the clock."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest
from googleapiclient.errors import HttpError

from tests.sandbox.client import SandboxControl
from tests.sandbox.conftest import NORA, Google, matching, refusal, timed, weekly

EVENTS = "calendars/primary/events"


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("rateLimitExceeded", 403, "rateLimitExceeded"),
        ("tooManyRequests", 429, "rateLimitExceeded"),
        ("quotaExceeded", 403, "quotaExceeded"),
        ("fullSyncRequired", 410, "fullSyncRequired"),
        ("backendError", 503, "backendError"),
        ("accessNotConfigured", 403, "accessNotConfigured"),
    ],
)
def test_named_error_is_answered_and_nothing_is_processed(
    google: Google, sandbox: SandboxControl, name: str, status: int, reason: str
) -> None:
    events = google().events()
    sandbox.fault({"error": name}, method="POST")
    assert refusal(events.insert(calendarId="primary", body=timed())) == (status, reason)
    assert sandbox.events(NORA) == []
    events.insert(calendarId="primary", body=timed()).execute()


def test_own_answer_carries_body_and_headers(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    sandbox.fault({"status": 429, "body": "<html>busy</html>", "headers": {"Retry-After": "30"}})
    with pytest.raises(HttpError) as caught:
        events.list(calendarId="primary").execute()
    assert caught.value.resp["retry-after"] == "30" and caught.value.content == b"<html>busy</html>"


def test_fault_hits_only_what_it_matches(google: Google, sandbox: SandboxControl) -> None:
    nora, jonas = google().events(), google("jonas.hein@gmail.com").events()
    sandbox.fault({"error": "backendError"}, times=None, account=NORA, method="GET", path=f"{EVENTS}$")
    assert refusal(nora.list(calendarId="primary")) == (503, "backendError")
    assert jonas.list(calendarId="primary").execute()["items"] == []
    assert nora.insert(calendarId="primary", body=timed()).execute()
    assert refusal(nora.list(calendarId="primary")) == (503, "backendError")
    sandbox.clear_faults()
    assert len(nora.list(calendarId="primary").execute()["items"]) == 1


def test_fault_can_wait_for_the_second_page(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    sandbox.add_events(NORA, [timed() for _ in range(4)])
    sandbox.fault({"error": "fullSyncRequired"}, nth=2, path=f"{EVENTS}$", method="GET")
    page = events.list(calendarId="primary", maxResults=2).execute()
    again = events.list(calendarId="primary", maxResults=2, pageToken=page["nextPageToken"])
    assert refusal(again) == (410, "fullSyncRequired")
    assert len(again.execute()["items"]) == 2
    assert sandbox.faults()[0]["fired"] == 1


def test_fault_can_look_at_the_query(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    token = events.list(calendarId="primary").execute()["nextSyncToken"]
    sandbox.fault({"error": "fullSyncRequired"}, query="syncToken=")
    assert events.list(calendarId="primary").execute()["items"] == []
    assert refusal(events.list(calendarId="primary", syncToken=token)) == (410, "fullSyncRequired")


def test_connection_dropped_before_processing_leaves_nothing_behind(
    google: Google, sandbox: SandboxControl
) -> None:
    account = sandbox.account(NORA)
    sandbox.fault({"drop_before": True}, method="POST", path=f"{EVENTS}$")
    with pytest.raises(httpx.RemoteProtocolError):
        post(sandbox, account, timed())
    assert sandbox.events(NORA) == []
    assert [(entry["status"], entry["fault"]) for entry in sandbox.log("POST")] == [(0, "drop_before")]


def test_connection_dropped_after_processing_leaves_the_event_there(
    google: Google, sandbox: SandboxControl
) -> None:
    account = sandbox.account(NORA)
    sandbox.fault({"process_then_drop": True}, method="POST", path=f"{EVENTS}$")
    with pytest.raises(httpx.RemoteProtocolError):
        post(sandbox, account, timed(id="landed123"))
    assert [event["id"] for event in sandbox.events(NORA)] == ["landed123"]


def test_client_library_resends_by_itself_after_a_dropped_answer(
    google: Google, sandbox: SandboxControl
) -> None:
    """The reason for ids of one's own: the library's second POST is answered 409, not with a twin."""
    events = google().events()
    sandbox.fault({"process_then_drop": True}, method="POST", path=f"{EVENTS}$")
    assert refusal(events.insert(calendarId="primary", body=timed(id="landed123"))) == (409, "duplicate")
    assert [entry["status"] for entry in sandbox.log("POST")] == [200, 409]
    etag = sandbox.event(NORA, "landed123")["etag"]
    sandbox.fault({"process_then_drop": True}, method="PATCH")
    patch = events.patch(calendarId="primary", eventId="landed123", body={"summary": "New"})
    assert refusal(matching(patch, etag)) == (412, "conditionNotMet")
    sandbox.fault({"process_then_drop": True}, method="DELETE")
    assert refusal(events.delete(calendarId="primary", eventId="landed123")) == (410, "deleted")


def test_processed_call_can_end_in_silence(google: Google, sandbox: SandboxControl) -> None:
    sandbox.fault({"process_then_timeout": 1.5}, method="POST", path=f"{EVENTS}$")
    with pytest.raises((TimeoutError, socket.timeout)):
        google(timeout=0.3).events().insert(calendarId="primary", body=timed()).execute()
    assert len(sandbox.events(NORA)) == 1


def test_answer_can_be_cut_in_half(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    sandbox.fault({"truncated_json": True})
    # The library raises nothing: it hands out what it cannot parse as text.
    answer = events.list(calendarId="primary").execute()
    assert isinstance(answer, str | bytes) and len(answer) > 50


def test_answer_can_be_changed(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    sandbox.add_event(NORA, timed())
    sandbox.fault({"replace": {"items": []}})
    answer = events.list(calendarId="primary").execute()
    assert answer["items"] == [] and "nextSyncToken" in answer
    sandbox.fault({"append_items": [{"id": "extra", "status": "cancelled"}]})
    assert [item["id"] for item in events.list(calendarId="primary").execute()["items"]][1:] == ["extra"]


def test_call_can_be_slow(google: Google, sandbox: SandboxControl) -> None:
    sandbox.fault({"delay": 1.5})
    with pytest.raises((TimeoutError, socket.timeout)):
        google(timeout=0.3).events().list(calendarId="primary").execute()


def test_page_can_be_empty_and_still_not_the_last(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    sandbox.add_events(NORA, [timed(), timed()])
    sandbox.fault({"page_size": 0}, path=f"{EVENTS}$")
    empty = events.list(calendarId="primary").execute()
    assert empty["items"] == [] and "nextSyncToken" not in empty
    rest = events.list(calendarId="primary", pageToken=empty["nextPageToken"]).execute()
    assert len(rest["items"]) == 2 and "nextSyncToken" in rest


def test_clock_of_google_can_be_off(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    now = events.insert(calendarId="primary", body=timed()).execute()["updated"]
    sandbox.fault({"clock_offset": 7200}, times=None)
    later = events.insert(calendarId="primary", body=timed()).execute()["updated"]
    sandbox.clear_faults()
    sandbox.fault({"clock_offset": -7200}, times=None)
    earlier = events.insert(calendarId="primary", body=timed()).execute()["updated"]
    assert earlier[:13] < now[:13] < later[:13]


def test_quota_counts_cost_per_account_and_patch_costs_three(google: Google, sandbox: SandboxControl) -> None:
    events, other = google().events(), google("jonas.hein@gmail.com").events()
    made = events.insert(calendarId="primary", body=timed()).execute()
    sandbox.clear_log()
    sandbox.fault({"quota": 4}, times=None)
    events.patch(calendarId="primary", eventId=made["id"], body={"summary": "x"}).execute()
    events.list(calendarId="primary").execute()
    assert refusal(events.list(calendarId="primary")) == (403, "userRateLimitExceeded")
    assert other.list(calendarId="primary").execute()["items"] == []


def test_two_faults_answer_one_call_each(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    sandbox.fault({"error": "backendError"})
    sandbox.fault({"error": "internalError"})
    assert refusal(events.list(calendarId="primary")) == (503, "backendError")
    assert refusal(events.list(calendarId="primary")) == (500, "backendError")


def test_token_endpoint_can_fail_too(google: Google, sandbox: SandboxControl) -> None:
    account = sandbox.account(NORA)
    sandbox.fault({"status": 401, "body": {"error": "invalid_client"}}, path="^token$", account=NORA)
    data = {"grant_type": "refresh_token", "refresh_token": account["refresh_token"], "client_id": "c"}
    answer = httpx.post(sandbox.addresses["GOOGLE_TOKEN_URL"], data=data)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_log_tells_what_was_asked_and_no_secrets(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    made = events.insert(calendarId="primary", body=timed()).execute()
    patch = events.patch(calendarId="primary", eventId=made["id"], body={"summary": "x"}, sendUpdates="none")
    matching(patch, made["etag"]).execute()
    insert, patched = sandbox.log(path=EVENTS)
    assert (insert["method"], insert["status"], insert["account"]) == ("POST", 200, NORA)
    assert insert["body_keys"] == ["end", "start", "summary"] and insert["cost"] == 1
    assert (patched["if_match"], patched["cost"]) == (made["etag"], 3) and "sendUpdates=none" in patched[
        "query"
    ]
    assert patched["path"] == f"calendar/v3/{EVENTS}/{made['id']}" and patched["at"] >= insert["at"]
    sandbox.clear_log()
    assert sandbox.log() == []


def test_many_writers_lose_nothing_and_tokens_have_no_gaps(google: Google, sandbox: SandboxControl) -> None:
    from concurrent.futures import ThreadPoolExecutor

    account = sandbox.account(NORA)
    token = google().events().list(calendarId="primary").execute()["nextSyncToken"]

    def insert(number: int) -> int:
        return post(sandbox, account, timed(id=f"event{number:05d}")).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(insert, [*range(30), *range(30)]))
    assert sorted(statuses) == [200] * 30 + [409] * 30
    stored = sandbox.events(NORA)
    assert [event["change"] for event in stored] == list(range(1, 31))
    delta = google().events().list(calendarId="primary", syncToken=token).execute()["items"]
    assert len(delta) == 30


def test_split_of_the_first_instance_changes_the_whole_series(
    google: Google, sandbox: SandboxControl
) -> None:
    google()
    master = sandbox.add_event(NORA, weekly())
    changed = sandbox.split_series(NORA, master["id"], "20261201T090000Z", {"summary": "All"})
    assert (changed["id"], changed["summary"]) == (master["id"], "All") and len(sandbox.events(NORA)) == 1


def post(sandbox: SandboxControl, account: dict[str, Any], body: dict[str, Any]) -> httpx.Response:
    """An insert without the client library, which would send it again by itself."""
    return httpx.post(
        f"{sandbox.addresses['GOOGLE_CALENDAR_ENDPOINT']}{EVENTS}",
        json=body,
        headers={"Authorization": f"Bearer {account['access_token']}"},
        timeout=20,
    )
