"""`python -m tests.bench.views`: our month and week pages beside django-scheduler's, on the same events.

Events of one month, in an order of days: most have a time, some are all day, some run over several days. Both sides
answer complete pages to someone signed in, each in a process of its own; the peer has an environment of its own.
Ours remembers what it has drawn, so the month is also measured with every event changed since the page before.
Medians of CPU seconds; only the ratios compare machines.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench.peers import environment_with, run
from tests.bench.table import Row, report

PEER = "django-scheduler==0.12.0"
DAY = date(2026, 3, 4)  # a Wednesday of a month with 31 days
DAYS, RUNS, PEER_RUNS = 31, 41, 9
WORDS = [
    "Review",
    "planning",
    "budget",
    "with",
    "Ana",
    "Ben",
    "Priya",
    "call",
    "lunch",
    "design",
    "offsite",
    "hiring",
    "retro",
    "release",
    "draft",
]


def work(count: int) -> dict[str, Any]:
    chance = random.Random(count)
    events = []
    for number in range(count):
        day = DAY.replace(day=1) + timedelta(days=number % DAYS)
        title = " ".join(chance.sample(WORDS, 3)).capitalize()
        event = {"title": title, "location": f"Room {number % 12}" if number % 3 else "", "all_day": False}
        if number % 20 == 0:
            length = chance.choice((1, 1, 2, 4))
            event |= {"all_day": True, "start": day, "end": day + timedelta(days=length)}
        else:
            start = datetime.combine(day, datetime.min.time(), UTC) + timedelta(
                minutes=15 * chance.randrange(28, 76)
            )
            event |= {"start": start, "end": start + timedelta(minutes=chance.choice((15, 30, 45, 60, 90)))}
        events.append({**event, "start": event["start"].isoformat(), "end": event["end"].isoformat()})
    # The middle of the week that is measured has one, so that a page without events is noticed.
    return {"day": DAY.isoformat(), "events": events}


def main() -> None:
    peer = environment_with("django-scheduler", PEER, "django~=5.2.19", "tzdata")
    with tempfile.TemporaryDirectory(prefix="appointment-views-") as name:
        folder = Path(name)
        ours = {}
        for count in (300, 3000):
            file = folder / f"{count}.json"
            file.write_text(json.dumps(work(count)))
            ours[count] = run(
                sys.executable,
                "-m",
                "tests.bench.views_ours",
                str(file),
                str(RUNS),
                folder=folder / str(count),
            )
        theirs = run(
            peer,
            "tests/bench/views_peer.py",
            str(folder / "300.json"),
            str(PEER_RUNS),
            folder=folder / "theirs",
        )

    def cost(found: dict[str, Any], view: str, kind: str = "seconds") -> float:
        return statistics.median(found[view][kind]) * 1000

    few, many = ours[300], ours[3000]
    report(
        [
            Row("month page of 300 events", cost(few, "month"), cost(theirs, "month"), PEER, 0.15),
            Row(
                "the same, each event changed",
                cost(few, "month", "seconds_anew"),
                cost(theirs, "month"),
                PEER,
                0.15,
            ),
            Row("the same, unchanged since it was drawn", cost(few, "month", "seconds_again"), None, ""),
            Row("week page of the same", cost(few, "week"), cost(theirs, "week"), PEER, 0.03),
            Row("month page of 3,000 events", cost(many, "month"), cost(few, "month"), "our 300", 1.6),
            Row("month page of 300, compressed", few["month"]["page"] / 1000, None, "", unit="kB"),
            Row(
                "fragment of the same, as Chromium takes it (Brotli)",
                few["month"]["fragment"] / 1000,
                None,
                "",
                6,
                "kB",
            ),
            Row("fragment of the same, by gzip", few["month"]["fragment_gzip"] / 1000, None, "", unit="kB"),
            Row("queries of a month page of 3,000", many["month"]["queries"], None, "", 6, "queries"),
        ]
    )


if __name__ == "__main__":
    main()
