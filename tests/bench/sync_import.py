"""The first sync of 10,000 events, and what Google is asked on the way, beside the floor.

The floor reads the same pages by the plain client and writes the very same rows by `bulk_create`, without reading,
checking or remembering anything. Calls are counted in Google's own log. Times are of the processor; the wall clock and
the peak memory of the process are said beside them.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httplib2
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build

from tests.bench.database import use_own_database

use_own_database()

from django.conf import settings
from django.db import transaction
from django.db.models import Model

from scheduling import services
from scheduling.models import CalendarEvent, Occurrence
from sync.engine import run_account
from sync.models import CalendarLink, EventLink, GoogleAccount
from tests.bench.table import WALL, Row, report
from tests.make import make_event, make_user
from tests.sandbox.fixtures import run_sandbox
from tests.sync.conftest import connect
from tests.sync.google_side import GoogleSide, lunch

EVENTS, PAGE = 10_000, 2500


def main() -> None:
    settings.DEBUG = False  # what it keeps of every statement is no part of the work
    with (
        tempfile.TemporaryDirectory(prefix="appointment-bench-sandbox-") as folder,
        run_sandbox(Path(folder)) as control,
    ):
        for name in ("GOOGLE_CALENDAR_ENDPOINT", "GOOGLE_TOKEN_URL", "GOOGLE_REVOKE_URL"):
            setattr(settings, name, control.addresses[name])
        google = GoogleSide(control)
        user = make_user()
        account = connect(user, google)
        for start in range(0, EVENTS, PAGE):
            google.add(
                *[lunch(summary=f"Event {n}", description="words " * 60) for n in range(start, start + PAGE)]
            )
        control.clear_log()

        before = peak()
        wall, ours = timed(lambda: run(account))
        assert CalendarEvent.objects.count() == EVENTS
        lists, memory = listings(google), peak()
        control.clear_log()
        _, again = timed(lambda: run(account, full=True))
        control.clear_log()
        CalendarLink.objects.update(next_poll_at="2026-01-01T00:00Z")
        run_account(account.pk)
        idle = len(control.log())
        writes = calls_of_writes(user, account, google)
        floor = floor_of_import(google)
    plain = "the same pages and rows, nothing else"
    created, edited, deleted = writes
    report(
        [
            Row("first sync of 10,000 events", ours, floor, plain),
            Row("the same on the wall", wall * 1000, None, "", 4000, WALL),
            Row("the same read anew, unchanged", again, floor, plain),
            Row("list calls of the first sync", lists, None, "", 4, "calls"),
            Row("memory it needs at most", memory, before, "before it", unit="MB"),
            Row("an idle poll", idle, None, "", 1, "calls"),
            Row("a creation, an edit and a deletion", created + edited + deleted, None, "", 3, "calls"),
        ]
    )


def run(account: GoogleAccount, *, full: bool = False) -> None:
    result = run_account(account.pk, in_foreground=full, full=full)
    assert result.is_ok, result


def listings(google: GoogleSide) -> int:
    return sum(call["path"].endswith("/events") for call in google.log("GET"))


def calls_of_writes(user: Any, account: GoogleAccount, google: GoogleSide) -> list[int]:
    """How many calls each of a creation, an edit and a deletion costs, no listing being due."""
    CalendarLink.objects.update(next_poll_at="2099-01-01T00:00Z")
    counts = []
    event = make_event(user, title="New")
    for change in (None, "edit", "delete"):
        event.refresh_from_db()
        if change == "edit":
            services.move_event(event=event, start=event.start.replace(hour=15), origin="web")
        if change == "delete":
            services.delete_event(event=event, origin="web")
        google.clear_log()
        run_account(account.pk)
        counts.append(len(google.log()))
    return counts


def floor_of_import(google: GoogleSide) -> float:
    tables: list[type[Model]] = [CalendarEvent, Occurrence, EventLink]
    rows: list[list[Any]] = [list(table.objects.all()) for table in tables]
    service = build(
        "calendar",
        "v3",
        http=AuthorizedHttp(
            Credentials(google.control.account(google.email)["access_token"]), httplib2.Http()
        ),
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": settings.GOOGLE_CALENDAR_ENDPOINT},
    )
    for table in reversed(tables):
        table.objects.all().delete()

    def import_plainly() -> None:
        page_token = None
        while True:
            page = (
                service.events().list(calendarId="primary", maxResults=PAGE, pageToken=page_token).execute()
            )
            page_token = page.get("nextPageToken")
            if not page_token:
                break
        for table, objects in zip(tables, rows, strict=True):
            with transaction.atomic():
                table.objects.bulk_create(objects, batch_size=500)

    return timed(import_plainly)[1]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """(seconds on the wall, milliseconds of the processor)"""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, (time.process_time() - processor) * 1000


def peak() -> float:
    """MB that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
