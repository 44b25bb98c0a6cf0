"""How often someone may ask: a count per caller and minute in the cache, shared by all processes (`project.cache`, or Redis)."""

from __future__ import annotations

import time

from django.core.cache import cache

WINDOW_SECONDS = 60


def count(caller: str) -> tuple[int, int]:
    """Count one request; returns how many there were in this minute and the seconds until the next one."""
    window, passed = divmod(int(time.time()), WINDOW_SECONDS)
    key = f"rate-{caller}-{window}"
    cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
    try:
        used = cache.incr(key)
    except ValueError:  # evicted in between
        used = 1
    return used, WINDOW_SECONDS - passed


def seconds_to_wait(caller: str, limit: int) -> int:
    """Count one request; 0 while there are at most `limit` in a minute, else the seconds to wait."""
    used, wait = count(caller)
    return wait if used > limit else 0
