"""`make bench`: everything that is measured, each beside a peer or a floor in the same run, in one table.

A peer is another program that does the same work; a floor is the work that nobody can leave out, done directly.
Ratios compare machines; milliseconds only tell about this one. `BENCHMARKS.md` says how to read it.
`python -m tests.bench [PART …]` for some parts. One that fails is named in the table, and the exit status is 1.
"""

from __future__ import annotations

import os
import platform
import signal
import sqlite3
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.bench.table import read, table

PARTS = ("views", "paint", "recurrence", "slots", "sync_import", "live", "feeds", "ical_js", "memory")
LONGEST = 30 * 60  # seconds of one part
LAST_WORDS = 60  # seconds that it has then to stop its servers


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="appointment-bench-") as name:
        results = Path(name) / "rows.jsonl"
        results.touch()
        failed = [part for part in sys.argv[1:] or PARTS if not measure(part, results)]
        rows = read(results)
    versions = ", ".join(f"{package} {version(package)}" for package in ("Django", "daphne", "channels"))
    print(f"{processor()}, {os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}")
    print(f"{versions}, SQLite {sqlite3.sqlite_version}. Medians; ✗: a goal missed, or a part that failed.\n")
    print(table(rows, failed))
    return 1 if failed else 0


def measure(part: str, results: Path) -> bool:
    """In a process of its own, on a database of its own; False when it failed. What it found before that stays."""
    print(f"… {part}", file=sys.stderr, flush=True)
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.bench.{part}"], env={**os.environ, "BENCH_ROWS": str(results)}
    )
    try:
        return process.wait(LONGEST) == 0
    except subprocess.TimeoutExpired:
        print(f"… {part} takes longer than {LONGEST // 60} minutes", file=sys.stderr, flush=True)
        process.send_signal(signal.SIGINT)
        try:
            process.wait(LAST_WORDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return False


def processor() -> str:
    """The name the processor gives itself (Linux), or its kind."""
    information = Path("/proc/cpuinfo")
    for line in information.read_text().splitlines() if information.exists() else ():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


if __name__ == "__main__":
    sys.exit(main())
