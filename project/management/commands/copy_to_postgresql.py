from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from project.copying import CopyError, copy_to_postgresql


class Command(BaseCommand):
    help = "Copy the whole SQLite database to an empty PostgreSQL one, and compare both; refused while the server runs."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="postgres://user:password@host/name of an empty database")

    def handle(self, *args: Any, url: str, **options: Any) -> None:
        try:
            self.stdout.write(copy_to_postgresql(url, say=self.stdout.write))
        except CopyError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            "Now set DATABASE_URL to the new address and start; keep the old file until you trust it."
        )
