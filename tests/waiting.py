"""Waiting for a condition instead of for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import httpx

Value = TypeVar("Value")


def wait_for(condition: Callable[[], Value], what: str, seconds: float = 30, *, every: float = 0.02) -> Value:
    """The first truthy answer of `condition`; an AssertionError that names `what` when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = condition()
            if value:
                return value
        except (httpx.TransportError, ConnectionError):
            pass
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(every)
