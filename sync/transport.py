"""Connections to Google that outlive a run: setting one up costs more than asking a calendar whether it changed.

Invariants:
- one per thread and process: httplib2 is not thread-safe, and no two processes may write into one connection
- after anything but a whole answer the connection is closed: what is left of that answer would be read as the next
  one, which may be another person's
- nobody's credentials are kept here; each request brings its own
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import httplib2

TIMEOUT_SECONDS = 20
IDLE_SECONDS = 20  # servers close what is idle for longer, and a request into a closed connection fails

_own = threading.local()


class Transport(httplib2.Http):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(timeout=TIMEOUT_SECONDS)
        self.follow_redirects = False
        self._used_at = time.monotonic()

    def request(self, *args: Any, **options: Any) -> Any:
        if time.monotonic() - self._used_at > IDLE_SECONDS:
            self.hang_up()
        try:
            answer = super().request(*args, **options)
        except BaseException:
            self.hang_up()
            raise
        self._used_at = time.monotonic()
        return answer

    def hang_up(self) -> None:
        """The next request connects anew; certificates that were read stay read."""
        for connection in self.connections.values():
            connection.close()


def transport() -> Transport:
    """This thread's own; a process that was forked off makes a new one."""
    if getattr(_own, "process", None) != os.getpid():
        _own.transport, _own.process = Transport(), os.getpid()
    found: Transport = _own.transport
    return found
