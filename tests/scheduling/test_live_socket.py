"""The socket as a browser meets it: who may open it, what it says, and when it closes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import InMemoryChannelLayer
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from project.asgi import application
from scheduling.consumers import MOST_BYTES, MOST_MESSAGES, CalendarConsumer, hub
from scheduling.live import publish
from scheduling.models import Calendar
from tests.make import make_event
from tests.sockets import Socket

pytestmark = pytest.mark.django_db(transaction=True)

OWN_ORIGIN = b"http://localhost"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def socket_of(client: Client | None, origin: bytes | None = OWN_ORIGIN) -> Socket:
    headers = [(b"host", b"localhost")]
    if origin is not None:
        headers.append((b"origin", origin))
    if client is not None:
        cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        headers.append((b"cookie", cookie.encode()))
    return Socket(application, "/ws/calendar/", headers=headers)


async def opened(client: Client) -> Socket:
    """A socket that every notice reaches from now on. A page asks what it missed until then."""
    socket, before = socket_of(client), hub().socket_count
    assert (await socket.connect())[0]
    await settled(lambda: hub().socket_count > before)
    await hub().subscribe()
    return socket


async def settled(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0)


def run(story: Callable[[], Awaitable[None]]) -> None:
    """Run with the database work in this very thread, where the test's connection is."""
    async_to_sync(story)()


def primary(user: Any) -> Calendar:
    return Calendar.objects.get(user=user, is_primary=True)


def test_anonymous_socket_is_closed_with_4401() -> None:
    async def story() -> None:
        socket = socket_of(None)
        await socket.connect()
        assert await socket.receive_output() == {"type": "websocket.close", "code": 4401}
        await socket.send_json_to({"seen": {str(uuid4()): 0}})
        assert await socket.receive_nothing()
        await socket.disconnect()

    run(story)


@pytest.mark.parametrize("origin", [None, b"null", b"https://evil.example", b"http://localhost.evil.example"])
def test_socket_from_a_foreign_page_is_refused(alice: Any, origin: bytes | None) -> None:
    client = signed_in(alice)

    async def story() -> None:
        socket = socket_of(client, origin)
        assert (await socket.connect())[0] is False

    run(story)


def test_write_reaches_every_socket_of_its_owner_and_nobody_else(alice: Any, bob: Any) -> None:
    alices, bobs = signed_in(alice), signed_in(bob)

    async def story() -> None:
        one, two, other = await opened(alices), await opened(alices), await opened(bobs)
        event = await sync_to_async(make_event)(alice, title="Secret plan")
        calendar = await sync_to_async(primary)(alice)
        notice = {
            "type": "events-changed",
            "calendar": str(calendar.pk),
            "revision": calendar.revision,
            "events": [str(event.pk)],
        }
        assert await one.receive_json_from() == notice
        assert await two.receive_json_from() == notice
        assert await other.receive_nothing()
        assert hub().socket_count == 3
        for socket in (one, two, other):
            await socket.disconnect()
        assert hub().socket_count == 0

    run(story)


def test_returning_page_hears_of_its_own_calendars_that_moved_on(alice: Any, bob: Any) -> None:
    make_event(alice)
    make_event(bob)
    own, foreign = primary(alice), primary(bob)
    client = signed_in(alice)

    async def story() -> None:
        socket = await opened(client)
        await socket.send_json_to({"seen": {str(own.pk): own.revision, str(foreign.pk): 0}})
        assert await socket.receive_nothing()
        await socket.send_json_to({"seen": {str(own.pk): own.revision - 1, str(foreign.pk): 0}})
        assert await socket.receive_json_from() == {
            "type": "events-changed",
            "calendar": str(own.pk),
            "revision": own.revision,
            "events": [],
        }
        assert await socket.receive_nothing()
        await socket.disconnect()

    run(story)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no json", 4400),
        ("[]", 4400),
        ('{"seen": {"not a uuid": 1}}', 4400),
        ('{"seen": {"00000000-0000-0000-0000-000000000000": null}}', 4400),
        ("[" * 9000, 4400),
        ("x" * (MOST_BYTES + 1), 4413),
    ],
)
def test_malformed_message_closes_the_socket(alice: Any, text: str, code: int) -> None:
    client = signed_in(alice)

    async def story() -> None:
        socket = await opened(client)
        await socket.send_to(text_data=text)
        assert (await socket.receive_output())["code"] == code
        await socket.disconnect()

    run(story)


def test_flood_of_messages_closes_the_socket(alice: Any) -> None:
    client = signed_in(alice)

    async def story() -> None:
        socket = await opened(client)
        for _ in range(MOST_MESSAGES + 1):
            await socket.send_json_to({"seen": {}})
        assert (await socket.receive_output())["code"] == 4429
        await socket.disconnect()

    run(story)


def test_sign_out_closes_the_sockets_of_that_session_only(alice: Any) -> None:
    leaving, staying = signed_in(alice), signed_in(alice)

    async def story() -> None:
        closed, kept = await opened(leaving), await opened(staying)
        await sync_to_async(leaving.logout)()
        assert (await closed.receive_output())["code"] == 4401
        await sync_to_async(make_event)(alice)
        assert (await kept.receive_json_from())["type"] == "events-changed"
        await kept.disconnect()
        await closed.disconnect()

    run(story)


def test_new_password_and_deactivation_close_the_users_sockets(alice: Any, bob: Any) -> None:
    alices, bobs = signed_in(alice), signed_in(bob)

    def change() -> None:
        alice.set_password("another horse")
        alice.save()
        bob.is_active = False
        bob.save()

    async def story() -> None:
        sockets = [await opened(alices), await opened(bobs)]
        await sync_to_async(change)()
        for socket in sockets:
            assert (await socket.receive_output())["code"] == 4401
            await socket.disconnect()

    run(story)


async def session_ends(user: Any, client: Client) -> None:
    """The socket hears of it, and is closed."""
    socket = await opened(client)
    await Session.objects.aupdate(expire_date=timezone.now() - timedelta(seconds=1))
    await sync_to_async(publish)({"recheck": user.pk})
    assert (await socket.receive_output())["code"] == 4401
    await socket.disconnect()


def test_socket_of_an_expired_session_is_closed_at_the_next_check(alice: Any) -> None:
    run(partial(session_ends, alice, signed_in(alice)))


class LateLayer(InMemoryChannelLayer):
    """A layer whose `group_add` returns before it has come into force, as that of channels_redis."""

    async def group_add(self, group: str, channel: str) -> None:
        join = super().group_add
        loop = asyncio.get_running_loop()
        loop.call_later(0.3, lambda: setattr(self, "joining", loop.create_task(join(group, channel))))


def test_socket_is_open_only_when_what_is_published_reaches_it(alice: Any, settings: Any) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.LateLayer"}}
    settings.REDIS_URL = "redis://late"
    run(partial(session_ends, alice, signed_in(alice)))


def test_stuck_socket_holds_up_nobody_and_gets_one_merged_notice_later(alice: Any) -> None:
    client = signed_in(alice)

    async def story() -> None:
        quick, incoming, taken, release = await opened(client), asyncio.Queue(), [], asyncio.Event()

        async def send(message: dict[str, Any]) -> None:
            if "text" in message:
                taken.append(json.loads(message["text"]))
                await release.wait()

        scope = {**socket_of(client).scope, "type": "websocket"}
        stuck = asyncio.create_task(application(scope, incoming.get, send))
        await incoming.put({"type": "websocket.connect"})
        await settled(lambda: hub().socket_count == 2)
        for number in range(3):
            await sync_to_async(make_event)(alice, title=f"Event {number}")
            assert (await quick.receive_json_from())["type"] == "events-changed"
        assert len(taken) == 1
        release.set()
        await settled(lambda: len(taken) == 2)
        assert len(taken[1]["events"]) == 2
        await incoming.put({"type": "websocket.disconnect", "code": 1000})
        await stuck
        await quick.disconnect()

    run(story)


def test_merged_notice_of_a_whole_calendar_stays_one() -> None:
    socket = CalendarConsumer()
    socket._pending = {}
    socket._merge("a", 3, ["one"])
    socket._merge("a", 5, [])
    socket._merge("a", 4, ["two"])
    assert socket._pending == {"a": (5, [])}
