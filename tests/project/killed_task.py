"""A task that is killed at the worst moment."""

from __future__ import annotations

import multiprocessing
import os
import signal


def die_with_its_timer() -> None:
    """As `kill -9` does while the process notes for its guard that a task has ended."""
    timer = multiprocessing.current_process()._args[2]  # type: ignore[attr-defined]
    timer.get_lock().acquire()
    os.kill(os.getpid(), signal.SIGKILL)
