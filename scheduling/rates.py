"""How often someone may ask: a count per caller and span of time, shared by all processes (`project.cache`, or Redis)."""

from __future__ import annotations

import time

from django.core.cache import cache

MINUTE = 60


def count(caller: str, seconds: int = MINUTE) -> tuple[int, int]:
    """Count one request; returns how many there were in this span of that many seconds, and how many are left of it."""
    window, passed = divmod(int(time.time()), seconds)
    key = f"rate-{caller}-{window}"
    cache.add(key, 0, timeout=2 * seconds)
    try:
        used = cache.incr(key)
    except ValueError:  # evicted in between
        used = 1
    return used, seconds - passed


def seconds_to_wait(caller: str, limit: int) -> int:
    """Count one request; 0 while there are at most `limit` in a minute, else the seconds to wait."""
    used, wait = count(caller)
    return wait if used > limit else 0
