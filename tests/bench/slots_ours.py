"""Our slots of four weeks on the given busy spans, from the database: `python -m tests.bench.slots_ours FILE RUNS`."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling import availability, booking_queries, services
from scheduling.models import AppointmentType, Calendar
from tests.make import make_type, make_user, make_values


def prepare(busy: list[list[str]]) -> AppointmentType:
    host = make_user("host@example.com", zone="UTC")
    services.update_profile(profile=host.profile, handle="host", public_page=True)
    made = make_type(host, buffer_before=15, buffer_after=15, window_days=365)
    spans = [
        tuple(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC) for clock in clocks)
        for day, *clocks in busy
    ]
    services.create_remote_events(
        calendar=Calendar.objects.get(user=host, is_primary=True),
        items=[(make_values(start=start, end=end), {}) for start, end in spans],
        origin="import",
    )
    return made


def main() -> None:
    work: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    call_command("migrate", verbosity=0)
    prepare(work["busy"])
    first = datetime.combine(date.fromisoformat(work["days"][0]), datetime.min.time(), UTC)
    window = {"start": first, "end": first + timedelta(days=len(work["days"])), "now": first}
    spent = []
    kind = booking_queries.public_type("host", "intro")
    assert kind is not None
    for _ in range(int(sys.argv[2])):
        begun = time.process_time()
        found = availability.slots_of(kind, **window)
        spent.append(time.process_time() - begun)
    with CaptureQueriesContext(connection) as queries:
        availability.slots_of(kind, **window)
    print(json.dumps({"seconds": spent, "slots": len(found), "queries": len(queries)}))


if __name__ == "__main__":
    main()
