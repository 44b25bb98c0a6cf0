"""Kills processes of an installation at random (`kill -9`), and starts `serve` again as systemd would."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable

import httpx
import psycopg

from tests.servers import Product, is_child, launch, processes, wait_for


class Killer:
    """`targets` are drawn from: web, worker, task (a process of the worker's), supervisor, database."""

    def __init__(self, product: Product, chance: random.Random, targets: tuple[str, ...]) -> None:
        self.product, self.targets = product, targets
        self.killed: Counter[str] = Counter()
        self.starts = 0
        self._chance = chance
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep_running, daemon=True)
        self._keeper.start()

    def run(self, seconds: float) -> None:
        """Mostly it lets what it killed start again, so that work is done in between; at times it kills what starts."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._chance.random() < 0.7:
                self._wait_for_start(until)
            time.sleep(self._chance.uniform(0.3, 4.0))
            target = self._chance.choice(self.targets)
            find: Callable[[], list[int]] = getattr(self, f"_{target}")
            found = find()
            if not found:
                continue  # it is just being started
            try:
                os.kill(self._chance.choice(found), signal.SIGKILL)
            except ProcessLookupError:
                continue
            self.killed[target] += 1

    def leave(self) -> None:
        """Kill nothing more; returns when the installation is ready."""
        wait_for(self._is_up, "the product to be ready again", 240)

    def stop(self) -> int:
        """Stop the product in an orderly way; the status of `serve`."""
        self.keep_no_more()
        return self.product.stop()

    def keep_no_more(self) -> None:
        self._stopping.set()
        self._keeper.join()

    def _wait_for_start(self, until: float) -> None:
        while time.monotonic() < until and not self._answers("healthz"):
            time.sleep(0.1)

    def _answers(self, page: str) -> bool:
        try:
            return httpx.get(f"{self.product.url}/{page}", timeout=5).is_success
        except httpx.TransportError:
            return False

    def _is_up(self) -> bool:
        """By a web process of this `serve`: one whose supervisor was killed may still answer, and is about to end."""
        serve = self.product.process
        return (
            serve.poll() is None
            and any(is_child(pid, serve.pid) for pid in self._web())
            and self._answers("readyz")
        )

    def _keep_running(self) -> None:
        while not self._stopping.is_set():
            try:
                self.product.process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
            self.starts += 1
            self.product.process = launch(self.product.environment, self.product.port, self.product.log)

    # --- who can be killed ---------------------------------------------------------------------
    def _supervisor(self) -> list[int]:
        return [self.product.process.pid]

    def _web(self) -> list[int]:
        return [pid for pid, command in processes(self.product).items() if "project.web" in command]

    def _workers(self) -> dict[int, bool]:
        """pid → whether `serve` started it."""
        serve = self.product.process.pid
        return {
            pid: is_child(pid, serve)
            for pid, command in processes(self.product).items()
            if "manage.py worker" in command
        }

    def _worker(self) -> list[int]:
        return [pid for pid, leads in self._workers().items() if leads]

    def _task(self) -> list[int]:
        return [pid for pid, leads in self._workers().items() if not leads]

    def _database(self) -> list[int]:
        """The server processes of its connections: PostgreSQL then ends all of them and plays its log again."""
        url = self.product.environment["DATABASE_URL"]
        try:
            with psycopg.connect(url) as connection:
                rows = connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                return [pid for (pid,) in rows]
        except psycopg.OperationalError:
            return []
