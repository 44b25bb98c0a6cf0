"""An installation goes over to PostgreSQL whole: `manage.py copy_to_postgresql`; and from one PostgreSQL to another."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.drill.rows import rows_of
from tests.postgres import create_database, new_database, tools
from tests.servers import ROOT, empty_database, prepared_data, product_environment, run_command

pytestmark = pytest.mark.processes

FILL = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.make import make_event
from tests.project.test_administration import make_everything
make_everything("ada")
from django.contrib.auth import get_user_model
user = get_user_model().objects.get()
roma = make_event(user, title="Café\\tat\\nRoma \\\\ ☂")
type(roma).objects.filter(pk=roma.pk).update(attendees=[{"email": "z@example.com", "displayName": "Zoë"}])
make_event(user, title="Stand-up", recurrence=("RRULE:FREQ=DAILY;COUNT=20",))
"""
TELL = """
import django, json; django.setup()
from django.db import connection
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from project.health import pending_migrations
from scheduling import search
from scheduling.models import AuditEntry, CalendarEvent, Occurrence
from sync.models import GoogleAccount
account = GoogleAccount.objects.get()
with connection.cursor() as cursor:
    cursor.execute("SELECT refresh_token FROM sync_googleaccount")
    stored = cursor.fetchone()[0]
told = {
    "user": get_user_model().objects.get().pk,
    "types": sorted(ContentType.objects.values_list("pk", "model")),
    "events": sorted([str(row[0]), *row[1:]] for row in CalendarEvent.objects.values_list("pk", "title", "revision")),
    "guests": list(CalendarEvent.objects.filter(title__contains="Roma").values_list("attendees", flat=True)),
    "occurrences": Occurrence.objects.count(),
    "token": [stored, account.refresh_token],
    "found": CalendarEvent.objects.filter(search.matching(["cafe", "roma"])).count(),
    "audit": AuditEntry.objects.count(),
}
AuditEntry.objects.bulk_create(AuditEntry(action="tried") for _ in range(3))  # under new ids
assert AuditEntry.objects.count() == told["audit"] + 3 and pending_migrations() == 0
AuditEntry.objects.filter(action="tried").delete()
print(json.dumps(told))
"""


class Installation:
    def __init__(self, folder: Path) -> None:
        self.environment = product_environment(folder, 8000, DJANGO_SETTINGS_MODULE="project.settings")
        self.database = folder / "var" / "appointment.sqlite3"
        shutil.copytree(prepared_data().folder, folder / "var")

    def run(self, *arguments: str, **over: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment | over,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def name_calendars(self, name: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("UPDATE scheduling_calendar SET name = ?", [name])

    def tell(self, **over: str) -> Any:
        done = self.run("-c", TELL, **over)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def copy_to(self, url: str) -> str:
        """What the command says; an error of it begins with CommandError."""
        done = self.run("manage.py", "copy_to_postgresql", url)
        assert "Traceback" not in done.stderr, done.stderr
        assert bool(done.returncode) is done.stderr.startswith("CommandError: ")
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    installation = Installation(tmp_path_factory.mktemp("embedded"))
    filled = installation.run("-c", FILL)
    assert filled.returncode == 0, filled.stderr
    return installation


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    with new_database() as url:
        yield url


def test_a_value_that_does_not_fit_stops_the_copy_which_leaves_nothing_and_can_be_done_again(
    embedded: Installation, target: str
) -> None:
    embedded.name_calendars("x" * 5000)
    said = embedded.copy_to(target)
    assert "PostgreSQL refused: value too long" in said and "COPY scheduling_calendar, line 1" in said
    embedded.name_calendars("Personal")
    said = embedded.copy_to(target)
    assert "both sides are equal" in said and "scheduling_occurrence" in said
    assert embedded.tell(DATABASE_URL=target) == embedded.tell()
    assert "the target is not empty" in embedded.copy_to(target)


def test_only_a_postgresql_that_answers_and_holds_nothing_else_is_a_target(embedded: Installation) -> None:
    assert "does not answer" in embedded.copy_to("postgres://127.0.0.1:1/none")
    with new_database() as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE invoices (id int)")
        assert "tables of something else" in embedded.copy_to(url)


def test_a_backup_is_restored_into_an_empty_postgresql_of_a_new_machine(tmp_path: Path) -> None:
    over = {
        "PATH": f"{tools()}{os.pathsep}{os.environ['PATH']}",
        "DATABASE_URL": create_database(empty_database()),
    }
    first, backup = product_environment(tmp_path, 8000, **over), tmp_path / "kept.dump"
    with psycopg.connect(over["DATABASE_URL"]) as connection:
        connection.execute(
            "INSERT INTO project_workerheartbeat VALUES ('another machine', now() - interval '1 hour', now())"
        )
    run_command(first, "backup", str(backup))
    assert "a worker is running" in run_command(first, "restore", str(backup), check=False)
    with new_database() as empty:
        second = first | {"DATABASE_URL": empty}
        assert "Restored" in run_command(second, "restore", str(backup))
        kept, found = rows_of(first), rows_of(second)
        assert {table for table in kept.tables | found.tables if kept[table] != found[table]} == set()
