"""`manage.py serve` as a process: starts, restarts, stops, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from scheduling.demo import PASSWORD
from tests.servers import (
    ROOT,
    Product,
    free_port,
    leader,
    processes,
    product_environment,
    sign_in,
    start_product,
    wait_for,
)

pytestmark = pytest.mark.processes


@contextmanager
def running(folder: Path, **over: str) -> Iterator[Product]:
    product = start_product(folder, **over)
    try:
        yield product
    finally:
        product.stop()


def close_code(socket: ClientConnection) -> int | None:
    """Wait until the server closes the socket; the code it gave."""
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=15)
    return closed.value.rcvd and closed.value.rcvd.code


def test_every_write_that_sigterm_finds_under_way_is_finished_and_acknowledged(tmp_path: Path) -> None:
    product = start_product(tmp_path, demo=True)
    token = product.api_token("ana@example.com")
    acknowledged: list[str] = []
    started = threading.Barrier(5)

    def write(number: int) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=product.url, headers=headers, timeout=30) as client:
            for turn in range(200):
                title = f"Load {number}-{turn}"
                body = {
                    "title": title,
                    "start_time": "2026-11-24T10:00:00Z",
                    "end_time": "2026-11-24T11:00:00Z",
                }
                try:
                    answer = client.post("/appointment/api/events/", json=body)
                except httpx.TransportError:
                    return  # refused: not taken any more
                if answer.status_code == 201:
                    acknowledged.append(title)
                if turn == 3:
                    started.wait(30)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    started.wait(30)
    assert product.stop() == 0
    for writer in writers:
        writer.join(30)
    rows = product.rows("select title from scheduling_calendarevent where title like ?", "Load %")
    assert sorted(title for (title,) in rows) == sorted(acknowledged)
    assert processes(product) == {}


def test_serve_says_where_and_stops_everything_on_sigterm(tmp_path: Path) -> None:
    product = start_product(tmp_path)
    wait_for(lambda: f"is running at {product.url}/" in product.log.read_text(), "the banner")
    assert "Continue with Google" in product.log.read_text()
    assert len(processes(product)) >= 4
    product.command("demo")
    with httpx.Client(base_url=product.url, timeout=30) as client:
        sign_in(client, "ana@example.com", PASSWORD)
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    address = product.url.replace("http", "ws") + "/ws/calendar/"
    with connect(address, origin=product.url) as anonymous:
        assert close_code(anonymous) == 4401
    with connect(address, origin=product.url, additional_headers={"Cookie": cookies}) as socket:
        socket.send("no json")
        assert close_code(socket) == 4400
    with connect(address, origin=product.url, additional_headers={"Cookie": cookies}) as socket:
        socket.ping().wait(10)
        assert product.stop() == 0
        assert close_code(socket) is None  # it just ends: the page comes back
    assert processes(product) == {}


def test_serve_starts_a_killed_web_process_and_a_killed_worker_again(tmp_path: Path) -> None:
    with running(tmp_path) as product:
        for word, name in (("project.web", "web"), ("manage.py worker", "worker")):
            pid = leader(product, word)
            os.kill(pid, signal.SIGKILL)
            line = f"{name} ended unexpectedly (SIGKILL); starting it again in 0.5 s."
            wait_for(lambda line=line: line in product.log.read_text(), line)
            wait_for(
                lambda word=word, pid=pid: any(
                    word in command and other != pid for other, command in processes(product).items()
                ),
                f"a new {name}",
            )
            # The socket stays open meanwhile: a visitor waits, and is not refused.
            assert httpx.get(f"{product.url}/healthz", timeout=30).status_code == 200
    assert processes(product) == {}


def test_a_killed_process_of_the_task_cluster_has_the_whole_worker_begin_anew(tmp_path: Path) -> None:
    """It may have held the lock of a queue, where one put into its place would wait for ever; or one that its guard
    waits for."""

    def workers() -> set[int]:
        found = {pid for pid, command in processes(product).items() if "manage.py worker" in command}
        return found if len(found) >= 3 else set()  # itself, its guard, and one that works

    def begins_anew(before: set[int], times: int) -> None:
        line = "worker ended unexpectedly (exit status 1); starting it again"
        wait_for(lambda: product.log.read_text().count(line) >= times, line, 60)
        wait_for(lambda: workers() and not workers() & before, "a new task cluster", 60)

    with running(tmp_path) as product:
        before = wait_for(workers, "the task cluster")
        os.kill(max(before), signal.SIGKILL)
        begins_anew(before, 1)
        before = workers()
        task = "from django_q.tasks import async_task; async_task('tests.project.killed_task.die_with_its_timer')"
        product.command("shell", "--no-imports", "--command", task)
        begins_anew(before, 2)


@contextmanager
def web_process(application: str, **over: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The web process alone, with this module's application; and its port."""
    port = free_port()
    command = [sys.executable, "-m", "project.web", "--port", str(port), "--verbosity", "0"]
    with subprocess.Popen(
        [*command, f"tests.project.{application}:application"],
        cwd=ROOT,
        env=os.environ | over,
        stdout=subprocess.PIPE,
        text=True,
    ) as web:
        try:
            wait_for(lambda: takes_connections(port), "the web process", 60)
            yield web, port
        finally:
            web.kill()


def takes_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def test_sigterm_waits_for_a_request_that_is_under_way_while_others_were_just_answered(
    tmp_path: Path,
) -> None:
    """Daphne keeps what is answered on its list for a while, without a connection or without an application."""
    release = tmp_path / "release"
    with (
        web_process("slow_application", RELEASE=str(release)) as (web, port),
        ThreadPoolExecutor(1) as visitor,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as kept_open,
    ):
        slow = visitor.submit(httpx.get, f"{kept_open.base_url}/slow/", timeout=60)
        assert web.stdout is not None and web.stdout.readline() == "under way\n"
        assert [httpx.get(kept_open.base_url, timeout=60).text for _ in range(3)] == ["finished"] * 3
        assert kept_open.get("/").text == "finished"
        web.terminate()
        wait_for(lambda: not takes_connections(port), "it to take nothing new")
        assert kept_open.get("/").status_code == 503
        release.touch()
        assert slow.result(60).text == "finished"
        assert web.wait(60) == 0


def test_the_web_process_ends_although_a_request_is_stuck_and_nobody_is_left_to_kill_it() -> None:
    with (
        web_process("stuck_application") as (web, port),
        closing(socket.create_connection(("127.0.0.1", port))) as guest,
    ):
        guest.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert web.stdout is not None and web.stdout.readline() == "stuck\n"
        web.terminate()
        assert web.wait(60) == 0


def test_nothing_survives_a_killed_serve(tmp_path: Path) -> None:
    with running(tmp_path) as product:
        product.process.kill()
        wait_for(lambda: processes(product) == {}, "every child to be gone", 15)
        product.process.wait()


def test_serve_says_in_one_line_that_the_port_is_taken(tmp_path: Path) -> None:
    port = free_port()
    environment = product_environment(tmp_path, port)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        done = subprocess.run(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].endswith(
        f"port {port} is taken. Stop what uses it or choose another: --port {port + 1}"
    )


def test_backup_is_taken_while_serving_and_restored_after_the_stop(tmp_path: Path) -> None:
    backup, broken = tmp_path / "backup.sqlite3", tmp_path / "broken.sqlite3"

    def people(add: str = "") -> list[str]:
        """The user names in the database, after adding one."""
        with closing(sqlite3.connect(tmp_path / "var" / "appointment.sqlite3")) as database:
            if add:
                database.execute(
                    "INSERT INTO auth_user (username, password, first_name, last_name, email, is_active,"
                    " is_staff, is_superuser, date_joined) VALUES (?, '', '', '', '', 1, 0, 0, '2026-11-24')",
                    [add],
                )
                database.commit()
            return [name for (name,) in database.execute("SELECT username FROM auth_user ORDER BY id")]

    with running(tmp_path, DATABASE_URL="", REDIS_URL="") as product:
        people(add="kept")
        assert product.command("backup", str(backup)).startswith(f"{backup}: 1 users, 0 events")
        assert backup.stat().st_mode & 0o077 == 0
        assert "nothing is overwritten" in product.command("backup", str(backup), check=False)
        people(add="later")
        assert "the server is running" in product.command("restore", str(backup), check=False)
    broken.write_bytes(backup.read_bytes()[:5000])
    assert "broken.sqlite3 is not a readable" in product.command("restore", str(broken), check=False)
    assert people() == ["kept", "later"]
    assert "Restored 1 users" in product.command("restore", str(backup))
    assert people() == ["kept"]
