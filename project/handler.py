"""How a request comes to its view: on one of a few threads that stay, rather than on a thread of its own.

Django's own handler starts a thread for each request under ASGI, hops to it and back a dozen times on the way through
the middleware, and opens the database anew. Hundreds of requests at once are then hundreds of threads that all wait
for each other. Here the whole stack runs in one go on one of `WEB_THREADS` threads, each of which keeps its connection;
what comes while all are busy waits in order, and is dropped when whoever asked has gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import connections
from django.http import HttpResponseBase
from django.urls import set_script_prefix

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class PooledHandler(ASGIHandler):
    """Django's handler for synchronous views. Answers that are streamed leave as Django's own handler sends them."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(settings.WEB_THREADS, thread_name_prefix="request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        try:
            response = await self._response(scope, body, receive)
            if response is None:
                return
            if response.streaming:
                await self._stream(response, send)
            else:
                await self.send_response(response, send)
        finally:
            body.close()

    async def _response(self, scope: Scope, body: Any, receive: Receive) -> HttpResponseBase | None:
        """What the stack answers; None when whoever asked has gone before it was their turn."""
        turn: Future[None] = Future()  # taken by the thread or given up by who leaves, never both

        def answer() -> HttpResponseBase | None:
            return self._answer(scope, body) if turn.set_running_or_notify_cancel() else None

        work = asyncio.ensure_future(sync_to_async(answer, thread_sensitive=False, executor=self._threads)())
        leaving = asyncio.ensure_future(receive())  # nothing but `http.disconnect` comes after the body
        try:
            await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done() and turn.cancel():
                work.cancel()
                return None
            return await work
        finally:
            leaving.cancel()

    def _answer(self, scope: Scope, body: Any) -> Any:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response: Any = refusal if request is None else self.get_response(request)
        response._handler_class = self.__class__
        if not response.streaming:
            response.close()  # on this thread, whose connections it looks after; its content stays
        return response

    async def _stream(self, response: HttpResponseBase, send: Send) -> None:
        async with ThreadSensitiveContext():
            try:
                await self.send_response(response, send)
            finally:
                await sync_to_async(_finish)(response)


def _finish(response: HttpResponseBase) -> None:
    response.close()
    connections.close_all()  # of a thread that ends with this answer
