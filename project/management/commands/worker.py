from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from project import worker
from project.running import mark_running


class Command(BaseCommand):
    help = "Run background tasks and what must be looked at twice a second, until SIGTERM or Ctrl-C."
    requires_system_checks = ["database", "models"]  # a worker serves no pages; `serve` checks everything

    def handle(self, *args: Any, **options: Any) -> None:
        with mark_running():
            sys.exit(worker.run([import_string(path) for path in settings.WORKER_TICKS]))
