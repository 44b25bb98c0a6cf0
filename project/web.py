"""The web process: Daphne, which on SIGTERM lets the requests that are under way finish, and takes no endless body.

`python -m project.web` takes Daphne's own arguments. Daphne alone would cut requests in the middle, after their
work may have been committed but before anyone was told, and would write whatever a stranger sends to the disk
before Django, which has limits, is asked.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from io import BytesIO
from typing import Any

import daphne.server
from daphne.cli import CommandLineInterface
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.server import Server
from django.db import connection
from twisted.internet import defer, reactor

from project import reach

LOOK_SECONDS = 0.05
LOOKS = 150  # seven and a half seconds; the supervisor kills after ten
QUIET_LOOKS = 3
THREADS_SECONDS = 1.0
LARGEST_BODY = 16 * 1024 * 1024  # more than Django's own limits, which answer with better words
LARGEST_MESSAGE = 16 * 1024  # of a WebSocket
PATIENCE = 4 * LARGEST_BODY  # who sends more than this is cut off; until then what they send is thrown away
PLAIN = [
    (b"Content-Type", b"text/plain; charset=utf-8"),
    (b"Content-Security-Policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"X-Content-Type-Options", b"nosniff"),
]


class BoundedRequest(WebRequest):
    """A body over `LARGEST_BODY` is answered with 413, announced or not, and never kept."""

    _size = _thrown_away = 0

    @property
    def is_too_big(self) -> bool:
        return self._size > LARGEST_BODY

    def gotLength(self, length: int | None) -> None:
        self._size = length if length is not None and length > LARGEST_BODY else 0
        super().gotLength(0 if self.is_too_big else length)

    def handleContentChunk(self, data: bytes) -> None:
        if not self.is_too_big:
            self._size += len(data)
            if not self.is_too_big:
                super().handleContentChunk(data)
                return
            self.content.close()
            self.content = BytesIO()
        self._thrown_away += len(data)
        if self._thrown_away > PATIENCE:
            self.channel.forceAbortClient()

    def process(self) -> Any:
        if not self.is_too_big:
            return super().process()
        self.channel.persistent = False
        return self.basic_error(413, b"Content Too Large", "This is larger than anything that is taken here.")

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """Without Daphne's page, which has a style of its own and no content policy."""
        self.handle_reply({"type": "http.response.start", "status": status, "headers": PLAIN})
        self.handle_reply(
            {"type": "http.response.body", "body": f"{status} {status_text.decode()}\n{body}\n".encode()}
        )


class BoundedFactory(HTTPFactory):
    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol


daphne.server.HTTPFactory = BoundedFactory  # Daphne has no option for it


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
            self._end_applications().chainDeferred(drained)

    def _end_applications(self) -> defer.Deferred[Any]:
        """As Daphne's, which takes for granted that each connection has one: who was just answered, or refused
        because of the drain, has none, and Twisted would wait for ever for what raised."""
        under_way = [
            details["application_instance"]
            for details in self.connections.values()
            if "application_instance" in details
        ]
        for application in under_way:
            application.cancel()
        return defer.Deferred.fromFuture(asyncio.gather(*under_way, return_exceptions=True))

    def _under_way(self) -> list[WebRequest]:
        """Requests that are not answered yet. Daphne keeps those that are for up to a second; they have no channel."""
        return [
            protocol
            for protocol in self.connections
            if isinstance(protocol, WebRequest) and getattr(protocol, "channel", None) is not None
        ]


class CommandLine(CommandLineInterface):
    """Daphne's, with defaults of ours: no log of every address that is asked for, some of which are keys."""

    server_class = DrainingServer

    def __init__(self) -> None:
        super().__init__()
        self.parser.set_defaults(
            verbosity=0,
            server_name="",
            websocket_max_message_size=LARGEST_MESSAGE,
            websocket_max_frame_size=LARGEST_MESSAGE,
        )


def end_soon(seconds: float = THREADS_SECONDS) -> None:
    """Have the process end even if a thread of a stuck request waits for the event loop, which is no more: Python
    would wait for that thread for ever, and the port stays taken when no supervisor is left to kill us."""
    timer = threading.Timer(seconds, os._exit, [0])
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    CommandLine().run(sys.argv[1:])
    end_soon()
