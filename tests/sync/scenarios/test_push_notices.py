"""Push channels and notices (google-sync.md, section 3: 82, 83, 85, 86, 88), against the sandbox Google over HTTP.

The receiver takes what the sandbox sends; a test hands it on to the product's webhook when it likes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from types import FrameType
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from scheduling.models import CalendarEvent
from sync.connection import disable_calendar, disconnect, enable_calendar
from sync.core.remote import Tokens
from sync.engine import run_account
from sync.lease import take_lease
from sync.models import CalendarLink, GoogleAccount, WatchChannel
from sync.provider import connect
from sync.pull import pull
from sync.tasks import enqueue_due_accounts
from tests.sandbox.receiver import Receiver
from tests.servers import wait_for
from tests.sync.google_side import GoogleSide
from tests.sync.test_engine import titles

pytestmark = pytest.mark.django_db

Headers = dict[str, str]
WEBHOOK = "/sync/google/webhook/"


@pytest.fixture
def pushed(settings: Any, receiver: Receiver, account: GoogleAccount) -> GoogleAccount:
    """Alice's connection where Google can reach us: read once, its channel active."""
    settings.GOOGLE_WEBHOOK_URL = receiver.address
    go(account)
    deliver_next(receiver)
    assert channel().state == WatchChannel.State.ACTIVE
    CalendarLink.objects.update(next_poll_at=timezone.now())
    go(account)  # from now on it is known that notices arrive
    return account


def go(account: GoogleAccount) -> None:
    """The worker's next run of this account, whenever it is due."""
    assert run_account(account.pk).error == ""


def channel() -> WatchChannel:
    return WatchChannel.objects.latest("created_at")


def link() -> CalendarLink:
    return CalendarLink.objects.get(is_primary=True)


def post(headers: Headers, **over: str) -> int:
    """What the webhook answers to a notice with these headers."""
    merged = {**headers, **over}
    return Client(enforce_csrf_checks=True).post(WEBHOOK, headers=merged).status_code


def next_notice(receiver: Receiver) -> Headers:
    """The oldest notice that Google sent and nobody delivered yet."""
    wait_for(lambda: receiver.received, "a notice")
    return {name: value for name, value in receiver.received.pop(0).items() if name.startswith("x-goog")}


def deliver_next(receiver: Receiver) -> Headers:
    headers = next_notice(receiver)
    assert post(headers) == 204
    return headers


def list_calls(google: GoogleSide) -> int:
    return len(google.log("GET", "/events"))


def test_a_change_in_google_is_told_fetched_once_and_nothing_is_asked_in_between(
    alice: Any, google: GoogleSide, pushed: GoogleAccount, receiver: Receiver
) -> None:
    assert link().next_poll_at > timezone.now() + timedelta(minutes=20)
    google.clear_log()
    google.add(summary="Told")
    assert OrmQ.objects.count() == 0
    deliver_next(receiver)
    assert OrmQ.objects.count() == 1
    go(pushed)
    assert titles(alice) == ["Told"] and list_calls(google) == 1
    go(pushed)
    assert enqueue_due_accounts() == 0 and list_calls(google) == 1


def test_a_notice_while_the_account_pauses_after_a_fault_queues_no_run_that_would_do_nothing(
    google: GoogleSide, pushed: GoogleAccount, receiver: Receiver
) -> None:
    pause = timezone.now() + timedelta(minutes=5)
    GoogleAccount.objects.update(backoff_until=pause, next_run_at=pause)
    google.add(summary="Told")
    deliver_next(receiver)
    assert OrmQ.objects.count() == 0 and enqueue_due_accounts() == 0
    GoogleAccount.objects.update(backoff_until=timezone.now())
    assert enqueue_due_accounts() == 1  # the notice is not forgotten


def test_scenario_82_one_notice_replayed_a_thousand_times_is_one_queued_run_and_at_most_two_lists(
    google: GoogleSide, pushed: GoogleAccount, receiver: Receiver
) -> None:
    google.clear_log()
    google.add()
    headers = deliver_next(receiver)
    with CaptureQueriesContext(connection) as captured:
        assert {post(headers) for _ in range(999)} == {204}
    assert OrmQ.objects.count() == 1
    assert [query for query in captured if not query["sql"].startswith("SELECT")] == []
    go(pushed)
    assert {post(headers) for _ in range(50)} == {204}
    go(pushed)
    assert list_calls(google) == 1


def test_a_flood_of_a_thousand_different_notices_is_one_queued_run_and_at_most_two_lists(
    google: GoogleSide, pushed: GoogleAccount, receiver: Receiver
) -> None:
    """S-15, from somebody who knows the secret."""
    google.clear_log()
    google.add()
    headers = deliver_next(receiver)
    first = int(headers["x-goog-message-number"])
    with time_machine.travel(
        timezone.now(), tick=False
    ):  # however slow the machine is, they come all at once
        for number in range(1, 1001):
            assert post(headers, **{"x-goog-message-number": str(first + number)}) == 204
            if number in (20, 500, 700):  # the worker at work meanwhile
                assert OrmQ.objects.count() <= 1
                OrmQ.objects.all().delete()
                run_account(pushed.pk)
    assert OrmQ.objects.count() <= 1 and list_calls(google) <= 2
    # What came last is fetched when the rest is over.
    assert link().notify_sequence > link().pulled_sequence
    assert GoogleAccount.objects.get().next_run_at <= link().quiet_until + timedelta(seconds=1)
    CalendarLink.objects.update(quiet_until=timezone.now())
    go(pushed)
    assert link().notify_sequence == link().pulled_sequence and list_calls(google) <= 2


def test_scenario_83_a_notice_that_is_not_googles_gets_404_and_leaves_no_trace(
    google: GoogleSide, pushed: GoogleAccount, receiver: Receiver
) -> None:
    google.add()
    right = next_notice(receiver)
    before = (link().notify_sequence, channel().message_number)
    wrong: list[Headers] = [
        {**right, "x-goog-channel-token": "guess"},
        {**right, "x-goog-channel-id": str(uuid4())},
        {**right, "x-goog-channel-id": "no id"},
        {**right, "x-goog-channel-id": "\x00" * 300},
        {**right, "x-goog-resource-id": "resource-of-another"},
        {**right, "x-goog-channel-token": ""},
        {name: value for name, value in right.items() if "token" not in name},
        {name: value for name, value in right.items() if "channel-id" not in name},
        {name: value for name, value in right.items() if "resource-id" not in name},
        {},
    ]
    with CaptureQueriesContext(connection) as captured:
        assert {post(headers) for headers in wrong} == {404}
    assert [query["sql"] for query in captured if not query["sql"].startswith("SELECT")] == []
    client = Client()
    answers = [client.get(WEBHOOK), client.put(WEBHOOK), client.delete(WEBHOOK), client.head(WEBHOOK)]
    assert {answer.status_code for answer in answers} == {405}
    assert OrmQ.objects.count() == 0 and (link().notify_sequence, channel().message_number) == before
    assert post(right) == 204


def test_scenario_83_an_expired_channel_is_ignored(
    google: GoogleSide, pushed: GoogleAccount, receiver: Receiver
) -> None:
    google.add()
    headers = next_notice(receiver)
    WatchChannel.objects.update(expires_at=timezone.now())
    assert post(headers) == 404 and OrmQ.objects.count() == 0


def test_where_nothing_is_pushed_a_run_deletes_nothing(google: GoogleSide, account: GoogleAccount) -> None:
    assert run_account(account.pk).is_ok
    with CaptureQueriesContext(connection) as queries:
        assert run_account(account.pk).is_ok
    assert not [query["sql"] for query in queries if query["sql"].startswith("DELETE")]


def test_scenario_83_a_wrong_secret_costs_the_same_work_as_an_unknown_channel(
    pushed: GoogleAccount, google: GoogleSide, receiver: Receiver
) -> None:
    google.add()
    right = next_notice(receiver)

    def work(headers: Headers) -> tuple[list[str], int]:
        """The statements, and how many secrets were digested."""
        digested = 0

        def count(frame: FrameType, event: str, argument: Any) -> None:
            nonlocal digested
            digested += event == "call" and frame.f_code is WatchChannel.digest_of.__code__

        with CaptureQueriesContext(connection) as queries:
            sys.setprofile(count)
            status = post(headers)
            sys.setprofile(None)
        assert status == 404
        return [query["sql"].split("WHERE")[0] for query in queries], digested

    wrong = work({**right, "x-goog-channel-token": "x" * 43})
    assert wrong == work({**right, "x-goog-channel-id": str(uuid4())})
    assert len(wrong[0]) == wrong[1] == 1


def test_the_body_of_a_notice_is_not_read_and_the_answer_waits_for_no_google(
    google: GoogleSide, pushed: GoogleAccount, receiver: Receiver
) -> None:
    google.add()
    headers = next_notice(receiver)
    google.clear_log()
    answer = Client().post(WEBHOOK, b"{" * 100_000, content_type="application/json", headers=headers)
    assert answer.status_code == 204 and answer.content == b"" and not answer.cookies
    assert [call for call in google.log() if call["method"] != "NOTICE"] == []


def test_scenario_85_the_first_message_may_come_before_the_answer_or_without_one(
    alice: Any, google: GoogleSide, account: GoogleAccount, receiver: Receiver, settings: Any
) -> None:
    settings.GOOGLE_WEBHOOK_URL = receiver.address
    google.fault({"method": "POST", "path": "/watch"}, {"process_then_drop": True})
    go(account)
    waiting = WatchChannel.objects.get()
    assert (waiting.state, waiting.resource_id, waiting.expires_at) == ("pending", "", None)
    assert link().next_poll_at < timezone.now() + timedelta(minutes=10)  # nothing has arrived: it is polled
    headers = deliver_next(receiver)
    assert headers["x-goog-resource-state"] == "sync" and OrmQ.objects.count() == 0
    active = WatchChannel.objects.get()
    assert active.state == "active" and active.resource_id == headers["x-goog-resource-id"]
    assert active.expires_at > timezone.now() + timedelta(days=6)
    google.add(summary="After")
    deliver_next(receiver)
    CalendarLink.objects.update(next_watch_at=timezone.now())  # the retry finds that nothing is missing
    go(account)
    assert titles(alice) == ["After"] and WatchChannel.objects.get().pk == active.pk
    assert len(google.control.channels()) == 1


def test_scenario_86_a_channel_near_its_end_is_replaced_before_it_is_stopped(
    alice: Any, google: GoogleSide, pushed: GoogleAccount, receiver: Receiver
) -> None:
    old = channel()
    day = timedelta(hours=24)
    assert old.expires_at - 1.1 * day - timedelta(hours=1) < link().next_watch_at < old.expires_at - 0.9 * day
    WatchChannel.objects.update(created_at=timezone.now() - 6 * day, expires_at=timezone.now() + day / 2)
    CalendarLink.objects.update(next_watch_at=timezone.now())
    google.clear_log()
    google.add(summary="In between")
    in_between = next_notice(receiver)
    go(pushed)
    new = channel()
    assert new.pk != old.pk and titles(alice) == ["In between"]
    assert len(google.control.channels()) == 2  # nothing has come through the new one yet
    assert post(in_between) == 204  # the old one still counts
    deliver_next(receiver)
    assert channel().state == WatchChannel.State.ACTIVE
    google.add(summary="Told twice")
    assert {deliver_next(receiver)["x-goog-channel-id"] for _ in range(2)} == {str(old.pk), str(new.pk)}
    go(pushed)
    assert titles(alice) == ["In between", "Told twice"]
    assert CalendarEvent.objects.count() == 2
    assert [entry["id"] for entry in google.control.channels()] == [str(new.pk)]
    assert list(WatchChannel.objects.all()) == [new]
    order = [(call["method"], call["path"].rsplit("/", 1)[-1]) for call in google.log()]
    calls = [name for method, name in order if method != "NOTICE"]
    assert calls == ["watch", "events", "events", "stop"]


UNSUPPORTED = {"reason": "pushNotSupportedForRequestedResource", "message": "Push is not supported here."}


@pytest.mark.parametrize(
    "refusal",
    [
        {"status": 400, "body": {"error": {"code": 400, "message": "No.", "errors": [UNSUPPORTED]}}},
        {"error": "notFound"},
    ],
)
def test_scenario_88_a_calendar_that_cannot_be_watched_is_polled_without_a_loop(
    alice: Any,
    google: GoogleSide,
    account: GoogleAccount,
    receiver: Receiver,
    settings: Any,
    refusal: dict[str, Any],
) -> None:
    settings.GOOGLE_WEBHOOK_URL = receiver.address
    google.fault({"method": "POST", "path": "/watch"}, refusal, times=None)
    google.add(summary="Polled")
    for _ in range(3):
        go(account)
        CalendarLink.objects.update(next_poll_at=timezone.now())
    assert titles(alice) == ["Polled"]
    assert len(google.log("POST", "/watch")) == 1 and WatchChannel.objects.count() == 0
    found = GoogleAccount.objects.get()
    assert (found.last_error, found.backoff_level) == ("", 0)
    assert link().next_watch_at > timezone.now() + timedelta(hours=20)


def test_a_webhook_address_that_google_refuses_costs_no_connection(
    alice: Any, google: GoogleSide, account: GoogleAccount, receiver: Receiver, settings: Any
) -> None:
    settings.GOOGLE_WEBHOOK_URL = receiver.address
    reason = {"reason": "push.webhookUrlUnauthorized", "message": "Unauthorized WebHook callback channel"}
    body = {"error": {"code": 401, "message": reason["message"], "errors": [reason]}}
    google.fault({"method": "POST", "path": "/watch"}, {"status": 401, "body": body}, times=None)
    google.add(summary="Still comes")
    go(account)
    assert titles(alice) == ["Still comes"]
    assert GoogleAccount.objects.get().status == GoogleAccount.Status.ACTIVE


def test_without_a_webhook_address_no_channel_is_asked_for(
    google: GoogleSide, account: GoogleAccount
) -> None:
    go(account)
    assert google.log("POST", "/watch") == [] and WatchChannel.objects.count() == 0
    assert link().next_poll_at < timezone.now() + timedelta(minutes=10)


def test_channels_end_when_push_is_switched_off_or_moved(
    google: GoogleSide, pushed: GoogleAccount, settings: Any, receiver: Receiver
) -> None:
    old = channel()
    settings.GOOGLE_WEBHOOK_URL = receiver.address + "moved/"
    go(pushed)
    deliver_next(receiver)
    go(pushed)
    moved = WatchChannel.objects.get()
    assert moved.pk != old.pk and [entry["address"] for entry in google.control.channels()] == [moved.address]
    settings.GOOGLE_WEBHOOK_URL = ""
    go(pushed)
    assert WatchChannel.objects.count() == 0 and google.control.channels() == []


def leave_account(account: GoogleAccount) -> None:
    disconnect(account=account)


def stop_calendar(account: GoogleAccount) -> None:
    disable_calendar(link=link())
    go(account)


@pytest.mark.parametrize("leave", [leave_account, stop_calendar])
def test_leaving_stops_the_channel_and_later_notices_are_strangers(
    google: GoogleSide, pushed: GoogleAccount, receiver: Receiver, leave: Callable[[GoogleAccount], None]
) -> None:
    google.add()
    headers = next_notice(receiver)
    leave(pushed)
    assert google.control.channels() == [] and WatchChannel.objects.count() == 0
    assert post(headers) == 404 and OrmQ.objects.count() == 0


def test_a_calendar_switched_on_again_is_watched_again(
    google: GoogleSide, pushed: GoogleAccount, receiver: Receiver
) -> None:
    stop_calendar(pushed)
    enable_calendar(link=link())
    go(pushed)
    assert len(google.control.channels()) == 1


def test_a_notice_that_comes_while_a_pull_is_under_way_is_not_lost(
    alice: Any, google: GoogleSide, pushed: GoogleAccount, receiver: Receiver
) -> None:
    """The pull saves its cursor on a row that the webhook changed meanwhile."""
    google.add(summary="First")
    deliver_next(receiver)
    stale = link()
    google.add(summary="Second")
    deliver_next(receiver)
    lease = take_lease(pushed.pk)
    assert lease is not None
    pull(connect(Tokens(pushed.access_token, pushed.refresh_token, None)), stale, lease)
    lease.release()
    assert link().notify_sequence == stale.notify_sequence + 1 > link().pulled_sequence
    assert titles(alice) == ["First", "Second"]
    google.clear_log()
    go(pushed)  # for the notice that came meanwhile
    assert list_calls(google) == 1 and link().notify_sequence == link().pulled_sequence


def test_only_the_digest_of_the_secret_is_kept(google: GoogleSide, pushed: GoogleAccount) -> None:
    secret = google.control.channels()[0]["token"]
    assert len(secret) >= 32
    with connection.cursor() as cursor:
        cursor.execute("select * from sync_watchchannel")
        assert secret not in str(cursor.fetchall())
