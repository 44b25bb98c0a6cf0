"""Whether the database and Redis answer, in one line each."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection


def problems() -> Iterator[str]:
    """One line for each that cannot be used: why, and what to do."""
    yield from filter(None, (database_problem(), redis_problem()))


def database_problem() -> str:
    """Why the database cannot be used and what to do; empty when it can be."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        connection.close()
        return f"The database does not answer: {first_line(error)}. Start it or correct DATABASE_URL."
    return ""


def redis_problem() -> str:
    """The same of Redis; empty too when none is used."""
    if not settings.REDIS_URL:
        return ""
    try:
        cache.ping()  # type: ignore[attr-defined]  # ours, see project.redis_cache
    except Exception as error:
        return f"Redis does not answer: {first_line(error)}. Start it or correct REDIS_URL."
    return ""


def first_line(error: Exception) -> str:
    """What the drivers say goes on over lines of advice."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
