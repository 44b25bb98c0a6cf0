"""Google's list of calendars and ours: what came, what changed its name or role, what is gone."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from scheduling import services
from sync.access import take_access
from sync.connection import enable_calendar
from sync.core.remote import RemoteCalendar
from sync.journal import NOTE, tell
from sync.lease import Lease
from sync.models import CalendarLink, GoogleAccount
from sync.provider import CalendarProvider, FullSyncRequired

POLLS_BETWEEN = 12  # the list changes seldom: by default it is read once an hour
GONE = gettext_noop("It is no longer among your calendars in Google. Its events stay here.")


def read_calendar_list(provider: CalendarProvider, account: GoogleAccount, lease: Lease) -> None:
    """Take over Google's list, or what changed in it; the primary calendar is mirrored from the start."""
    token = "" if account.is_newly_connected else account.calendar_list_sync_token
    try:
        listed = provider.list_calendars(token)
    except FullSyncRequired:
        token, listed = "", provider.list_calendars()
    known = {link.google_id: link for link in account.calendar_links.select_related("calendar")}
    for remote in listed.calendars:
        with lease.hold():
            if not remote.is_deleted:
                _take(account, remote, known.get(remote.id), is_first=not known)
            elif remote.id in known:
                _lose(known[remote.id])
    if not token:
        for link in known.values():
            if link.google_id not in {remote.id for remote in listed.calendars}:
                with lease.hold():
                    _lose(link)
    with lease.hold():
        account.calendar_list_sync_token = listed.sync_token
        account.calendar_list_due_at = timezone.now() + timedelta(
            seconds=settings.SYNC_POLL_SECONDS * POLLS_BETWEEN
        )
        account.save(update_fields=["calendar_list_sync_token", "calendar_list_due_at"])


def _take(
    account: GoogleAccount, remote: RemoteCalendar, link: CalendarLink | None, *, is_first: bool
) -> None:
    is_new = link is None
    if link is None:
        link = CalendarLink(google_id=remote.id, access_role=remote.access_role[:32])
    link.account = account
    _rename(link, remote.name)
    link.time_zone = remote.time_zone[:64]
    link.is_primary = remote.is_primary or remote.id == account.email
    if link.is_unreachable and link.last_error == GONE:
        link.is_unreachable, link.last_error = False, ""
    # Never `notify_sequence` of one that exists: a notice may have come meanwhile.
    listed = ["account", "summary", "time_zone", "is_primary", "is_unreachable", "last_error"]
    link.save(update_fields=None if is_new else listed)
    take_access(link=link, role=remote.access_role)
    if link.is_primary and (is_new or account.is_newly_connected):
        enable_calendar(link=link)
    elif is_new and not is_first:
        _note(
            link,
            "found",
            _("“%(calendar)s” is new among your calendars in Google. Switch it on here to see it.")
            % {"calendar": link},
        )


def _rename(link: CalendarLink, name: str) -> None:
    """The calendar here follows a new name in Google unless it has one of its own."""
    old, link.summary = link.summary, name[:255]
    if link.calendar is not None and old and old != link.summary and link.calendar.name == old[:200]:
        services.update_calendar(calendar=link.calendar, name=link.summary[:200])


def _lose(link: CalendarLink) -> None:
    """One that was never used is forgotten; the events of any other stay, and it may come back."""
    if not link.is_enabled and not link.event_links.exists():
        link.delete()
    elif not link.is_unreachable:
        link.is_unreachable, link.last_error = True, GONE
        link.save(update_fields=["is_unreachable", "last_error"])
        _note(
            link,
            "lost",
            _("“%(calendar)s” is no longer among your calendars in Google. Its events stay here.")
            % {"calendar": link},
        )


def _note(link: CalendarLink, action: str, text: str) -> None:
    tell(link.account_id, NOTE, action, text)
