"""Every row of an installation's database, in a form in which two can be compared."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

# What changes by itself: the worker says that it lives, and every migration notes anew what runs when.
PASSING = {"project_workerheartbeat", "django_q_schedule", "sqlite_sequence", "sqlite_stat1", "sqlite_stat4"}


@dataclass(frozen=True)
class Rows:
    """table → how often each row is in it; a row is text."""

    content: dict[str, Counter[str]]

    @property
    def tables(self) -> set[str]:
        return set(self.content)

    def __getitem__(self, table: str) -> Counter[str]:
        return self.content.get(table, Counter())

    def __len__(self) -> int:
        return sum(rows.total() for rows in self.content.values())

    def titles(self) -> set[str]:
        return set(self["title of an event"])


def rows_of(environment: dict[str, str]) -> Rows:
    url = environment.get("DATABASE_URL")
    content = _of_postgresql(url) if url else _of_sqlite(Path(environment["APPOINTMENT_VAR_DIR"]))
    return Rows({table: rows for table, rows in content.items() if table not in PASSING})


TITLES = "SELECT title FROM scheduling_calendarevent"


def _of_sqlite(folder: Path) -> dict[str, Counter[str]]:
    with closing(sqlite3.connect(folder / "appointment.sqlite3")) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        content = {name: _count(database.execute(f'SELECT * FROM "{name}"')) for name in names}
        return content | {"title of an event": Counter(title for (title,) in database.execute(TITLES))}


def _of_postgresql(url: str) -> dict[str, Counter[str]]:
    with psycopg.connect(url) as database:
        names = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        content = {
            name: _count(database.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))))
            for (name,) in names
        }
        return content | {"title of an event": Counter(title for (title,) in database.execute(TITLES))}


def _count(rows: Any) -> Counter[str]:
    return Counter(repr(row) for row in rows)
