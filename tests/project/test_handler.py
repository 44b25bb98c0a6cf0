"""How requests share the threads of a web process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils import translation

from project import urls
from project.handler import PooledHandler
from tests.waiting import wait_for

opened = threading.Event()
begun: list[str] = []


def slow(request: HttpRequest) -> HttpResponse:
    """Waits until the test lets it go on."""
    begun.append(request.GET["name"])
    assert opened.wait(20)
    return HttpResponse(threading.current_thread().name)


def words(request: HttpRequest) -> HttpResponse:
    found = translation.get_language()
    translation.activate("fr")
    return HttpResponse(found)


def stream(request: HttpRequest) -> StreamingHttpResponse:
    async def pieces() -> Any:
        yield "one "
        yield "two"

    return StreamingHttpResponse(pieces())


def fail(request: HttpRequest) -> HttpResponse:
    raise ValueError("a fault")


urlpatterns = [
    path("slow", slow),
    path("words", words),
    path("stream", stream),
    path("fail", fail),
    *urls.urlpatterns,
]
handler500 = "project.views.server_error"


@pytest.fixture
def handler(settings: Any) -> Iterator[PooledHandler]:
    settings.ROOT_URLCONF, settings.MIDDLEWARE, settings.WEB_THREADS = __name__, [], 2
    opened.clear()
    begun.clear()
    yield PooledHandler()
    opened.set()


class Request:
    """One request as the server hands it over; `answer` gives (status, body)."""

    def __init__(self, handler: PooledHandler, address: str) -> None:
        where, _, query = address.partition("?")
        scope = {
            "type": "http",
            "method": "GET",
            "path": where,
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost")],
        }
        self._way = ApplicationCommunicator(handler, scope)

    async def begin(self) -> Request:
        await self._way.send_input({"type": "http.request", "body": b""})
        return self

    async def leave(self) -> None:
        await self._way.send_input({"type": "http.disconnect"})
        await self._way.wait(20)

    async def answer(self) -> tuple[int, str]:
        start = await self._way.receive_output(20)
        body, more = b"", True
        while more:
            piece = await self._way.receive_output(20)
            body, more = body + piece.get("body", b""), piece.get("more_body", False)
        await self._way.wait(20)
        return start["status"], body.decode()


async def until(condition: Any) -> None:
    await asyncio.to_thread(wait_for, condition, "the threads")


@pytest.mark.django_db(transaction=True)
def test_what_comes_while_all_threads_are_busy_waits_for_its_turn(handler: PooledHandler) -> None:
    async def story() -> list[tuple[int, str]]:
        requests = [await Request(handler, f"/slow?name={n}").begin() for n in range(6)]
        await until(lambda: len(begun) == 2)
        opened.set()
        return [await request.answer() for request in requests]

    answers = asyncio.run(story())
    assert {status for status, _ in answers} == {200} and begun == [str(n) for n in range(6)]
    assert len({thread for _, thread in answers}) <= 2


@pytest.mark.django_db(transaction=True)
def test_who_leaves_before_their_turn_costs_nothing(handler: PooledHandler) -> None:
    async def story() -> None:
        first, second = [await Request(handler, f"/slow?name={n}").begin() for n in range(2)]
        await until(lambda: len(begun) == 2)
        gone = await Request(handler, "/slow?name=gone").begin()
        await gone.leave()
        opened.set()
        for request in (first, second, await Request(handler, "/slow?name=last").begin()):
            assert (await request.answer())[0] == 200

    asyncio.run(story())
    assert sorted(begun) == ["0", "1", "last"]


@pytest.mark.django_db(transaction=True)
def test_who_leaves_while_their_change_is_made_does_not_stop_it(handler: PooledHandler) -> None:
    async def story() -> None:
        request = await Request(handler, "/slow?name=change").begin()
        await until(lambda: begun == ["change"])
        asyncio.get_running_loop().call_later(0.05, opened.set)
        await request.leave()

    asyncio.run(story())
    assert opened.is_set()


@pytest.mark.django_db(transaction=True)
def test_nothing_of_one_request_is_left_on_its_thread_for_the_next(handler: PooledHandler) -> None:
    async def story() -> list[str]:
        return [(await (await Request(handler, "/words").begin()).answer())[1] for _ in range(4)]

    assert set(asyncio.run(story())) == {"en"}


@pytest.mark.django_db(transaction=True)
def test_an_answer_in_pieces_is_sent_piece_by_piece(handler: PooledHandler) -> None:
    async def story() -> tuple[int, str]:
        return await (await Request(handler, "/stream").begin()).answer()

    assert asyncio.run(story()) == (200, "one two")


@pytest.mark.django_db(transaction=True)
def test_a_fault_is_answered_and_the_thread_goes_on(handler: PooledHandler, settings: Any) -> None:
    settings.DEBUG = False

    async def story() -> list[int]:
        return [(await (await Request(handler, "/fail").begin()).answer())[0] for _ in range(3)]

    assert asyncio.run(story()) == [500, 500, 500]
