"""The clock of the sandbox: the real one, plus an offset that a fault may set for one request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_offset: ContextVar[timedelta] = ContextVar("google_sandbox_clock_offset", default=timedelta(0))


def now() -> datetime:
    """The current instant (aware, UTC) as this request's Google sees it."""
    return datetime.now(UTC) + _offset.get()


@contextmanager
def shifted(seconds: float) -> Iterator[None]:
    token = _offset.set(timedelta(seconds=seconds))
    try:
        yield
    finally:
        _offset.reset(token)
