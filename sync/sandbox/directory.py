"""Who is there: accounts, their calendars, and which calendars each of them lists."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction

from sync.sandbox import channels, clock
from sync.sandbox.models import OWNER, READER, Account, Calendar, ListEntry
from sync.sandbox.wire import (
    not_found,
)

Json = dict[str, Any]
HOLIDAYS_SUFFIX = "group.v.calendar.google.com"


@transaction.atomic
def ensure_account(email: str, name: str = "", time_zone: str = "Europe/Berlin") -> Account:
    """The account with its primary calendar, made when it is new."""
    email = email.strip().lower()
    number = int(hashlib.sha256(email.encode()).hexdigest(), 16) % 10**20
    account, is_new = Account.objects.get_or_create(
        email=email,
        defaults={"name": name or default_name(email), "subject": f"1{number:020d}", "time_zone": time_zone},
    )
    if is_new:
        add_calendar(account, email, google_id=email, is_primary=True, time_zone=time_zone)
    return account


def default_name(email: str) -> str:
    return " ".join(part.capitalize() for part in email.split("@")[0].replace("_", ".").split(".") if part)


@transaction.atomic
def add_calendar(
    account: Account,
    summary: str,
    *,
    google_id: str = "",
    role: str = OWNER,
    is_primary: bool = False,
    color_id: str = "14",
    time_zone: str = "",
    description: str = "",
) -> ListEntry:
    """A line in the account's calendar list; the calendar itself is made when `google_id` is unknown."""
    google_id = google_id or f"c_{secrets.token_hex(32)}@group.calendar.google.com"
    calendar, _ = Calendar.objects.get_or_create(
        google_id=google_id,
        defaults={
            "summary": summary,
            "description": description,
            "time_zone": time_zone or account.time_zone,
            "created": clock.now(),
        },
    )
    entry, _ = ListEntry.objects.get_or_create(
        account=account,
        calendar=calendar,
        defaults={"access_role": role, "is_primary": is_primary, "color_id": color_id},
    )
    return change_entry(entry, access_role=role, is_deleted=False)


@transaction.atomic
def change_entry(entry: ListEntry, **fields: Any) -> ListEntry:
    """Change a line of the calendar list: the list's sync token and its channels hear of it."""
    account = Account.objects.select_for_update().get(pk=entry.account_id)
    account.change += 1
    account.save(update_fields=["change"])
    entry.account, entry.change = account, account.change
    for name, value in fields.items():
        setattr(entry, name, value)
    entry.save()
    transaction.on_commit(partial(channels.notify_list, account.pk))
    return entry


def entry_for(account: Account, calendar_id: str) -> ListEntry:
    """The calendar as the account sees it (`primary` is an alias); 404 when it does not."""
    entries = ListEntry.objects.select_related("calendar", "account").filter(
        account=account, is_deleted=False
    )
    entry = (
        entries.filter(is_primary=True)
        if calendar_id == "primary"
        else entries.filter(calendar__google_id=calendar_id)
    ).first()
    if entry is None:
        raise not_found()
    return entry


def share(entry: ListEntry, account: Account, role: str = READER) -> ListEntry:
    return add_calendar(account, entry.calendar.summary, google_id=entry.calendar.google_id, role=role)


@transaction.atomic
def expire_sync_tokens(calendars: Iterable[Calendar], accounts: Iterable[Account] = ()) -> None:
    """Every sync token handed out so far for these answers 410 from now on."""
    for calendar in Calendar.objects.select_for_update().filter(pk__in=[item.pk for item in calendars]):
        calendar.token_generation += 1
        calendar.save(update_fields=["token_generation"])
    for account in Account.objects.select_for_update().filter(pk__in=[item.pk for item in accounts]):
        account.token_generation += 1
        account.save(update_fields=["token_generation"])
