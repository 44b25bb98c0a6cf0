"""The drill of `make drill` works and holds, in little (R-10, R-12, R-18)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests import scaled
from tests.servers import ROOT, demo_data

pytestmark = [pytest.mark.processes, pytest.mark.slow]


def test_a_drill_in_little_restores_every_row_and_loses_no_acknowledged_write() -> None:
    command = [sys.executable, "-m", "tests.drill", "--savers", "1", "--writes", "3", "--tries", "10"]
    command += ["--database", "postgresql"] if scaled.is_on() else ["--data", str(demo_data().folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-4000:]}"
    said = done.stdout
    for part in (
        "ok: SIGTERM under load",
        "ok: a backup under load holds all",
        "tables, all the same; it serves",
        "pages could be read, nothing acknowledged is lost",
    ):
        assert part in said, said
