"""The load test of `make load` works, in little; its figures are of no meaning then (R-16)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests import scaled
from tests.servers import ROOT, demo_data

pytestmark = [pytest.mark.processes, pytest.mark.slow]
LITTLE = {
    "people": 8,
    "events": 10,
    "accounts": 2,
    "sockets": 8,
    "per-second": 10,
    "saves": 5,
    "seconds": 3,
    "rest": 1,
}


def test_a_load_in_little_fails_no_request_and_loses_no_socket() -> None:
    command = [sys.executable, "-m", "tests.load"]
    command += [part for name, value in LITTLE.items() for part in (f"--{name}", str(value))]
    if not scaled.is_on():
        command += ["--begin-with", str(demo_data().folder)]
    # It is measured on SQLite, also in a run of tests that is on PostgreSQL.
    environment = {name: value for name, value in os.environ.items() if name != scaled.SWITCH}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    said = done.stdout
    assert done.returncode == 0, f"{said[-6000:]}\n{done.stderr[-4000:]}"
    assert "10 requests/s: 30 answered, 0 errors" in said
    assert "of 8 sockets 0 were lost" in said
    assert "live notice to the last of 8 sockets" in said
