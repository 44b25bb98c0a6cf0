"""A short crash test with every test run (R-11, R-04, R-09); `make crash` for longer ones."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.servers import ROOT, demo_data

pytestmark = pytest.mark.processes
SECONDS = os.environ.get("CRASH_SECONDS", "10")


def test_kills_at_random_lose_nothing_that_was_acknowledged_and_sell_nothing_twice() -> None:
    command = [sys.executable, "-m", "tests.crash", "--seconds", SECONDS, "--data", str(demo_data().folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-4000:]
