"""Real processes: one that is killed (kill -9) while Google keeps it waiting, and one that people work beside."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.client import SandboxControl
from tests.servers import wait_for
from tests.sync.google_side import GoogleSide, lunch

ROOT = Path(__file__).resolve().parent.parent.parent
EMAIL = "kim@example.com"
PREPARE = f"""
from tests.make import make_event, make_user
from sync.connection import WANTED_SCOPES, store_connection
import json
import sys
tokens = json.loads(sys.argv[1])
user = make_user("{EMAIL}")
store_connection(user=user, google_sub=tokens["sub"], email=tokens["email"], scopes=WANTED_SCOPES,
    access_token=tokens["access_token"], refresh_token=tokens["refresh_token"], expires_at=None)
"""
CREATE = f"""
from scheduling.models import Calendar
from tests.make import make_event
calendar = Calendar.objects.get(user__email="{EMAIL}", is_primary=True)
make_event(calendar.user, title="Ours")
"""

VISIT = """
from django.test import Client
from django.contrib.auth import get_user_model
from scheduling.models import CalendarEvent
import json
import subprocess
import sys
client = Client(raise_request_exception=False, SERVER_NAME="localhost")
client.force_login(get_user_model().objects.get(email=sys.argv[1]))
LIST = "/appointment/api/events/?start=2026-11-01T00:00:00Z&end=2026-12-01T00:00:00Z"
client.get(LIST)
body = {"title": "Ours", "start_time": "2026-11-24T10:00:00Z", "end_time": "2026-11-24T11:00:00Z"}
sync = subprocess.Popen([sys.executable, "manage.py", "sync", sys.argv[1]])
answers = []
while sync.poll() is None:
    page = client.get(LIST).status_code
    saved = client.post("/appointment/api/events/", body, content_type="application/json").status_code
    answers.append([page, saved, CalendarEvent.objects.filter(title="Theirs").count()])
print(json.dumps([sync.returncode, answers]))
"""


class Installation:
    """A database of its own, and processes that work on it."""

    def __init__(self, folder: Path, control: SandboxControl) -> None:
        self.database = folder / "db.sqlite3"
        self.environment = os.environ | control.addresses | {
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "APPOINTMENT_VAR_DIR": str(folder),
            "APPOINTMENT_ENV_FILE": os.devnull,
            "DATABASE_URL": f"sqlite:///{self.database}",
            "DEBUG": "1",
            "GOOGLE_CLIENT_ID": "sandbox-client.apps.googleusercontent.com",
            "GOOGLE_CLIENT_SECRET": "sandbox-secret",
            "SYNC_SEND_DELAY_SECONDS": "0",
        }  # fmt: skip
        self.run("manage.py", "migrate", "-v0")

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def tell(self, script: str, *arguments: str) -> str:
        return self.run("-c", f"import django; django.setup()\n{script}", *arguments)

    def titles(self) -> list[str]:
        query = "SELECT title FROM scheduling_calendarevent WHERE status <> 'cancelled' ORDER BY title"
        with sqlite3.connect(self.database) as database:
            return [row[0] for row in database.execute(query)]

    def sync_and_kill(self, when: Callable[[], Any]) -> None:
        process = self.start("manage.py", "sync", EMAIL)
        try:
            wait_for(when, "Google to keep it waiting", 60)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(10)


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, sandbox_server: SandboxControl
) -> Iterator[Installation]:
    sandbox_server.reset()
    yield Installation(tmp_path_factory.mktemp("installation"), sandbox_server)


def test_kill_minus_9_in_the_middle_of_a_listing_and_of_an_insert(
    installation: Installation, sandbox_server: SandboxControl
) -> None:
    google = GoogleSide(sandbox_server, "kim@gmail.example")
    installation.tell(PREPARE, json.dumps(google.tokens))
    theirs = [f"Theirs {number}" for number in range(4)]
    google.add(*[lunch(summary=title) for title in theirs])

    google.fault({"path": "/events$"}, {"page_size": 2}, times=None)
    google.fault({"path": "/events$", "query": "pageToken"}, {"process_then_timeout": 15})
    installation.sync_and_kill(lambda: seen(google, "GET", "process_then_timeout"))
    google.clear_faults()
    installation.tell(CREATE)
    google.fault({"method": "POST", "path": "/events"}, {"process_then_timeout": 15})
    installation.sync_and_kill(lambda: seen(google, "POST", "process_then_timeout"))
    google.clear_faults()
    installation.run("manage.py", "sync", EMAIL)
    assert installation.titles() == google.titles() == ["Ours", *theirs]


def test_scenario_62_people_read_and_save_while_many_events_come_in(
    installation: Installation, sandbox_server: SandboxControl
) -> None:
    """How long they wait is measured by `tests.bench.sync_import`; here nobody waits for the end of the import."""
    google = GoogleSide(sandbox_server, "lee@gmail.example")
    installation.tell(PREPARE.replace(EMAIL, "lee@example.com"), json.dumps(google.tokens))
    google.add(*[lunch(summary="Theirs") for _ in range(600)])
    google.fault({"path": "/events$"}, {"page_size": 100}, times=None)
    google.fault({"path": "/events$", "query": "pageToken"}, {"delay": 0.3}, times=None)
    code, answers = json.loads(installation.tell(VISIT, "lee@example.com").splitlines()[-1])
    google.clear_faults()
    assert code == 0
    assert {(page, saved) for page, saved, _ in answers} == {(200, 201)}
    meanwhile = {count for *_, count in answers if 0 < count < 600}
    assert len(meanwhile) >= 3  # they saw it grow


def seen(google: GoogleSide, method: str, fault: str) -> bool:
    """Google has done its part and keeps the caller waiting."""
    return any(fault in call["fault"] for call in google.log(method, "/events"))
