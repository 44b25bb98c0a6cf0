"""What `manage.py serve` becomes once all is prepared: it watches web and worker, and needs no Django for that.

Preparing an installation takes the whole of Django and the states of all migrations, some 150 MB that would be held
for as long as it runs. So the process is replaced: same id, same listener, same lock.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread
from typing import NoReturn

from project.supervisor import Program, SourceWatch, Supervisor

PLAN = "APPOINTMENT_SERVE_PLAN"
# glibc gives each thread a heap of its own, and hardly ever gives back what a burst of requests took.
LITTLE_MEMORY = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072"}
WATCHED = (".py", ".html", ".txt", ".po", ".css", ".js", ".svg", ".env")


@dataclass(frozen=True)
class Plan:
    """`listener` and `lock` are open file descriptors; `watched` are folders whose changes start everything anew."""

    base: str
    listener: int
    lock: int
    host_header: str
    banner: str
    watched: tuple[str, ...] = ()


def become(plan: Plan) -> NoReturn:
    """Replace this process by the supervisor."""
    for descriptor in (plan.listener, plan.lock):
        os.set_inheritable(descriptor, True)
    path = [plan.base, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, PLAN: json.dumps(asdict(plan)), "PYTHONPATH": os.pathsep.join(path)}
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, "-m", "project.supervise"], environment)


def main() -> None:
    plan = Plan(**json.loads(os.environ.pop(PLAN)))
    manage = str(Path(plan.base) / "manage.py")
    Thread(target=greet, args=(plan,), daemon=True).start()
    changed = changes(plan, manage) if plan.watched else None
    sys.exit(Supervisor(programs(plan.listener, manage), say=say, changed=changed).run())


def say(line: str) -> None:
    print(f"serve: {line}", flush=True)


def programs(listener: int, manage: str) -> list[Program]:
    web = [sys.executable, "-m", "project.web", "--fd", str(listener), "project.asgi:application"]
    environment = {**LITTLE_MEMORY, **os.environ, "PYTHONUNBUFFERED": "1"}
    return [
        Program("web", web, environment, (listener,)),
        Program("worker", [sys.executable, manage, "worker"], environment),
    ]


def changes(plan: Plan, manage: str) -> Callable[[], bool]:
    """Whether a source file changed since last asked; the assets are made anew when one did."""
    watch = SourceWatch([Path(folder) for folder in plan.watched], WATCHED)

    def changed() -> bool:
        if not watch():
            return False
        built = subprocess.run([sys.executable, manage, "build_assets"], capture_output=True, text=True)
        if built.returncode:
            say(f"the assets could not be built: {built.stderr.strip()[-500:]}")
        return True

    return changed


def greet(plan: Plan) -> None:
    """Print the banner once the web process answers."""
    with socket.socket(fileno=os.dup(plan.listener)) as listener:
        host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/healthz"
    request = urllib.request.Request(url, headers={"Host": plan.host_header or host})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(request, timeout=60).close()
    except urllib.error.HTTPError:
        pass  # an answer all the same
    except OSError:
        return  # the supervisor says why
    print(plan.banner, flush=True)


if __name__ == "__main__":
    main()
