from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from project.backups import BackupError, back_up


class Command(BaseCommand):
    help = "Write a checked copy of the database to PATH, also while the server runs."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a new file, or a folder")

    def handle(self, *args: Any, path: Path, **options: Any) -> None:
        try:
            self.stdout.write(back_up(path))
        except BackupError as error:
            raise CommandError(str(error)) from error
