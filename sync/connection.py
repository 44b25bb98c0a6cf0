"""Connecting and leaving: what turns a Google consent into a calendar connection, and ends it again."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from allauth.socialaccount.models import SocialToken
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling import services
from scheduling.core.event import is_zone
from scheduling.models import AuditEntry, Calendar, CalendarEvent
from scheduling.services import Actor, update_profile
from sync import watch
from sync.conflicts import let_all_stand
from sync.core.remote import WRITING_ROLES
from sync.google import revoke_token
from sync.journal import NOTE, tell
from sync.models import CalendarLink, GoogleAccount

logger = logging.getLogger(__name__)

CONNECTION_STATE = "google-calendar"
EVENTS_SCOPE = "https://www.googleapis.com/auth/calendar.events"
LIST_SCOPE = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
FULL_SCOPE = "https://www.googleapis.com/auth/calendar"
WANTED_SCOPES = (EVENTS_SCOPE, LIST_SCOPE)


def grants_calendar(scopes: Iterable[str]) -> bool:
    """Whether these scopes let us list the calendars and write events."""
    granted = set(scopes)
    return FULL_SCOPE in granted or {EVENTS_SCOPE, LIST_SCOPE} <= granted


def refusal_of_connection(*, user: User, google_sub: str) -> str:
    """Why this Google account cannot be connected for `user`; empty when it can."""
    connected = GoogleAccount.objects.exclude(status=GoogleAccount.Status.DISCONNECTED)
    existing = connected.filter(google_sub=google_sub).first()
    if existing is not None and existing.user_id != user.pk:
        return _("This Google account is already connected by another person on this server.")
    other = connected.filter(user=user).exclude(google_sub=google_sub).first()
    if other is not None:
        return _(
            "Your calendar is connected with %(email)s. To use another Google account, "
            "disconnect that one first; your events stay here."
        ) % {"email": other.email}
    return ""


@transaction.atomic
def store_connection(
    *,
    user: User,
    google_sub: str,
    email: str,
    scopes: Iterable[str],
    access_token: str,
    refresh_token: str,
    expires_at: datetime | None,
    grant_expires_at: datetime | None = None,
) -> GoogleAccount:
    """Keep the credentials of a consent. Never replaces good ones by a consent without the calendar
    (stack.md T5), nor a refresh token by none. The caller starts the first run on commit.

    The same account coming back after a disconnect finds its links and what both sides last agreed on; what
    changed here meanwhile waits for the owner's word, like everything from before a connection.
    """
    state = GoogleAccount.Status
    _forget_others(user, google_sub)
    account = GoogleAccount.objects.select_for_update().filter(google_sub=google_sub).first()
    if account is None:
        account = GoogleAccount(user=user, google_sub=google_sub)
    elif account.status == state.DISCONNECTED:
        account.connected_at, account.is_rehearsed = timezone.now(), False
    account.email = email
    if grants_calendar(scopes):
        account.granted_scopes = " ".join(sorted(scopes))
        account.access_token, account.token_expires_at = access_token, expires_at
        # A refresh token that Google has ended is not brought back by a consent that came without one.
        usable = refresh_token or ("" if account.status == state.NEEDS_REAUTH else account.refresh_token)
        account.status = state.ACTIVE if usable or not account.pk else state.NEEDS_REAUTH
        account.refresh_token = usable
        account.backoff_level, account.backoff_until, account.last_error = 0, None, ""
        account.next_run_at = timezone.now()
        if refresh_token:
            account.consented_at, account.grant_expires_at = timezone.now(), grant_expires_at
    elif not grants_calendar(account.scopes) or account.status == state.DISCONNECTED:
        account.status = state.INSUFFICIENT_SCOPE
        account.granted_scopes = " ".join(sorted(scopes))
        account.next_run_at = None
    account.save()
    if account.status == GoogleAccount.Status.ACTIVE:
        update_profile(profile=user.profile, google_calendar_connected=True)
        services.record(user=user, action=AuditEntry.Action.CONNECTED, about=email)
    return account


def enable_calendar(*, link: CalendarLink) -> Calendar:
    """Mirror this remote calendar here; Google's primary one is mirrored by the person's own primary."""
    with transaction.atomic():
        calendar = link.calendar
        user = link.account.user
        if calendar is None and link.is_primary:
            own = Calendar.objects.filter(user=user, is_primary=True, google_link=None).first()
            calendar = own or None
        if calendar is None:
            calendar = services.create_calendar(
                user=user,
                name=link.summary[:200] or link.google_id[:200],
                time_zone=link.time_zone or user.profile.timezone,
                color=_free_color(user),
            )
        services.update_calendar(
            calendar=calendar,
            is_synced=True,
            account_name=link.account.email,
            is_read_only=not link.can_write,
        )
        link.calendar, link.is_enabled = calendar, True
        link.next_poll_at = link.next_watch_at = timezone.now()
        link.save(update_fields=["calendar", "is_enabled", "next_poll_at", "next_watch_at"])
        if link.is_primary:
            update_profile(profile=user.profile, google_calendar_id=link.google_id)
            _adopt_zone(user, calendar, link.time_zone)
    return calendar


def _adopt_zone(user: User, calendar: Calendar, zone: str) -> None:
    """A person who never chose a zone lives in that of the Google calendar."""
    if user.profile.timezone == "UTC" and is_zone(zone):
        update_profile(profile=user.profile, timezone=zone)
        services.update_calendar(calendar=calendar, time_zone=zone)


def disable_calendar(*, link: CalendarLink) -> None:
    """Stop mirroring; the events stay here and in Google, the link remembers them for a return."""
    with transaction.atomic():
        link.is_enabled, link.out_told_at = False, None
        link.save(update_fields=["is_enabled", "out_told_at"])
        if link.calendar:
            services.update_calendar(calendar=link.calendar, is_synced=False)


def disconnect(*, account: GoogleAccount, actor: Actor = None) -> None:
    """Drop the credentials and revoke them at Google. Events stay on both sides; the links stay too, so that
    the same account can come back without guessing who changed what."""
    token = account.refresh_token or account.access_token
    with transaction.atomic():
        let_all_stand(account)
        for link in account.calendar_links.select_related("calendar"):
            if link.calendar is not None:
                services.update_calendar(
                    calendar=link.calendar, is_synced=False, account_name="", is_read_only=False
                )
        account.calendar_links.update(is_enabled=False, out_told_at=None)
        GoogleAccount.objects.filter(pk=account.pk).update(
            status=GoogleAccount.Status.DISCONNECTED,
            access_token="",
            refresh_token="",
            granted_scopes="",
            next_run_at=None,
            notified_at=None,
            # A run that is under way must not commit any more.
            lease_generation=F("lease_generation") + 1,
        )
        SocialToken.objects.filter(account__provider="google", account__uid=account.google_sub).delete()
        update_profile(profile=account.user.profile, google_calendar_connected=False, google_calendar_id="")
        services.record(
            user=account.user, actor=actor, action=AuditEntry.Action.DISCONNECTED, about=account.email
        )
    watch.leave(account)
    if token and not revoke_token(token):
        logger.warning("Google did not confirm that the token of a disconnected account is revoked")


def _forget_others(user: User, google_sub: str) -> None:
    """Accounts that were left for good: another person's use of this one, this person's other ones.

    Their events stay; they no longer say which event in Google they were, because that calendar is another's.
    """
    left = GoogleAccount.objects.filter(status=GoogleAccount.Status.DISCONNECTED).filter(
        Q(google_sub=google_sub) & ~Q(user=user) | Q(user=user) & ~Q(google_sub=google_sub)
    )
    CalendarEvent.objects.filter(google_link__link__account__in=left).update(
        google_event_id="", synced_revision=0
    )
    left.delete()


def read_all_again(*, account: GoogleAccount) -> None:
    """The next run lists every calendar in full, and the list of calendars too. Nothing is wiped."""
    with transaction.atomic():
        GoogleAccount.objects.filter(pk=account.pk).update(
            calendar_list_sync_token="", calendar_list_due_at=timezone.now()
        )
        account.calendar_links.filter(is_enabled=True).update(sync_token="")
    tell(account.pk, NOTE, "resync", _("You asked for everything to be read again."))


def waiting_from_before(account: GoogleAccount) -> QuerySet[CalendarEvent]:
    """Changes here from before the connection that Google does not have: they wait for the owner's word.

    An event that was never in Google waits however often it is edited; one that was (a reconnected account)
    waits with what was changed or deleted while nothing was connected.
    """
    never_sent = Q(google_link=None, google_event_id="", created_at__lt=account.connected_at)
    changed_meanwhile = Q(google_link__isnull=False, updated_at__lt=account.connected_at)
    return CalendarEvent.objects.filter(
        never_sent & ~Q(status=CalendarEvent.Status.CANCELLED) | changed_meanwhile,
        calendar__google_link__account=account,
        calendar__google_link__is_enabled=True,
        calendar__google_link__access_role__in=WRITING_ROLES,
        is_read_only=False,
        is_local_only=False,
        revision__gt=F("synced_revision"),
    )


def confirm_rehearsal(*, account: GoogleAccount) -> None:
    """The owner agrees that what was here before goes to Google too."""
    if not account.is_rehearsed:
        GoogleAccount.objects.filter(pk=account.pk).update(is_rehearsed=True)
        account.is_rehearsed = True
        tell(
            account.pk,
            NOTE,
            "rehearsal",
            _("You agreed that events from before the connection are sent to Google."),
        )


def _free_color(user: User) -> int:
    used = list(Calendar.objects.filter(user=user).values_list("color", flat=True))
    return min(range(1, 12), key=lambda color: (used.count(color), color != 7, color))
