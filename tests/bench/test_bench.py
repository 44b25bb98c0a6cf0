"""`make bench` as a whole; what it measures is no matter for tests."""

from __future__ import annotations

import subprocess
import sys

from tests.servers import ROOT


def test_a_part_that_fails_is_named_in_the_table_and_the_others_print_theirs() -> None:
    parts = ("no_such_part", "table")  # the latter does nothing, and well
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", *parts], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 1
    named = [line for line in done.stdout.splitlines() if line.startswith("| ") and "failed" in line]
    assert len(named) == 1 and named[0].startswith("| no_such_part ")
    assert "… table" in done.stderr and "| what " in done.stdout
