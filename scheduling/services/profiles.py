"""People: their profile and their calendars."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import pgettext

from scheduling import live
from scheduling.core.event import is_zone
from scheduling.models import ApiToken, AuditEntry, AvailableTimeSlot, Calendar, UserProfile
from scheduling.services.audit import record
from scheduling.services.changes import Actor
from scheduling.services.revisions import next_revision
from scheduling.unsubscribe import AGENDA, NOTIFICATIONS

KEPT_BY_SYNC = {"google_calendar_id", "google_calendar_connected"}
# What the drawn calendar depends on: whatever is open is drawn anew.
DRAWN_BY = {
    "language",
    "timezone",
    "second_time_zone",
    "first_day_of_week",
    "clock",
    "show_weekends",
    "working_hours_start",
    "working_hours_end",
}
SWITCHED_OFF: dict[str, dict[str, Any]] = {
    NOTIFICATIONS: {"email_notifications": False},
    AGENDA: {"agenda_time": None},
}


@transaction.atomic
def ensure_profile(*, user: User, timezone_name: str = "") -> UserProfile:
    """The profile of `user`, made with a primary calendar if there is none yet."""
    zone = timezone_name if is_zone(timezone_name) else "UTC"
    profile, created = UserProfile.objects.get_or_create(user=user, defaults={"timezone": zone})
    if created:
        Calendar.objects.get_or_create(
            user=user,
            is_primary=True,
            defaults={"name": pgettext("calendar", "Personal"), "time_zone": zone, "color": 9},
        )
    return profile


@transaction.atomic
def update_profile(*, profile: UserProfile, actor: Actor = None, **changes: Any) -> UserProfile:
    """Save named fields of the profile; what they must satisfy is the form's or the API's to check.

    `actor`: who changed them, when it was not the person.
    """
    changed = [name for name, value in changes.items() if getattr(profile, name) != value]
    for name, value in changes.items():
        setattr(profile, name, value)
    profile.notify_at = timezone.now()  # zone, hours and minutes decide when reminders are due
    profile.full_clean(exclude=["user"])
    profile.save(update_fields=[*changes, "notify_at"])
    if DRAWN_BY & set(changed):
        for calendar in Calendar.objects.filter(user=profile.user_id, is_primary=True):
            _announce(calendar)
    if chosen := sorted(set(changed) - KEPT_BY_SYNC):
        record(user=profile.user, actor=actor, action=AuditEntry.Action.SETTINGS, about=", ".join(chosen))
    return profile


def note_language(*, profile: UserProfile, language: str, **fields: Any) -> None:
    """What the person's browser asked for last: mails are written in it where they chose no language.

    `fields` are what follows from it for somebody who has just come.
    """
    UserProfile.objects.filter(pk=profile.pk).update(browser_language=language, **fields)


def stop_mails(*, user_id: int, kind: str) -> None:
    """What a link in a mail switches off; `kind` is one of `scheduling.unsubscribe.KINDS`."""
    profile = UserProfile.objects.filter(user_id=user_id).first()
    if profile is not None:
        update_profile(profile=profile, **SWITCHED_OFF[kind])


@transaction.atomic
def create_calendar(*, user: User, name: str, **fields: Any) -> Calendar:
    calendar = Calendar(user=user, name=name, **fields)
    calendar.position = Calendar.objects.filter(user=user).count()
    calendar.full_clean()
    calendar.save()
    _announce(calendar)
    return calendar


@transaction.atomic
def update_calendar(*, calendar: Calendar, **changes: Any) -> Calendar:
    """Save named fields and announce, because names and colours show in every open view.

    Raises Django's `ValidationError`.
    """
    changed = [name for name, value in changes.items() if getattr(calendar, name) != value]
    if changed:
        for name in changed:
            setattr(calendar, name, changes[name])
        calendar.clean_fields(exclude={"user"})
        calendar.save(update_fields=[*changed, "updated_at"])
        _announce(calendar)
    return calendar


def set_calendar_visibility(*, calendar: Calendar, is_visible: bool) -> Calendar:
    """Show or hide a calendar's events in this person's views."""
    return update_calendar(calendar=calendar, is_visible=is_visible)


@transaction.atomic
def replace_available_slots(
    *, user: User, slots: Iterable[tuple[int, time, time, bool]]
) -> list[AvailableTimeSlot]:
    """Make the weekly hours these (day from 0 = Monday, start, end, is available); in order of the week.

    From then on they count, even when there are none, instead of the profile's working hours.
    """
    profile: UserProfile = user.profile
    profile.hours_are_set = True
    profile.save(update_fields=["hours_are_set"])  # locks the profile: one replacement at a time
    AvailableTimeSlot.objects.filter(user=user).delete()
    AvailableTimeSlot.objects.bulk_create(
        AvailableTimeSlot(user=user, day_of_week=day, start_time=start, end_time=end, is_available=available)
        for day, start, end, available in sorted(slots)
    )
    live.announce_free_time([user.pk])
    return list(AvailableTimeSlot.objects.filter(user=user))


@transaction.atomic
def create_api_token(
    *, user: User, name: str, scope: str = ApiToken.Scope.WRITE, expires_at: datetime | None = None
) -> str:
    """A new token, returned once; only its digest is stored."""
    token = ApiToken.generate()
    ApiToken.objects.create(
        user=user, name=name, scope=scope, digest=ApiToken.digest_of(token), expires_at=expires_at
    )
    record(user=user, action=AuditEntry.Action.TOKEN_MADE, about=f"{name} ({scope})")
    return token


@transaction.atomic
def revoke_api_token(*, token: ApiToken) -> None:
    """Nobody signs in with it from now on."""
    record(user=token.user, action=AuditEntry.Action.TOKEN_REVOKED, about=token.name)
    token.delete()


def touch_api_token(token: ApiToken) -> None:
    """Note the use of a token, at most once a minute."""
    now = timezone.now()
    if token.last_used_at is None or (now - token.last_used_at).total_seconds() > 60:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def _announce(calendar: Calendar) -> None:
    live.announce(
        user_id=calendar.user_id,
        calendar_id=calendar.pk,
        revision=next_revision(calendar),
        event_ids=[],
        origin="web",
    )
