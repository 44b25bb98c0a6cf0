"""The web process: Daphne, which on SIGTERM lets the requests that are under way finish.

`python -m project.web` takes Daphne's own arguments. Daphne alone would cut requests in the middle, after their
work may have been committed but before anyone was told.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from daphne.cli import CommandLineInterface
from daphne.http_protocol import WebRequest
from daphne.server import Server
from django.db import connection
from twisted.internet import defer, reactor

from project import reach

LOOK_SECONDS = 0.05
LOOKS = 150  # seven and a half seconds; the supervisor kills after ten
QUIET_LOOKS = 3
THREADS_SECONDS = 1.0


class DrainingServer(Server):
    """Takes nothing new, lets requests finish, then ends what is left (WebSockets, stuck requests)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ports: list[Any] = []
        self._is_draining = False

    def run(self) -> None:
        for problem in (
            reach.problems()
        ):  # it starts all the same: /readyz says so too, and a page that it is unavailable
            print(f"web: {problem}", file=sys.stderr, flush=True)
        connection.close()
        super().run()

    def listen_success(self, port: Any) -> None:
        self._ports.append(port)
        super().listen_success(port)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if not self._is_draining or scope["type"] != "http":
            return super().create_application(protocol, scope)
        protocol.channel.persistent = False
        protocol.basic_error(503, b"Service Unavailable", "The server is stopping. Try again in a moment.")
        return None

    def kill_all_applications(self) -> defer.Deferred[Any]:
        """Twisted waits for the answer before it stops the reactor."""
        self._is_draining = True
        for port in self._ports:
            port.stopListening()
        for request in self._under_way():
            request.channel.persistent = False
        drained: defer.Deferred[Any] = defer.Deferred()
        self._wait(drained, LOOKS, quiet=0)
        return drained

    def _wait(self, drained: defer.Deferred[Any], looks: int, quiet: int) -> None:
        quiet = 0 if self._under_way() else quiet + 1
        if quiet < QUIET_LOOKS and looks > 0:  # the last bytes leave a turn after their request is done
            reactor.callLater(LOOK_SECONDS, self._wait, drained, looks - 1, quiet)  # type: ignore[attr-defined,arg-type]
        else:
            super().kill_all_applications().chainDeferred(drained)

    def _under_way(self) -> list[WebRequest]:
        """Requests that are not answered yet. Daphne keeps those that are for up to a second; they have no channel."""
        return [
            protocol
            for protocol in self.connections
            if isinstance(protocol, WebRequest) and getattr(protocol, "channel", None) is not None
        ]


class CommandLine(CommandLineInterface):
    server_class = DrainingServer


def end_soon(seconds: float = THREADS_SECONDS) -> None:
    """Have the process end even if a thread of a stuck request waits for the event loop, which is no more: Python
    would wait for that thread for ever, and the port stays taken when no supervisor is left to kill us."""
    timer = threading.Timer(seconds, os._exit, [0])
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    CommandLine().run(sys.argv[1:])
    end_soon()
