"""Sends reminders and daily agendas: `remind_due_people` is called by the worker's ticker.

A profile says until when its reminders are dealt with (`notified_until`) and when the next look is due (`notify_at`,
indexed). A write makes the look due in its own transaction (`revisions.next_revision`), so that no change is missed. A
look reads and renders outside of any transaction, where nobody waits for it, and counts only if nothing was written
meanwhile: otherwise it is made again.

Invariants:
- a reminder is sent once for each (event, start, minutes, channel), whatever happens in between
- what was moved or deleted meanwhile is not reminded of
- a reminder whose time had passed when it came to be is not sent
- after downtime what is at most `LATEST` late and not over is sent, the rest is dropped with a line in the log
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from scheduling.core import wording
from scheduling.core.zones import DAY, window
from scheduling.languages import language_of
from scheduling.models import OutgoingMail, SentReminder, UserProfile
from scheduling.queries import calendars_of, occurrences_between
from scheduling.reminders import Reminder, address_of, agendas_between, reminders_between, words_of
from scheduling.sanitise import plain_text
from scheduling.services.mail import InvalidMail, compose_mail, queue_mail
from scheduling.unsubscribe import AGENDA, NOTIFICATIONS

logger = logging.getLogger(__name__)

LATEST = timedelta(minutes=90)  # more than a clock that was an hour wrong
LOOK_AHEAD = timedelta(days=1)
PEOPLE_PER_LOOK = 50
GRACE = timedelta(minutes=10)  # what comes so soon after its time is of use, however short the event
LONGEST_TEXT = 1500  # characters of a description in a mail
KEPT_FOR = timedelta(days=60)  # longer than the longest lead


def remind_due_people() -> int:
    """Look at those whose time has come; returns how many mails were queued. Safe to run twice at once."""
    due = UserProfile.objects.filter(notify_at__lte=timezone.now()).order_by("notify_at")
    return sum(remind(user_id) for user_id in list(due.values_list("pk", flat=True)[:PEOPLE_PER_LOOK]))


def remind(user_id: int) -> int:
    """Queue what this person is due and note when to look again; returns the number of mails."""
    profile = UserProfile.objects.select_related("user").get(pk=user_id)
    now = timezone.now()
    # A clock that was set back: the claims keep what was sent from being sent again.
    since = min(profile.notified_until, now)
    late, until = now - LATEST, now + LOOK_AHEAD
    reminders = reminders_between(profile, since, until) if profile.email_notifications else []
    agendas = agendas_between(profile, since, until)
    due = [r for r in reminders if late <= r.at <= now < max(r.end, r.at + GRACE)]
    due_agendas = [day for at, day in agendas if late <= at <= now]
    with override(language_of(profile.user)):
        mails = [(reminder, _reminder_mail(profile, reminder)) for reminder in due]
        day_mails = [_agenda_mail(profile, day) for day in due_agendas]
    coming = [at for at in [*(r.at for r in reminders), *(at for at, _ in agendas)] if at > now]
    with transaction.atomic():
        unchanged = UserProfile.objects.filter(pk=user_id, revision=profile.revision, notify_at__lte=now)
        if not unchanged.update(notified_until=now, notify_at=min([until, *coming])):
            return 0  # written to meanwhile, and so due for another look; or another worker was here
        queued = [
            queue_mail(mail)
            for reminder, mail in mails
            if mail and _claim(profile, reminder, SentReminder.Channel.MAIL)
        ]
        queued += [queue_mail(mail) for mail in day_mails if mail]
    missed = sum(at <= now for at in [*(r.at for r in reminders), *(at for at, _ in agendas)])
    if dropped := missed - len(due) - len(due_agendas):
        logger.warning("%d notices of user %s were dropped: too late to be of use", dropped, user_id)
    return sum(mail is not None for mail in queued)


def take_page_reminders(*, user: User) -> tuple[list[Reminder], datetime | None]:
    """(what a page of this person has to say now and says once, when there is more to say within a day)."""
    profile, now = user.profile, timezone.now()
    if not profile.page_notifications:
        return [], None
    found = reminders_between(profile, now - DAY, now + LOOK_AHEAD, heeds_quiet=False)
    # What came to be after its reminder's time needs none: its author has it before the eyes.
    due = [
        r for r in found if r.at <= now < max(r.start, r.at + GRACE) and r.occurrence.event.created_at <= r.at
    ]
    fresh = [reminder for reminder in due if _claim(profile, reminder, SentReminder.Channel.PAGE)]
    return fresh, next((r.at for r in found if r.at > now), None)


def forget_old_reminders() -> int:
    """Delete claims that nothing can meet any more."""
    return SentReminder.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()[0]


def _claim(profile: UserProfile, reminder: Reminder, channel: str) -> bool:
    _, is_new = SentReminder.objects.get_or_create(
        user_id=profile.pk,
        subject=reminder.subject,
        start=reminder.occurrence.start,
        minutes=reminder.minutes,
        channel=channel,
    )
    return is_new


def _reminder_mail(profile: UserProfile, reminder: Reminder) -> OutgoingMail | None:
    event = reminder.occurrence.event
    context = {
        **words_of(reminder.occurrence, profile),
        "title": event.title or _("(no title)"),
        "location": event.location,
        "description": shortened(plain_text(event.description)),
        "conference_url": event.conference_url,
        "calendar": event.calendar.name,
        "link": settings.SITE_URL + address_of(reminder.occurrence),
    }
    return _compose(
        profile,
        "reminder",
        context,
        unsubscribe=NOTIFICATIONS,
        expires_at=max(reminder.end, reminder.at + GRACE),
    )


def shortened(text: str) -> str:
    """Enough of a long text to know what it is about."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT].rstrip()} …"


def _agenda_mail(profile: UserProfile, day: date) -> OutgoingMail | None:
    """The day's events in order; a day without any is not written of."""
    place = ZoneInfo(profile.timezone)
    span = window(day, day + DAY, place)
    midnight = datetime.combine(day, time.min, UTC)
    calendars = calendars_of(profile.user).filter(is_visible=True).values_list("pk", flat=True)
    occurrences = [
        o
        for o in occurrences_between(calendars, span.start, span.end)
        if not o.is_all_day or (o.start < midnight + DAY and o.end > midnight)
    ]
    if not occurrences:
        return None
    occurrences.sort(key=lambda o: (not o.is_all_day, o.start))
    context = {
        "day": wording.full_day(day, day),
        "lines": [{**words_of(o, profile, day), "event": o.event} for o in occurrences],
        "link": settings.SITE_URL + reverse("calendar-view", args=["day", day.isoformat()]),
    }
    key = f"agenda {profile.pk} {day.isoformat()}"
    return _compose(profile, "agenda", context, unsubscribe=AGENDA, expires_at=span.end, key=key)


def _compose(
    profile: UserProfile,
    template: str,
    context: dict[str, Any],
    *,
    unsubscribe: str,
    expires_at: datetime,
    key: str | None = None,
) -> OutgoingMail | None:
    """None for who has no address that mail can be sent to."""
    if not profile.user.email:
        return None
    try:
        return compose_mail(
            template=template,
            to=profile.user.email,
            user=profile.user,
            context=context,
            unsubscribe=unsubscribe,
            expires_at=expires_at,
            key=key,
        )
    except InvalidMail:
        logger.warning("user %s has no address that mail can be sent to", profile.pk)
        return None
