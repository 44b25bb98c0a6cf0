"""Feeds beside a CalDAV server's: the GET of 10,000 events (2,500 series) here and at Radicale 3.9, in pairs."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from tests.bench.table import WALL, Row, report
from tests.radicale import radicale
from tests.servers import Product, start_product, wait_for

RUNS = int(os.environ.get("BENCH_FEED_RUNS", "7"))
EVENTS = int(os.environ.get("BENCH_FEED_EVENTS", "10000"))
SERIES = EVENTS // 4
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Sydney", "Europe/London", "UTC"]
EMAIL = "ana@example.com"
OPEN_FEED = (
    "from scheduling import services; from scheduling.models import Calendar;"
    "calendar = Calendar.objects.get(user__email={email!r}, is_primary=True);"
    "print(services.open_feed(calendar=calendar, is_busy_only={busy}).secret)"
)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="appointment-bench-feeds-") as folder:
        product = start_product(Path(folder), demo=True, SYNC_POLL_SECONDS="300")
        try:
            fill(Path(folder) / "radicale" / "collection-root" / "ana" / "calendar")
            with radicale(Path(folder) / "radicale") as peer:
                rows = measure(product, peer)
        finally:
            product.stop()
    report(
        Row(f"{name}, {EVENTS:,} events", *times, "Radicale 3.9", goal, WALL) for name, times, goal in rows
    )


def measure(product: Product, peer: str) -> list[tuple[str, tuple[float, float], float | None]]:
    token = product.api_token(EMAIL)
    for part in range(2):
        bring_in(product, token, collection(part * EVENTS // 2, EVENTS // 2))
    secret = product.command("shell", "-c", OPEN_FEED.format(email=EMAIL, busy=False)).split()[-1]
    busy = product.command("shell", "-c", OPEN_FEED.format(email=EMAIL, busy=True)).split()[-1]
    address = f"{peer}/calendar/"
    client = httpx.Client(timeout=1800, headers={"Accept-Encoding": "identity"})
    ours, feed = pairs(lambda: client.get(f"{product.url}/feeds/{secret}.ics"), lambda: client.get(address))
    assert feed.text.count("BEGIN:VEVENT") >= EVENTS
    only_busy, _ = pairs(lambda: client.get(f"{product.url}/feeds/{busy}.ics"), lambda: client.get(address))
    known = {"If-None-Match": feed.headers["ETag"]}
    unchanged, answer = pairs(
        lambda: client.get(f"{product.url}/feeds/{secret}.ics", headers=known), lambda: client.get(address)
    )
    assert answer.status_code == 304
    return [
        ("feed", ours, 0.25),
        ("feed of busy times only", only_busy, None),
        ("feed unchanged since (304)", unchanged, None),
    ]


def pairs(
    ours: Callable[[], httpx.Response], theirs: Callable[[], httpx.Response]
) -> tuple[tuple[float, float], httpx.Response]:
    """The medians of both, taken in turns after one of each to warm up, and our last answer."""
    answer = ours()
    theirs().raise_for_status()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS):
        for kept, get in zip(times, (ours, theirs), strict=True):
            begun = time.perf_counter()
            found = get()
            kept.append((time.perf_counter() - begun) * 1000)
            if get is ours:
                answer = found
    return (statistics.median(times[0]), statistics.median(times[1])), answer


def bring_in(product: Product, token: str, data: bytes) -> None:
    """Import a file and wait until the worker is through."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/calendar"}
    answer = httpx.post(f"{product.url}/appointment/api/import/", content=data, headers=headers, timeout=120)
    answer.raise_for_status()
    place = product.url + answer.headers["Location"]

    def is_done() -> bool:
        state = httpx.get(place, headers=headers, timeout=30).json()
        assert state["state"] != "failed", state
        return bool(state["state"] == "done")

    wait_for(is_done, "the import", 600)


def collection(first: int, count: int) -> bytes:
    """Events as people have them: every fourth a weekly series with an exception, titles, places, descriptions."""
    start = datetime(2025, 1, 6, 8)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bench//EN"]
    for number in range(first, first + count):
        zone = ZONES[number % len(ZONES)]
        begin = start + timedelta(hours=number % 10, days=number % 700)
        suffix, zulu = ("", "Z") if zone == "UTC" else (f";TZID={zone}", "")
        lines += [
            "BEGIN:VEVENT",
            f"UID:bench-{number}@example.com",
            "DTSTAMP:20250101T000000Z",
            f"DTSTART{suffix}:{begin:%Y%m%dT%H%M%S}{zulu}",
            f"DTEND{suffix}:{begin + timedelta(minutes=45):%Y%m%dT%H%M%S}{zulu}",
            f"SUMMARY:Meeting {number} about the budget\\, the plan and what is next",
            f"LOCATION:Room {number % 40}",
            f"DESCRIPTION:Agenda {number}:\\n- one\\n- two\\n- three\\nhttps://example.com/{number}",
        ]
        if number % 4 == 0:
            lines.append("RRULE:FREQ=WEEKLY;COUNT=30")
            lines.append(f"EXDATE{suffix}:{begin + timedelta(days=14):%Y%m%dT%H%M%S}{zulu}")
        lines.append("END:VEVENT")
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def fill(store: Path) -> None:
    """Straight into Radicale's store, one file for each event, as it would write them: a PUT of so many takes it
    very long."""
    store.mkdir(parents=True)
    (store / ".Radicale.props").write_text('{"tag": "VCALENDAR"}')
    for number in range(EVENTS):
        (store / f"bench-{number}.ics").write_bytes(collection(number, 1))


if __name__ == "__main__":
    main()
