"""A process of rivals: takes one JSON command per line, has its threads act at the same moment, answers one line.

Run as `python -m tests.booking.rivals` with DATABASE_URL. Commands: `setup`, `post`, `move`, `pull`, `check`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from datetime import time as clock_time
from typing import Any
from uuid import uuid4

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

import logging  # noqa: E402

from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402

from scheduling import services  # noqa: E402
from scheduling.models import Booking, Calendar, CalendarEvent, OutgoingMail, Reservation  # noqa: E402
from tests.make import make_type, make_user, make_values  # noqa: E402

API = "/appointment/api/public/"


def setup(handle: str, types: list[dict[str, Any]]) -> None:
    """A host who works day and night, with these types."""
    host = make_user(f"{handle}@example.com", zone="UTC")
    services.update_profile(profile=host.profile, handle=handle, public_page=True)
    midnight = clock_time(0)
    services.replace_available_slots(user=host, slots=[(day, midnight, midnight, True) for day in range(7)])
    for fields in types:
        make_type(host, **fields)


def post(path: str, body: dict[str, Any]) -> tuple[int, bool]:
    """(status, whether alternatives came along)."""
    answer = Client(raise_request_exception=False, SERVER_NAME="localhost").post(
        f"{API}{path}bookings/", json.dumps(body), content_type="application/json"
    )
    return answer.status_code, bool(answer.json().get("alternatives"))


def move(booking: str, start: str) -> tuple[int, bool]:
    try:
        services.reschedule_booking(
            booking=Booking.objects.get(pk=booking), start=datetime.fromisoformat(start), by=Booking.By.GUEST
        )
    except services.SlotTaken:
        return 409, True
    except services.InvalidBooking:
        return 422, False
    return 200, False


def pull(handle: str, start: str) -> tuple[int, bool]:
    """What a run of the sync writes: an event that Google has and we do not."""
    calendar = Calendar.objects.get(user__email=f"{handle}@example.com", is_primary=True)
    services.apply_remote(
        calendar=calendar,
        event=None,
        values=make_values(start=datetime.fromisoformat(start)),
        details={"google_event_id": uuid4().hex},
    )
    return 200, False


def check(handle: str) -> dict[str, Any]:
    """What was sold, what is too close, and whether every booking has what belongs to it."""
    active = Booking.objects.filter(host__profile__handle=handle, status__in=Booking.ACTIVE)
    spans = sorted(
        Reservation.objects.filter(host__profile__handle=handle, kind=Reservation.Kind.CORE).values_list(
            "start", "end", "buffer_before", "buffer_after"
        )
    )
    too_close = [
        str(first[0])
        for first, second in zip(spans, spans[1:], strict=False)
        if second[0] - first[1] < timedelta(minutes=max(first[3], second[2]))
    ]
    return {
        "active": active.count(),
        "reserved": len(spans),
        "events": CalendarEvent.objects.filter(bookings__booking__in=active).live().distinct().count(),
        "mails": sum(
            OutgoingMail.objects.filter(template="booking_guest", key__startswith=f"booking {pk} ").count()
            for pk in active.values_list("pk", flat=True)
        ),
        "too_close": too_close,
        "bookings": [str(pk) for pk in active.values_list("pk", flat=True)],
    }


ACTIONS = {"post": post, "move": move, "pull": pull}


def act(name: str, arguments: list[Any], at: float) -> tuple[int, bool]:
    time.sleep(max(0, at - time.time()))
    try:
        return ACTIONS[name](*arguments)
    except Exception as error:
        print(repr(error), file=sys.stderr)
        return 500, False
    finally:
        connections.close_all()


def main() -> None:
    logging.disable(logging.WARNING)  # each refusal would be a line
    print("ready", flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        if "acts" in command:
            with ThreadPoolExecutor(command["threads"]) as threads:
                running = [threads.submit(act, *one, command["at"]) for one in command["acts"]]
                answer: Any = [future.result() for future in running]
        else:
            answer = {"setup": setup, "check": check}[command["do"]](*command["with"])
            connections.close_all()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
