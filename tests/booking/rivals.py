"""Rivals: several processes with many threads each that act on one database at the same moment.

Run as `python -m tests.booking.rivals` with DATABASE_URL of an empty database: makes its tables, forks, says `ready`,
then answers each line of JSON with one. Commands: `setup` and `check`, or `acts` of `post`, `move`, `answer` and `pull`.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime
from datetime import time as clock_time
from itertools import chain
from typing import Any
from uuid import uuid4

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

import logging  # noqa: E402

from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from scheduling import services  # noqa: E402
from scheduling.models import Booking, Calendar  # noqa: E402
from tests.booking.sold import check_sold  # noqa: E402
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


def answer(booking: str, do: str) -> tuple[int, bool]:
    """The host's button; 409 when the other one was pressed before."""
    change = {"approve": services.approve_booking, "decline": services.decline_booking}[do]
    try:
        change(booking=Booking.objects.get(pk=booking))
    except services.BookingOver:
        return 409, False
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


ACTIONS = {"post": post, "move": move, "answer": answer, "pull": pull}
PROCESSES, THREADS = 3, 20

Act = tuple[str, list[Any]]
Answer = tuple[int, bool]
_forking = multiprocessing.get_context("fork")
_start = _forking.Barrier(PROCESSES)


def act(name: str, arguments: list[Any]) -> Answer:
    try:
        return ACTIONS[name](*arguments)
    except Exception as error:
        print(repr(error), file=sys.stderr)
        return 500, False


def act_in_turn(acts: Iterable[Act]) -> list[Answer]:
    """What one thread does, on one connection."""
    try:
        return [act(*one) for one in acts]
    finally:
        connections.close_all()


def act_at_once(acts: list[Act]) -> list[Answer]:
    """What one process does; none begins before all are there."""
    _start.wait(60)
    with ThreadPoolExecutor(THREADS) as threads:
        return list(chain(*threads.map(act_in_turn, (acts[number::THREADS] for number in range(THREADS)))))


def main() -> None:
    logging.disable(logging.WARNING)  # each refusal would be a line
    call_command("migrate", verbosity=0)
    connections.close_all()
    assert get_resolver().url_patterns  # loaded once, before there are several processes
    with ProcessPoolExecutor(PROCESSES, mp_context=_forking) as processes:
        list(processes.map(act_at_once, [[]] * PROCESSES))  # forks them all
        print("ready", flush=True)
        for line in sys.stdin:
            command = json.loads(line)
            if "acts" in command:
                shares = [command["acts"][number::PROCESSES] for number in range(PROCESSES)]
                answer: Any = list(chain(*processes.map(act_at_once, shares)))
            else:
                answer = {"setup": setup, "check": check_sold}[command["do"]](*command["with"])
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
