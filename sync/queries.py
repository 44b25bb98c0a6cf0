"""What the sync pages show. Every read starts from the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Count, Exists, Max, Min, OuterRef, Q
from django.utils import timezone

from scheduling.models import CalendarEvent
from sync.models import CalendarLink, Conflict, EventLink, GoogleAccount, WatchChannel
from sync.outbox import waiting
from sync.rehearsal import candidates
from sync.usage import calls_of_day

TRUSTED_FOR = timedelta(hours=1)  # how long the last answer of a Google that is out of reach is still good


def out_of_reach() -> Q:
    """Over `CalendarLink`: Google does not give the calendar out, or for an hour only errors for it."""
    return Q(is_unreachable=True) | ~Q(last_error="") & Q(last_ok_at__lt=timezone.now() - TRUSTED_FOR)


def busy_is_unknown() -> Exists:
    """Over `Calendar`: it mirrors one of Google's, and what we hold of that cannot be trusted.

    So it is when the connection needs its owner, when the calendar is out of reach, when it was never read
    or, with the account backing off, not for an hour. A paused or left account is its owner's wish, not a fault.
    """
    status = GoogleAccount.Status
    stale = Q(last_ok_at=None) | Q(
        account__backoff_until__isnull=False, last_ok_at__lt=timezone.now() - TRUSTED_FOR
    )
    broken = Q(account__status__in=[status.NEEDS_REAUTH, status.INSUFFICIENT_SCOPE]) | Q(
        account__status=status.ACTIVE
    ) & (out_of_reach() | stale)
    return Exists(CalendarLink.objects.filter(broken, calendar=OuterRef("pk"), is_enabled=True).order_by())


def account_of(user: User) -> GoogleAccount | None:
    connected = GoogleAccount.objects.exclude(status=GoogleAccount.Status.DISCONNECTED)
    return connected.filter(user=user).order_by("pk").first()


@dataclass(frozen=True)
class CalendarState:
    """One row of the table: the link, how many events agree, wait, need a choice or were refused."""

    link: CalendarLink
    agreed: int
    waiting: int
    conflicts: int
    refused: int


@dataclass(frozen=True)
class AccountState:
    """All that the status page says of an account."""

    account: GoogleAccount
    calendars: tuple[CalendarState, ...]
    agreed: int
    waiting: int
    conflicts: int
    refused: tuple[EventLink, ...]
    from_before: int
    doubles: int
    is_running: bool
    is_paused: bool
    calls_day: int
    pushed_until: datetime | None


def account_state(account: GoogleAccount) -> AccountState:
    links = account.calendar_links.select_related("calendar", "account").annotate(
        agreed=Count(
            "event_links",
            filter=Q(event_links__event__isnull=False)
            & ~Q(event_links__event__status=CalendarEvent.Status.CANCELLED),
        )
    )
    marks = CalendarEvent.objects.filter(calendar__google_link__account=account).exclude(sync_state="").live()
    marked = {
        (calendar, state): count
        for calendar, state, count in marks.values_list("calendar", "sync_state")
        .annotate(Count("pk"))
        .order_by()
    }
    rows = tuple(
        CalendarState(
            link,
            link.agreed,
            waiting(link).count() if link.is_enabled and link.can_write else 0,
            marked.get((link.calendar_id, CalendarEvent.SyncState.CONFLICT), 0),
            marked.get((link.calendar_id, CalendarEvent.SyncState.REFUSED), 0),
        )
        for link in links
    )
    refused = EventLink.objects.filter(
        link__account=account, state=EventLink.State.PARKED, event__isnull=False
    )
    before = [] if account.is_rehearsed or account.is_newly_connected else candidates(account)
    now = timezone.now()
    return AccountState(
        account=account,
        calendars=rows,
        agreed=sum(row.agreed for row in rows if row.link.is_enabled),
        waiting=sum(row.waiting for row in rows),
        conflicts=Conflict.objects.filter(event_link__link__account=account, resolved_at=None).count(),
        refused=tuple(refused.select_related("event__calendar")[:20]),
        from_before=len(before),
        doubles=sum(one.kind == "double" for one in before),
        is_paused=not account.user.profile.google_calendar_sync_enabled,
        calls_day=calls_of_day(account.pk),
        pushed_until=WatchChannel.objects.filter(
            link__account=account, state=WatchChannel.State.ACTIVE
        ).aggregate(until=Min("expires_at"))["until"],
        is_running=account.lease_until > now and bool(account.lease_owner) or account.queued_until > now,
    )


@dataclass(frozen=True)
class Freshness:
    """The pill: one of off, paused, reconnect, stale, reading, queued, attention, live."""

    state: str
    account: GoogleAccount | None = None
    seen_at: datetime | None = None
    waiting: int = 0
    attention: int = 0


def freshness_of(user: User) -> Freshness:
    account = account_of(user)
    if account is None:
        return Freshness("off")
    if account.status in (GoogleAccount.Status.NEEDS_REAUTH, GoogleAccount.Status.INSUFFICIENT_SCOPE):
        return Freshness("reconnect", account)
    if not user.profile.google_calendar_sync_enabled:
        return Freshness("paused", account)
    links = account.calendar_links.filter(is_enabled=True)
    seen_at = links.aggregate(seen=Max("last_ok_at"))["seen"]
    attention = (
        CalendarEvent.objects.filter(calendar__google_link__account=account)
        .exclude(sync_state="")
        .live()
        .count()
    )
    unsent = sum(
        waiting(link).count() for link in links.select_related("calendar", "account") if link.can_write
    )
    if attention:
        state = "attention"
    elif account.last_error or account.backoff_level:
        state = "stale"
    elif seen_at is None:
        state = "reading"
    else:
        state = "queued" if unsent else "live"
    return Freshness(state, account, seen_at, unsent, attention)
