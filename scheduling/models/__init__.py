"""Calendars, events, availability, feeds, mail and the people who own them: the tables, by theme."""

from scheduling.models.availability import AvailableTimeSlot
from scheduling.models.calendars import Calendar
from scheduling.models.events import (
    CalendarEvent,
    CalendarEventQuerySet,
    EventInstance,
    EventRevision,
    Occurrence,
)
from scheduling.models.feeds import CalendarFeed, CalendarImport, CalendarSubscription
from scheduling.models.mails import OutgoingMail
from scheduling.models.people import ApiToken, IdempotentAnswer, UserProfile
from scheduling.models.search import SearchEntry

__all__ = [
    "ApiToken",
    "AvailableTimeSlot",
    "Calendar",
    "CalendarEvent",
    "CalendarEventQuerySet",
    "CalendarFeed",
    "CalendarImport",
    "CalendarSubscription",
    "EventInstance",
    "EventRevision",
    "IdempotentAnswer",
    "Occurrence",
    "OutgoingMail",
    "SearchEntry",
    "UserProfile",
]
