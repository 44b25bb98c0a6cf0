"""What works differently in a large installation, once more on a real PostgreSQL and a real Redis.

`make test-scaled` runs everything there.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.servers import ROOT

pytestmark = pytest.mark.processes
FILES = (
    "tests/scheduling/test_services_occurrences.py",  # plans, windows, light events
    "tests/scheduling/test_imports.py",  # many rows by INSERTs of our own
    "tests/scheduling/test_search.py",
    "tests/booking/test_limits.py",  # counted in the cache
    "tests/booking/test_book.py",  # the database refuses what overlaps
    "tests/scheduling/test_live.py",  # notices by the channel layer
    "tests/scheduling/test_live_socket.py",
    "tests/scheduling/test_api_access.py",
    "tests/sync/test_engine.py",
)


def test_what_works_differently_on_postgresql_and_redis_is_right_there() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.scaled", "-x", "-p", "no:xdist", *FILES],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
