"""One run of one account: take the lease, pull, push, remember how it went.

Everything is derived from state; a run that dies anywhere is simply repeated (google-sync.md 2.2).

Invariants:
- pull comes before push, and no call to Google happens inside a transaction
- an error of the whole account stops the run and deletes nothing
"""

from __future__ import annotations

import logging
import math
import random
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from scheduling.languages import language_of
from scheduling.services import compose_mail, queue_mail
from sync.calendars import read_calendar_list
from sync.connection import confirm_rehearsal
from sync.core.remote import Tokens
from sync.encryption import Unreadable
from sync.grants import remember_end
from sync.journal import IN, NOTE, tell
from sync.lease import LEASE, Lease, LeaseLost, free_abandoned_leases, take_lease
from sync.models import CalendarLink, GoogleAccount
from sync.provider import (
    CalendarProvider,
    InsufficientScope,
    NeedsReauth,
    NotFound,
    ProviderError,
    RateLimited,
    RetryLater,
    SetupError,
    Unreachable,
    connect,
)
from sync.pull import pull
from sync.push import push
from sync.trouble import tell_of_calendars, tell_of_recovery, tell_of_trouble, warn_of_end
from sync.usage import count_calls
from sync.watch import is_pushed, keep_watched, stop_retired

logger = logging.getLogger(__name__)

UNREADABLE_TOKENS = gettext_lazy(
    "The stored Google tokens cannot be opened with TOKEN_KEYS. Put the key back that they were written with."
)
LONGEST_BACKOFF = 15 * 60  # seconds
PUSHED_POLL_SECONDS = 30 * 60  # where notices arrive; Google drops a few of them
TROUBLES_OF_CALENDARS = 2  # of one run; then it is the account's
LONGEST_WAIT_IN_FOREGROUND = 5  # seconds; a command waits this much for a back-off to end, a worker never


@dataclass
class RunResult:
    """Counts of one run. `error` is for people; empty when all went well."""

    pulled: int = 0
    sent: int = 0
    failed: int = 0
    calls: int = 0
    error: str = ""
    note: str = ""
    was_busy: bool = False
    next_due: datetime | None = field(default=None, repr=False)

    @property
    def is_ok(self) -> bool:
        return not (self.error or self.failed or self.was_busy)


def run_account(account_id: int, *, in_foreground: bool = False, full: bool = False) -> RunResult:
    """Pull what is due, then push. `in_foreground`: everything now, grace and rehearsal set aside because a
    person asked, waiting for another run and for a short back-off; `full`: read everything anew, wiping nothing."""
    result = RunResult()
    lease = _wait_for_lease(account_id) if in_foreground else take_lease(account_id)
    if lease is None:
        result.was_busy = True
        result.error = _("Another run of this account is under way.")
        return result
    try:
        account = GoogleAccount.objects.select_related("user__profile").get(pk=account_id)
        with override(language_of(account.user)):  # what the run tells its owner is kept as they read it
            if (
                account.status == GoogleAccount.Status.PAUSED
                or not account.user.profile.google_calendar_sync_enabled
            ):
                result.note = _("sync is switched off")
                _begin(account)  # looked at again, not asked for twice a second
                return result
            result.error = _blocked(account, in_foreground)
            if not result.error:
                _begin(account)
                _run(account, lease, result, in_foreground, full)
    except LeaseLost:
        result.error = _("Another run took over.")
        return result
    finally:
        lease.release()
    return result


def _begin(account: GoogleAccount) -> None:
    """Should this run die, the next one is due then; who asks for a run meanwhile is heard by `_next_run`."""
    account.next_run_at = timezone.now() + LEASE
    _update(account, next_run_at=account.next_run_at)


def _blocked(account: GoogleAccount, in_foreground: bool) -> str:
    if account.status == GoogleAccount.Status.NEEDS_REAUTH:
        return _("Google has ended the connection of %(email)s. Reconnect it on the Sync page.") % {
            "email": account.email
        }
    if account.status == GoogleAccount.Status.INSUFFICIENT_SCOPE:
        return _("%(email)s did not grant access to the calendar. Grant it on the Sync page.") % {
            "email": account.email
        }
    pause = (account.backoff_until - timezone.now()).total_seconds() if account.backoff_until else 0
    if in_foreground and 0 < pause <= LONGEST_WAIT_IN_FOREGROUND:
        time.sleep(pause)
    elif pause > 0:
        return _("%(fault)s Next try in %(seconds)d s.") % {
            "fault": account.last_error,
            "seconds": round(pause),
        }
    return ""


def _wait_for_lease(account_id: int) -> Lease | None:
    """The lease, as soon as a run that is under way gives it back or loses it."""
    deadline = time.monotonic() + LEASE.total_seconds() + 10
    while time.monotonic() < deadline:
        free_abandoned_leases()
        if lease := take_lease(account_id):
            return lease
        time.sleep(0.1)
    return None


def _run(account: GoogleAccount, lease: Lease, result: RunResult, in_foreground: bool, full: bool) -> None:
    if isinstance(account.refresh_token, Unreadable):
        error = SetupError(str(UNREADABLE_TOKENS))
        result.error = str(error)
        _note_failure(account, lease, error)
        return
    provider = connect(Tokens(account.access_token, account.refresh_token, account.token_expires_at))
    was_refused = False
    if in_foreground:
        confirm_rehearsal(account=account)
    try:
        _keep_fresh(provider, account, lease)
        _sync_calendars(provider, account, lease, result, in_foreground, full)
    except ProviderError as error:
        result.error = str(error)
        was_refused = isinstance(error, RateLimited)
        _note_failure(account, lease, error)
    except (LeaseLost, DatabaseError):
        raise
    except SystemExit:
        # The queue ends a task that takes too long. Without a pause this account would hold up the others again at once.
        _note_failure(
            account, lease, RetryLater(_("Google could not be reached (%(reason)s).") % {"reason": "Timeout"})
        )
        raise
    except Exception as error:
        # Whatever Google sends must not stop the worker, nor make it ask again without a pause.
        logger.exception("a run of account %s ended in an unforeseen way", account.pk)
        result.error = _("Something unforeseen happened (%(kind)s); the log has the details.") % {
            "kind": type(error).__name__
        }
        _note_failure(account, lease, RetryLater(result.error))
    else:
        _note_success(account, lease, result)
    finally:
        result.calls = provider.calls
        count_calls(account_id=account.pk, calls=provider.calls, refused=int(was_refused))
        _store_tokens(provider, account)


def _sync_calendars(
    provider: CalendarProvider,
    account: GoogleAccount,
    lease: Lease,
    result: RunResult,
    in_foreground: bool,
    full: bool,
) -> None:
    if in_foreground or account.is_newly_connected or account.calendar_list_due_at <= timezone.now():
        read_calendar_list(provider, account, lease)
    troubles: list[RetryLater] = []
    links = list(account.calendar_links.filter(is_enabled=True).select_related("calendar", "account"))
    until = math.inf if in_foreground else time.monotonic() + settings.SYNC_TURN_SECONDS
    for number, link in enumerate(links):
        if number and time.monotonic() >= until:
            result.next_due = timezone.now()
            break
        try:
            if full:
                link.sync_token = ""
            is_due = full or in_foreground or _is_due(link)
            if keep_watched(provider, link, lease) or is_due:
                pulled = pull(provider, link, lease)
                result.pulled += pulled.changed
                _tell_arrivals(link, pulled.new)
                link.next_poll_at = timezone.now() + _poll_interval(link)
                CalendarLink.objects.filter(pk=link.pk).update(next_poll_at=link.next_poll_at)
            if link.can_write:
                pushed = push(provider, link, lease, at_once=in_foreground, until=until)
                result.sent += pushed.sent
                result.failed += pushed.failed
                result.next_due = min(filter(None, (result.next_due, pushed.next_due)), default=None)
        except NotFound as error:
            # Out of reach, perhaps for a while: its events stay here, the other calendars go on.
            _note_trouble(link, lease, result, error, _poll_interval(link), is_unreachable=True)
        except (RateLimited, Unreachable):
            raise
        except RetryLater as error:
            # This calendar's trouble, unless the next one has it too.
            troubles.append(error)
            if len(troubles) in (len(links), TROUBLES_OF_CALENDARS):
                raise
            _note_trouble(link, lease, result, error, timedelta(seconds=60 * random.uniform(0.5, 1.5)))
        result.next_due = min(filter(None, (result.next_due, link.next_poll_at)), default=None)
    stop_retired(provider, account)


def _is_due(link: CalendarLink) -> bool:
    """Its time has come, or Google said that something changed."""
    now = timezone.now()
    is_told = link.notify_sequence > link.pulled_sequence and link.quiet_until <= now
    return is_told or link.next_poll_at <= now or not link.sync_token


def _note_trouble(
    link: CalendarLink,
    lease: Lease,
    result: RunResult,
    error: ProviderError,
    pause: timedelta,
    *,
    is_unreachable: bool = False,
) -> None:
    with lease.hold():
        link.is_unreachable, link.last_error = is_unreachable, str(error)[:500]
        link.next_poll_at = timezone.now() + pause
        link.save(update_fields=["is_unreachable", "last_error", "next_poll_at"])
    result.error = f"{link}: {error}"


def _tell_arrivals(link: CalendarLink, new: int) -> None:
    """In one line: a first import brings thousands. What was here already and changed is told singly."""
    if new:
        text = ngettext(
            "%(count)d new event came in from Google · %(calendar)s",
            "%(count)d new events came in from Google · %(calendar)s",
            new,
        )
        tell(link.account_id, IN, "received", text % {"count": new, "calendar": link.calendar})


def _keep_fresh(provider: CalendarProvider, account: GoogleAccount, lease: Lease) -> None:
    """A new access token when the old one is about to end, stored before it is used."""
    soon = timezone.now() + timedelta(minutes=5)
    if account.access_token and account.token_expires_at and account.token_expires_at > soon:
        return
    provider.refresh()
    with lease.hold():
        _store_tokens(provider, account)


def _store_tokens(provider: CalendarProvider, account: GoogleAccount) -> None:
    """Any call may have renewed the tokens; they live only in the provider's object until stored here."""
    tokens = provider.tokens
    if not tokens.access_token or tokens.access_token == account.access_token:
        return
    account.access_token = tokens.access_token
    account.refresh_token = tokens.refresh_token or account.refresh_token
    account.token_expires_at = tokens.expires_at
    # By UPDATE: the account may have been disconnected meanwhile and must not come back.
    GoogleAccount.objects.filter(pk=account.pk).update(
        access_token=account.access_token,
        refresh_token=account.refresh_token,
        token_expires_at=account.token_expires_at,
    )


def _note_success(account: GoogleAccount, lease: Lease, result: RunResult) -> None:
    now = timezone.now()
    with lease.hold():
        _update(
            account,
            last_run_at=now,
            last_ok_at=now,
            last_error=result.error[:500],
            backoff_level=0,
            backoff_until=None,
            is_backoff_binding=False,
            next_run_at=_next_run(account, result.next_due or now + _spread(settings.SYNC_POLL_SECONDS)),
            last_counts={"pulled": result.pulled, "sent": result.sent, "failed": result.failed},
        )
        tell_of_recovery(account)
        tell_of_calendars(account)
        warn_of_end(account)


def _next_run(account: GoogleAccount, due: datetime) -> datetime:
    """`due`, or sooner: a change here or a notice from Google may have asked for a run while this one ran."""
    asked = GoogleAccount.objects.values_list("next_run_at", flat=True).get(pk=account.pk)
    if asked is not None and asked != account.next_run_at:
        due = min(due, asked)
    told = account.calendar_links.filter(is_enabled=True, notify_sequence__gt=F("pulled_sequence"))
    return min([due, *told.values_list("quiet_until", flat=True)])


def _note_failure(account: GoogleAccount, lease: Lease, error: ProviderError) -> None:
    now = timezone.now()
    changes: dict[str, Any] = {"last_run_at": now, "last_error": str(error)[:500]}
    if isinstance(error, (NeedsReauth, InsufficientScope)):
        state = GoogleAccount.Status
        changes["status"] = state.NEEDS_REAUTH if isinstance(error, NeedsReauth) else state.INSUFFICIENT_SCOPE
        changes["next_run_at"] = None
    else:
        level = min(account.backoff_level + 1, 10)
        changes |= {"backoff_level": level, "next_run_at": now + _backoff(error, level)}
        changes["backoff_until"] = changes["next_run_at"]
        changes["is_backoff_binding"] = isinstance(error, RateLimited)
    if isinstance(error, SetupError):
        _alert_administrators(error)
    with lease.hold():
        _update(account, **changes)
        tell_of_trouble(account)
        if isinstance(error, NeedsReauth):
            remember_end(account)
        if "status" in changes or account.backoff_level == 0:
            tell(account.pk, NOTE, "failed", str(error))


def _alert_administrators(error: SetupError) -> None:
    """At most once a day, whatever the number of accounts: their owners cannot mend this."""
    logger.error("Google refuses this site's project: %s", error)
    staff = get_user_model().objects.filter(is_active=True, is_superuser=True).exclude(email="")
    for user in staff:
        queue_mail(
            compose_mail(
                template="google_setup",
                to=user.email,
                language=language_of(user),
                context={"error": str(error)},
                key=f"google-setup:{user.pk}:{timezone.now():%Y-%m-%d}",
            )
        )


def _update(account: GoogleAccount, **changes: Any) -> None:
    GoogleAccount.objects.filter(pk=account.pk).update(**changes)


def _backoff(error: ProviderError, level: int) -> timedelta:
    """Truncated exponential with full jitter; a pause that Google named is kept to the second."""
    if isinstance(error, RateLimited) and error.retry_after is not None:
        return timedelta(seconds=error.retry_after + random.random())
    return timedelta(seconds=1 + min(2**level, LONGEST_BACKOFF) * random.random())


def _poll_interval(link: CalendarLink) -> timedelta:
    """Where notices arrive, seldom. Spread by a quarter, so that accounts do not march in step."""
    return _spread(max(settings.SYNC_POLL_SECONDS, PUSHED_POLL_SECONDS if is_pushed(link) else 0))


def _spread(seconds: float) -> timedelta:
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))


def request_run(account_ids: list[int], *, delay: timedelta = timedelta(0), pull_now: bool = False) -> None:
    """Have these accounts run after `delay`; the worker's ticker picks them up."""
    due = timezone.now() + delay
    accounts = GoogleAccount.objects.filter(pk__in=account_ids, status=GoogleAccount.Status.ACTIVE)
    with transaction.atomic():
        accounts.filter(next_run_at__gt=due).update(next_run_at=due)
        accounts.filter(next_run_at=None).update(next_run_at=due)
        if pull_now:
            accounts.filter(is_backoff_binding=False).update(backoff_until=None)
            CalendarLink.objects.filter(account__in=account_ids, is_enabled=True).update(
                next_poll_at=timezone.now()
            )
