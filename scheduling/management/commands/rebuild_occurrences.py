from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from scheduling import services


class Command(BaseCommand):
    help = "Make the stored occurrences of every event anew. Never needed in daily life; safe while running."

    def handle(self, *args: Any, **options: Any) -> None:
        count = services.rebuild_occurrences()
        self.stdout.write(f"Looked at {count} event{'' if count == 1 else 's'}; their occurrences are right.")
