"""The crash test of `make crash` with every test run, and as long (R-11, R-04, R-09)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests import scaled
from tests.servers import ROOT, demo_data

pytestmark = [pytest.mark.processes, pytest.mark.slow]
SECONDS = 60
SEED = 7  # what is killed when is chance all the same: it depends on who is running at that moment
LIMIT = 1200  # seconds in all; each part of it waits for what it needs and has a limit of its own


def test_kills_at_random_lose_nothing_that_was_acknowledged_and_sell_nothing_twice() -> None:
    command = [sys.executable, "-m", "tests.crash", "--seconds", str(SECONDS), "--seed", str(SEED)]
    if not scaled.is_on():
        command += ["--data", str(demo_data().folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-12_000:]}\n{done.stderr[-4000:]}"
