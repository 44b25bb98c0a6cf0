"""The nudges: a change here, or a consent, makes the account's next run due. State decides what it does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.signals import social_account_added, social_account_updated
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import F, Q
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.models import Schedule

from scheduling.grace import send_grace
from scheduling.models import CalendarEvent, EventRevision
from scheduling.signals import account_leaving, calendars_open, events_changed
from sync.conflicts import settle_edited
from sync.connection import CONNECTION_STATE, disconnect, store_connection
from sync.engine import request_run
from sync.models import CalendarLink, GoogleAccount
from sync.outbox import unpark
from sync.tasks import enqueue_account

OPEN_POLL = timedelta(seconds=45)  # people are said to be here about once a minute


@receiver(events_changed)
def nudge(calendar_id: Any, event_ids: Any = (), origin: str = "", **kwargs: Any) -> None:
    """After commit. A pull announces too: the echo dies here, and thousands of its steps cost nothing."""
    if origin == EventRevision.Origin.GOOGLE:
        return
    if event_ids:
        settle_edited(event_ids)
    link = CalendarLink.objects.filter(
        calendar_id=calendar_id, is_enabled=True, account__status=GoogleAccount.Status.ACTIVE
    ).first()
    if link is None or not link.can_write:
        return
    if event_ids:
        unpark(Q(event__in=event_ids))
    dirty = CalendarEvent.objects.filter(
        calendar_id=calendar_id,
        is_read_only=False,
        is_local_only=False,
        revision__gt=F("synced_revision"),
    )
    if not dirty.exists():
        return
    grace = send_grace(is_deleted=False)
    request_run([link.account_id], delay=grace)
    if not grace:
        enqueue_account(link.account_id)


@receiver(calendars_open)
def look_while_open(user_ids: Any, **kwargs: Any) -> None:
    """Somebody looks at the calendar: what Google last said may be a minute old at most."""
    now = timezone.now()
    old = CalendarLink.objects.filter(
        account__user__in=user_ids,
        account__status=GoogleAccount.Status.ACTIVE,
        is_enabled=True,
        is_unreachable=False,
        last_ok_at__lt=now - OPEN_POLL,
        next_poll_at__gt=now,
    )
    accounts = set(old.values_list("account_id", flat=True))
    if accounts:
        old.update(next_poll_at=now)
        request_run(list(accounts))


@receiver([social_account_added, social_account_updated])
def keep_consent(request: HttpRequest, sociallogin: SocialLogin, **kwargs: Any) -> None:
    """A consent that came from "Connect Google Calendar" becomes a connection."""
    purpose = (sociallogin.state.get("data") or {}).get("purpose")
    token: SocialToken | None = sociallogin.token
    if purpose != CONNECTION_STATE or token is None:
        return
    account = store_connection(
        user=sociallogin.user,
        google_sub=sociallogin.account.uid,
        email=sociallogin.account.extra_data.get("email") or sociallogin.user.email,
        scopes=getattr(sociallogin, "granted_scopes", frozenset()),
        access_token=token.token,
        refresh_token=token.token_secret or "",
        expires_at=token.expires_at,
        grant_expires_at=getattr(sociallogin, "grant_expires_at", None),
    )
    if account.status == GoogleAccount.Status.ACTIVE:
        messages.success(
            request, _("%(email)s is connected. Its events are coming in now.") % {"email": account.email}
        )
        enqueue_account(account.pk)
    else:
        messages.error(
            request,
            _(
                "Google did not give access to the calendar: leave both boxes ticked on Google's page. "
                "You are signed in as before; nothing was changed."
            ),
        )


@receiver(account_leaving)
def let_go(user: User, **kwargs: Any) -> None:
    """Google is told that the grants are over, and that nobody listens to its notices any more."""
    for account in GoogleAccount.objects.filter(user=user).exclude(status=GoogleAccount.Status.DISCONNECTED):
        disconnect(account=account)


@receiver(post_migrate)
def take_up_poll_interval(app_config: Any, **kwargs: Any) -> None:
    """A shorter SYNC_POLL_SECONDS counts from the next start on, not after one more of the old intervals."""
    if app_config.name == "sync":
        latest = timezone.now() + timedelta(seconds=settings.SYNC_POLL_SECONDS)
        CalendarLink.objects.filter(next_poll_at__gt=latest).update(next_poll_at=latest)
        GoogleAccount.objects.filter(next_run_at__gt=latest, backoff_until=None).update(next_run_at=latest)


@receiver(post_migrate)
def make_schedules(app_config: Any, **kwargs: Any) -> None:
    """The periodic work of django-q2: made once, kept when an administrator changes it."""
    if app_config.name != "sync":
        return
    for name, func, minutes in (
        ("sync: accounts that are due", "sync.tasks.enqueue_due_accounts", 1),
        ("sync: forget old journal entries", "sync.tasks.forget_old_entries", 1440),
        ("calendar: extend repeating events", "scheduling.tasks.extend_occurrences", 720),
        ("mail: what is due", "scheduling.tasks.enqueue_due_mails", 1),
        ("bookings: what time has settled", "scheduling.tasks.settle_bookings", 5),
        ("mail: forget old ones", "scheduling.tasks.forget_old_mails", 720),
        ("imports: those that stand still", "scheduling.tasks.enqueue_stalled_imports", 10),
        ("webhooks: what is due", "scheduling.tasks.enqueue_due_deliveries", 1),
        ("webhooks: forget old deliveries", "scheduling.tasks.forget_old_deliveries", 1440),
        ("audit: forget old entries", "scheduling.tasks.forget_old_audit_entries", 1440),
        ("reminders: who is due", "scheduling.tasks.remind_due_people", 1),
        ("reminders: forget old ones", "scheduling.tasks.forget_old_reminders", 720),
    ):
        Schedule.objects.get_or_create(
            name=name, defaults={"func": func, "schedule_type": Schedule.MINUTES, "minutes": minutes}
        )
    # A start may have brought other zone data: what they move is made anew soon, not half a day later.
    Schedule.objects.filter(func="scheduling.tasks.extend_occurrences").update(next_run=timezone.now())
