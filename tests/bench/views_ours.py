"""Our month and week on the given events, through every middleware: `python -m tests.bench.views_ours FILE RUNS`.

Signed in, as the product runs (DEBUG off, its own static files). Prints CPU seconds of each run, the number of queries,
and bytes, as JSON.
"""

from __future__ import annotations

import gzip
import json
import os
import secrets
import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import brotli
import django
from cryptography.fernet import Fernet

os.environ.update(
    DJANGO_SETTINGS_MODULE="project.settings",
    APPOINTMENT_ENV_FILE=os.devnull,
    DEBUG="0",
    SECRET_KEY=secrets.token_urlsafe(50),
    TOKEN_KEYS=Fernet.generate_key().decode(),
)
django.setup()

from django.core.cache import caches
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import project.asgi  # noqa: F401  (as in the serving process: what is loaded is frozen)
from project import assets
from scheduling import services
from scheduling.core.event import EventValues
from scheduling.models import Calendar
from tests.make import make_user

ACCEPTED = "gzip, deflate, br, zstd"  # by Chromium


def values_of(event: dict[str, Any]) -> EventValues:
    read = date.fromisoformat if event["all_day"] else datetime.fromisoformat
    return EventValues(
        title=event["title"],
        location=event["location"],
        start=read(event["start"]),
        end=read(event["end"]),
        is_all_day=event["all_day"],
        time_zone="" if event["all_day"] else "UTC",
    )


def cpu_of(client: Client, address: str) -> float:
    """Of drawing the page; what was drawn before and still stands would cost next to nothing."""
    caches["grids"].clear()
    begun = time.process_time()
    client.get(address)
    return time.process_time() - begun


def main() -> None:
    work = json.loads(Path(sys.argv[1]).read_text())
    call_command("migrate", verbosity=0)
    assets.prepare()
    person = make_user("ana@example.com", zone="UTC")
    services.create_remote_events(
        calendar=Calendar.objects.get(user=person, is_primary=True),
        items=[(values_of(event), {}) for event in work["events"]],
        origin="import",
    )
    client = Client(HTTP_HOST="localhost")
    client.force_login(person, backend="project.authentication.ModelBackend")
    answer: dict[str, Any] = {}
    for view in ("month", "week"):
        address = f"/calendar/{view}/{work['day']}/"
        with CaptureQueriesContext(connection) as queries:
            page = client.get(address)
        asked = len(queries)  # the next request empties the log
        assert page.status_code == 200 and b"data-event" in page.content
        runs = range(int(sys.argv[2]))
        spent = [cpu_of(client, address) for _ in runs]
        anew = []
        for run in runs:
            # Every event names its calendar: nothing that was drawn before serves again.
            Calendar.objects.update(name=f"Work {run}")
            anew.append(cpu_of(client, address))
        again = []
        for _ in runs:
            begun = time.process_time()
            client.get(address)
            again.append(time.process_time() - begun)
        fragment = client.get(address, headers={"HX-Request": "true", "Accept-Encoding": ACCEPTED})
        assert fragment["Content-Encoding"] == "br"
        answer[view] = {
            "seconds": spent,
            "seconds_anew": anew,
            "seconds_again": again,
            "queries": asked,
            "page": len(gzip.compress(page.content, 6)),
            "fragment": len(fragment.content),
            "fragment_gzip": len(gzip.compress(brotli.decompress(fragment.content), 6)),
        }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
