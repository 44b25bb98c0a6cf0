"""Two people and one calendar, one here and one in Google, with faults, crashes and clocks that differ.

`python -m tests.sync.converge --operations 10000` tells stories of that many operations; `test_converge.py` a bounded
part of them. Whenever it is quiet: both sides show the same, nothing is there twice, and no edit is lost without a
trace. A story that fails is printed, one step a line; `--story FILE` tells it again.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ["APPOINTMENT_VAR_DIR"] = tempfile.mkdtemp(prefix="appointment-converge-")
django.setup()

from django.core.management import call_command

from tests.sandbox.fixtures import run_sandbox
from tests.sync.converge.machine import TwoSides, converge, retell


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=40, help="operations of one story")
    parser.add_argument("--story", type=Path, help="a file with the steps of one story")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    started = time.monotonic()
    with run_sandbox(Path(tempfile.mkdtemp(prefix="sandbox-"))) as control:
        if options.story:
            retell(control, options.story.read_text())
            return
        while TwoSides.operations < options.operations:
            left = options.operations - TwoSides.operations
            converge(control, examples=max(1, left // options.steps), steps=options.steps)
    seconds = time.monotonic() - started
    print(f"{TwoSides.operations} operations in {seconds:.0f} s, quiet {TwoSides.quiets} times:")
    print("both sides equal each time, nothing twice, no edit lost without a trace")


if __name__ == "__main__":
    main()
