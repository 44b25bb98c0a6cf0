"""The product as its users run it: `manage.py serve` as a subprocess on its own data folder and port."""

from __future__ import annotations

import atexit
import fcntl
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psycopg

from tests import postgres, redis, scaled
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parent.parent
SHARED = "TESTS_FOLDER"  # the folder that the processes of a run share


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Product:
    """A running installation: address, environment for commands, and its log."""

    url: str
    environment: dict[str, str]
    folder: Path
    process: subprocess.Popen[bytes]
    log: Path = field(repr=False)
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    signed_in: Any = field(default=None, repr=False)  # the state of a browser in which Ana is

    def command(self, *arguments: str, check: bool = True, stdin: str = "") -> str:
        """Run `manage.py …` beside the running product; returns what it prints."""
        return run_command(self.environment, *arguments, check=check, stdin=stdin)

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What its database answers; a value's place in `query` is `?`."""
        url = self.environment.get("DATABASE_URL", "")
        if url.startswith("postgres"):
            with psycopg.connect(url) as connection:
                return connection.execute(query.replace("?", "%s"), values).fetchall()
        with closing(sqlite3.connect(self.folder / "var" / "appointment.sqlite3")) as connection:
            return connection.execute(query, values).fetchall()

    def stored(self) -> bytes:
        """All that its database holds, as it lies there."""
        if not self.environment.get("DATABASE_URL"):
            return b"".join(file.read_bytes() for file in (self.folder / "var").rglob("*.sqlite3*"))
        tables = self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        rows = (row for (table,) in tables for row in self.rows(f"SELECT t::text FROM {table} t"))
        return "\n".join(text for (text,) in rows).encode()

    def api_token(self, email: str) -> str:
        if email not in self.tokens:
            self.tokens[email] = self.command("api_token", email).split()[-1]
        return self.tokens[email]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"serve ended with {self.process.returncode}:\n{self.log.read_text()}")
        return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200

    def last_words(self, lines: int = 80) -> str:
        return "\n".join(["", f"The end of {self.log}:", *self.log.read_text().splitlines()[-lines:]])

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def product_environment(folder: Path, port: int, **over: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "DEBUG": "1",
        "APPOINTMENT_ENV_FILE": os.devnull,
        "APPOINTMENT_VAR_DIR": str(folder / "var"),
        "SITE_URL": f"http://localhost:{port}",
        "SYNC_SEND_DELAY_SECONDS": "0",
        "SYNC_POLL_SECONDS": "2",
        "PYTHONUNBUFFERED": "1",
        **over,
    }


class Data(NamedTuple):
    """What an installation holds, to copy: making it takes many seconds, so one process of a test run makes it for all."""

    folder: Path
    database: str  # its name in PostgreSQL; empty with SQLite, which lies in the folder


def prepared_data() -> Data:
    """Of an installation in which nobody is yet: `manage.py prepare`."""

    def make(home: Path) -> str:
        url = postgres.create_database() if scaled.is_on() else ""
        run_command(product_environment(home, 8000, DATABASE_URL=url), "prepare")
        return postgres.name_of(url)

    return _made_once("prepared", make)


def demo_data() -> Data:
    """The same, with demo content."""

    def make(home: Path) -> str:
        prepared = prepared_data()
        shutil.copytree(prepared.folder, home / "var")
        url = postgres.create_database(prepared.database) if scaled.is_on() else ""
        run_command(product_environment(home, 8000, DATABASE_URL=url), "demo")
        return postgres.name_of(url)

    return _made_once("demo", make)


@cache
def empty_database() -> str:
    """The name of a database in PostgreSQL that has all tables, to copy: making them takes seconds."""
    if scaled.is_on():
        return prepared_data().database
    url = postgres.create_database()
    with tempfile.TemporaryDirectory(prefix="appointment-empty-") as folder:
        run_command(product_environment(Path(folder), 8000, DATABASE_URL=url), "migrate", "--verbosity", "0")
    return postgres.name_of(url)


def shared_folder() -> Path:
    """Of all processes of a test run, children too: they hear of it by the environment. Who makes it removes it."""
    if SHARED not in os.environ:
        os.environ[SHARED] = tempfile.mkdtemp(prefix="appointment-tests-")
        atexit.register(shutil.rmtree, os.environ[SHARED], ignore_errors=True)
    return Path(os.environ[SHARED])


def _made_once(name: str, make: Callable[[Path], str]) -> Data:
    """`make` fills a folder and answers the name of a database; others wait for whoever is at it."""
    home = shared_folder() / name
    made = home / "database"
    with (shared_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(home, ignore_errors=True)  # of one who failed
            home.mkdir()
            made.write_text(make(home))
    return Data(home / "var", made.read_text())


def addresses(database: str) -> dict[str, str]:
    """Of PostgreSQL, with a copy of this database, and Redis for a new installation, in a run that is on them."""
    if not scaled.is_on():
        return {}
    return {"DATABASE_URL": postgres.create_database(database), "REDIS_URL": redis.next_url()}


def start_product(
    folder: Path, *, demo: bool = False, push: bool = False, from_nothing: bool = False, **over: str
) -> Product:
    """Start `manage.py serve`; returns when it is ready to answer.

    `demo`: with demo content. `push`: the sandbox tells it of changes. `from_nothing`: it makes its tables and static
    files itself, as when it was just installed; others find them made, or what is in their folder already.
    """
    data = None
    if not from_nothing and not (folder / "var").exists():
        data = demo_data() if demo else prepared_data()
    port = free_port()
    if push:
        over["GOOGLE_WEBHOOK_URL"] = f"http://localhost:{port}/sync/google/webhook/"
    environment = product_environment(
        folder, port, **(addresses(data.database if data else "template1") | over)
    )
    if data:
        shutil.copytree(data.folder, folder / "var")
    log = folder / "serve.log"
    product = Product(f"http://localhost:{port}", environment, folder, launch(environment, port, log), log)
    try:
        wait_for(product.is_ready, "the product to be ready", 240)
    except BaseException:
        product.process.kill()
        print(log.read_text())
        raise
    return product


def run_command(environment: dict[str, str], *arguments: str, check: bool = True, stdin: str = "") -> str:
    """`manage.py …` on the installation of this environment; returns what it prints."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        input=stdin,
        timeout=120,
    )
    if check and done.returncode:
        raise AssertionError(f"{arguments} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout + ("" if check else done.stderr)


@contextmanager
def log_shown_on_failure(product: Product) -> Iterator[None]:
    """For commands: its folder may go with the failure."""
    try:
        yield
    except Exception:
        print(product.last_words())
        raise


def end_on_sigterm() -> None:
    """Have a command that started servers clean up when it is told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


@contextmanager
def second_web(product: Product) -> Iterator[str]:
    """Another web process of this installation, as a large one runs several; its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.set_inheritable(True)
        address = f"http://localhost:{listener.getsockname()[1]}"
        with (product.folder / "second.log").open("wb") as log:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "project.web",
                    "--fd",
                    str(listener.fileno()),
                    "project.asgi:application",
                ],
                cwd=ROOT,
                env=product.environment,
                pass_fds=[listener.fileno()],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_for(
                lambda: httpx.get(f"{address}/healthz", timeout=5).status_code == 200, "the second one", 60
            )
            yield address
        finally:
            process.terminate()
            process.wait(30)


def launch(environment: dict[str, str], port: int, log: Path) -> subprocess.Popen[bytes]:
    """`manage.py serve` as a process; what it says is added to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port), "--no-reload"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def processes(product: Product) -> dict[int, str]:
    """pid → command line of everything that works on the product's data folder."""
    marker = f"APPOINTMENT_VAR_DIR={product.environment['APPOINTMENT_VAR_DIR']}".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and marker in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def is_child(pid: int, parent: int) -> bool:
    try:
        return f"PPid:\t{parent}\n" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def leader(product: Product, word: str) -> int:
    """The process with `word` in its command that `serve` itself started."""
    (pid,) = (
        pid
        for pid, command in processes(product).items()
        if word in command and is_child(pid, product.process.pid)
    )
    return pid


def sign_in(client: httpx.Client, email: str, password: str) -> None:
    """Sign in through the real form."""
    page = client.get("/accounts/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token, page.text[:500]
    answer = client.post(
        "/accounts/login/",
        data={"csrfmiddlewaretoken": token.group(1), "login": email, "password": password},
        follow_redirects=True,
    )
    assert answer.status_code == 200 and "/accounts/login/" not in str(answer.url), answer.text[:500]
