"""`python -m tests.bench.slots`: our slots beside django-appointment's own slot function, on the same work.

One host, Monday to Friday 9 to 17, 30-minute slots, 15-minute buffers, four weeks, busy spans of 15 minutes anywhere.
The peer is installed into an environment of its own. Medians of CPU seconds; only the ratios compare machines.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench.peers import environment_with, run
from tests.bench.table import Row, report

PEER = "django-appointment==3.12.0"
DAYS, RUNS = 28, 31


def work(busy: int) -> dict[str, Any]:
    chance = random.Random(busy)
    today = datetime.now(UTC).date()
    monday = today + timedelta(days=14 - today.weekday())
    days = [(monday + timedelta(days=n)).isoformat() for n in range(DAYS)]
    spans = []
    for _ in range(busy):
        minute = chance.randrange(24 * 60 - 15)
        clocks = [f"{m // 60:02}:{m % 60:02}:00" for m in (minute, minute + 15)]
        spans.append([chance.choice(days), *clocks])
    return {"days": days, "busy": spans}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="appointment-slots-") as name:
        folder = Path(name)
        peer = environment_with("django-appointment", PEER, "django~=5.2.19", "tzdata")
        medians, queries = {}, 0
        for busy in (1000, 10000):
            file = folder / f"{busy}.json"
            file.write_text(json.dumps(work(busy)))
            ours = run(
                sys.executable,
                "-m",
                "tests.bench.slots_ours",
                str(file),
                str(RUNS),
                folder=folder / f"{busy}",
            )
            medians[busy] = statistics.median(ours["seconds"]) * 1000
            queries = ours["queries"]
        theirs = run(
            peer, "tests/bench/slots_peer.py", str(folder / "1000.json"), "5", folder=folder / "theirs"
        )
    peer_median = statistics.median(theirs["seconds"]) * 1000
    report(
        [
            Row("slots of four weeks, 1,000 busy spans", medians[1000], peer_median, PEER, 0.06),
            Row("slots with 10,000 busy spans", medians[10000], medians[1000], "our 1,000", 8),
            Row("queries of the slots", queries, None, "", 6, "queries"),
        ]
    )


if __name__ == "__main__":
    main()
