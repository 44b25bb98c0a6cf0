"""Faults and the log of calls: what tests and the page use to make Google misbehave and to see what was asked.

A fault has a `match` and an `action`. `match` (all optional, all must hold): `method`, `path` (regular expression
over the path below the sandbox), `query` (the same over the query), `account` (e-mail), `nth` (from that matching
call on, counted from 1). `times` says how often it acts (null: until removed). Actions:

| action | does |
| --- | --- |
| `{"status": 503, "body": {…}, "headers": {…}}` | that answer, nothing is processed |
| `{"error": "rateLimitExceeded"}` | an answer of Google's by its name (`wire.NAMED_ERRORS`), with `headers` |
| `{"drop_before": true}` | the connection closes, nothing is processed |
| `{"process_then_drop": true}` | processed, then the connection closes without an answer |
| `{"process_then_timeout": 5}` | processed, then silence for so many seconds, then the connection closes |
| `{"truncated_json": true}` | processed, half of the answer arrives |
| `{"replace": {…}}`, `{"append_items": […]}` | processed, the JSON answer is changed |
| `{"delay": 1.5}` | wait first |
| `{"clock_offset": 7200}` | Google's clock is off by so many seconds |
| `{"quota": 600}` | more cost than that in a minute (PATCH costs 3) answers 403 `userRateLimitExceeded` |
| `{"page_size": 1}` | lists have pages of at most so many items (0: an empty page, then go on) |
| `{"notice": "drop"}`, `{"notice": "duplicate"}` | for `method` NOTICE: what happens to a push message |

Only a server that can close its sockets really drops a connection (`sync.sandbox.server` does); under another the
answer is 502.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from sync.sandbox import clock
from sync.sandbox.models import Fault, LogEntry

Json = dict[str, Any]
TERMINAL = ("status", "error", "drop_before")  # these answer instead of the view
_TRIM_EVERY = 200


@dataclass(frozen=True)
class Call:
    """What faults look at."""

    method: str
    path: str
    query: str = ""
    account: str = ""


@dataclass(frozen=True)
class Effects:
    """The actions of every fault that acts on one call, and their names for the log."""

    actions: Json = field(default_factory=dict)
    label: str = ""


def take(call: Call) -> Effects:
    """Count the call on every fault it matches, and return what the due ones do."""
    if not Fault.objects.exists():
        return Effects()
    actions: Json = {}
    labels = []
    with transaction.atomic():
        for fault in Fault.objects.select_for_update().order_by("pk"):
            if not _matches(fault.match, call):
                continue
            fault.seen += 1
            is_due = fault.seen >= int(fault.match.get("nth", 1)) and (
                fault.times is None or fault.fired < fault.times
            )
            # One answer only: a second terminal fault waits for a call of its own.
            if is_due and not (_is_terminal(fault.action) and _is_terminal(actions)):
                fault.fired += 1
                actions |= fault.action
                labels.append(fault.label or next(iter(fault.action), ""))
            fault.save(update_fields=["seen", "fired"])
    return Effects(actions, ", ".join(labels)[:64])


def for_notice(address: str, account: str) -> str:
    """`drop`, `duplicate` or nothing: what happens to a push message."""
    return str(take(Call("NOTICE", address, "", account)).actions.get("notice", ""))


def over_quota(account: str, limit: int) -> bool:
    """Whether the account's calls of the last minute already cost `limit`."""
    since = clock.now() - timedelta(minutes=1)
    spent = LogEntry.objects.filter(account=account, at__gt=since).aggregate(sum=Sum("cost"))["sum"]
    return (spent or 0) >= limit


def record(
    *,
    method: str,
    path: str,
    status: int,
    query: str = "",
    account: str = "",
    if_match: str = "",
    body_keys: list[str] | None = None,
    fault: str = "",
) -> None:
    """Write one line of the log; old lines go. Callers pass no secrets."""
    entry = LogEntry.objects.create(
        at=clock.now(),
        method=method,
        path=path[:1500],
        query=query[:4000],
        account=account,
        status=status,
        if_match=if_match[:64],
        body_keys=body_keys or [],
        fault=fault,
        cost=3 if method == "PATCH" else 1,
    )
    if entry.pk % _TRIM_EVERY == 0:
        LogEntry.objects.filter(
            pk__lte=entry.pk - getattr(settings, "GOOGLE_SANDBOX_LOG_LIMIT", 2000)
        ).delete()


def _is_terminal(action: Json) -> bool:
    return any(name in action for name in TERMINAL)


def _matches(match: Json, call: Call) -> bool:
    return (
        match.get("method", call.method).upper() == call.method
        # A push message is hit only by faults that say so.
        and (call.method != "NOTICE" or match.get("method", "").upper() == "NOTICE")
        and bool(re.search(match.get("path", ""), call.path))
        and bool(re.search(match.get("query", ""), call.query))
        and match.get("account", call.account).lower() == call.account.lower()
    )
