"""`python -m tests.bench.memory`: what an idle installation holds of the memory, web and worker together.

Proportional set size (shared pages divided among their holders, Linux `smaps_rollup`) of every process that `serve`
has started, some seconds after the first page. The floor is what nobody who builds on the same parts can leave out:
Daphne with a Django of no application of ours, and a process that has imported django-q2.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from cryptography.fernet import Fernet

from tests.bench.table import Row, report
from tests.servers import ROOT, free_port, start_product, wait_for

SETTLE_SECONDS = 15
FLOOR_SETTINGS = """
import django
from django.conf import settings
settings.configure(
    SECRET_KEY="bench", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__,
    INSTALLED_APPS=["daphne", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django_q"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
urlpatterns = []
django.setup()
"""
FLOOR_WEB = FLOOR_SETTINGS + (
    "import sys\n"
    "from daphne.server import Server\n"
    "from django.core.asgi import get_asgi_application\n"
    "Server(get_asgi_application(), endpoints=[f'tcp:port={sys.argv[1]}:interface=127.0.0.1']).run()\n"
)
FLOOR_WORKER = FLOOR_SETTINGS + "import time, django_q.cluster\nprint('ready', flush=True)\ntime.sleep(600)\n"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="appointment-bench-memory-") as folder:
        product = start_product(
            Path(folder),
            demo=True,
            DEBUG="0",
            SECRET_KEY=secrets.token_urlsafe(50),
            TOKEN_KEYS=Fernet.generate_key().decode(),
            GOOGLE_CLIENT_ID="bench",
            GOOGLE_CLIENT_SECRET="bench",
        )
        try:
            httpx.get(f"{product.url}/accounts/login/").raise_for_status()
            time.sleep(SETTLE_SECONDS)
            ours = sum(held_by(pid) for pid in descendants(product.process.pid))
        finally:
            product.stop()
    report(
        [
            Row("idle: supervisor, web and worker", ours, floor(), "the bare parts", unit="MB"),
            Row("the same", ours, None, "", 250, "MB"),
        ]
    )


def floor() -> float:
    port = free_port()
    web = subprocess.Popen([sys.executable, "-c", FLOOR_WEB, str(port)], cwd=ROOT, stderr=subprocess.DEVNULL)
    worker = subprocess.Popen([sys.executable, "-c", FLOOR_WORKER], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert worker.stdout and worker.stdout.readline() == b"ready\n"
        wait_for(lambda: httpx.get(f"http://127.0.0.1:{port}/").status_code == 404, "the bare server")
        return held_by(web.pid) + held_by(worker.pid)
    finally:
        for process in (web, worker):
            process.kill()
            process.wait()


def descendants(pid: int) -> list[int]:
    """A process and all that it and its children have started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in descendants(int(child)))]


def held_by(pid: int) -> float:
    """MB of one process."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"process {pid} says nothing of its memory")


if __name__ == "__main__":
    main()
