"""Programs of a person's are told of changes: signed, again until it works, and only where that is allowed."""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from scheduling import fetching, services, tasks
from scheduling.core.event import InvalidEvent
from scheduling.models import AuditEntry, Booking, Webhook, WebhookDelivery
from scheduling.services.webhooks import FAILURES_UNTIL_OFF, RETRY_AFTER
from tests.make import make_event, make_guest, make_type, make_values

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = list(Webhook.Kind.values)
State = WebhookDelivery.State


class Program:
    """A server that notes what it is told and answers `status`."""

    def __init__(self) -> None:
        self.told: list[tuple[dict[str, str], bytes]] = []
        self.status, self.seconds = 200, 0.0
        program = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                program.told.append((dict(self.headers), body))
                time.sleep(program.seconds)
                self.send_response(program.status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    @property
    def kinds(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.told]


@pytest.fixture
def program(settings: Any) -> Iterator[Program]:
    settings.ICS_PRIVATE_NETWORKS = ["127.0.0.0/8"]
    program = Program()
    yield program
    program.server.shutdown()
    program.server.server_close()


@pytest.fixture
def webhook(alice: Any, program: Program) -> Webhook:
    return services.create_webhook(user=alice, url=program.url, kinds=EVERYTHING)


def test_a_change_is_told_once_signed_and_by_ids_alone(
    alice: Any, program: Program, webhook: Webhook
) -> None:
    event = make_event(alice, title="Secret lunch")
    assert services.send_due_deliveries() == 1
    assert services.send_due_deliveries() == 0
    ((headers, body),) = program.told
    told = json.loads(body)
    assert (told["type"], told["data"]["events"]) == ("events.changed", [str(event.pk)])
    assert told["data"]["revision"] == event.revision
    assert b"Secret" not in body and headers["Appointment-Delivery"] == told["id"]
    stamp, _, given = headers["Appointment-Signature"].partition(",v1=")
    signed = f"{stamp.removeprefix('t=')}.".encode() + body
    assert given == hmac.new(webhook.secret.encode(), signed, sha256).hexdigest()
    assert abs(int(stamp.removeprefix("t=")) - time.time()) < 60
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status, delivery.attempts) == (State.DELIVERED, 200, 1)


def test_bookings_are_told_in_the_transaction_of_the_change(
    alice: Any, program: Program, webhook: Webhook
) -> None:
    kind = make_type(alice)
    start = (timezone.now() + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)
    while start.weekday() > 4:
        start += timedelta(days=1)
    booking, _ = services.book(appointment_type=kind, start=start, guest=make_guest())
    services.cancel_booking(booking=booking, by=Booking.By.GUEST)
    services.send_due_deliveries()
    assert [kind for kind in program.kinds if kind != "events.changed"] == [
        "booking.created",
        "booking.cancelled",
    ]
    bodies = b"".join(body for _, body in program.told)
    assert str(booking.pk).encode() in bodies and b"Greta" not in bodies and b"greta@" not in bodies


def test_only_what_was_chosen_and_only_ones_own_is_told(alice: Any, bob: Any, program: Program) -> None:
    services.create_webhook(user=alice, url=program.url, kinds=[Webhook.Kind.BOOKING_CREATED])
    make_event(alice)
    make_event(bob)
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("status", [302, 410, 500])
def test_what_is_not_taken_is_told_again_ever_more_seldom_and_then_given_up(
    status: int, program: Program, webhook: Webhook
) -> None:
    program.status = status
    delivery = services.ping_webhook(webhook=webhook)
    pauses = []
    for attempt in range(len(RETRY_AFTER) + 1):
        assert services.send_due_deliveries() == 0
        delivery.refresh_from_db()
        assert (delivery.attempts, delivery.status) == (attempt + 1, status)
        pauses.append((delivery.due_at - timezone.now()).total_seconds())
        assert services.send_due_deliveries() == 0  # not before its time
        assert len(program.told) == attempt + 1
        WebhookDelivery.objects.filter(state=State.WAITING).update(due_at=timezone.now())
    assert delivery.state == State.FAILED and pauses[:-1] == sorted(pauses[:-1])
    assert {headers["Appointment-Delivery"] for headers, _ in program.told} == {str(delivery.pk)}


def test_an_address_that_takes_nothing_for_long_is_switched_off(program: Program, webhook: Webhook) -> None:
    program.status = 500
    Webhook.objects.update(failures=FAILURES_UNTIL_OFF - 1)
    services.ping_webhook(webhook=webhook)
    WebhookDelivery.objects.update(attempts=len(RETRY_AFTER))
    services.send_due_deliveries()
    webhook.refresh_from_db()
    assert not webhook.is_active
    services.change_webhook(webhook=webhook, url=webhook.url, kinds=webhook.kinds, is_active=True)
    program.status = 204
    services.ping_webhook(webhook=webhook)
    assert services.send_due_deliveries() == 1


def test_a_slow_address_is_left_and_keeps_no_other_waiting(
    alice: Any, program: Program, webhook: Webhook, settings: Any
) -> None:
    settings.WEBHOOK_SECONDS = 0.3
    slow, quick = program, Program()
    slow.seconds = 5
    other = services.create_webhook(user=alice, url=quick.url, kinds=EVERYTHING)
    for _ in range(3):
        services.ping_webhook(webhook=webhook)
    services.ping_webhook(webhook=other)
    assert services.send_due_deliveries() == 1
    assert (len(slow.told), len(quick.told)) == (1, 1)
    quick.server.shutdown()
    quick.server.server_close()


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "http://a@example.com/", "https://example.com:22/", "nonsense"]
)
def test_what_is_no_plain_web_address_is_refused(url: str, alice: Any) -> None:
    with pytest.raises(InvalidEvent):
        services.create_webhook(user=alice, url=url, kinds=EVERYTHING)


def test_an_address_inside_is_never_told(
    alice: Any, program: Program, webhook: Webhook, settings: Any
) -> None:
    settings.ICS_PRIVATE_NETWORKS = []
    services.ping_webhook(webhook=webhook)
    assert services.send_due_deliveries() == 0
    assert program.told == [] and "private network" in WebhookDelivery.objects.get().error


def test_a_slow_name_server_is_left_behind() -> None:
    begun = time.monotonic()
    stop = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        stop.wait(20)
        return ["8.8.8.8"]

    with pytest.raises(fetching.FetchError, match="not found in time"):
        fetching.fetch("http://example.com/", resolve=resolve)
    stop.set()
    assert time.monotonic() - begun < 15


def test_the_worker_is_asked_once_for_what_is_due(program: Program, webhook: Webhook) -> None:
    assert not tasks.enqueue_due_deliveries()
    services.ping_webhook(webhook=webhook)
    assert tasks.enqueue_due_deliveries()
    assert not tasks.enqueue_due_deliveries()


def test_old_deliveries_are_forgotten(program: Program, webhook: Webhook) -> None:
    services.ping_webhook(webhook=webhook)
    services.send_due_deliveries()
    assert services.forget_old_deliveries() == 0
    WebhookDelivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert services.forget_old_deliveries() == 1


def test_webhooks_are_made_looked_at_sent_again_and_deleted_by_the_page(
    alice: Any, bob: Any, program: Program, client: Client
) -> None:
    client.force_login(alice)
    bad = client.post("/calendar/settings/webhooks/", {"url": "ftp://x", "kinds": EVERYTHING})
    assert bad.status_code == 422 and "must begin with" in bad.content.decode()
    assert client.post("/calendar/settings/webhooks/", {"url": program.url}).status_code == 422
    made = client.post("/calendar/settings/webhooks/", {"url": program.url, "kinds": EVERYTHING})
    address = made["Location"]
    found = Webhook.objects.get()
    page = client.get(address)
    assert found.secret in page.content.decode() and "no-store" in page["Cache-Control"]
    client.post(f"{address}ping/")
    services.send_due_deliveries()
    delivery = WebhookDelivery.objects.get()
    assert "200 in" in client.get(address).content.decode()
    client.post(f"{address}deliveries/{delivery.pk}/replay/")
    assert services.send_due_deliveries() == 1
    assert program.told[0][1] == program.told[1][1]

    other = Client()
    other.force_login(bob)
    for post in ("", "ping/", "delete/", f"deliveries/{delivery.pk}/replay/"):
        assert other.post(f"{address}{post}").status_code == 404
    assert program.url not in other.get("/calendar/settings/webhooks/").content.decode()

    assert client.post(f"{address}delete/").status_code == 302
    assert not Webhook.objects.exists()
    assert AuditEntry.objects.filter(user=alice, action="webhook").count() == 2


def test_a_rolled_back_change_is_told_to_nobody(alice: Any, webhook: Webhook) -> None:
    with pytest.raises(InvalidEvent):
        services.update_event(event=make_event(alice), values=make_values(title="x" * 300), origin="web")
    assert WebhookDelivery.objects.count() == 1  # that the event was made
