"""The queue of tasks on a real Redis: in order, at least once, and by way of the database while Redis is away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ

from project import redis_broker
from project.redis_broker import RedisBroker
from tests.redis import RedisServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    settings.REDIS_URL = server.url()
    monkeypatch.setattr(redis_broker, "BLOCK_SECONDS", 0.02)
    redis_broker.redis.cache_clear()
    yield server
    redis_broker.redis.cache_clear()
    server.stop()


@pytest.fixture
def broker(server: RedisServer) -> RedisBroker:
    broker = RedisBroker()
    assert broker.dequeue() is None  # the first look makes the queue
    return broker


def take(broker: RedisBroker) -> list[str]:
    """All that is to be had now."""
    found = []
    for _ in range(10):
        found += [task for _, task in broker.dequeue() or []]
    return found


def test_tasks_come_in_order_once_to_one_of_several_workers(broker: RedisBroker) -> None:
    for number in range(4):
        broker.enqueue(f"task {number}")
    other = RedisBroker()
    taken = [(broker if n % 2 else other).dequeue() for n in range(4)]
    assert [task for found in taken for _, task in found or []] == [f"task {n}" for n in range(4)]
    assert take(broker) == take(other) == [] and (broker.queue_size(), broker.lock_size()) == (0, 4)
    for found in taken:
        broker.acknowledge((found or [])[0][0])
    assert broker.lock_size() == 0


def test_a_task_of_a_worker_that_died_is_delivered_again(
    broker: RedisBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.enqueue("cut short")
    assert take(broker) == ["cut short"]
    assert take(RedisBroker()) == []  # it may still be at work
    monkeypatch.setattr(Conf, "RETRY", 0)
    other = RedisBroker()
    again = other.dequeue()
    assert again is not None and again[0][1] == "cut short"
    other.acknowledge(again[0][0])
    assert take(RedisBroker()) == []


def test_a_task_is_queued_when_its_transaction_commits_and_not_otherwise(broker: RedisBroker) -> None:
    with transaction.atomic():
        broker.enqueue("kept")
        assert take(broker) == []
    with pytest.raises(RuntimeError), transaction.atomic():
        broker.enqueue("dropped")
        raise RuntimeError
    assert take(broker) == ["kept"]


def test_while_redis_is_away_tasks_go_by_way_of_the_database(
    broker: RedisBroker, server: RedisServer
) -> None:
    broker.enqueue("before")
    taken = (broker.dequeue() or [])[0]
    server.stop()
    broker.acknowledge(taken[0])  # it may run once more, but nothing breaks
    broker.enqueue("meanwhile")
    assert (broker.queue_size(), broker.lock_size()) == (1, 0)
    assert broker.waiting_since() is not None
    found = broker.dequeue()
    assert found is not None and found[0][1] == "meanwhile"
    broker.acknowledge(found[0][0])
    assert OrmQ.objects.count() == 0
    broker.enqueue("left behind")
    server.start()  # it has kept nothing
    broker.enqueue("after")
    assert sorted(take(broker)) == ["after", "left behind"]


def test_a_full_redis_is_as_one_that_is_away(broker: RedisBroker) -> None:
    redis_broker.redis().config_set("maxmemory", 1)
    broker.enqueue("no room")
    assert OrmQ.objects.count() == 1


def test_the_oldest_task_that_waits_is_known(broker: RedisBroker) -> None:
    assert broker.waiting_since() is None
    broker.enqueue("taken")
    take(broker)
    assert broker.waiting_since() is None
    broker.enqueue("waits")
    since = broker.waiting_since()
    assert since is not None and timezone.now() - since < timedelta(minutes=1)
    assert broker.queue_size() == 1
    broker.purge_queue()
    assert (broker.queue_size(), broker.lock_size(), broker.waiting_since()) == (0, 0, None)
