"""The queue of background tasks in Redis, which loses none of them.

django-q2's own keeps a list: what a worker has taken is gone when that worker dies. Here it is a stream with a group
of consumers: a task that is not acknowledged `retry` seconds after it was taken is delivered again
(https://redis.io/docs/latest/develop/data-types/streams/). While Redis does not answer, tasks go by way of the database,
where every worker looks for such now and then.

Invariants:
- a task is queued when the transaction that wants it commits, and not when it is rolled back
- a task is delivered at least once, whatever is killed; what Redis forgets in a restart is queued again by the ticks
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django_q.conf import Conf
from redis import Redis
from redis.exceptions import ResponseError

from project.redis_cache import AWAY
from project.stores import REDIS_TIMES
from project.task_broker import DatabaseBroker

logger = logging.getLogger(__name__)

STREAM, GROUP = "tasks", "workers"
WORKER = (
    "worker"  # all are one consumer: each entry goes to one of those who ask, and none has a name to clean up
)
FIELD = "task"
BLOCK_SECONDS = 0.5
LOOK_SECONDS = 5.0


@cache
def redis() -> Any:
    """The process's client; its connections do not go through a fork."""
    return Redis.from_url(settings.REDIS_URL, decode_responses=True, **REDIS_TIMES)


class RedisBroker(DatabaseBroker):
    """A task of the stream is known by its id there ("1700000000000-0"), one of the database by its number."""

    _look_at = 0.0  # when to look for tasks that were cut short, or lie in the database

    @property
    def _stream(self) -> str:
        return f"{self.list_key}:{STREAM}"

    def enqueue(self, task: str) -> None:
        transaction.on_commit(lambda: self._enqueue(task))

    def _enqueue(self, task: str) -> None:
        try:
            redis().xadd(self._stream, {FIELD: task})
        except AWAY as error:
            logger.warning("Redis does not answer, a task is queued in the database: %s", error)
            super().enqueue(task)

    def dequeue(self) -> list[tuple[Any, str]] | None:
        """Up to `bulk` of (id, task): of those that were cut short, of the database, or new ones; waits a moment."""
        try:
            if time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + LOOK_SECONDS
                left = self._cut_short() or super().dequeue()
                if left:
                    self._look_at = 0.0  # there may be more
                    return left
            new = redis().xreadgroup(
                GROUP, WORKER, {self._stream: ">"}, count=Conf.BULK, block=int(BLOCK_SECONDS * 1000)
            )
            return _tasks(new[0][1]) if new else None
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self._make_group()  # the first time, and after a restart of a Redis that keeps nothing
            self._look_at = 0.0
            return None
        except AWAY:
            self._look_at = 0.0
            return super().dequeue()  # it waits a moment when there is none

    def _cut_short(self) -> list[tuple[Any, str]]:
        _, entries, *_ = redis().xautoclaim(
            self._stream, GROUP, WORKER, min_idle_time=Conf.RETRY * 1000, count=Conf.BULK
        )
        return _tasks(entries)

    def _make_group(self) -> None:
        try:
            redis().xgroup_create(self._stream, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):  # another worker was quicker
                raise

    def delete(self, task_id: Any) -> None:
        if not isinstance(task_id, str):
            super().delete(task_id)
            return
        try:
            # Both or neither: what is acknowledged but not deleted would be counted as waiting for ever.
            with redis().pipeline(transaction=True) as both:
                both.xack(self._stream, GROUP, task_id).xdel(self._stream, task_id).execute()
        except AWAY:
            pass  # it is delivered once more: every task may run twice

    def queue_size(self) -> int:
        return super().queue_size() + self._ask(lambda: self._length() - self._pending())

    def lock_size(self) -> int:
        return super().lock_size() + self._ask(self._pending)

    def waiting_since(self) -> datetime | None:
        moments = [super().waiting_since(), self._ask(self._oldest_new)]
        return min((moment for moment in moments if moment), default=None)

    def purge_queue(self) -> Any:
        self._ask(lambda: redis().delete(self._stream))
        return super().purge_queue()

    def info(self) -> str:
        return "Redis"

    def _length(self) -> int:
        return int(redis().xlen(self._stream))

    def _pending(self) -> int:
        return int(redis().xpending(self._stream, GROUP)["pending"])

    def _oldest_new(self) -> datetime | None:
        (group,) = redis().xinfo_groups(self._stream)
        found = redis().xrange(self._stream, min=f"({group['last-delivered-id']}", count=1)
        return datetime.fromtimestamp(int(found[0][0].partition("-")[0]) / 1000, UTC) if found else None

    @staticmethod
    def _ask(question: Any) -> Any:
        """What Redis says; nothing while it is away, or has no queue yet."""
        try:
            return question()
        except (*AWAY, ResponseError):
            return 0


def _tasks(entries: list[tuple[str, dict[str, str]]]) -> list[tuple[Any, str]]:
    return [(number, fields[FIELD]) for number, fields in entries if fields]
