"""What each database does in its own way, once more on a real PostgreSQL: plans, SQL of our own, full text."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.postgres import new_database
from tests.servers import ROOT

pytestmark = pytest.mark.processes
FILES = (
    "tests/scheduling/test_services_occurrences.py",  # plans, windows, light events
    "tests/scheduling/test_imports.py",  # many rows by INSERTs of our own
    "tests/scheduling/test_search.py",
    "tests/booking/test_limits.py",
)


def test_what_a_database_does_in_its_own_way_is_right_on_postgresql() -> None:
    with new_database() as url:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:xdist", *FILES],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stdout[-4000:]
