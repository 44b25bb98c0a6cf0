"""Runs of the engine and what a person does between them, for every test of the sync."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scheduling import services
from scheduling.models import Calendar, CalendarEvent
from sync.engine import RunResult, run_account
from sync.models import GoogleAccount


def run(account: GoogleAccount, **options: Any) -> RunResult:
    """One run that must go well."""
    GoogleAccount.objects.filter(pk=account.pk).update(backoff_until=None)
    result = run_account(account.pk, in_foreground=True, **options)
    assert result.error == "" and result.failed == 0
    return result


def run_badly(account: GoogleAccount) -> RunResult:
    result = run_account(account.pk)
    assert not result.is_ok
    return result


def titles(user: Any) -> list[str]:
    return sorted(CalendarEvent.objects.of(user).live().values_list("title", flat=True))


def primary(user: Any) -> Calendar:
    return Calendar.objects.get(user=user, is_primary=True)


def edit(event: CalendarEvent, **changes: Any) -> CalendarEvent:
    event.refresh_from_db()
    return services.update_event(event=event, values=replace(event.values, **changes), origin="web")


def all_day(date_text: str) -> dict[str, Any]:
    return {"date": date_text, "dateTime": None, "timeZone": None}


def remove(event: CalendarEvent) -> None:
    services.delete_event(event=event, origin="web")
