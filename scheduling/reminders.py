"""Which reminders one person is due, read from the stored occurrences.

Invariants:
- declined events remind nobody
- the usual minutes hold in calendars that the person writes to; an event's own hold everywhere
- what is read is a range of the index, whatever else the calendars hold
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling.core import wording
from scheduling.core.event import owner_declined
from scheduling.core.reminders import LONGEST_LEAD, after_quiet, remind_at
from scheduling.core.zones import DAY, instant, wall_time
from scheduling.models import CalendarEvent, EventInstance, UserProfile
from scheduling.queries import calendars_of, occurrences_between


@dataclass(frozen=True)
class Reminder:
    """`at` is when it is due; `start` and `end` are instants, of an all-day event the local midnights."""

    at: datetime
    occurrence: EventInstance
    minutes: int
    start: datetime
    end: datetime

    @property
    def subject(self) -> UUID:
        return self.occurrence.master_id or self.occurrence.event_id


def reminders_between(
    profile: UserProfile, since: datetime, until: datetime, *, heeds_quiet: bool = True
) -> list[Reminder]:
    """The reminders due in `(since, until]`, in order of time, events and calendars loaded.

    One that quiet hours delay is due when they end; one whose event has begun by then is left out.
    """
    place, quiet = ZoneInfo(profile.timezone), quiet_hours(profile) if heeds_quiet else None
    found = []
    for occurrence, minutes, morning in _wanted(profile, since, until):
        early = remind_at(occurrence.start, minutes, place, is_all_day=occurrence.is_all_day, morning=morning)
        at = after_quiet(early, quiet, place)
        start, end = (
            _midnight_or(occurrence, moment, place) for moment in (occurrence.start, occurrence.end)
        )
        if since < at <= until and (at == early or at < start):
            found.append(Reminder(at, occurrence, minutes, start, end))
    return sorted(found, key=lambda reminder: (reminder.at, reminder.start, str(reminder.subject)))


def agendas_between(profile: UserProfile, since: datetime, until: datetime) -> list[tuple[datetime, date]]:
    """(when, local day) of the daily agendas due in `(since, until]`."""
    if profile.agenda_time is None:
        return []
    place = ZoneInfo(profile.timezone)
    day, last = wall_time(since, place).date(), wall_time(until, place).date()
    found = []
    while day <= last:
        at = instant(datetime.combine(day, profile.agenda_time), place)
        if since < at <= until:
            found.append((at, day))
        day += DAY
    return found


def quiet_hours(profile: UserProfile) -> tuple[time, time] | None:
    if profile.quiet_from is None or profile.quiet_until is None:
        return None
    return profile.quiet_from, profile.quiet_until


def words_of(occurrence: EventInstance, profile: UserProfile, day: date | None = None) -> dict[str, str]:
    """`days` and `times` of an occurrence in this person's zone and clock; of a `day` only the times on it."""
    place, twelve = ZoneInfo(profile.timezone), profile.clock == UserProfile.Clock.HOURS_12
    if occurrence.is_all_day:
        start, end = occurrence.start_date, occurrence.end_date
    else:
        start, end = occurrence.start, occurrence.end
    today = day or wall_time(timezone.now(), place).date()
    days, times = wording.span_words(start, end, place, today, twelve)
    if day and not occurrence.is_all_day:
        first, last = wall_time(occurrence.start, place), wall_time(occurrence.end, place)
        begins = wording.clock(first, twelve) if first.date() == day else ""
        ends = wording.clock(last, twelve) if last.date() == day else ""
        times = f"{begins}–{ends}" if begins or ends else _("All day")
    return {"days": days, "times": times or _("All day")}


def address_of(occurrence: EventInstance) -> str:
    """Where the occurrence's details stand."""
    address = reverse("event", args=[occurrence.event_id])
    if occurrence.original_start and occurrence.event_id == occurrence.master_id:
        address += f"?occurrence={occurrence.original_start}"
    return address


def _wanted(
    profile: UserProfile, since: datetime, until: datetime
) -> Iterator[tuple[EventInstance, int, time]]:
    """(occurrence, minutes, morning of its day) that may be due; generous at both ends, the caller looks closely."""
    calendars = {calendar.pk: calendar for calendar in calendars_of(profile.user)}
    usual, own = timedelta(minutes=profile.reminder_minutes), timedelta(minutes=LONGEST_LEAD)
    # Quiet hours delay by up to a day, and a morning is up to a day later than the midnight that is stored.
    first, last = since - 2 * DAY, until + DAY
    events = CalendarEvent.objects.defer("description", "organizer")
    plain = occurrences_between(
        calendars, first + usual, last + usual, events=events.filter(reminders__isnull=True)
    )
    special = occurrences_between(calendars, first, last + own, events=events.filter(reminders__isnull=False))
    for occurrence in (*plain, *special):
        event = occurrence.event
        event.calendar = calendars[occurrence.calendar_id]
        if owner_declined(event.attendees):
            continue
        if event.reminders is not None:
            for minutes in event.reminders:
                yield occurrence, minutes, time.min
        elif not event.calendar.is_read_only:
            yield occurrence, profile.reminder_minutes, profile.working_hours_start


def _midnight_or(occurrence: EventInstance, moment: datetime, place: ZoneInfo) -> datetime:
    if not occurrence.is_all_day:
        return moment
    return instant(datetime.combine(moment.date(), time.min), place)
