"""The worker process: django-q2's cluster, and a ticker for what must be looked at twice a second.

The cluster forks its own process tree: a guard, and what works on tasks. Every process of it dies with its parent
(Linux), so that a killed worker leaves nothing behind; work that was cut short is delivered again.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing import Event
from multiprocessing.connection import wait
from typing import Any

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.template import engines
from django.urls import get_resolver
from django_q import cluster as django_q_cluster
from django_q.brokers import get_broker
from django_q.cluster import Cluster, Sentinel
from django_q.conf import Conf
from django_q.monitor import monitor
from django_q.pusher import pusher
from django_q.queues import Queue

from project.models import WorkerHeartbeat
from project.supervisor import die_with_parent

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.5


class Ticker(threading.Thread):
    """Calls each function every `TICK_SECONDS`, writes the heartbeat; a failure is logged, not fatal."""

    def __init__(self, ticks: Sequence[Callable[[], object]], worker: str) -> None:
        super().__init__(name="ticker", daemon=True)
        self._ticks = ticks
        self._worker = worker
        self._stopping = threading.Event()
        self._failing: set[Callable[[], object]] = set()

    def stop(self) -> None:
        """Ask it to end and wait for it, at most 5 s."""
        self._stopping.set()
        self.join(timeout=5)

    def run(self) -> None:
        beat_at = 0.0
        try:
            while True:
                if time.monotonic() >= beat_at:
                    beat_at = time.monotonic() + WorkerHeartbeat.BEAT.total_seconds()
                    self._call(self._beat)
                for tick in self._ticks:
                    self._call(tick)
                if self._stopping.wait(TICK_SECONDS):
                    break
            WorkerHeartbeat.objects.filter(worker=self._worker).delete()
        finally:
            connections.close_all()

    def _beat(self) -> None:
        WorkerHeartbeat.beat(self._worker)

    def _call(self, function: Callable[[], object]) -> None:
        try:
            function()
            self._failing.discard(function)
        except Exception:
            if function not in self._failing:  # twice a second the same traceback helps nobody
                self._failing.add(function)
                logger.exception("tick %s failed; it is tried again until it works", function.__qualname__)
            connection.close()  # it may be what failed


class Part:
    """A thread of the main process that the guard takes for a process of its own."""

    exitcode = 1  # ending by itself is a failure

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        self.name = name
        self.pid = os.getpid()
        self._work = work
        self._has_ended = Event()  # the guard is another process

    def is_alive(self) -> bool:
        return not self._has_ended.is_set()

    def start(self) -> None:
        threading.Thread(target=self._run, name=self.name, daemon=True).start()

    def _run(self) -> None:
        try:
            self._work()
        except Exception:
            logger.exception("the %s of the task cluster failed", self.name)
        finally:
            connections.close_all()
            self._has_ended.set()


class Courier:
    """Takes tasks from the database to what works on them, and results back: django-q2's pusher and monitor.

    There they are processes, and each holds by itself what every process that runs Django writes to, some 14 MB.
    """

    def __init__(self) -> None:
        self.tasks, self.results = Queue(maxsize=Conf.QUEUE_LIMIT), Queue()
        self.stops = Event()  # taking tasks
        self.pusher, self.monitor = Part("pusher", self._push), Part("monitor", self._note_results)

    def start(self) -> None:
        self.pusher.start()
        self.monitor.start()

    def abandon(self) -> None:
        """Nobody works on tasks any more: do not wait at the end until somebody takes the last ones."""
        self.tasks.cancel_join_thread()

    def _push(self) -> None:
        while not self.stops.is_set():
            pusher(self.tasks, self.stops)  # it also returns, after a while, when the database fails
        self.tasks.close()
        self.tasks.join_thread()  # what was taken reaches the others before the guard tells them to end

    def _note_results(self) -> None:
        monitor(self.results)


class CrashOnlySentinel(Sentinel):  # type: ignore[misc]
    """Ends the whole cluster when one of its processes was killed; whoever watches the worker starts it again.

    django-q2 puts another process in the place of the dead one, on the same queues. Trap: it may have been killed
    while it held the lock of a queue, and then every other process waits for that lock for ever; or the lock of its
    timer, and then the guard waits for it before it looks whether the process lives. So a thread looks, too.
    """

    def __init__(self, courier: Courier, *arguments: Any) -> None:
        super().__init__(*arguments, start=False)
        self.courier = courier
        self.task_queue, self.result_queue, self.event_out = courier.tasks, courier.results, courier.stops
        self.start()

    def spawn_pusher(self) -> Part:
        return self.courier.pusher

    def spawn_monitor(self) -> Part:
        return self.courier.monitor

    def spawn_worker(self) -> None:
        super().spawn_worker()
        threading.Thread(target=self._wait_for_end, args=(self.pool[-1],), daemon=True).start()

    def reincarnate(self, process: Any) -> None:
        self._end_if_killed(process)
        super().reincarnate(process)

    def _wait_for_end(self, process: Any) -> None:
        wait([process.sentinel])
        while process.exitcode is None:  # both threads ask the kernel, which tells one of them
            time.sleep(0.01)
        if process in self.pool:  # otherwise it took too long, and the guard ended it
            self._end_if_killed(process)

    def _end_if_killed(self, process: Any) -> None:
        if not process.is_alive() and process.exitcode != 0:
            logger.error("a process of the task cluster was killed; all of them begin anew")
            os._exit(1)  # its children die with it


def cache_little(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """A worker reads one person's rows after another's: a cache for a whole calendar, in each process, is of no use."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size=-1000")  # kB


def share_memory() -> None:
    """Load before the fork what tasks and ticks need sooner or later, so that all processes hold it once.

    A collection writes into every object it looks at, and a page that is written to is shared no longer: what is
    loaded is kept out of it.
    """
    get_broker()
    get_resolver().url_patterns  # noqa: B018 - mails name addresses, and these import every view
    engines.all()
    gc.collect()
    gc.freeze()


def run(ticks: Sequence[Callable[[], object]]) -> int:
    """Blocks until SIGTERM or SIGINT. Returns 0, or 1 when the cluster ended by itself."""
    os.register_at_fork(after_in_child=die_with_parent)
    courier = Courier()
    django_q_cluster.Sentinel = partial(CrashOnlySentinel, courier)
    cluster = Cluster()
    # django-q2's own handlers would join the cluster inside the handler, wherever the process stands.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    ticker = Ticker(ticks, f"{socket.gethostname()}:{os.getpid()}")
    status = 0
    try:
        connection_created.connect(cache_little)
        share_memory()
        connections.close_all()  # an open SQLite connection must not go through a fork
        cluster.start()
        ticker.start()  # after the fork: threads do not survive it, their locks do
        courier.start()
        cluster.sentinel.join()
        logger.error("the task cluster ended by itself")
        courier.abandon()
        status = 1
    except KeyboardInterrupt:
        pass
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    if ticker.is_alive():
        ticker.stop()
    if cluster.sentinel is not None:
        cluster.stop()
    return status
