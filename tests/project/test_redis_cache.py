"""Rate limits are counted in Redis, and go on being counted while it is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from project import redis_cache
from project.redis_cache import RedisCache
from scheduling import rates
from scheduling.services import TooMany, limits
from tests.redis import RedisServer


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    running = RedisServer(Path(tmp_path_factory.mktemp("redis")))
    yield running
    running.stop()


def test_limits_hold_while_redis_is_away_and_are_shared_again_when_it_is_back(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_cache, "PAUSE_SECONDS", 0.0)
    here, there = RedisCache(server.url(), {}), RedisCache(server.url(), {})
    assert here.add("count", 1) and there.incr("count") == 2
    server.stop()
    monkeypatch.setattr(rates, "cache", here)
    for _ in range(60):
        limits.count_hold(address="192.0.2.1")
    with pytest.raises(TooMany):
        limits.count_hold(address="192.0.2.1")
    assert here.get("count") is None and here.get("other", 5) == 5
    server.start()
    assert here.add("count", 7) and there.get("count") == 7
