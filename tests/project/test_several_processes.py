"""A large installation: two web processes and two workers on PostgreSQL and Redis, and servers that go away."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql
from redis import Redis
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from scheduling.demo import PASSWORD
from tests import postgres
from tests.product.people import connect_calendar, sign_in_with_google
from tests.redis import RedisServer
from tests.servers import ROOT, Product, empty_database, second_web, sign_in, start_product, wait_for
from tests.smtp import MailSink

pytestmark = pytest.mark.processes

EVENTS = "/appointment/api/events/"


class Installation:
    """`serve`, and beside it one web process and one worker more."""

    def __init__(self, product: Product, other: str, redis: RedisServer, post: MailSink) -> None:
        self.product, self.redis, self.post = product, redis, post
        self.webs = (product.url, other)
        self.headers = {"Authorization": f"Bearer {product.api_token('ana@example.com')}"}

    def api(self, web: int, method: str, path: str, **over: Any) -> httpx.Response:
        return httpx.request(method, self.webs[web] + path, timeout=30, **({"headers": self.headers} | over))

    def add(self, web: int, title: str, start: datetime | None = None, **over: Any) -> httpx.Response:
        start = start or datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
        end = start + timedelta(hours=1)
        body = {"title": title, "start_time": start.isoformat(), "end_time": end.isoformat()}
        return self.api(web, "POST", EVENTS, json=body, **over)

    @contextmanager
    def socket(self, web: int) -> Iterator[ClientConnection]:
        """Ana's calendar, open in a browser that got this web process."""
        url = self.webs[web]
        with httpx.Client(base_url=url, timeout=30) as client:
            sign_in(client, "ana@example.com", PASSWORD)
            cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        address = url.replace("http", "ws") + "/ws/calendar/"
        with connect(address, origin=url, additional_headers={"Cookie": cookies}) as opened:
            opened.ping().wait(20)
            yield opened

    def checks(self, web: int) -> Any:
        return httpx.get(f"{self.webs[web]}/readyz", timeout=30).json()["checks"]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("several")
    with ExitStack() as stack:
        redis = RedisServer(tmp_path_factory.mktemp("redis"))
        stack.callback(redis.stop)
        post = stack.enter_context(MailSink())
        product = start_product(
            folder,
            DATABASE_URL=stack.enter_context(postgres.new_database(empty_database())),
            REDIS_URL=redis.url(1),
            EMAIL_URL=f"smtp://127.0.0.1:{post.port}",
        )
        stack.callback(product.stop)
        product.command("demo")
        other = stack.enter_context(second_web(product))
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=ROOT,
            env=product.environment,
            stdout=(folder / "worker.log").open("wb"),
            stderr=subprocess.STDOUT,
        )
        stack.callback(worker.wait, 30)
        stack.callback(worker.terminate)
        beats = "SELECT worker FROM project_workerheartbeat"
        wait_for(lambda: len(product.rows(beats)) == 2, "two workers", 60)
        yield Installation(product, other, redis, post)


def received(socket: ClientConnection) -> Any:
    return json.loads(socket.recv(timeout=20))


def test_a_change_by_one_web_process_is_seen_live_at_the_other(installation: Installation) -> None:
    with installation.socket(1) as socket:
        made = installation.add(0, "Told across")
        assert received(socket)["events"] == [made.json()["id"]]


def test_asking_whether_live_notices_arrive_leaves_nothing_behind_in_redis(
    installation: Installation,
) -> None:
    with Redis.from_url(installation.redis.url(1)) as redis:
        subscribed = []
        for _ in range(3):
            assert installation.checks(0)["channel_layer"] == "ok"
            subscribed.append(redis.pubsub_channels())
    assert sorted(subscribed[0]) == sorted(subscribed[1]) == sorted(subscribed[2])


def test_of_rivals_at_two_web_processes_one_gets_the_slot(installation: Installation) -> None:
    page = "/appointment/api/public/ana/intro/"
    today = datetime.now(UTC)
    window = {"start": today.isoformat(), "end": (today + timedelta(days=14)).isoformat(), "tz": "UTC"}
    slots = installation.api(0, "GET", f"{page}slots/", params=window).json()["slots"]

    def book(number: int) -> int:
        body = {"start": slots[-1]["start"], "name": "Guest", "email": f"guest{number}@example.com"}
        return installation.api(number % 2, "POST", f"{page}bookings/", json=body, headers={}).status_code

    with ThreadPoolExecutor(8) as threads:
        assert Counter(threads.map(book, range(8))) == {201: 1, 409: 7}


def test_two_workers_send_every_change_to_google_once(installation: Installation) -> None:
    email = "several@gmail.example"
    with httpx.Client(base_url=installation.webs[0], timeout=30) as client:
        sign_in_with_google(client, email)
        connect_calendar(client, email)
    connected = "SELECT 1 FROM sync_googleaccount WHERE email = ? AND last_ok_at IS NOT NULL"
    wait_for(lambda: installation.product.rows(connected, email), "the first run", 60)
    headers = {"Authorization": f"Bearer {installation.product.api_token(email)}"}
    titles = [f"Once {number}" for number in range(6)]
    for number, title in enumerate(titles):
        assert installation.add(number % 2, title, headers=headers).status_code == 201
    control = f"{installation.webs[0]}/sandbox/google/_control/events"

    def sent() -> Counter[str]:
        items = httpx.get(control, params={"account": email}, timeout=30).json()["items"]
        return Counter(item.get("summary", "") for item in items)

    wait_for(lambda: set(titles) <= set(sent()), "the changes to reach Google", 60)
    assert {title: sent()[title] for title in titles} == dict.fromkeys(titles, 1)


def test_without_redis_pages_answer_and_nothing_is_lost_and_live_notices_come_back(
    installation: Installation,
) -> None:
    with installation.socket(1) as socket:
        installation.redis.stop()
        assert installation.checks(0)["channel_layer"] == "Redis does not answer"
        made = installation.add(0, "While Redis was away")
        assert made.status_code == 201
        with pytest.raises(
            ConnectionClosed, match="4503"
        ):  # the page connects anew and asks for what it missed
            socket.recv(timeout=30)
    change = made.json()

    def hears_on_asking() -> bool:
        """Sockets are hung up again and again meanwhile, which makes pages ask again and again."""
        with suppress(ConnectionClosed), installation.socket(1) as socket:
            socket.send(json.dumps({"seen": {change["calendar"]: change["revision"] - 1}}))
            return bool(received(socket)["revision"] == change["revision"])
        return False

    wait_for(hears_on_asking, "what was missed", 60)
    installation.redis.start()
    wait_for(lambda: installation.checks(1)["channel_layer"] == "ok", "Redis to be seen")

    def is_told_live() -> bool:
        with suppress(ConnectionClosed, TimeoutError), installation.socket(1) as socket:
            made = installation.add(0, "Redis is back")
            return bool(received(socket)["events"] == [made.json()["id"]])
        return False

    wait_for(is_told_live, "live notices to come back", 60)


def test_a_database_that_is_restarted_is_a_503_and_then_all_goes_on(installation: Installation) -> None:
    product, post = installation.product, installation.post
    database = postgres.name_of(product.environment["DATABASE_URL"])
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(postgres.server_uri(), autocommit=True) as server:
        server.execute(allow.format(sql.Identifier(database), False))
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
        )
        answer = installation.add(0, "Too early")
        assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
        assert answer.headers["Retry-After"] == "5"
        assert installation.checks(1)["database"] == "the database does not answer"
        server.execute(allow.format(sql.Identifier(database), True))
    # The second mail tells that both workers have looked again.
    for web, title in enumerate(("Launch", "Landing")):
        start = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=15, seconds=6)
        assert installation.add(web, title, start).status_code == 201
        wait_for(lambda title=title: mails(post, title), f"the reminder of {title}", 90)
    assert (mails(post, "Launch"), mails(post, "Landing")) == (1, 1)


def mails(post: MailSink, title: str) -> int:
    return sum(title in str(message["Subject"]) for message in post.messages)
