from __future__ import annotations

import socket
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.utils.module_loading import import_string

from project import reach, worker
from project.models import WorkerHeartbeat
from project.running import mark_running


class Command(BaseCommand):
    help = "Run background tasks and what must be looked at twice a second, until SIGTERM or Ctrl-C."
    requires_system_checks = ["database", "models"]  # a worker serves no pages; `serve` checks everything

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Only say by the exit status whether one runs on this host."
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if check:
            sys.exit(0 if WorkerHeartbeat.is_alive_on(socket.gethostname()) else 1)
        self._wait_for_database()
        with mark_running():
            sys.exit(worker.run([import_string(path) for path in settings.WORKER_TICKS]))

    def _wait_for_database(self) -> None:
        """It may be started at the same time; without Redis the work goes on, only pages hear of it later."""
        said: set[str] = set()
        while problems := list(reach.problems()):
            for problem in set(problems) - said:
                self.stderr.write(f"worker: {problem}")
            said.update(problems)
            if not reach.database_problem():
                break
            time.sleep(1)
        connection.close()
