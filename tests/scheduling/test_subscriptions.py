"""Calendars from outside: fetched only from where that is allowed, mirrored, kept while the address fails."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from scheduling import fetching, services, tasks
from scheduling.core.event import InvalidEvent
from scheduling.fetching import FetchError, fetch, is_allowed, parse_address
from scheduling.models import Calendar, CalendarEvent, CalendarSubscription
from scheduling.services import ReadOnly
from tests.make import make_values

FOLDER = Path(__file__).parents[1] / "data" / "ics"
CLUB = (FOLDER / "sports-club-feed.ics").read_bytes()
pytestmark = pytest.mark.django_db

Answer = Callable[[BaseHTTPRequestHandler], None]


class Site:
    """A web server on this machine whose answer a test sets; `requests` are (path, headers)."""

    def __init__(self) -> None:
        self.answer: Answer = plain(CLUB)
        self.requests: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests.append((self.path, dict(self.headers)))
                site.answer(self)

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server.server_port

    def url(self, path: str = "/club.ics", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


def plain(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def to(location: str) -> Answer:
    return plain(b"", 302, Location=location)


@pytest.fixture
def site(settings: Any) -> Iterator[Site]:
    settings.ICS_PRIVATE_NETWORKS = ["127.0.0.1/32"]
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


def subscribe(user: Any, site: Site, **over: str) -> CalendarSubscription:
    subscription = services.subscribe(user=user, url=site.url(), **over)
    return again(subscription)


def again(subscription: CalendarSubscription) -> CalendarSubscription:
    """Read now, as the worker does."""
    found = CalendarSubscription.objects.select_related("calendar__user__profile").get(pk=subscription.pk)
    services.refresh_subscription(subscription=found)
    return CalendarSubscription.objects.select_related("calendar").get(pk=subscription.pk)


def titles(subscription: CalendarSubscription) -> set[str]:
    events = CalendarEvent.objects.filter(calendar_id=subscription.pk)
    return set(events.live().values_list("title", flat=True))


# --- where a server may ask --------------------------------------------------------------------
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:db8::1", "2002:a00:1::1",
    ],
)  # fmt: skip
def test_addresses_inside_are_never_asked(address: str) -> None:
    assert not is_allowed(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_may_be_asked(address: str) -> None:
    assert is_allowed(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/x.ics", "file:///etc/passwd", "http://a@b/x.ics", "http://user:pass@example.com/", "//example.com/x",
        "example.com/x.ics", "http://", "https:///x", "http://exa mple.com/", "http://example.com:25/", "http://example.com:22/",
        "http://example.com:99999/", "http://example.com\\@127.0.0.1/", "http://example.com/\r\nHost: evil", "gopher://example.com/",
        "http://[::1", "javascript:alert(1)", "http://exämple.com/", "https://example.com/" + "a" * 2000,
    ],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(FetchError) as refused:
        parse_address(url)
    assert refused.value.is_final


def test_webcal_is_asked_by_https() -> None:
    assert parse_address("webcal://example.com/a.ics?x=1#y").url == "https://example.com/a.ics?x=1"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_names_and_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(FetchError) as refused:
        fetch(f"http://{host}:8000/x.ics")
    assert "private network" in str(refused.value) or "not found" in str(refused.value)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(FetchError, match="private network"):
        fetch("http://example.com/x.ics", resolve=lambda host, port: ["8.8.8.8", "10.0.0.1"])


def test_the_connection_goes_to_the_address_that_was_checked(site: Site) -> None:
    """A name that leads elsewhere the second time it is asked (DNS rebinding) is asked only once."""
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    fetched = fetch(site.url(host="club.example"), resolve=resolve)
    assert fetched.body == CLUB and asked == ["club.example"]
    assert site.requests[0][1]["Host"] == f"club.example:{site.port}"
    assert not {"Cookie", "Authorization", "Referer"} & set(site.requests[0][1])


@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/", "http://169.254.169.254/latest/", "file:///etc/passwd", "http://a@b/", ""]
)
def test_a_redirect_is_checked_like_any_address(site: Site, target: str) -> None:
    site.answer = to(target or "http://[::1]:80/")
    with pytest.raises(FetchError):
        fetch(site.url())
    assert len(site.requests) == 1


def test_a_redirect_to_where_it_may_go_is_followed(site: Site) -> None:
    site.answer = lambda handler: (to("/moved.ics") if handler.path == "/club.ics" else plain(CLUB))(handler)
    assert fetch(site.url()).body == CLUB


def test_redirects_end(site: Site) -> None:
    site.answer = to("/again")
    with pytest.raises(FetchError, match="on and on"):
        fetch(site.url())
    assert len(site.requests) == 4


# --- how much and how long ---------------------------------------------------------------------
def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 100_000)
    except OSError:
        pass


def dripping(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x")
            time.sleep(0.05)
    except OSError:
        pass


def dripping_headers(handler: BaseHTTPRequestHandler) -> None:
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            handler.wfile.write(b"X-A: b\r\n")
            time.sleep(0.05)
    except OSError:
        pass


def silent(handler: BaseHTTPRequestHandler) -> None:
    handler.rfile.read(1)


def short(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(CLUB) + 500))
    handler.end_headers()
    handler.wfile.write(CLUB)


@pytest.mark.parametrize("answer", [endless, dripping, dripping_headers, silent, short])
def test_an_answer_that_never_ends_is_cut(site: Site, answer: Answer) -> None:
    site.answer = answer
    begun = time.monotonic()
    with pytest.raises(FetchError):
        fetch(site.url(), seconds=1)
    assert time.monotonic() - begun < fetching.SECONDS


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (plain(b"", 404), "no calendar at this address"),
        (plain(b"", 403), "does not let anyone read"),
        (plain(b"", 503), "error (503)"),
        (plain(b"\x1f\x8b", Content_Encoding="gzip"), "compressed"),
        (plain(b"", 200, Content_Length="99999999999"), "larger than 10 MB"),
    ],
)
def test_failures_are_told_in_words(site: Site, answer: Answer, words: str) -> None:
    site.answer = answer
    with pytest.raises(FetchError) as failed:
        fetch(site.url())
    assert words in str(failed.value)


def test_nobody_there_is_told_in_words(settings: Any) -> None:
    settings.ICS_PRIVATE_NETWORKS = ["127.0.0.1/32"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(FetchError, match="does not answer"):
        fetch(f"http://127.0.0.1:{port}/")


# --- the mirror --------------------------------------------------------------------------------
def test_a_subscription_mirrors_what_is_there(alice: Any, site: Site) -> None:
    subscription = subscribe(alice, site)
    calendar = subscription.calendar
    assert titles(subscription) == {"Heimspiel gegen Sturm", "Auswärts"}
    assert (calendar.name, calendar.is_read_only, calendar.account_name) == (
        "FC Beispiel",
        True,
        "Subscribed",
    )
    assert subscription.last_ok_at and not subscription.last_error
    wait = subscription.next_poll_at - timezone.now()
    assert timedelta(hours=5) < wait < timedelta(hours=7)  # REFRESH-INTERVAL of the file, with jitter


def test_changes_and_deletions_there_arrive_here(alice: Any, site: Site) -> None:
    subscription = subscribe(alice, site)
    kept = CalendarEvent.objects.get(title="Heimspiel gegen Sturm").pk
    text = CLUB.decode().replace("Heimspiel gegen Sturm", "Heimspiel (verlegt)").replace("match-2", "match-3")
    site.answer = plain(text.encode())
    subscription = again(subscription)
    assert titles(subscription) == {"Heimspiel (verlegt)", "Auswärts"}
    assert CalendarEvent.objects.get(title="Heimspiel (verlegt)").pk == kept
    assert CalendarEvent.objects.filter(calendar=subscription.calendar).deleted().count() == 1


def test_a_change_of_one_occurrence_that_is_taken_back_there_is_gone_here(alice: Any, site: Site) -> None:
    site.answer = plain((FOLDER / "apple-moved-all-day.ics").read_bytes())
    subscription = subscribe(alice, site)
    assert "Bins (moved)" in titles(subscription)
    whole = (FOLDER / "apple-moved-all-day.ics").read_text().split("BEGIN:VEVENT")
    site.answer = plain(f"{whole[0]}BEGIN:VEVENT{whole[1]}END:VCALENDAR\r\n".encode())
    before = subscription.calendar.revision
    subscription = again(subscription)
    assert titles(subscription) == {"Bins"} and subscription.calendar.revision > before


def test_what_has_not_changed_is_not_read_again(alice: Any, site: Site) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        same = handler.headers.get("If-None-Match") == '"1"'
        plain(
            b"" if same else CLUB,
            304 if same else 200,
            ETag='"1"',
            Last_Modified="Wed, 25 Nov 2026 10:00:00 GMT",
        )(handler)

    site.answer = answer
    subscription = subscribe(alice, site)
    revision = subscription.calendar.revision
    subscription = again(subscription)
    assert subscription.calendar.revision == revision
    assert site.requests[1][1]["If-Modified-Since"] == "Wed, 25 Nov 2026 10:00:00 GMT"


def test_the_same_content_under_another_tag_writes_nothing(alice: Any, site: Site) -> None:
    subscription = subscribe(alice, site)
    revision = subscription.calendar.revision
    assert again(subscription).calendar.revision == revision


@pytest.mark.parametrize(
    "answer",
    [
        plain(b"", 500),
        plain(b"<html>sign in</html>"),
        plain(b""),
        plain(CLUB[: len(CLUB) // 2]),
        to("http://10.0.0.1/"),
        short,
    ],
)
def test_what_was_read_last_stays_while_the_address_fails(alice: Any, site: Site, answer: Answer) -> None:
    subscription = subscribe(alice, site)
    site.answer = answer
    subscription = again(subscription)
    assert titles(subscription) == {"Heimspiel gegen Sturm", "Auswärts"}
    assert subscription.last_error.endswith(".") and subscription.failures == 1
    assert timedelta(minutes=4) < subscription.next_poll_at - timezone.now() < timedelta(minutes=6)
    site.answer = plain(CLUB)
    subscription = again(subscription)
    assert (subscription.last_error, subscription.failures) == ("", 0)


def test_a_failing_address_is_asked_ever_more_seldom(alice: Any, site: Site) -> None:
    site.answer = plain(b"", 500)
    subscription = subscribe(alice, site)
    waits = []
    for _ in range(12):
        subscription = again(subscription)
        waits.append(subscription.next_poll_at - timezone.now())
    assert waits[0] < waits[2] < waits[4] < waits[6] and max(waits) < timedelta(hours=28)


def test_the_worker_takes_what_is_due_once(alice: Any, site: Site) -> None:
    subscription = services.subscribe(user=alice, url=site.url())
    assert tasks.enqueue_due_subscriptions() == 1 and tasks.enqueue_due_subscriptions() == 0
    task = OrmQ.objects.get().task
    assert tasks.refresh_subscription(*task["args"]) == "changed"
    assert titles(subscription)
    assert tasks.enqueue_due_subscriptions() == 0


def test_asking_whether_something_is_due_is_one_query(alice: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert tasks.enqueue_due_subscriptions() == 0


def test_nobody_changes_a_subscribed_calendar_here(alice: Any, site: Site) -> None:
    subscription = subscribe(alice, site)
    with pytest.raises(ReadOnly, match="comes from outside"):
        services.create_event(calendar=subscription.calendar, values=make_values(), origin="web")
    with pytest.raises(ReadOnly):
        services.delete_event(event=CalendarEvent.objects.first(), origin="web")  # type: ignore[arg-type]


def test_the_same_address_is_subscribed_to_once(alice: Any, bob: Any, site: Site) -> None:
    subscribe(alice, site)
    with pytest.raises(InvalidEvent):
        services.subscribe(user=alice, url=site.url())
    services.subscribe(user=bob, url=site.url())


# --- pages -------------------------------------------------------------------------------------
@pytest.fixture
def page(alice: Any) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def test_subscribing_by_the_page(page: Client, site: Site) -> None:
    answer = page.post("/calendar/subscriptions/", {"url": site.url(), "name": "My club"})
    assert answer.status_code == 302
    assert "Being read" in page.get("/calendar/calendars/").content.decode()
    again(CalendarSubscription.objects.get())
    shown = page.get("/calendar/calendars/").content.decode()
    assert "My club" in shown and "Read now" in shown


@pytest.mark.parametrize("url", ["", "ftp://x/", "http://a@b/"])
def test_a_bad_address_is_explained_beside_the_field(page: Client, url: str) -> None:
    answer = page.post("/calendar/subscriptions/", {"url": url})
    assert answer.status_code == 422 and "invalid-feedback" in answer.content.decode()
    assert CalendarSubscription.objects.count() == 0


def test_a_failure_is_shown_with_something_to_do(page: Client, alice: Any, site: Site) -> None:
    subscription = subscribe(alice, site)
    site.answer = plain(b"", 404)
    again(subscription)
    for address in ("/calendar/calendars/", f"/calendar/subscriptions/{subscription.pk}/"):
        shown = page.get(address).content.decode()
        assert "There is no calendar at this address." in shown
        assert "is still shown" in shown and "Try now" in shown
    page.post(f"/calendar/subscriptions/{subscription.pk}/refresh/")
    subscription.refresh_from_db()
    assert subscription.next_poll_at <= timezone.now() and subscription.failures == 0


def test_another_address_and_name_can_be_given(page: Client, alice: Any, site: Site) -> None:
    subscription = subscribe(alice, site)
    page.post(f"/calendar/subscriptions/{subscription.pk}/", {"url": site.url("/new.ics"), "name": "Renamed"})
    assert again(subscription).calendar.name == "Renamed" and site.requests[-1][0] == "/new.ics"


def test_unsubscribing_asks_first_and_takes_all_with_it(page: Client, alice: Any, site: Site) -> None:
    subscription = subscribe(alice, site)
    address = f"/calendar/subscriptions/{subscription.pk}/end/"
    assert "Unsubscribe from" in page.get(address).content.decode()
    page.post(address)
    assert CalendarEvent.objects.count() == 0
    with pytest.raises(ObjectDoesNotExist):
        Calendar.objects.get(pk=subscription.pk)


def test_other_peoples_subscriptions_are_not_found(page: Client, bob: Any, site: Site) -> None:
    theirs = subscribe(bob, site)
    base = f"/calendar/subscriptions/{theirs.pk}/"
    assert page.get(base).status_code == 404
    assert {page.post(base + part).status_code for part in ("", "refresh/", "end/")} == {404}
    assert "FC Beispiel" not in page.get("/calendar/calendars/").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_a_constant_number_of_times(
    page: Client, alice: Any, site: Site, count: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(count):
        services.subscribe(user=alice, url=site.url(f"/{number}.ics"))
    with django_assert_max_num_queries(9):
        page.get("/calendar/calendars/")
