"""Where things are kept: the settings of the database, the cache and the channel layer, read off two addresses.

Loaded by the settings, so it knows nothing of Django. Whether the servers answer is asked in `project.reach`.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import environ

from project import env

CONNECT_SECONDS = 5  # a server behind a firewall answers nothing at all
REDIS_TIMES = {"socket_connect_timeout": 2, "socket_timeout": 5}


def database(url: str) -> dict[str, Any]:
    """Django's settings of the database at `url`: sqlite:////path or postgres://…."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found: dict[str, Any] = environ.Env.db_url_config(url)
    except Exception:
        env.refuse(
            f"DATABASE_URL={url.split('@')[-1]!r} is not understood. Write sqlite:////path or postgres://…."
        )
    if found.get("ENGINE") == "django.db.backends.sqlite3":
        # IMMEDIATE: a transaction that reads first and writes later would otherwise meet "database is locked" at
        # once, whatever the time-out (stack.md T6). The cache, in kB: a full calendar's month outgrows SQLite's 2 MB.
        found["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA busy_timeout=20000;"
            "PRAGMA foreign_keys=ON;PRAGMA journal_size_limit=67108864;PRAGMA cache_size=-8000;",
        }
    elif found.get("ENGINE") == "django.db.backends.postgresql":
        _need("psycopg", "DATABASE_URL names PostgreSQL")
        if not found.get("NAME"):
            env.refuse(
                "DATABASE_URL must end in the name of a database, such as postgres://host/appointment."
            )
        found["OPTIONS"] = {"connect_timeout": CONNECT_SECONDS, **found.get("OPTIONS", {})}
    else:
        env.refuse(f"DATABASE_URL must begin with sqlite:/// or postgres://, not {url.split(':')[0]!r}.")
    return found


def cache(redis_url: str, file: Path) -> dict[str, Any]:
    """Django's settings of the cache: in Redis, else in a small file that the processes of this machine share."""
    if not redis_url:
        return {"BACKEND": "project.cache.SharedCache", "LOCATION": str(file)}
    return {
        "BACKEND": "project.redis_cache.RedisCache",
        "LOCATION": redis_url,
        "OPTIONS": REDIS_TIMES,
    }


def channel_layer(redis_url: str) -> dict[str, Any]:
    if not redis_url:
        return {"BACKEND": "project.channel_layer.OutboxChannelLayer"}
    _need("channels_redis", "REDIS_URL is set")
    # What is published reaches every database of a server: installations that share one are told apart by the prefix.
    return {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [{"address": redis_url, **REDIS_TIMES}],
            "prefix": f"appointment{_number(redis_url)}",
        },
    }


def _number(redis_url: str) -> int:
    """Of the database, as in redis://host:6379/1 or unix:///path?db=1."""
    parts = urlsplit(redis_url)
    of_path = "" if parts.scheme == "unix" else parts.path.strip("/")
    number = parse_qs(parts.query).get("db", [of_path])[0] or "0"
    if not number.isdecimal():
        env.refuse("REDIS_URL must end in the number of a database, such as redis://localhost:6379/0.")
    return int(number)


def _need(module: str, reason: str) -> None:
    if find_spec(module) is None:
        env.refuse(f"{reason}, but {module} is not installed: pip install -r requirements/scaled.txt")
