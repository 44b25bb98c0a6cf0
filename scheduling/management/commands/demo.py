from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from scheduling import demo


class Command(BaseCommand):
    help = "Make the demo users ana@example.com and bo@example.com with a lively week. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo users have a known password; they are made only with DEBUG=1.")
        made = demo.make_demo()
        self.stdout.write(f"{made} demo events made." if made else "The demo content is there already.")
        self.stdout.write(f"Sign in as ana@example.com or bo@example.com, password {demo.PASSWORD}")
