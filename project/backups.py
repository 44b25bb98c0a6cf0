"""Consistent copies of the database while it is in use, and the way back.

SQLite by `VACUUM INTO`, PostgreSQL by `pg_dump`/`pg_restore`. A copy is checked before it gets its name, and
again before it replaces anything; the database it replaces is kept beside it (SQLite).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection, connections
from django.utils import timezone

from project.models import WorkerHeartbeat
from project.running import is_running


class BackupError(Exception):
    """What went wrong and what to do, in one line."""


def back_up(target: Path) -> str:
    """Write a checked copy to `target` (a new file, or a folder: then the name says when). Returns what it holds."""
    if target.is_dir():
        target = target / f"appointment-{timezone.now():%Y%m%d-%H%M%S}.{_suffix()}"
    if target.exists():
        raise BackupError(f"{target} exists already. Choose another name; nothing is overwritten.")
    if not target.parent.is_dir():
        raise BackupError(f"the folder {target.parent} does not exist.")
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # nobody else's to read
    try:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [str(partial)])
        else:
            _postgres("pg_dump", "--format=custom", f"--file={partial}", "--dbname", _database_name())
        content = verify(partial)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    return f"{target}: {content}"


def verify(source: Path) -> str:
    """Open a backup and check it; returns what it holds. Raises BackupError."""
    if not source.is_file():
        raise BackupError(f"{source} is not a file.")
    if connection.vendor != "sqlite":
        listing = _postgres("pg_restore", "--list", str(source))
        if "django_migrations" not in listing:
            raise BackupError(f"{source} is not a backup of this program.")
        return f"{source.stat().st_size / 1e6:.1f} MB"
    try:
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as copy:
            problems = [row[0] for row in copy.execute("PRAGMA integrity_check")]
            if problems != ["ok"]:
                raise BackupError(f"{source} is damaged: {problems[0]}")
            tables = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not {"django_migrations", "auth_user", "scheduling_calendarevent"} <= tables:
                raise BackupError(f"{source} is not a backup of this program.")
            users, events = (
                copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("auth_user", "scheduling_calendarevent")
            )
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{source} is not a readable SQLite file ({error}).") from error
    return f"{users} users, {events} events, {source.stat().st_size / 1e6:.1f} MB"


def restore(source: Path) -> str:
    """Put a checked backup in the place of the database. Refuses while anything runs."""
    content = verify(source)
    if is_running():
        raise BackupError("the server is running. Stop `serve` and `worker` first.")
    if connection.vendor == "sqlite":
        kept = _replace_sqlite(source)
        return f"Restored {content}." + (f" The database from before is kept as {kept}." if kept else "")
    if _is_beating():
        raise BackupError("a worker is running, perhaps on another machine. Stop it first.")
    options = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
    _postgres("pg_restore", *options, "--dbname", _database_name(), str(source))
    return f"Restored {content}."


def _replace_sqlite(source: Path) -> Path | None:
    database = Path(str(connection.settings_dict["NAME"]))
    kept = database.with_name(f"{database.name}.before-{timezone.now():%Y%m%d-%H%M%S}")
    incoming = database.with_name(f".{database.name}.incoming")
    with _copied(source, incoming):
        existed = database.exists()
        if existed:
            _fold_journal(database)
            os.replace(database, kept)
        os.replace(incoming, database)
    return kept if existed else None


@contextmanager
def _copied(source: Path, target: Path) -> Iterator[None]:
    """A synced copy of `source`, so that the rename that follows is all or nothing."""
    try:
        shutil.copyfile(source, target)
        os.chmod(target, 0o600)
        with open(target, "rb+") as file:
            os.fsync(file.fileno())
        yield
    finally:
        target.unlink(missing_ok=True)


def _fold_journal(database: Path) -> None:
    """Fold the write-ahead log into the file: a leftover log would be played into the restored one."""
    connections.close_all()
    try:
        with closing(sqlite3.connect(database, timeout=2, isolation_level=None)) as current:
            current.execute("PRAGMA locking_mode=EXCLUSIVE")
            current.execute("BEGIN EXCLUSIVE")  # fails while any other connection is open
            current.execute("COMMIT")
            current.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise BackupError("something still uses the database. Stop every process of this program.") from error
    except sqlite3.DatabaseError:
        # The database is damaged, which may be why it is replaced; its log goes with it.
        for suffix in ("-wal", "-shm"):
            Path(f"{database}{suffix}").unlink(missing_ok=True)


def _is_beating() -> bool:
    if WorkerHeartbeat._meta.db_table not in connection.introspection.table_names():
        return False  # an empty database, for a restore on a new machine
    age = WorkerHeartbeat.age()
    return age is not None and age < WorkerHeartbeat.STALE_AFTER


def _suffix() -> str:
    return "sqlite3" if connection.vendor == "sqlite" else "dump"


def _database_name() -> str:
    return str(connection.settings_dict["NAME"])


def _postgres(tool: str, *arguments: str) -> str:
    """Run one of PostgreSQL's tools with the connection of the settings; its output."""
    if shutil.which(tool) is None:
        raise BackupError(f"{tool} is not installed. Debian: apt install postgresql-client.")
    settings = connection.settings_dict
    given = {
        "PGHOST": settings["HOST"] or settings["OPTIONS"].get("host"),
        "PGPORT": settings["PORT"],
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGSSLMODE": settings["OPTIONS"].get("sslmode"),
    }
    environment = {**os.environ, **{name: str(value) for name, value in given.items() if value}}
    done = subprocess.run([tool, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"{tool}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    return done.stdout
