from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from project import assets, reach


class Command(BaseCommand):
    help = "Migrate, and collect what browsers load: once per version, before web and worker processes (serve does it)."

    def handle(self, *args: Any, **options: Any) -> None:
        for problem in reach.problems():
            raise CommandError(problem)
        call_command("migrate", interactive=False, verbosity=0)
        assets.prepare()
