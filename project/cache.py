"""What the processes of one machine count together without Redis: a cache in a small SQLite file of its own.

Rate limits count here, and what may be used once (a code of an authenticator app) is noted here. Django's cache in
memory would count in each process apart, and forgets counts when many names are counted; the one in the database
would have every counted request wait for the writers of calendars.

Values are what JSON can say. Losing the file costs nothing but counts. While it cannot be written (the disk is full)
each process counts by itself, so pages can still be read and limits hold, per process.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from functools import cache
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

logger = logging.getLogger(__name__)

TABLE = "CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value TEXT, expires_at REAL) WITHOUT ROWID"
ALIVE = "(expires_at IS NULL OR expires_at > ?)"
SWEEP_EVERY = 500  # writes
PAUSE_SECONDS = 5.0  # before the file is tried again


class _Own:
    """What this process counts by itself, and until when; all its threads share it."""

    def __init__(self) -> None:
        self.until = 0.0  # 0 while the file can be written
        self._lock = threading.Lock()
        self._connection = _opened(":memory:")

    def run(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()


class SharedCache(BaseCache):
    def __init__(self, path: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._path = path
        self._local = threading.local()
        self._writes = 0

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        row = self._run(f"SELECT value FROM entry WHERE key = ? AND {ALIVE}", self._key(key, version), _now())
        return default if row is None else json.loads(row[0])

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._sweep()
        self._run(
            "INSERT OR REPLACE INTO entry VALUES (?, ?, ?)",
            *(self._key(key, version), json.dumps(value), self.get_backend_timeout(timeout)),
        )

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """One statement: of two processes at once, one has added it."""
        self._sweep()
        added = self._run(
            "INSERT INTO entry VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value, "
            f"expires_at = excluded.expires_at WHERE NOT {ALIVE.replace('expires_at', 'entry.expires_at')} RETURNING 1",
            *(self._key(key, version), json.dumps(value), self.get_backend_timeout(timeout), _now()),
        )
        return added is not None

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """One statement: no count is lost. Raises ValueError for a key that is not there."""
        row = self._run(
            f"UPDATE entry SET value = CAST(value AS INTEGER) + ? WHERE key = ? AND {ALIVE} RETURNING value",
            *(delta, self._key(key, version), _now()),
        )
        if row is None:
            raise ValueError(f"Key {key!r} not found")
        return int(row[0])

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        row = self._run(
            f"UPDATE entry SET expires_at = ? WHERE key = ? AND {ALIVE} RETURNING 1",
            *(self.get_backend_timeout(timeout), self._key(key, version), _now()),
        )
        return row is not None

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._run("DELETE FROM entry WHERE key = ? RETURNING 1", self._key(key, version)) is not None

    def has_key(self, key: str, version: int | None = None) -> bool:
        return self.get(key, version=version) is not None

    def clear(self) -> None:
        self._run("DELETE FROM entry")

    def close(self, **kwargs: Any) -> None:
        """Called at the end of each request; opening anew would cost more than keeping it."""

    def _key(self, key: str, version: int | None) -> str:
        return self.make_and_validate_key(key, version=version)

    def _sweep(self) -> None:
        self._writes += 1
        if self._writes % SWEEP_EVERY == 0:
            self._run("DELETE FROM entry WHERE expires_at <= ?", _now())

    def _run(self, statement: str, *values: Any) -> Any:
        """The first row, or None."""
        rows = self._rows(statement, values)
        return rows[0] if rows else None

    def _rows(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        own = _own(self._path, os.getpid())
        if time.monotonic() < own.until:
            return own.run(statement, values)
        try:
            rows = self._connection().execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            if not own.until:
                logger.error("this process counts by itself, %s cannot be written: %s", self._path, error)
            own.until = time.monotonic() + PAUSE_SECONDS
            return own.run(statement, values)
        own.until = 0.0
        return rows

    def _connection(self) -> sqlite3.Connection:
        """This thread's own; a process that was forked off makes a new one."""
        if getattr(self._local, "process", None) != os.getpid():
            self._local.connection, self._local.process = _opened(self._path), os.getpid()
        found: sqlite3.Connection = self._local.connection
        return found


@cache
def _own(path: str, process: int) -> _Own:
    """One for all cache objects of a process: each of its threads has one."""
    return _Own()


def _opened(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    # The file holds nothing that must outlive a crash of the machine.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute(TABLE)
    return connection


def _now() -> float:
    return time.time()
