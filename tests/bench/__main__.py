"""`make bench`: everything that is measured, each beside a peer or a floor in the same run, in one table.

A peer is another program that does the same work; a floor is the work that nobody can leave out, done directly.
Ratios compare machines; milliseconds only tell about this one. `BENCHMARKS.md` says how to read it.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.bench.table import read, table

SECTIONS = ("views", "paint", "recurrence", "slots", "sync_import", "live", "feeds", "ical_js", "memory")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="appointment-bench-") as name:
        results = Path(name) / "rows.jsonl"
        results.touch()
        failed = []
        # Each in a process of its own, on a database of its own. One that fails does not take the others' figures.
        for section in sys.argv[1:] or SECTIONS:
            print(f"… {section}", file=sys.stderr, flush=True)
            done = subprocess.run(
                [sys.executable, "-m", f"tests.bench.{section}"],
                env={**os.environ, "BENCH_ROWS": str(results)},
                check=False,
            )
            failed += [section] * bool(done.returncode)
        rows = read(results)
    versions = ", ".join(f"{package} {version(package)}" for package in ("Django", "daphne", "channels"))
    print(f"{processor()}, {os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}")
    print(f"{versions}, SQLite {sqlite3.sqlite_version}. Medians; ✗: a goal missed.\n")
    print(table(rows))
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


def processor() -> str:
    """The name the processor gives itself (Linux), or its kind."""
    information = Path("/proc/cpuinfo")
    for line in information.read_text().splitlines() if information.exists() else ():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
