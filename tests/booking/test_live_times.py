"""The socket of a booking page: it says that times changed, to anybody, and nothing else (BK-08, S-13)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from project.asgi import application
from scheduling import services
from scheduling.models import AppointmentType
from tests.booking.moments import berlin
from tests.make import make_event, make_guest
from tests.sockets import Socket

pytestmark = pytest.mark.django_db(transaction=True)
WAIT = 20  # seconds until a notice that does not come is one that does not come


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> None:
    settings.BOOKING_LOOK_SECONDS = 0


@pytest.fixture
def page(intro: AppointmentType) -> str:
    services.update_profile(profile=intro.user.profile, handle="alice", public_page=True)
    return "/ws/book/alice/intro/"


def socket_of(page: str, origin: bytes = b"http://localhost") -> Socket:
    return Socket(application, page, headers=[(b"host", b"localhost"), (b"origin", origin)])


def run(story: Callable[[], Awaitable[None]]) -> None:
    """Run with the database work in this very thread, where the test's connection is."""
    async_to_sync(story)()


def test_everybody_who_looks_hears_that_times_changed_and_nothing_else(
    page: str, alice: Any, intro: AppointmentType
) -> None:
    async def story() -> None:
        sockets = [socket_of(page), socket_of(page)]
        for socket in sockets:
            assert (await socket.connect(WAIT))[0]
        book = sync_to_async(services.book)
        booking, _ = await book(appointment_type=intro, start=berlin(24, 9), guest=make_guest())
        for socket in sockets:
            assert await socket.receive_from(WAIT) == '{"type": "times-changed"}'
        await sync_to_async(services.cancel_booking)(booking=booking, by="guest")
        assert await sockets[0].receive_from(WAIT) == '{"type": "times-changed"}'
        hold = sync_to_async(services.hold_time)
        await hold(appointment_type=intro, start=berlin(24, 9), holder="192.0.2.1")
        assert await sockets[0].receive_from(WAIT) == '{"type": "times-changed"}'
        for socket in sockets:
            await socket.disconnect()

    run(story)


def test_what_changes_no_free_time_is_not_told(page: str, alice: Any) -> None:
    async def story() -> None:
        socket = socket_of(page)
        assert (await socket.connect(WAIT))[0]
        add = sync_to_async(make_event)
        await add(alice, title="At night", start=berlin(24, 2))
        await add(alice, title="Lunch", start=berlin(24, 12))
        assert await socket.receive_from(WAIT) == '{"type": "times-changed"}'  # for lunch
        await add(alice, title="Free", start=berlin(25, 12), availability="free")
        await sync_to_async(services.replace_available_slots)(user=alice, slots=[])
        assert await socket.receive_from(WAIT) == '{"type": "times-changed"}'
        assert await socket.receive_nothing()
        await socket.disconnect()

    run(story)


@pytest.mark.parametrize("address", ["/ws/book/alice/other/", "/ws/book/bob/intro/"])
def test_a_page_that_is_not_there_has_no_socket(page: str, address: str) -> None:
    async def story() -> None:
        socket = socket_of(address)
        await socket.connect(WAIT)
        assert await socket.receive_output(WAIT) == {"type": "websocket.close", "code": 4404}
        await socket.disconnect()

    run(story)


def test_a_foreign_page_a_talkative_one_and_too_many_are_refused(page: str, settings: Any) -> None:
    settings.BOOKING_SOCKETS = {"address": 1, "all": 1000}

    async def story() -> None:
        assert (await socket_of(page, b"https://evil.example").connect(WAIT))[0] is False
        first, second = socket_of(page), socket_of(page)
        await first.connect(WAIT)
        await second.connect(WAIT)
        assert await second.receive_output(WAIT) == {"type": "websocket.close", "code": 4429}
        await second.disconnect()
        await first.send_to("hello")
        assert await first.receive_output(WAIT) == {"type": "websocket.close", "code": 4400}
        await first.disconnect()
        third = socket_of(page)
        assert (await third.connect(WAIT))[0]
        assert await third.receive_nothing()
        await third.disconnect()

    run(story)
