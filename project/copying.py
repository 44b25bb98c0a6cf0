"""Takes a whole installation from SQLite to PostgreSQL: every row as it is stored, under its id.

Values go over as the database keeps them (a token stays the same ciphertext), in one transaction that also compares
both sides table by table and commits only when they are equal. Until then the target holds an empty installation, so
whatever stopped a copy, it can simply be started again. The index of the search is built by the target's own triggers.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from ipaddress import IPv4Interface, IPv6Interface
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.color import no_style
from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, JSONField, Model

from project import stores
from project.health import pending_migrations
from project.reach import first_line
from project.running import is_running
from scheduling.models import CalendarEvent, SearchEntry

TARGET = "copy"
BATCH = 2000
DERIVED = {SearchEntry._meta.db_table}  # triggers write it
FILLED_BY_MIGRATE = {"django_migrations", "django_content_type", "auth_permission", "django_q_schedule"}

NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")

Row = tuple[Any, ...]


class CopyError(Exception):
    """Why nothing was copied, in words for whoever runs it."""


@dataclass(frozen=True)
class Table:
    """The columns of a model's own table, with what makes Python's values of SQLite's."""

    name: str
    fields: list[Field[Any, Any]]

    @classmethod
    def of(cls, model: type[Model]) -> Table:
        fields = [field for field in model._meta.local_concrete_fields if not field.generated]
        return cls(model._meta.db_table, fields)

    def columns(self) -> str:
        return ", ".join(f'"{field.column}"' for field in self.fields)


@dataclass
class Digest:
    """Of rows in any order."""

    rows: int = 0
    total: int = 0

    def add(self, values: Row, fields: list[Field[Any, Any]]) -> None:
        text = repr([_canonical(value, field) for value, field in zip(values, fields, strict=True)])
        self.rows += 1
        self.total = (self.total + int.from_bytes(blake2b(text.encode(), digest_size=16).digest())) % 2**128


def copy_to_postgresql(url: str, *, say: Callable[[str], None]) -> str:
    """Copy the database of the settings to the empty one at `url`; returns a summary. Raises `CopyError`."""
    if connection.vendor != "sqlite":
        raise CopyError("the installation is on PostgreSQL already.")
    if is_running():
        raise CopyError("the server is running. Stop `serve` and `worker` first.")
    if pending_migrations():
        raise CopyError("the database is of an older version. Run `manage.py migrate` first.")
    target = _connect(url)
    try:
        _require_empty(target)
        _migrate(url)
        with transaction.atomic(), transaction.atomic(using=TARGET):
            digests = _copy(target)
            _compare(target, digests, say)
    except DatabaseError as error:
        raise CopyError(f"PostgreSQL refused: {_reason(error)}. The copy was taken back.") from error
    finally:
        target.close()
    rows = sum(digest.rows for digest in digests.values())
    return f"Copied {rows:,} rows in {len(digests)} tables; both sides are equal."


def _connect(url: str) -> BaseDatabaseWrapper:
    wanted = stores.database(url)
    if wanted["ENGINE"] != "django.db.backends.postgresql":
        raise CopyError("the target must begin with postgres://.")
    connections.settings[TARGET] = connections.configure_settings({"default": {}, TARGET: wanted})[TARGET]
    target = connections[TARGET]
    try:
        target.ensure_connection()
    except DatabaseError as error:
        raise CopyError(f"the target does not answer: {first_line(error)}.") from error
    return target


def _require_empty(target: BaseDatabaseWrapper) -> None:
    with target.cursor() as cursor:
        tables = target.introspection.table_names(cursor)
        if tables and "django_migrations" not in tables:
            raise CopyError("the target holds tables of something else. Give it an empty database.")
        for table in sorted(set(tables) - FILLED_BY_MIGRATE):
            cursor.execute(f"SELECT 1 FROM {target.ops.quote_name(table)} LIMIT 1")
            if cursor.fetchone():
                raise CopyError(f"the target is not empty: there are rows in {table}. Nothing was changed.")


def _migrate(url: str) -> None:
    """In a process that knows no other database: migrations and what follows them write to the default one."""
    done = subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate", "--no-input", "--verbosity", "0"],
        env={**os.environ, "DATABASE_URL": url, "DATABASE_URL_FILE": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CopyError(f"the tables could not be made: {(done.stderr.strip().splitlines() or ['?'])[-1]}")


def _tables() -> list[Table]:
    models = apps.get_models(include_auto_created=True)
    found = [Table.of(model) for model in models if model._meta.managed and not model._meta.proxy]
    return [table for table in found if table.name not in DERIVED]


def _copy(target: BaseDatabaseWrapper) -> dict[str, Digest]:
    """Every row of every table; returns what they were, by table."""
    tables, digests = _tables(), {}
    with target.cursor() as cursor:
        for (
            table
        ) in tables:  # what migrate put there, under ids of its own; foreign keys are looked at in the end
            cursor.execute(f'DELETE FROM "{table.name}"')
        for table in tables:
            digest = digests[table.name] = Digest()
            statement = f'COPY "{table.name}" ({table.columns()}) FROM STDIN'
            with target.wrap_database_errors, cursor.copy(statement) as copy:
                for row in _rows(connection, table):
                    _require_storable(row, table)
                    digest.add(row, table.fields)
                    copy.write_row(row)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        models = apps.get_models(include_auto_created=True)
        for statement in target.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
    return digests


def _rows(database: BaseDatabaseWrapper, table: Table) -> Iterator[Row]:
    """As the driver or Django's backend gives them: what a field makes of its value (decrypting it) is left out."""
    converters = [_converter(database, field) for field in table.fields]
    with database.chunked_cursor() as cursor:
        cursor.execute(f'SELECT {table.columns()} FROM "{table.name}"')
        while rows := cursor.fetchmany(BATCH):
            for row in rows:
                yield tuple(
                    value if convert is None else convert(value)
                    for value, convert in zip(row, converters, strict=True)
                )


def _converter(database: BaseDatabaseWrapper, field: Field[Any, Any]) -> Callable[[Any], Any] | None:
    column = field.get_col(field.model._meta.db_table)
    steps = database.ops.get_db_converters(column)
    if not steps:
        return None

    def convert(value: Any) -> Any:
        for step in steps:
            value = step(value, column, database)
        return value

    return convert


def _require_storable(row: Row, table: Table) -> None:
    for value, field in zip(row, table.fields, strict=True):
        if isinstance(value, str) and (
            "\0" in value or isinstance(field, JSONField) and NUL_IN_JSON.search(value)
        ):
            raise CopyError(
                f"{table.name} has a row ({table.fields[0].column} {row[0]}) whose {field.column} holds a NUL "
                "character, which PostgreSQL cannot store. Take it out, then start again."
            )


def _compare(target: BaseDatabaseWrapper, digests: dict[str, Digest], say: Callable[[str], None]) -> None:
    for table in _tables():
        found = Digest()
        for row in _rows(target, table):
            found.add(row, table.fields)
        if found != digests[table.name]:
            raise CopyError(
                f"{table.name} differs after the copy ({digests[table.name].rows} rows here, {found.rows} there). "
                "The copy was taken back."
            )
        if found.rows:
            say(f"{table.name:40} {found.rows:>9,} rows, equal")
    indexed = SearchEntry.objects.using(TARGET).count()
    if indexed != CalendarEvent.objects.using(TARGET).count():
        raise CopyError("the index of the search is not complete. The copy was taken back.")


def _canonical(value: Any, field: Field[Any, Any]) -> Any:
    """The same for a value wherever it is stored."""
    if value is None:
        return None
    if isinstance(field, JSONField):  # PostgreSQL keeps neither spaces nor the order of names
        return json.dumps(json.loads(value, parse_float=_number), sort_keys=True)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, IPv4Interface | IPv6Interface):
        return str(value.ip)
    if isinstance(value, float):
        return _number(str(value))
    return str(value)


def _number(text: str) -> float | int:
    value = float(text)
    return int(value) if value.is_integer() else value


def _reason(error: DatabaseError) -> str:
    """Its first line, and where in the copied rows it was."""
    diagnosis = getattr(error.__cause__, "diag", None)
    where = getattr(diagnosis, "context", None) or ""
    return ", ".join(filter(None, (first_line(error), where.splitlines()[0] if where else "")))
