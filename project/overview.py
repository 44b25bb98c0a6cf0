"""The state of the service on the first page of the administration: few numbers, each with the list behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_q.brokers import get_broker
from django_q.models import Failure
from django_q.tasks import queue_size

from project import health
from project.models import WorkerHeartbeat
from scheduling.core.wording import small
from scheduling.models import AuditEntry, Booking, EventRevision, OutgoingMail
from sync.models import Conflict, GoogleAccount
from sync.outbox import waiting_anywhere
from sync.states import STATE_NAMES, in_state, state_of
from sync.usage import usage

WEEK, DAY = timedelta(days=7), timedelta(days=1)
TROUBLED = ("reconnect", "no_access", "backing_off")
ADVICE = {
    "reconnect": gettext_lazy("Its owner sees a banner and got a mail; nothing for you."),
    "no_access": gettext_lazy("Its owner left a box unticked at Google; nothing for you."),
    "backing_off": gettext_lazy("It is tried again by itself."),
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
    troubled: tuple[tuple[GoogleAccount, Any, Any], ...]
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
        f"{by_state[name]} {small(str(STATE_NAMES[name]))}"
        for name in (*TROUBLED, "paused")
        if by_state[name]
    ]
    total = sum(by_state.values())
    return Number(
        _("Accounts in sync"),
        str(by_state["ok"]),
        _("of %(count)d") % {"count": total},
        ", ".join(parts) or _("nothing to do"),
        _list("sync_googleaccount"),
        asks=any(by_state[name] for name in TROUBLED),
    )


def _outbound(now: datetime) -> Number:
    found = waiting_anywhere().aggregate(count=Count("pk"), oldest=Min("updated_at"))
    note = (
        _("oldest %(age)s") % {"age": _ago(now - found["oldest"])}
        if found["oldest"]
        else _("all is with Google")
    )
    conflicts = Conflict.objects.filter(resolved_at=None).count()
    if conflicts:
        note += ", " + ngettext("%(count)d conflict open", "%(count)d conflicts open", conflicts) % {
            "count": conflicts
        }
    return Number(_("Waiting to go out"), str(found["count"]), "", note, _list("scheduling_calendarevent"))


def _calls() -> Number:
    used = usage()
    near = used.minute > 0.8 * used.per_minute or used.busiest > 0.8 * used.per_user_minute
    return Number(
        _("Google calls a minute"),
        f"{used.minute}",
        _("of %(count)d") % {"count": used.per_minute},
        _("busiest account %(busiest)d of %(allowed)d; %(day)d in 24 h, %(refused)d refused")
        % {
            "busiest": used.busiest,
            "allowed": used.per_user_minute,
            "day": used.day,
            "refused": used.refused_day,
        },
        _list("sync_apiusage"),
        asks=near or used.refused_day > 0,
    )


def _queue(now: datetime) -> Number:
    alive = WorkerHeartbeat.objects.filter(seen_at__gte=now - WorkerHeartbeat.STALE_AFTER).count()
    age = WorkerHeartbeat.age()
    oldest = get_broker().waiting_since()
    note = ngettext("%(count)d worker", "%(count)d workers", alive) % {"count": alive} + ", "
    note += _("heartbeat %(age)s ago") % {"age": _ago(age)} if age is not None else _("never seen")
    if oldest:
        note += "; " + _("oldest waits %(age)s") % {"age": _ago(now - oldest)}
    return Number(_("Queue"), str(queue_size()), _("tasks"), note, _list("django_q_ormq"), asks=not alive)


def _failures(now: datetime) -> Number:
    failed = Failure.objects.filter(stopped__gte=now - DAY).count()
    return Number(
        _("Failed tasks"),
        str(failed),
        _("in 24 h"),
        _("each says why"),
        _list("django_q_failure"),
        asks=failed > 0,
    )


def _mails(now: datetime) -> Number:
    waiting, dropped = OutgoingMail.State.WAITING, OutgoingMail.State.DROPPED
    found = OutgoingMail.objects.aggregate(
        waiting=Count("pk", filter=Q(state=waiting)),
        late=Count("pk", filter=Q(state=waiting, due_at__lt=now - timedelta(minutes=10))),
        dropped=Count("pk", filter=Q(state=dropped, done_at__gte=now - DAY)),
    )
    note = _("%(late)d late, %(dropped)d given up in 24 h") % {
        "late": found["late"],
        "dropped": found["dropped"],
    }
    return Number(
        _("Mails waiting"),
        str(found["waiting"]),
        "",
        note,
        _list("scheduling_outgoingmail", f"?state__exact={waiting}"),
        asks=bool(found["late"] or found["dropped"]),
    )


def _checks() -> list[Check]:
    names = {"channel_layer": _("Live notices"), "disk": _("Disk"), "database": _("Database")}
    names |= {"migrations": _("Migrations"), "worker": _("Worker")}
    return [
        Check(names[name], words if words != "ok" else _("works"), words == "ok")
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
        (_("Signed in"), _("%(here)d of %(all)d people") % people),
        (_("Events changed"), _("%(all)d, of them %(google)d from Google") % changes),
        (_("Bookings"), _("%(made)d made, %(cancelled)d cancelled") % bookings),
        (_("Refused sign-ins"), str(refused)),
    ]


def _ago(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for limit, unit in ((120, 1), (7200, 60), (172800, 3600)):
        if seconds < limit:
            return f"{seconds // unit} {({1: 's', 60: 'min', 3600: 'h'})[unit]}"
    return ngettext("%(count)d day", "%(count)d days", seconds // 86400) % {"count": seconds // 86400}
