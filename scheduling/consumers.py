"""The WebSocket of a calendar page: notices that something changed, never content.

Server to client: `{"type": "events-changed", "calendar": id, "revision": n, "events": [ids]}`, nothing else.
Client to server: `{"seen": {"<calendar id>": revision}}` at every (re)connect and whenever the page wants
to be sure; the answer is one notice for each of the user's calendars that is ahead.

One subscription per process: its `Hub` receives each message once and hands it to the sockets of that user. A
socket keeps only the newest notice of each calendar until its client took it, so a stuck one costs the others
nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.conf import settings

from scheduling.live import GROUP
from scheduling.models import Calendar
from scheduling.signals import calendars_open

logger = logging.getLogger(__name__)

# Close codes. Daphne can send only 1000 and those for private use; these end like HTTP's.
MALFORMED, UNAUTHENTICATED, TOO_BIG, TOO_MANY, RESTARTING = 4400, 4401, 4413, 4429, 4503
MOST_BYTES = 16_384
MOST_MESSAGES, RATE_SECONDS = 20, 10.0
RECHECK_SECONDS = 60.0
PRESENCE_SECONDS, PRESENCE_STEP = 60.0, 5.0
PROBE = {"type": "live.probe"}
PROBE_SECONDS, PROBE_WAIT_SECONDS = 0.5, 5.0


class Hub:
    """The sockets of one process by user, fed by one subscription that starts with the first socket."""

    def __init__(self) -> None:
        self._sockets: dict[Any, set[CalendarConsumer]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._subscribed = asyncio.Event()
        self._probed = asyncio.Event()
        self._presence: asyncio.Task[None] | None = None
        # Called with the users of whom something changed, or with None when that is not known.
        self.listeners: set[Callable[[set[Any] | None], None]] = set()
        self._present_again: dict[Any, float] = {}  # when a user is next said to be here

    @property
    def socket_count(self) -> int:
        return sum(len(sockets) for sockets in self._sockets.values())

    async def join(self, socket: CalendarConsumer) -> None:
        """After this returns no message for the socket's user is missed."""
        self._sockets.setdefault(socket.user_id, set()).add(socket)
        if self._presence is None or self._presence.done():
            self._presence = asyncio.create_task(self._tell_presence())
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

    async def _listen(self) -> None:
        interrupted = False
        while True:
            layer = get_channel_layer()
            channel = ""
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                if interrupted:
                    logger.warning("live notices arrive again")
                    interrupted = False
                    self._have_all_ask()
                self._subscribed.set()
                await self._hear(layer, channel)
            except Exception as error:
                if not interrupted:
                    logger.error("live notices are interrupted: %s: %s", type(error).__name__, error)
                interrupted = True
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
        while settings.REDIS_URL:
            self._probed.clear()
            await layer.send(channel, PROBE)
            await asyncio.wait_for(self._probed.wait(), PROBE_WAIT_SECONDS)
            await asyncio.sleep(PROBE_SECONDS)
        await asyncio.Event().wait()

    async def _tell_presence(self) -> None:
        """Say who is here: at once, then about once a minute each, spread so that not all come together."""
        while self._sockets:
            now = time.monotonic()
            due = [user for user in self._sockets if self._present_again.get(user, 0.0) <= now]
            for user in due:
                self._present_again[user] = now + PRESENCE_SECONDS * random.uniform(0.75, 1.25)
            if due:
                await database_sync_to_async(calendars_open.send_robust)(sender=None, user_ids=due)
            await asyncio.sleep(PRESENCE_STEP)
            self._present_again = {user: at for user, at in self._present_again.items() if at > now}

    def _dispatch(self, message: dict[str, Any]) -> None:
        if message == PROBE:
            self._probed.set()
            return
        for socket in self._sockets.get(message.get("recheck"), ()):
            socket.recheck()
        users = {notice["user"] for notice in message.get("notices", ())} | set(message.get("hosts", ()))
        if users:
            for listener in self.listeners:
                listener(users)
        for notice in message.get("notices", ()):
            for socket in self._sockets.get(notice["user"], ()):
                socket.offer(notice["calendar"], notice["revision"], notice["events"])


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
        self._pending: dict[str, tuple[int, list[str]]] = {}
        self._wake = asyncio.Event()
        self._check_at = time.monotonic() + RECHECK_SECONDS
        self._close_code: int | None = None
        self._received: deque[float] = deque(maxlen=MOST_MESSAGES)
        self._sender: asyncio.Task[None] | None = None
        await self.accept()  # before a refusal too: only an open socket can tell its close code
        if self.user_id is None:
            await self.close(UNAUTHENTICATED)
            return
        await hub().join(self)
        self._sender = asyncio.create_task(self._send_pending())

    async def disconnect(self, code: int) -> None:
        hub().leave(self)
        if self._sender is not None:
            self._sender.cancel()

    # --- from the hub; never waits -------------------------------------------------------------
    def offer(self, calendar: str, revision: int, events: list[str]) -> None:
        """Queue a notice; one that still waits for the same calendar is merged with it."""
        before = self._pending.get(calendar)
        if before is not None:
            revision = max(before[0], revision)
            # An empty list speaks of the whole calendar.
            events = list(dict.fromkeys(before[1] + events)) if before[1] and events else []
        self._pending[calendar] = (revision, events)
        self._wake.set()

    def recheck(self) -> None:
        self._check_at = 0.0
        self._wake.set()

    def hang_up(self, code: int) -> None:
        self._close_code = code
        self._wake.set()

    # --- to the client -------------------------------------------------------------------------
    async def _send_pending(self) -> None:
        try:
            while self._close_code is None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), max(self._check_at - time.monotonic(), 0))
                self._wake.clear()
                if time.monotonic() >= self._check_at:
                    self._check_at = time.monotonic() + RECHECK_SECONDS
                    if not await self._session_is_valid():
                        self._close_code = UNAUTHENTICATED
                        break
                while self._pending:
                    calendar = next(iter(self._pending))
                    revision, events = self._pending.pop(calendar)
                    await self.send(
                        json.dumps(
                            {
                                "type": "events-changed",
                                "calendar": calendar,
                                "revision": revision,
                                "events": events,
                            }
                        )
                    )
            await self.close(self._close_code)
        except Exception:
            logger.exception("a socket's sender failed")
            await self.close(RESTARTING)

    async def _session_is_valid(self) -> bool:
        """Look at the session as it is stored now: `scope` remembers how it was at the handshake."""
        store = import_module(settings.SESSION_ENGINE).SessionStore
        session = store(self.scope["session"].session_key)
        user = await get_user({"session": session})
        return user.pk == self.user_id

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


@database_sync_to_async
def _calendars_ahead(user_id: Any, seen: dict[UUID, int]) -> list[tuple[str, int]]:
    """Those of `seen` that are the user's own and have moved on: (id, revision)."""
    own = Calendar.objects.filter(user_id=user_id, id__in=list(seen)).values_list("id", "revision")
    return [(str(calendar), revision) for calendar, revision in own if revision > seen[calendar]]
