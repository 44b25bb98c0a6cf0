"""A channel layer for one machine without Redis: local queues, and one table between the processes.

A message is put on the queues of this process at once and written as one row; every other process that has
joined a group looks for new rows ten times a second. On SQLite that look is `PRAGMA data_version`, which
costs microseconds while nobody writes; on PostgreSQL it is an indexed query. Groups reach every process; a
channel name is known in its own process only.

Invariants:
- a process that joined a group gets every message sent by another process after `group_add` returned, once
- a message written later but numbered lower (PostgreSQL) is not lost
- membership of a group does not expire
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from channels.db import database_sync_to_async
from channels.layers import InMemoryChannelLayer
from django.db import connection
from django.db.models import Max, Q
from django.utils import timezone

from project.models import ChannelMessage

logger = logging.getLogger("project.channel_layer")

POLL_SECONDS = 0.1
KEEP = timedelta(minutes=5)
PRUNE_SECONDS = 60.0
GAP_SECONDS = 10.0
BATCH = 500


class OutboxChannelLayer(InMemoryChannelLayer):
    """See the module. Besides the async interface of Channels it has `publish` for synchronous code."""

    def __init__(self, capacity: int = 10_000, **kwargs: Any) -> None:
        super().__init__(capacity=capacity, **kwargs)
        self.origin = uuid.uuid4().hex
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poller: _Poller | None = None
        self._prune_at = 0.0

    def publish(self, group: str, message: dict[str, Any]) -> None:
        """Send to a group from synchronous code: here at once, elsewhere once the row is committed.

        `message` must be JSON. Call it from `transaction.on_commit`: local pages must not look too early.
        """
        self.require_valid_group_name(group)
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._deliver, group, message)
        self._store(group, message)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.require_valid_group_name(group)
        self._deliver(group, message)
        await database_sync_to_async(self._store)(group, message)

    async def group_add(self, group: str, channel: str) -> None:
        await super().group_add(group, channel)
        self._loop = asyncio.get_running_loop()
        if self._poller is None or not self._poller.serves(self._loop):
            if self._poller is not None:
                self._poller.stop()
            self._poller = await database_sync_to_async(_start_poller)(self, self._loop)

    async def close(self) -> None:
        if self._poller is not None:
            self._poller.stop()
            self._poller = None

    @property
    def is_stalled(self) -> bool:
        """True when this process has joined groups but has not looked for messages for 10 s."""
        return self._poller is not None and time.monotonic() - self._poller.looked_at > 10

    def _deliver(self, group: str, message: dict[str, Any]) -> None:
        expires = time.time() + self.expiry
        for channel in self.groups.get(group, ()):
            queue = self.channels.setdefault(channel, asyncio.Queue(maxsize=self.get_capacity(channel)))
            try:
                queue.put_nowait((expires, message))
            except asyncio.QueueFull:
                logger.error("channel %s does not keep up: a message was dropped", channel)

    def _store(self, group: str, message: dict[str, Any]) -> None:
        ChannelMessage.objects.create(group=group, origin=self.origin, payload=message)
        if time.monotonic() >= self._prune_at:
            self._prune_at = time.monotonic() + PRUNE_SECONDS
            ChannelMessage.objects.filter(created_at__lt=timezone.now() - KEEP).delete()

    def _clean_expired(self) -> None:
        # The parent forgets a member whose message waited a minute, or that joined a day ago: after a
        # laptop's sleep a process would stay deaf for good. Queues are bounded and always drained.
        pass


def _start_poller(layer: OutboxChannelLayer, loop: asyncio.AbstractEventLoop) -> _Poller:
    poller = _Poller(layer, loop, ChannelMessage.objects.aggregate(last=Max("id"))["last"] or 0)
    if not getattr(connection, "is_in_memory_db", bool)():  # no other process can see such a database
        poller.start()
    return poller


class _Poller(threading.Thread):
    """Brings the rows that other processes wrote after `last` to the event loop of this one."""

    def __init__(self, layer: OutboxChannelLayer, loop: asyncio.AbstractEventLoop, last: int) -> None:
        super().__init__(name="channel-layer-poller", daemon=True)
        self._layer = layer
        self._event_loop = loop
        self._last = last
        self._gaps: dict[int, float] = {}  # number not seen yet → when to stop waiting for it
        self._data_version: int | None = None
        self._stopping = threading.Event()
        self.looked_at = time.monotonic()

    def serves(self, loop: asyncio.AbstractEventLoop) -> bool:
        return self._event_loop is loop and not self._stopping.is_set()

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        failing = False
        try:
            while not self._stopping.wait(1.0 if failing else POLL_SECONDS):
                try:
                    if self._has_news():
                        self._look()
                    self.looked_at = time.monotonic()
                    failing = False
                except Exception:
                    if not failing:
                        logger.exception("cannot read messages of other processes; trying again every second")
                    failing, self._data_version = True, None
                    connection.close()
        finally:
            connection.close()

    def _has_news(self) -> bool:
        if connection.vendor != "sqlite":
            return True
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA data_version")
            version = cursor.fetchone()[0]
        changed, self._data_version = version != self._data_version, version
        return changed

    def _look(self) -> None:
        now = time.monotonic()
        self._gaps = {number: until for number, until in self._gaps.items() if until > now}
        while True:
            rows = list(
                ChannelMessage.objects.filter(Q(id__gt=self._last) | Q(id__in=list(self._gaps)))
                .order_by("id")
                .values_list("id", "origin", "group", "payload")[:BATCH]
            )
            for number, *_ in rows:
                self._gaps.pop(number, None)
                # PostgreSQL hands out numbers before commit: a missing one may still come.
                for missing in range(max(self._last + 1, number - BATCH), number):
                    self._gaps[missing] = now + GAP_SECONDS
                self._last = max(self._last, number)
            news = [(group, payload) for _, origin, group, payload in rows if origin != self._layer.origin]
            if news:
                self._hand_over(news)
            if len(rows) < BATCH:
                return

    def _hand_over(self, news: Sequence[tuple[str, dict[str, Any]]]) -> None:
        def deliver() -> None:
            for group, message in news:
                self._layer._deliver(group, message)

        try:
            self._event_loop.call_soon_threadsafe(deliver)
        except RuntimeError:  # the loop is closed
            self.stop()
