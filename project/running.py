"""Whether this installation is running: a lock that every `serve` and `worker` shares while it lives."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from django.conf import settings


def _lock_file() -> IO[bytes]:
    return open(Path(settings.VAR_DIR) / "running.lock", "ab")


def mark_running() -> IO[bytes]:
    """Keep the returned file open as long as the process lives; the kernel lets go when it ends."""
    file = _lock_file()
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def is_running() -> bool:
    with _lock_file() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
