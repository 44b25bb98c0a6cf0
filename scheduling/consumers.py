"""The WebSocket of a calendar page: notices that something changed, never content.

Server to client: `{"type": "events-changed", "calendar": id, "revision": n, "events": [ids]}`, nothing else.
Client to server: `{"seen": {"<calendar id>": revision}}` at every (re)connect and whenever the page wants
to be sure; the answer is one notice for each of the user's calendars that is ahead.

One subscription per process: its `Hub` receives each message once and hands it to the sockets of that user. A
socket keeps only the newest notice of each calendar until its client took it, so a stuck one costs the others
nothing. An idle socket has neither a task nor a timer: the hub keeps the time for all.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from itertools import islice
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from scheduling.live import GROUP
from scheduling.models import Calendar
from scheduling.signals import calendars_open

logger = logging.getLogger(__name__)

# Close codes. Daphne can send only 1000 and those for private use; these end like HTTP's.
MALFORMED, UNAUTHENTICATED, TOO_BIG, TOO_MANY, RESTARTING = 4400, 4401, 4413, 4429, 4503
MOST_BYTES = 16_384
MOST_MESSAGES, RATE_SECONDS = 20, 10.0
RECHECK_SECONDS = 60.0
PRESENCE_SECONDS, STEP_SECONDS = 60.0, 5.0
PROBE = {"type": "live.probe"}
PROBE_SECONDS, PROBE_WAIT_SECONDS, SUBSCRIBE_SECONDS = 0.5, 5.0, 0.2
# Whoever saved is answered before their thousand watchers are told, and others get their turn in between.
HEAD_START_SECONDS, SENT_AT_ONCE = 0.02, 20


class Hub:
    """The sockets of one process by user, fed by one subscription that starts with the first socket."""

    def __init__(self) -> None:
        self._sockets: dict[Any, set[CalendarConsumer]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._subscribed = asyncio.Event()
        self._probed = asyncio.Event()
        self._is_interrupted = False
        self._timekeeper: asyncio.Task[None] | None = None
        # Called with the users of whom something changed, or with None when that is not known.
        self.listeners: set[Callable[[set[Any] | None], None]] = set()
        self._present_again: dict[Any, float] = {}  # when a user is next said to be here
        self._to_send: dict[CalendarConsumer, None] = {}  # in order
        self._tasks: set[asyncio.Task[None]] = set()
        self._delivery: asyncio.Task[None] | None = None

    @property
    def socket_count(self) -> int:
        return sum(len(sockets) for sockets in self._sockets.values())

    async def join(self, socket: CalendarConsumer) -> None:
        """After this returns no message for the socket's user is missed."""
        self._sockets.setdefault(socket.user_id, set()).add(socket)
        if self._timekeeper is None or self._timekeeper.done():
            self._timekeeper = asyncio.create_task(self._keep_time())
        await self.subscribe()

    async def subscribe(self) -> None:
        """After this returns every message reaches this process."""
        if self._listener is None or self._listener.done():
            self._subscribed.clear()
            self._listener = asyncio.create_task(self._listen())
        await self._subscribed.wait()

    def leave(self, socket: CalendarConsumer) -> None:
        sockets = self._sockets.get(socket.user_id, set())
        sockets.discard(socket)
        if not sockets:
            self._sockets.pop(socket.user_id, None)
        self._to_send.pop(socket, None)

    def send_soon(self, socket: CalendarConsumer) -> None:
        """Have the socket send what waits in it."""
        self._to_send[socket] = None
        if self._delivery is None or self._delivery.done():
            self._delivery = asyncio.create_task(self._deliver())

    async def _deliver(self) -> None:
        await asyncio.sleep(HEAD_START_SECONDS)
        while self._to_send:
            for socket in list(islice(self._to_send, SENT_AT_ONCE)):
                del self._to_send[socket]
                socket.send_pending()
            await asyncio.sleep(0)

    def check_sessions(self, sockets: Iterable[CalendarConsumer]) -> None:
        """Close those of them whose session has ended by now; waits for nothing."""
        task = asyncio.create_task(self._check_sessions(list(sockets)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _check_sessions(self, sockets: list[CalendarConsumer]) -> None:
        try:
            ended = await _ended({(socket.session_key, socket.user_id) for socket in sockets})
        except Exception:
            logger.exception("sessions could not be checked; that is tried again")
            return
        for socket in sockets:
            if (socket.session_key, socket.user_id) in ended:
                socket.hang_up(UNAUTHENTICATED)

    async def _listen(self) -> None:
        while True:
            layer = get_channel_layer()
            channel = ""
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                self._subscribed.clear()
                await self._hear(layer, channel)
            except Exception as error:
                if not self._is_interrupted:
                    logger.error("live notices are interrupted: %s: %s", type(error).__name__, error)
                self._is_interrupted = True
            finally:
                with suppress(Exception):
                    # What a layer on Redis remembers of a broken connection, it would take for subscriptions.
                    await (layer.flush() if settings.REDIS_URL else layer.group_discard(GROUP, channel))
            self._have_all_ask()
            self._subscribed.set()
            await asyncio.sleep(1)

    def _have_all_ask(self) -> None:
        """What was sent meanwhile is lost: whoever connects anew asks for what it missed."""
        for sockets in self._sockets.values():
            for socket in sockets:
                socket.hang_up(RESTARTING)
        for listener in self.listeners:
            listener(None)

    async def _hear(self, layer: Any, channel: str) -> None:
        """Hand on what comes, until the layer fails."""
        receiving: asyncio.Future[Any] | None = None
        probing = asyncio.create_task(self._probe(layer, channel))
        try:
            while True:
                receiving = asyncio.ensure_future(layer.receive(channel))
                await asyncio.wait({receiving, probing}, return_when=asyncio.FIRST_COMPLETED)
                if probing.done():
                    probing.result()
                self._dispatch(receiving.result())
        finally:
            probing.cancel()
            if receiving is not None:
                receiving.cancel()

    async def _probe(self, layer: Any, channel: str) -> None:
        """Raises when a message to ourselves does not come back: channels_redis does not tell of a broken connection.

        It is deaf for a second at least after one, which no probe survives.
        """
        if settings.REDIS_URL:
            async with asyncio.timeout(PROBE_WAIT_SECONDS):
                await self._hear_ourselves(layer)
        self._subscribed.set()
        if self._is_interrupted:
            logger.warning("live notices arrive again")
            self._is_interrupted = False
            self._have_all_ask()
        while settings.REDIS_URL:
            self._probed.clear()
            await layer.send(channel, PROBE)
            await asyncio.wait_for(self._probed.wait(), PROBE_WAIT_SECONDS)
            await asyncio.sleep(PROBE_SECONDS)
        await asyncio.Event().wait()

    async def _hear_ourselves(self, layer: Any) -> None:
        """`group_add` of channels_redis returns when its subscription is sent: what is published meanwhile is lost."""
        self._probed.clear()
        while not self._probed.is_set():
            await layer.group_send(GROUP, PROBE)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._probed.wait(), SUBSCRIBE_SECONDS)

    async def _keep_time(self) -> None:
        """Who is here is told at once and then about once a minute; sessions are looked at as often. Both are spread,
        so that not all come together."""
        while self._sockets:
            now = time.monotonic()
            due = [user for user in self._sockets if self._present_again.get(user, 0.0) <= now]
            for user in due:
                self._present_again[user] = now + spread(PRESENCE_SECONDS)
            if due:
                await database_sync_to_async(calendars_open.send_robust)(sender=None, user_ids=due)
            unchecked = [
                socket for sockets in self._sockets.values() for socket in sockets if socket.check_at <= now
            ]
            for socket in unchecked:
                socket.check_at = now + spread(RECHECK_SECONDS)
            if unchecked:
                await self._check_sessions(unchecked)
            await asyncio.sleep(STEP_SECONDS)
            self._present_again = {user: at for user, at in self._present_again.items() if at > now}

    def _dispatch(self, message: dict[str, Any]) -> None:
        if message == PROBE:
            self._probed.set()
            return
        if to_check := self._sockets.get(message.get("recheck")):
            self.check_sessions(to_check)
        users = {notice["user"] for notice in message.get("notices", ())} | set(message.get("hosts", ()))
        if users:
            for listener in self.listeners:
                listener(users)
        for notice in message.get("notices", ()):
            for socket in self._sockets.get(notice["user"], ()):
                socket.offer(notice["calendar"], notice["revision"], notice["events"])


def spread(seconds: float) -> float:
    return seconds * random.uniform(0.75, 1.25)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


def socket_count() -> int:
    """Open sockets of this process."""
    return sum(each.socket_count for each in list(_hubs.values()))


class CalendarConsumer(AsyncWebsocketConsumer):
    channel_layer_alias = None  # type: ignore[assignment]  # the hub subscribes once for all sockets

    async def connect(self) -> None:
        self.user_id: Any = self.scope["user"].pk
        self.session_key: str | None = self.scope["session"].session_key
        self.check_at = time.monotonic() + spread(RECHECK_SECONDS)
        self._pending: dict[str, tuple[int, list[str]]] = {}
        self._close_code: int | None = None
        self._received: deque[float] = deque(maxlen=MOST_MESSAGES)
        self._sending: asyncio.Task[None] | None = None
        await self.accept()  # before a refusal too: only an open socket can tell its close code
        if self.user_id is None:
            await self.close(UNAUTHENTICATED)
            return
        await hub().join(self)

    async def disconnect(self, code: int) -> None:
        hub().leave(self)
        if self._sending is not None:
            self._sending.cancel()

    # --- from the hub; never waits -------------------------------------------------------------
    def offer(self, calendar: str, revision: int, events: list[str]) -> None:
        """Queue a notice."""
        self._merge(calendar, revision, events)
        hub().send_soon(self)

    def _merge(self, calendar: str, revision: int, events: list[str]) -> None:
        """A notice that still waits for the same calendar becomes one with it."""
        before = self._pending.get(calendar)
        if before is not None:
            revision = max(before[0], revision)
            # An empty list speaks of the whole calendar.
            events = list(dict.fromkeys(before[1] + events)) if before[1] and events else []
        self._pending[calendar] = (revision, events)

    def hang_up(self, code: int) -> None:
        self._close_code = code
        self.send_pending()

    def send_pending(self) -> None:
        """In a task of its own, so that a stuck client holds up nobody; one at a time."""
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_pending())

    # --- to the client -------------------------------------------------------------------------
    async def _send_pending(self) -> None:
        try:
            while self._pending and self._close_code is None:
                calendar = next(iter(self._pending))
                revision, events = self._pending.pop(calendar)
                await self.send(_words(calendar, revision, tuple(events)))
            if self._close_code is not None:
                await self.close(self._close_code)
        except Exception:
            logger.exception("a socket's sender failed")
            await self.close(RESTARTING)

    # --- from the client -----------------------------------------------------------------------
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        now = time.monotonic()
        if text_data is None or len(text_data) > MOST_BYTES:
            await self.close(TOO_BIG if text_data else MALFORMED)
            return
        if len(self._received) == MOST_MESSAGES and now - self._received[0] < RATE_SECONDS:
            await self.close(TOO_MANY)
            return
        self._received.append(now)
        try:
            seen = {
                UUID(calendar): int(revision) for calendar, revision in json.loads(text_data)["seen"].items()
            }
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            await self.close(MALFORMED)
            return
        if self.user_id is not None:
            for calendar, revision in await _calendars_ahead(self.user_id, seen):
                self.offer(calendar, revision, [])


@lru_cache(maxsize=64)
def _words(calendar: str, revision: int, events: tuple[str, ...]) -> str:
    """The notice as it travels; the same for every socket of a person."""
    return json.dumps(
        {"type": "events-changed", "calendar": calendar, "revision": revision, "events": list(events)}
    )


@database_sync_to_async
def _ended(signed_in: set[tuple[str | None, Any]]) -> set[tuple[str | None, Any]]:
    """Those of (session, user) that hold no more: as stored now, for `scope` remembers how it was at the handshake."""
    store, ended = import_module(settings.SESSION_ENGINE).SessionStore, set()
    for session_key, user_id in signed_in:
        request = HttpRequest()
        request.session = store(session_key)
        if get_user(request).pk != user_id:
            ended.add((session_key, user_id))
    return ended


@database_sync_to_async
def _calendars_ahead(user_id: Any, seen: dict[UUID, int]) -> list[tuple[str, int]]:
    """Those of `seen` that are the user's own and have moved on: (id, revision)."""
    own = Calendar.objects.filter(user_id=user_id, id__in=list(seen)).values_list("id", "revision")
    return [(str(calendar), revision) for calendar, revision in own if revision > seen[calendar]]
