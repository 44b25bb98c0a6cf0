from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections

from project import assets, reach
from project.banner import banner
from project.running import mark_running
from project.supervise import Plan, become

MANAGE = str(Path(settings.BASE_DIR) / "manage.py")


class Command(BaseCommand):
    help = "Migrate, then run the web server and the worker until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--no-reload", action="store_true", help="Do not restart when a source file changes."
        )
        parser.add_argument(
            "--demo", action="store_true", help="With DEBUG on and no user yet: add the demo content first."
        )

    def handle(self, *args: Any, host: str, port: int, no_reload: bool, demo: bool, **options: Any) -> None:
        listener = listen(host, port)
        address = settings.SITE_URL
        if "SITE_URL" not in os.environ:
            # The sandbox's addresses follow it, here and in the children.
            address = (
                f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0', '::', '::1') else host}:{port}"
            )
            os.environ["SITE_URL"] = address
        self._prepare(demo)
        text, lock = banner(address), mark_running()
        connections.close_all()
        become(
            Plan(
                base=str(settings.BASE_DIR),
                listener=listener.fileno(),
                lock=lock.fileno(),
                host_header=settings.ALLOWED_HOSTS[0].lstrip(".*"),
                banner=text,
                watched=() if no_reload or not settings.DEBUG else sources(),
            )
        )

    def _prepare(self, demo: bool) -> None:
        for problem in reach.problems():
            raise CommandError(problem)
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except DatabaseError as error:
            raise CommandError(f"the database cannot be used: {error}") from error
        assets.prepare()
        if demo and settings.DEBUG and not get_user_model().objects.exists():
            # A process of its own: this one read its settings before the address was known.
            subprocess.run([sys.executable, MANAGE, "demo"], check=True)


def listen(host: str, port: int) -> socket.socket:
    """Bind once, for every web process that will come: while one is restarted, visitors wait in the queue."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        reason = {
            errno.EADDRINUSE: f"port {port} is taken. Stop what uses it or choose another: --port {port + 1}",
            errno.EACCES: f"port {port} needs more rights. Choose one from 1024 up.",
        }.get(error.errno or 0, f"cannot listen on {host} port {port}: {error.strerror or error}")
        raise CommandError(reason) from error
    except OverflowError as error:
        listener.close()
        raise CommandError(f"{port} is not a port.") from error
    return listener


def sources() -> tuple[str, ...]:
    """The folders with what people change while they work on it."""
    base = Path(settings.BASE_DIR)
    folders = {"static", "templates", *(app.label for app in apps.get_app_configs())}
    return tuple(str(base / name) for name in sorted(folders) if (base / name).is_dir())
