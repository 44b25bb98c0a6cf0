"""The state of the service on the first page of the administration: few numbers, each with the list behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure, OrmQ
from django_q.tasks import queue_size

from project import health
from project.models import WorkerHeartbeat
from scheduling.models import AuditEntry, Booking, EventRevision, OutgoingMail
from sync.models import Conflict, GoogleAccount
from sync.outbox import waiting_anywhere
from sync.states import STATE_NAMES, in_state, state_of
from sync.usage import usage

WEEK, DAY = timedelta(days=7), timedelta(days=1)
TROUBLED = ("reconnect", "no_access", "backing_off")
ADVICE = {
    "reconnect": "Its owner sees a banner and got a mail; nothing for you.",
    "no_access": "Its owner left a box unticked at Google; nothing for you.",
    "backing_off": "It is tried again by itself.",
}
MOST_SHOWN = 10


@dataclass(frozen=True)
class Number:
    """A tile: its number, what stands small beside it, and whether it asks for a look."""

    name: str
    value: str
    of: str
    note: str
    href: str
    asks: bool = False


@dataclass(frozen=True)
class Check:
    name: str
    words: str
    is_ok: bool


@dataclass(frozen=True)
class Overview:
    measured_at: datetime
    numbers: tuple[Number, ...]
    troubled: tuple[tuple[GoogleAccount, Any, str], ...]
    more_troubled: int
    checks: tuple[Check, ...]
    week: tuple[tuple[str, str], ...]

    @property
    def faults(self) -> int:
        return sum(not check.is_ok for check in self.checks) + sum(number.asks for number in self.numbers)


def overview() -> Overview:
    """As many queries for one account as for a thousand."""
    now = timezone.now()
    accounts = GoogleAccount.objects.exclude(status=GoogleAccount.Status.DISCONNECTED)
    by_state: dict[str, int] = accounts.aggregate(
        **{name: Count("pk", filter=in_state(name)) for name in STATE_NAMES if name != "disconnected"}
    )
    trouble = accounts.filter(in_state("reconnect") | in_state("no_access") | in_state("backing_off"))
    shown = [
        (account, STATE_NAMES[state], account.last_error or ADVICE[state])
        for account in trouble.select_related("user__profile").order_by("email")[:MOST_SHOWN]
        if (state := state_of(account)) in ADVICE
    ]
    count = sum(by_state[name] for name in TROUBLED)
    return Overview(
        measured_at=now,
        numbers=(_accounts(by_state), _outbound(now), _calls(), _queue(now), _failures(now), _mails(now)),
        troubled=tuple(shown),
        more_troubled=count - len(shown),
        checks=tuple(_checks()),
        week=tuple(_week(now)),
    )


def _list(model: str, query: str = "") -> str:
    return reverse(f"admin:{model}_changelist") + query


def _accounts(by_state: dict[str, int]) -> Number:
    parts = [
        f"{by_state[name]} {STATE_NAMES[name].lower()}" for name in (*TROUBLED, "paused") if by_state[name]
    ]
    total = sum(by_state.values())
    return Number(
        "Accounts in sync",
        str(by_state["ok"]),
        f"of {total}",
        ", ".join(parts) or "nothing to do",
        _list("sync_googleaccount"),
        asks=any(by_state[name] for name in TROUBLED),
    )


def _outbound(now: datetime) -> Number:
    found = waiting_anywhere().aggregate(count=Count("pk"), oldest=Min("updated_at"))
    note = f"oldest {_ago(now - found['oldest'])}" if found["oldest"] else "all is with Google"
    conflicts = Conflict.objects.filter(resolved_at=None).count()
    if conflicts:
        note += f", {conflicts} conflict{'' if conflicts == 1 else 's'} open"
    return Number("Waiting to go out", str(found["count"]), "", note, _list("scheduling_calendarevent"))


def _calls() -> Number:
    used = usage()
    near = used.minute > 0.8 * used.per_minute or used.busiest > 0.8 * used.per_user_minute
    return Number(
        "Google calls a minute",
        f"{used.minute}",
        f"of {used.per_minute}",
        f"busiest account {used.busiest} of {used.per_user_minute}; {used.day} in 24 h, {used.refused_day} refused",
        _list("sync_apiusage"),
        asks=near or used.refused_day > 0,
    )


def _queue(now: datetime) -> Number:
    alive = WorkerHeartbeat.objects.filter(seen_at__gte=now - WorkerHeartbeat.STALE_AFTER).count()
    age = WorkerHeartbeat.age()
    oldest = OrmQ.objects.filter(lock__lte=now).aggregate(oldest=Min("lock"))["oldest"]
    note = f"{alive} worker{'' if alive == 1 else 's'}, "
    note += f"heartbeat {_ago(age)} ago" if age is not None else "never seen"
    if oldest:
        note += f"; oldest waits {_ago(now - oldest)}"
    return Number("Queue", str(queue_size()), "tasks", note, _list("django_q_ormq"), asks=not alive)


def _failures(now: datetime) -> Number:
    failed = Failure.objects.filter(stopped__gte=now - DAY).count()
    return Number(
        "Failed tasks", str(failed), "in 24 h", "each says why", _list("django_q_failure"), asks=failed > 0
    )


def _mails(now: datetime) -> Number:
    waiting, dropped = OutgoingMail.State.WAITING, OutgoingMail.State.DROPPED
    found = OutgoingMail.objects.aggregate(
        waiting=Count("pk", filter=Q(state=waiting)),
        late=Count("pk", filter=Q(state=waiting, due_at__lt=now - timedelta(minutes=10))),
        dropped=Count("pk", filter=Q(state=dropped, done_at__gte=now - DAY)),
    )
    note = f"{found['late']} late, {found['dropped']} given up in 24 h"
    return Number(
        "Mails waiting",
        str(found["waiting"]),
        "",
        note,
        _list("scheduling_outgoingmail", f"?state__exact={waiting}"),
        asks=bool(found["late"] or found["dropped"]),
    )


def _checks() -> list[Check]:
    names = {"channel_layer": "Live notices", "disk": "Disk", "database": "Database"}
    names |= {"migrations": "Migrations", "worker": "Worker"}
    return [
        Check(names[name], words if words != "ok" else "works", words == "ok")
        for name, words in health.results().items()
    ]


def _week(now: datetime) -> list[tuple[str, str]]:
    since = now - WEEK
    people = get_user_model().objects.aggregate(
        all=Count("pk"), here=Count("pk", filter=Q(last_login__gte=since))
    )
    changes = EventRevision.objects.filter(at__gte=since).aggregate(
        all=Count("pk"), google=Count("pk", filter=Q(origin=EventRevision.Origin.GOOGLE))
    )
    bookings = Booking.objects.aggregate(
        made=Count("pk", filter=Q(created_at__gte=since)),
        cancelled=Count("pk", filter=Q(status=Booking.Status.CANCELLED, ended_at__gte=since)),
    )
    refused = AuditEntry.objects.filter(at__gte=since, action=AuditEntry.Action.SIGN_IN_FAILED).count()
    return [
        ("Signed in", f"{people['here']} of {people['all']} people"),
        ("Events changed", f"{changes['all']}, of them {changes['google']} from Google"),
        ("Bookings", f"{bookings['made']} made, {bookings['cancelled']} cancelled"),
        ("Refused sign-ins", str(refused)),
    ]


def _ago(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for limit, unit in ((120, 1), (7200, 60), (172800, 3600)):
        if seconds < limit:
            return f"{seconds // unit} {({1: 's', 60: 'min', 3600: 'h'})[unit]}"
    return f"{seconds // 86400} days"
