"""A short crash test with every test run (R-11, R-04, R-09); `make crash` for longer ones.

What is killed when is chance, whatever the seed. So one failure of two is a warning, which says all there is to say: rare
ones are for `make crash` to find, and no reason to stop what has nothing to do with them.
"""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

from tests import scaled
from tests.servers import ROOT, demo_data

pytestmark = [pytest.mark.processes, pytest.mark.slow]
SECONDS, SEEDS = 8, (7, 8)


def failure(seed: int) -> str:
    """What the run said; nothing when all held."""
    command = [sys.executable, "-m", "tests.crash", "--seconds", str(SECONDS), "--seed", str(seed)]
    if not scaled.is_on():
        command += ["--data", str(demo_data().folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    if done.returncode == 0:
        return ""
    return f"{' '.join(command)}\n{done.stdout[-12_000:]}\n{done.stderr[-4000:]}"


def test_kills_at_random_lose_nothing_that_was_acknowledged_and_sell_nothing_twice() -> None:
    first, second = SEEDS
    if said := failure(first):
        warnings.warn(said, stacklevel=1)
        again = failure(second)
        assert not again, f"{said}\n\n{again}"
