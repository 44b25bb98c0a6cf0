"""Push channels: what arrives at the client's address."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.sandbox.client import SandboxControl
from tests.sandbox.conftest import NORA, Google, refusal, timed
from tests.sandbox.receiver import Receiver
from tests.servers import wait_for


def body(address: str, channel: str = "channel-1", **more: Any) -> dict[str, Any]:
    return {"id": channel, "type": "web_hook", "address": address, "token": "secret", **more}


def test_watch_sends_sync_first_and_then_every_change(
    google: Google, sandbox: SandboxControl, receiver: Receiver
) -> None:
    events = google().events()
    answer = events.watch(calendarId="primary", body=body(receiver.address)).execute()
    assert answer["kind"] == "api#channel" and answer["id"] == "channel-1"
    wait_for(lambda: receiver.states() == ["sync"], "the first message")
    events.insert(calendarId="primary", body=timed()).execute()
    wait_for(lambda: receiver.states() == ["sync", "exists"], "the notices")
    first, second = receiver.received
    assert second["x-goog-channel-id"] == "channel-1" and second["x-goog-channel-token"] == "secret"
    assert second["x-goog-resource-id"] == answer["resourceId"]
    assert second["x-goog-resource-uri"] == answer["resourceUri"]
    assert "GMT" in second["x-goog-channel-expiration"] and second["content-length"] == "0"
    assert int(second["x-goog-message-number"]) > int(first["x-goog-message-number"]) == 1
    notices = wait_for(lambda: len(sandbox.log("NOTICE")) == 2 and sandbox.log("NOTICE"), "both notices")
    assert [entry["status"] for entry in notices] == [204, 204] and "secret" not in str(notices)


def test_change_elsewhere_sends_nothing(google: Google, sandbox: SandboxControl, receiver: Receiver) -> None:
    events = google().events()
    second = sandbox.calendar(NORA)["id"]
    events.watch(calendarId="primary", body=body(receiver.address)).execute()
    events.insert(calendarId=second, body=timed()).execute()
    sandbox.notice("channel-1", state="exists")
    assert receiver.states() == ["sync", "exists"]


def test_calendar_list_can_be_watched(google: Google, sandbox: SandboxControl, receiver: Receiver) -> None:
    google().calendarList().watch(body=body(receiver.address)).execute()
    sandbox.calendar(NORA, "New")
    wait_for(lambda: "exists" in receiver.states(), "a notice")
    assert sandbox.channels()[0]["calendar"] is None


def test_stopped_channel_is_silent(google: Google, sandbox: SandboxControl, receiver: Receiver) -> None:
    service = google()
    answer = service.events().watch(calendarId="primary", body=body(receiver.address)).execute()
    wrong = {"id": "channel-1", "resourceId": "another"}
    assert refusal(service.channels().stop(body=wrong)) == (404, "notFound")
    service.channels().stop(body={"id": "channel-1", "resourceId": answer["resourceId"]}).execute()
    service.events().insert(calendarId="primary", body=timed()).execute()
    assert sandbox.channels() == [] and "exists" not in receiver.states()


def test_notices_can_be_dropped_doubled_replayed_and_forged(
    google: Google, sandbox: SandboxControl, receiver: Receiver
) -> None:
    events = google().events()
    events.watch(calendarId="primary", body=body(receiver.address)).execute()
    wait_for(lambda: receiver.states() == ["sync"], "the first message")
    sandbox.fault({"notice": "drop"}, method="NOTICE")
    events.insert(calendarId="primary", body=timed()).execute()
    assert [entry["fault"] for entry in sandbox.log("NOTICE")][-1] == "drop"
    sandbox.fault({"notice": "duplicate"}, method="NOTICE")
    events.insert(calendarId="primary", body=timed()).execute()
    wait_for(lambda: receiver.states() == ["sync", "exists", "exists"], "the notices")
    sandbox.notice("channel-1", count=3, headers={"X-Goog-Channel-Token": "forged", "X-Goog-Resource-ID": ""})
    assert len(receiver.received) == 6
    assert {message["x-goog-channel-token"] for message in receiver.received[3:]} == {"forged"}
    assert "x-goog-resource-id" not in receiver.received[-1]


def test_unreachable_address_delays_no_call(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    events.watch(calendarId="primary", body=body("http://127.0.0.1:9/hook/")).execute()
    events.watch(calendarId="primary", body=body("https://calendar.example.com/hook/", "channel-2")).execute()
    before = time.monotonic()
    events.insert(calendarId="primary", body=timed()).execute()
    assert time.monotonic() - before < 2
    refused = wait_for(lambda: len(sandbox.log("NOTICE")) == 2 and sandbox.log("NOTICE"), "both notices")
    assert [(entry["path"], entry["status"]) for entry in refused] == [("http://127.0.0.1:9/hook/", 0)] * 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": ""}, "channelIdInvalid"),
        ({"id": "x" * 65}, "channelIdInvalid"),
        ({"type": "pigeon"}, "channelUnknown"),
        ({"address": "http://calendar.example.com/"}, "push.webhookUrlNotHttps"),
        ({"token": "x" * 257}, "invalid"),
        ({"expiration": "1000"}, "channelExpired"),
        ({"expiration": "soon"}, "invalid"),
    ],
)
def test_bad_channel_is_refused(google: Google, change: dict[str, Any], reason: str) -> None:
    request = google().events().watch(calendarId="primary", body=body("https://a.example/") | change)
    assert refusal(request) == (400, reason)


def test_channel_id_is_used_once(google: Google) -> None:
    events = google().events()
    events.watch(calendarId="primary", body=body("https://a.example/")).execute()
    again = events.watch(calendarId="primary", body=body("https://a.example/"))
    assert refusal(again) == (400, "channelIdNotUnique")


def test_channel_lives_a_week_at_most(google: Google) -> None:
    events = google().events()
    now = time.time()

    def life(channel: str, **more: Any) -> float:
        answer = events.watch(
            calendarId="primary", body=body("https://a.example/", channel, **more)
        ).execute()
        return int(answer["expiration"]) / 1000 - now

    assert life("default") == pytest.approx(604_800, abs=60)
    assert life("long", params={"ttl": "9999999"}) == pytest.approx(604_800, abs=60)
    assert life("short", params={"ttl": "60"}) == pytest.approx(60, abs=30)


def test_holiday_calendar_cannot_be_watched(google: Google, sandbox: SandboxControl) -> None:
    events = google(seed=True).events()
    holidays = "en.german#holiday@group.v.calendar.google.com"
    assert events.list(calendarId=holidays).execute()["accessRole"] == "reader"
    request = events.watch(calendarId=holidays, body=body("https://a.example/"))
    assert refusal(request) == (400, "pushNotSupportedForRequestedResource")
