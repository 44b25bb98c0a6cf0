"""Read everything anew, without wiping anything first."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sync.engine import run_account
from sync.management.commands.sync import accounts_of, describe


class Command(BaseCommand):
    help = "Drop the sync tokens of a person's Google account and reconcile fully, in the foreground."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *args: Any, **options: Any) -> None:
        failed = False
        for account in accounts_of([options["email"]]):
            result = run_account(account.pk, in_foreground=True, full=True)
            failed |= not result.is_ok
            self.stdout.write(describe(account, result))
        if failed:
            raise SystemExit(1)
