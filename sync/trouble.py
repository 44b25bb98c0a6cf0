"""What an owner must do about their connection: shown on every page, and mailed once.

Each mail is claimed by a conditional UPDATE and queued in the same transaction, so that an incident makes one mail,
its end another one, and an approaching end a third; a calendar out of reach on a connection that works is an incident
of its own. Who switched e-mail notifications off gets none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import BooleanField, Case, F, Q, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling import availability
from scheduling.presentation.viewer import Viewer
from scheduling.services import InvalidMail, compose_mail, queue_mail
from scheduling.unsubscribe import NOTIFICATIONS
from sync.grants import end_of_grant
from sync.models import CalendarLink, GoogleAccount
from sync.outbox import waiting
from sync.queries import TRUSTED_FOR, account_of, out_of_reach

WARN_BEFORE = timedelta(hours=24)
STILL_ALIVE = timedelta(hours=1)  # past its expected end by so much, the expectation was wrong
ENDED, SCOPE, ENDING, OUT = "ended", "scope", "ending", "out"
KINDS = {GoogleAccount.Status.NEEDS_REAUTH: ENDED, GoogleAccount.Status.INSUFFICIENT_SCOPE: SCOPE}


@dataclass(frozen=True)
class Trouble:
    """`ended`: Google ended the connection; `scope`: the calendar is not granted; `ending`: it will end soon;
    `out`: calendars cannot be read, and that is why types cannot be booked."""

    kind: str
    account: GoogleAccount
    waiting: int
    ends_at: datetime | None = None

    @property
    def unbookable(self) -> list[str]:
        """The names of the appointment types that guests cannot book while it lasts."""
        return [found.name for found in availability.unbookable_types(self.account.user)]

    @property
    def key(self) -> str:
        """What a page that shows it remembers, to be told only of something else."""
        return f"{self.kind}-{self.account.pk}"

    @property
    def end_text(self) -> str:
        """`Friday 4 December at 09:12`, as its owner reads time."""
        if self.ends_at is None:
            return ""
        viewer = Viewer.of(self.account.user.profile, timezone.now())
        local = self.ends_at.astimezone(viewer.place)
        return _("%(day)s at %(time)s") % {"day": viewer.long_day(local.date()), "time": viewer.time(local)}


def trouble_of(user: User) -> Trouble | None:
    """What stands between this person and their Google calendar."""
    account = account_of(user)
    return None if account is None else _trouble(account)


def _trouble(account: GoogleAccount) -> Trouble | None:
    if account.status in KINDS:
        return Trouble(KINDS[GoogleAccount.Status(account.status)], account, waiting_changes(account))
    if account.status != GoogleAccount.Status.ACTIVE:
        return None
    ends_at = end_of_grant(account)
    now = timezone.now()
    if ends_at is None or not now - STILL_ALIVE < ends_at < now + WARN_BEFORE:
        return None
    return Trouble(ENDING, account, waiting_changes(account), ends_at)


def waiting_changes(account: GoogleAccount) -> int:
    """How many changes here have not reached Google."""
    links = account.calendar_links.filter(is_enabled=True).select_related("calendar", "account")
    return sum(waiting(link).count() for link in links if link.can_write)


def tell_of_trouble(account: GoogleAccount) -> None:
    """Mail the owner that sync stands still, or for so long already that guests cannot book; once, until it works."""
    with transaction.atomic():
        unaware = GoogleAccount.objects.filter(pk=account.pk, notified_at=None)
        if unaware.filter(status__in=KINDS).update(notified_at=timezone.now()):
            account.refresh_from_db(fields=["status"])
            _mail_trouble("connection_ended", _trouble(account))
        elif (
            unaware.filter(connected_at__lt=timezone.now() - TRUSTED_FOR).exists()
            # Of a calendar that is out of reach by itself the owner hears by `tell_of_calendars`.
            and account.calendar_links.filter(is_enabled=True, out_told_at=None).exists()
            and availability.unbookable_types(account.user)
        ):
            unaware.update(notified_at=timezone.now())
            _mail_trouble("connection_ended", Trouble(OUT, account, waiting_changes(account)))


def tell_of_recovery(account: GoogleAccount) -> None:
    """Mail the owner, after a good run, that it works again; only who was told that it did not."""
    if account.notified_at is None:  # only runs set it, and one run at a time has the account
        return
    with transaction.atomic():
        mended = GoogleAccount.objects.filter(
            pk=account.pk, notified_at__isnull=False, status=GoogleAccount.Status.ACTIVE
        )
        if mended.update(notified_at=None):
            _mail_trouble("connection_back", Trouble("", account, 0))


def tell_of_calendars(account: GoogleAccount) -> None:
    """Mail the owner, after a run that went well as a whole, which calendars are out of reach all the same, and which
    of those are read again."""
    is_out = Case(When(out_of_reach(), then=True), default=False, output_field=BooleanField())
    links = account.calendar_links.filter(is_enabled=True).annotate(is_out=is_out).select_related("calendar")
    out = [link for link in links if link.is_out and link.out_told_at is None]
    back = [link for link in links if not link.is_out and link.out_told_at is not None]
    if not out and not back:
        return
    with transaction.atomic():
        _mark(out, timezone.now())
        _mark(back, None)
        if out:
            names = [found.name for found in availability.unbookable_types(account.user)]
            _mail("calendars_out", account, {"links": out, "unbookable": names})
        if back:
            _mail("calendars_back", account, {"links": back})


def _mark(links: Iterable[CalendarLink], told_at: datetime | None) -> None:
    CalendarLink.objects.filter(pk__in=[link.pk for link in links]).update(out_told_at=told_at)


def warn_of_end(account: GoogleAccount) -> None:
    """Mail the owner a day before Google ends the connection; once for each consent."""
    trouble = _trouble(account)
    if trouble is None or trouble.kind != ENDING:
        return
    with transaction.atomic():
        unwarned = GoogleAccount.objects.filter(pk=account.pk)
        if unwarned.filter(Q(warned_at=None) | Q(warned_at__lt=F("consented_at"))).update(
            warned_at=timezone.now()
        ):
            _mail_trouble("connection_ending", trouble)


def _mail_trouble(template: str, trouble: Trouble | None) -> None:
    if trouble is not None:
        _mail(template, trouble.account, {"trouble": trouble}, expires_at=trouble.ends_at)


def _mail(
    template: str, account: GoogleAccount, context: dict[str, Any], expires_at: datetime | None = None
) -> None:
    user = account.user
    if not user.profile.email_notifications or not user.is_active or not user.email:
        return
    try:
        queue_mail(
            compose_mail(
                template=template,
                to=user.email,
                user=user,
                unsubscribe=NOTIFICATIONS,
                context={"account": account, "link": f"{settings.SITE_URL}{reverse('sync')}", **context},
                expires_at=expires_at,
            )
        )
    except InvalidMail:
        return  # the banner says it
