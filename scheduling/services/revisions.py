"""The one number that counts changes: per person, stamped on the calendar and the row that changed."""

from __future__ import annotations

from django.db.models import F
from django.db.models.functions import Least
from django.utils import timezone

from scheduling.models import Calendar, UserProfile


def next_revision(calendar: Calendar) -> int:
    """Take the next number for a change in `calendar`; call inside the transaction of that change.

    Numbers come from one sequence per person, so that "what changed since n" can be asked of all calendars
    at once. The UPDATE comes first: it locks the profile row, and whoever holds it writes alone.
    It also makes the person's reminders due for another look.
    """
    UserProfile.objects.filter(user_id=calendar.user_id).update(
        revision=F("revision") + 1, notify_at=Least(F("notify_at"), timezone.now())
    )
    revision: int = UserProfile.objects.values_list("revision", flat=True).get(user_id=calendar.user_id)
    Calendar.objects.filter(pk=calendar.pk).update(revision=revision)
    calendar.revision = revision
    return revision
