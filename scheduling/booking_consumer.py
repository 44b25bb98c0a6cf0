"""The WebSocket of a public booking page: a notice, without content, when the times that it shows have changed.

Nobody signs in. The server says `{"type": "times-changed"}` and nothing else; a page that speaks is hung up on.

Each page that somebody looks at is looked at once for all of its sockets, when something of its hosts changed and not
more often than every few seconds. Its guests hear of it only when other times are free than before: that a host's
calendar was written to is nobody's business.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from scheduling import availability, booking_queries, services
from scheduling.consumers import MALFORMED, RESTARTING, TOO_MANY, hub
from scheduling.models import AppointmentType
from scheduling.presentation.booking import DAYS_SHOWN

logger = logging.getLogger(__name__)

NOT_FOUND = 4404
SETTLE_SECONDS = 0.2
NOTICE = json.dumps({"type": "times-changed"})


@dataclass(frozen=True)
class Look:
    """What a page shows: ids of the hosts, the places left by start, and from and until when it was looked."""

    hosts: set[Any]
    times: dict[datetime, int]
    since: datetime
    until: datetime

    def tells_more_than(self, before: Look) -> bool:
        """Whether other times are free than before; what time alone has taken is no news."""
        old, new = (
            {start: left for start, left in look.times.items() if self.since <= start < before.until}
            for look in (before, self)
        )
        return old != new


class BookingPage:
    """The sockets of one appointment type in this process, and the times that are free of it."""

    def __init__(self, type_id: UUID) -> None:
        self.sockets: set[BookingConsumer] = set()
        self._type_id = type_id
        self._shown: Look | None = None
        self._stirred = asyncio.Event()
        self._ready = asyncio.Event()
        self._watching = asyncio.create_task(self._watch())

    async def join(self, socket: BookingConsumer) -> None:
        self.sockets.add(socket)
        await self._ready.wait()

    def close(self) -> None:
        self._watching.cancel()
        hub().listeners.discard(self._stir)
        pages = _pages[asyncio.get_running_loop()]
        if pages.get(self._type_id) is self:
            del pages[self._type_id]

    def _stir(self, users: set[Any] | None) -> None:
        if users is None or self._shown is None or not self._shown.hosts.isdisjoint(users):
            self._stirred.set()

    async def _watch(self) -> None:
        try:
            await hub().subscribe()
            hub().listeners.add(self._stir)
            shown = self._shown = await _look(self._type_id)
            self._ready.set()
            while True:
                await self._stirred.wait()
                await asyncio.sleep(SETTLE_SECONDS)
                self._stirred.clear()
                before, shown = shown, await _look(self._type_id)
                self._shown = shown
                if shown.tells_more_than(before):
                    for socket in self.sockets:
                        socket.tell()
                await asyncio.sleep(settings.BOOKING_LOOK_SECONDS)
        except Exception:
            logger.exception("a booking page could not be watched")
            for socket in self.sockets:
                socket.hang_up(RESTARTING)
            self.close()
            self._ready.set()


_pages: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[UUID, BookingPage]] = WeakKeyDictionary()
_open: Counter[str] = Counter()


class BookingConsumer(AsyncWebsocketConsumer):
    channel_layer_alias = None  # type: ignore[assignment]  # the hub subscribes once for all sockets

    async def connect(self) -> None:
        self._sending: set[asyncio.Task[None]] = set()
        self._type_id: UUID | None = None
        self._address = _address_of(self.scope)
        _open[self._address] += 1
        most = settings.BOOKING_SOCKETS
        if _open[self._address] > most["address"] or _open.total() > most["all"]:
            await self._refuse(TOO_MANY)
            return
        self._type_id = await _type_id_of(**self.scope["url_route"]["kwargs"])
        if self._type_id is None:
            await self._refuse(NOT_FOUND)
            return
        pages = _pages.setdefault(asyncio.get_running_loop(), {})
        if self._type_id not in pages:
            pages[self._type_id] = BookingPage(self._type_id)
        await pages[self._type_id].join(self)
        await self.accept()  # from here on it misses nothing

    async def _refuse(self, code: int) -> None:
        await self.accept()  # only an open socket can tell its close code
        await self.close(code)

    async def disconnect(self, code: int) -> None:
        _open[self._address] -= 1
        if not _open[self._address]:
            del _open[self._address]
        pages = _pages.get(asyncio.get_running_loop(), {})
        page = pages.get(self._type_id) if self._type_id is not None else None
        if page is not None:
            page.sockets.discard(self)
            if not page.sockets:
                page.close()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.close(MALFORMED)

    def tell(self) -> None:
        self._do(self.send(NOTICE))

    def hang_up(self, code: int) -> None:
        self._do(self.close(code))

    def _do(self, work: Any) -> None:
        """Never waits for this socket's client."""
        task = asyncio.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


def _address_of(scope: dict[str, Any]) -> str:
    request = HttpRequest()
    forwarded = [value.decode("latin1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    request.META["REMOTE_ADDR"] = (scope.get("client") or ["0.0.0.0"])[0]
    if forwarded:
        request.META["HTTP_X_FORWARDED_FOR"] = ",".join(forwarded)
    return services.client_address(request)


@database_sync_to_async
def _type_id_of(handle: str, name: str) -> UUID | None:
    found = booking_queries.public_type(handle, name)
    return None if found is None else found.pk


@database_sync_to_async
def _look(type_id: UUID) -> Look:
    now = timezone.now()
    until = now + timedelta(days=DAYS_SHOWN)
    kind = AppointmentType.objects.select_related("user__profile").get(pk=type_id)
    hosts = availability.hosts_of(kind)
    slots = availability.slots_of(
        kind, start=now, end=until, now=now, duration=min(kind.durations), hosts=hosts
    )
    return Look(
        {host.pk for host in hosts},
        {slot.start: slot.seats_left for slot in slots},
        now + timedelta(minutes=kind.minimum_notice),
        until,
    )
