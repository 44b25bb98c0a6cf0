"""The cache on Redis, without which everything still works.

It holds only what may be lost: counts of requests and attempts. While Redis does not answer each process keeps its own,
so pages go on and limits still hold, per process; for `PAUSE_SECONDS` nobody waits for Redis again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache as DjangoRedisCache
from redis.exceptions import ConnectionError, OutOfMemoryError, TimeoutError

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
AWAY = (ConnectionError, TimeoutError, OutOfMemoryError)  # a full one is of no more use than none


class _Redis:
    """What this process knows of it; each of its threads has a cache object of its own."""

    ask_again_at = 0.0  # 0 while it answers


def _or_own(name: str) -> Callable[..., Any]:
    """The operation on Redis, or on the process's own cache while Redis is away."""
    on_redis = getattr(DjangoRedisCache, name)

    def operate(self: RedisCache, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() < _Redis.ask_again_at:
            return getattr(self.own, name)(*args, **kwargs)
        try:
            answer = on_redis(self, *args, **kwargs)
        except AWAY as error:
            if not _Redis.ask_again_at:
                logger.error("Redis does not answer, this process counts by itself meanwhile: %s", error)
            _Redis.ask_again_at = time.monotonic() + PAUSE_SECONDS
            return getattr(self.own, name)(*args, **kwargs)
        if _Redis.ask_again_at:
            logger.warning("Redis answers again")
            _Redis.ask_again_at = 0.0
        return answer

    return operate


class RedisCache(DjangoRedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, dict(params))
        self.own = LocMemCache("while Redis is away", {})  # one for all objects of that name

    def ping(self) -> None:
        """Raises what Redis, or the way to it, has to say."""
        self._cache.get_client(write=True).ping()

    add = _or_own("add")
    get = _or_own("get")
    set = _or_own("set")
    touch = _or_own("touch")
    delete = _or_own("delete")
    get_many = _or_own("get_many")
    has_key = _or_own("has_key")
    incr = _or_own("incr")
    set_many = _or_own("set_many")
    delete_many = _or_own("delete_many")
    clear = _or_own("clear")
