"""The product as its users run it: `manage.py serve` as a subprocess on its own data folder and port."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

import httpx

ROOT = Path(__file__).resolve().parent.parent
Value = TypeVar("Value")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(condition: Callable[[], Value], what: str, seconds: float = 30, *, every: float = 0.02) -> Value:
    """The first truthy answer of `condition`; an AssertionError that names `what` when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = condition()
            if value:
                return value
        except (httpx.TransportError, ConnectionError):
            pass
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(every)


@dataclass
class Product:
    """A running installation: address, environment for commands, and its log."""

    url: str
    environment: dict[str, str]
    folder: Path
    process: subprocess.Popen[bytes]
    log: Path = field(repr=False)

    def command(self, *arguments: str, check: bool = True, stdin: str = "") -> str:
        """Run `manage.py …` beside the running product; returns what it prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            input=stdin,
            timeout=120,
        )
        if check and done.returncode:
            raise AssertionError(f"{arguments} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout + ("" if check else done.stderr)

    def api_token(self, email: str) -> str:
        return self.command("api_token", email).split()[-1]

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
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


@cache
def demo_data() -> Path:
    """The data folder of an installation that was set up once with demo content, to copy: it takes many seconds."""
    folder = Path(tempfile.mkdtemp(prefix="appointment-demo-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    product = start_product(folder)
    product.command("demo")
    product.stop()
    (folder / "var" / "running.lock").unlink(missing_ok=True)
    return folder / "var"


def start_product(folder: Path, *, demo: bool = False, push: bool = False, **over: str) -> Product:
    """Start `manage.py serve`; returns when it is ready to answer.

    `demo`: with demo content, on a copy of `demo_data`. `push`: the sandbox tells it of changes.
    """
    port = free_port()
    if push:
        over["GOOGLE_WEBHOOK_URL"] = f"http://localhost:{port}/sync/google/webhook/"
    environment = product_environment(folder, port, **over)
    if demo:
        shutil.copytree(demo_data(), folder / "var")
    (folder / "var").mkdir(parents=True, exist_ok=True)
    log = folder / "serve.log"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port), "--no-reload"],
        cwd=ROOT,
        env=environment,
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    product = Product(f"http://localhost:{port}", environment, folder, process, log)

    def ready() -> bool:
        if process.poll() is not None:
            raise AssertionError(f"serve ended with {process.returncode}:\n{log.read_text()}")
        return httpx.get(f"{product.url}/readyz", timeout=5).status_code == 200

    try:
        wait_for(ready, "the product to be ready", 60)
    except BaseException:
        process.kill()
        print(log.read_text())
        raise
    return product


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
