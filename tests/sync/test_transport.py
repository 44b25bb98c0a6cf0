"""A connection to Google serves one account after another; none of them may hear what was meant for another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sync.transport import IDLE_SECONDS, Transport, transport


class Server(ThreadingHTTPServer):
    """Answers with the path that was asked for; `/late` waits until it is let go, `/cut` stops half-way."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.connections = 0
        self.let_go = threading.Event()

    def process_request(self, *args: Any) -> None:
        self.connections += 1
        super().process_request(*args)

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        if self.path == "/late":
            self.server.let_go.wait(20)
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + (5 if self.path == "/cut" else 0)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.path == "/cut"

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.let_go.set()
        server.shutdown()
        thread.join()


def ask(client: Transport, server: Server, path: str) -> str:
    answer, content = client.request(server.address(path))
    assert answer.status == 200
    return str(content.decode())


def test_requests_after_one_another_share_a_connection(server: Server) -> None:
    client = Transport()
    assert [ask(client, server, path) for path in ("/one", "/two", "/three")] == ["/one", "/two", "/three"]
    assert server.connections == 1


def test_an_answer_that_came_too_late_is_not_read_as_the_next_one(server: Server) -> None:
    client = Transport()
    ask(client, server, "/one")
    (connection,) = client.connections.values()
    connection.sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        ask(client, server, "/late")
    server.let_go.set()
    assert ask(client, server, "/mine") == "/mine"
    assert server.connections == 2


def test_a_connection_that_failed_serves_nobody_else(server: Server) -> None:
    client = Transport()
    ask(client, server, "/one")
    with pytest.raises(Exception, match="bytes read"):
        ask(client, server, "/cut")
    assert ask(client, server, "/mine") == "/mine"
    assert server.connections == 2


def test_a_connection_that_was_idle_for_long_is_opened_anew(server: Server) -> None:
    client = Transport()
    ask(client, server, "/one")
    client._used_at -= IDLE_SECONDS + 1
    assert ask(client, server, "/two") == "/two"
    assert server.connections == 2


def test_each_thread_has_its_own() -> None:
    found: list[Transport] = []
    thread = threading.Thread(target=lambda: found.append(transport()))
    thread.start()
    thread.join()
    assert transport() is transport()
    assert found[0] is not transport()
