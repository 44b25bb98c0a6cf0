"""One complete sync pass now, in the foreground."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sync.engine import RunResult, run_account
from sync.models import GoogleAccount


class Command(BaseCommand):
    help = "Pull, then push, every enabled calendar of the accounts of these people (default: of everyone)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("emails", nargs="*", metavar="EMAIL", help="a person here, or the Google account")

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = accounts_of(options["emails"])
        failed = False
        for account in accounts:
            result = run_account(account.pk, in_foreground=True)
            failed |= not result.is_ok
            self.stdout.write(describe(account, result))
        if not accounts:
            self.stdout.write("No Google account is connected.")
        if failed:
            raise SystemExit(1)


def accounts_of(emails: list[str]) -> list[GoogleAccount]:
    """The accounts of the people (or with the Google addresses) named; all when none is."""
    connected = GoogleAccount.objects.exclude(status=GoogleAccount.Status.DISCONNECTED)
    everyone = connected.select_related("user").order_by("pk")
    if not emails:
        return list(everyone)
    found: list[GoogleAccount] = []
    for email in emails:
        of_one = everyone.filter(user__email__iexact=email) or everyone.filter(email__iexact=email)
        if not of_one:
            raise CommandError(f"{email} has no connected Google account.")
        found += of_one
    return found


def describe(account: GoogleAccount, result: RunResult) -> str:
    line = f"{account.email}: {result.pulled} in, {result.sent} out, {result.failed} refused, {result.calls} calls"
    remark = result.error or result.note
    return f"{line}; {remark}" if remark else line
