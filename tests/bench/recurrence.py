"""Recurrence and the reading of a window, beside python-dateutil by hand and recurring-ical-events on the same events.

2,000 events: 1,500 single ones over five years and 500 series in six zones, a third of them with exceptions. Ours reads
them through `queries.occurrences_between`, as every view does; the other two expand in memory, with the parsing done
before the clock starts. Times are of the processor, which another job on the machine does not change much.
"""

from __future__ import annotations

import gc
import json
import random
import statistics
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from tests.bench.database import use_own_database

use_own_database()

from scheduling import queries, services
from scheduling.core.event import EventValues, format_moment
from scheduling.core.recurrence import expand
from scheduling.models import Calendar, CalendarEvent, Occurrence
from tests.bench.table import Row, report
from tests.make import make_user

ROOT = Path(__file__).resolve().parent.parent.parent
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Asia/Tokyo", "UTC")
RULES = (
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;BYDAY=MO,WE,FR",
    "FREQ=WEEKLY;INTERVAL=2",
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=MONTHLY;BYMONTHDAY=15",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=YEARLY",
)
MONTH = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
WEEK = (datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def make_events() -> list[tuple[EventValues, list[datetime], dict[datetime, datetime]]]:
    """(values, excluded starts, moved occurrences) of each event, always the same."""
    dice = random.Random(2026)
    found = []
    for number in range(2000):
        zone = ZoneInfo(dice.choice(ZONES))
        day = datetime(2022, 1, 3) + timedelta(days=dice.randrange(5 * 365), hours=dice.randrange(7, 20))
        if number >= 500:
            start = day.replace(tzinfo=zone).astimezone(UTC)
            found.append((_values(number, start, zone.key, ()), [], {}))
            continue
        # Series begin in the first four years, so that they have some age.
        day -= timedelta(days=365 * (day.year == 2026))
        start = day.replace(tzinfo=zone).astimezone(UTC)
        rule = dice.choice(RULES)
        excluded: list[datetime] = []
        moved: dict[datetime, datetime] = {}
        if number % 3 == 0:
            naive = rrulestr(rule, dtstart=day)
            near = [w for w in naive.between(datetime(2026, 10, 20), datetime(2026, 12, 10))][:6]
            instants = [wall.replace(tzinfo=zone).astimezone(UTC) for wall in near]
            excluded, moved = instants[:1], {moment: moment + 2 * HOUR for moment in instants[1:3]}
        lines = [f"RRULE:{rule}", *(f"EXDATE:{moment:%Y%m%dT%H%M%SZ}" for moment in excluded)]
        found.append((_values(number, start, zone.key, tuple(lines)), excluded, moved))
    return found


def _values(number: int, start: datetime, zone: str, lines: tuple[str, ...]) -> EventValues:
    return EventValues(
        title=f"Event {number}", start=start, end=start + HOUR, time_zone=zone, recurrence=lines
    )


def main() -> None:
    events = make_events()
    calendar = _store(events)
    gc.freeze()  # as project.asgi does once a server has started
    month = _median(lambda: queries.occurrences_between([calendar.pk], *MONTH))
    week = _median(lambda: queries.occurrences_between([calendar.pk], *WEEK))
    by_dateutil, found_by_dateutil = _dateutil(events)
    by_library, found_by_library = _recurring_ical_events(events)
    ours = sorted(i.start for i in queries.occurrences_between([calendar.pk], *MONTH))
    assert ours == found_by_dateutil, (len(ours), len(found_by_dateutil))
    assert [moment.isoformat() for moment in ours] == found_by_library, (len(ours), len(found_by_library))
    old, young = (_daily(year) for year in (2000, 2025))
    single = _cost_of_write(calendar, ())
    series = _cost_of_write(calendar, ("RRULE:FREQ=DAILY;UNTIL=20361231T000000Z",))
    stored = Occurrence.objects.filter(event__title="Written", master__isnull=False).count() // WRITES
    report(
        [
            Row("occurrences of a month, 2,000 events", month, by_dateutil, "dateutil by hand", 0.15),
            Row("the same", month, by_library, "recurring-ical-events 3.8.2", 0.10),
            Row("occurrences of a week", week, month, "our month", 0.35),
            Row(
                "a month of a daily rule since 2000",
                _median(lambda: expand(old, start=MONTH[0], end=MONTH[1]), 200),
                _median(lambda: expand(young, start=MONTH[0], end=MONTH[1]), 200),
                "since 2025",
                1.2,
            ),
            Row(f"write of a ten-year daily series ({stored} rows)", series, single, "write of one event"),
        ]
    )


def _store(events: list[tuple[EventValues, list[datetime], dict[datetime, datetime]]]) -> Calendar:
    user = make_user("bench@example.com")
    calendar = Calendar.objects.get(user=user)
    items = [(values, {"google_event_id": f"e{number}"}) for number, (values, _, _) in enumerate(events)]
    made = services.create_remote_events(calendar=calendar, items=items, origin="import")
    for event, (values, _, moved) in zip(made, events, strict=True):
        series = CalendarEvent.objects.get(pk=event) if moved else None
        for original, start in moved.items():
            services.apply_remote(
                calendar=calendar,
                event=None,
                values=EventValues(title="Moved", start=start, end=start + HOUR, time_zone=values.time_zone),
                details={},
                series=series,
                original_start=format_moment(original),
            )
    return calendar


def _dateutil(events: Any) -> tuple[float, list[datetime]]:
    start, end = MONTH
    prepared = []
    for values, excluded, moved in events:
        zone = ZoneInfo(values.time_zone)
        first = values.start.astimezone(zone).replace(tzinfo=None)
        rule = rrulestr(values.recurrence[0][6:], dtstart=first) if values.recurrence else None
        prepared.append((rule, first, zone, values.end - values.start, set(excluded), moved))

    def run() -> list[datetime]:
        found = []
        for rule, first, zone, length, excluded, moved in prepared:
            walls = [first]
            if rule is not None:
                assert isinstance(rule, rrule)
                walls = rule.between(
                    start.replace(tzinfo=None) - DAY, end.replace(tzinfo=None) + DAY, inc=True
                )
            for wall in walls:
                moment = wall.replace(tzinfo=zone).astimezone(UTC)
                if moment in excluded or moment in moved:
                    continue
                if moment < end and moment + length > start:
                    found.append(moment)
            found += [m for m in moved.values() if m < end and m + length > start]
        return sorted(found)

    found = run()
    # dateutil keeps what it has found once: each run gets rules of its own, made before the clock starts.
    times = []
    for _ in range(5):
        prepared = [
            (rrulestr(str(r).split("RRULE:")[1], dtstart=f) if r is not None else None, f, *rest)
            for r, f, *rest in prepared
        ]
        times.append(_once(run))
    return statistics.median(times), found


def _recurring_ical_events(events: Any) -> tuple[float, list[str]]:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bench//"]
    for number, (values, _, moved) in enumerate(events):
        lines += _vevent(number, values.start, values, values.recurrence)
        for original, start in moved.items():
            lines += _vevent(number, start, values, (f"RECURRENCE-ID:{original:%Y%m%dT%H%M%SZ}",))
    lines += ["END:VCALENDAR", ""]
    done = subprocess.run(
        [
            ROOT / ".venv" / "oracle" / "bin" / "python",
            ROOT / "tests" / "bench" / "recurring_ical_events_bench.py",
        ],
        input=json.dumps({"ical": "\r\n".join(lines), "window": [moment.isoformat() for moment in MONTH]}),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    return answer["milliseconds"], answer["starts"]


def _vevent(number: int, start: datetime, values: EventValues, lines: tuple[str, ...]) -> list[str]:
    zone = ZoneInfo(values.time_zone)
    wall = start.astimezone(zone)
    return [
        "BEGIN:VEVENT",
        f"UID:{number}",
        f"DTSTART;TZID={zone.key}:{wall:%Y%m%dT%H%M%S}",
        f"DTEND;TZID={zone.key}:{wall + HOUR:%Y%m%dT%H%M%S}",
        *lines,
        "END:VEVENT",
    ]


def _daily(year: int) -> EventValues:
    start = datetime(year, 1, 1, 9, tzinfo=UTC)
    return EventValues(
        title="x", start=start, end=start + HOUR, time_zone="Europe/Berlin", recurrence=("RRULE:FREQ=DAILY",)
    )


WRITES = 9


def _cost_of_write(calendar: Calendar, lines: tuple[str, ...]) -> float:
    start = datetime(2026, 12, 31, 9, tzinfo=UTC)
    values = EventValues(
        title="Written", start=start, end=start + HOUR, time_zone="Europe/Berlin", recurrence=lines
    )
    return _median(lambda: services.create_event(calendar=calendar, values=values, origin="web"), WRITES, 0)


def _median(work: Callable[[], object], runs: int = 15, warm_up: int = 2) -> float:
    for _ in range(warm_up):
        work()
    return statistics.median(_once(work) for _ in range(runs))


def _once(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


if __name__ == "__main__":
    main()
