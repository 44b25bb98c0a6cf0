"""Calendars, events, availability, bookings, feeds, mail and the people who own them: the tables, by theme."""

from scheduling.models.appointments import AppointmentType, AppointmentTypeHost
from scheduling.models.audit import AuditEntry
from scheduling.models.availability import AvailableTimeSlot, DateOverride
from scheduling.models.bookings import (
    Assignment,
    Booking,
    BookingLink,
    BookingParticipation,
    Hold,
    Reservation,
)
from scheduling.models.calendars import Calendar
from scheduling.models.events import (
    CalendarEvent,
    CalendarEventQuerySet,
    columns_of,
)
from scheduling.models.feeds import CalendarFeed, CalendarImport, CalendarSubscription
from scheduling.models.mails import OutgoingMail
from scheduling.models.occurrences import EventInstance, Occurrence
from scheduling.models.people import ApiToken, IdempotentAnswer, UserProfile
from scheduling.models.reminders import SentReminder
from scheduling.models.revisions import EventRevision
from scheduling.models.search import SearchEntry
from scheduling.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "ApiToken",
    "AppointmentType",
    "AppointmentTypeHost",
    "Assignment",
    "AuditEntry",
    "AvailableTimeSlot",
    "Booking",
    "BookingLink",
    "BookingParticipation",
    "Calendar",
    "CalendarEvent",
    "CalendarEventQuerySet",
    "CalendarFeed",
    "CalendarImport",
    "CalendarSubscription",
    "DateOverride",
    "EventInstance",
    "EventRevision",
    "Hold",
    "IdempotentAnswer",
    "Occurrence",
    "OutgoingMail",
    "Reservation",
    "SearchEntry",
    "SentReminder",
    "UserProfile",
    "Webhook",
    "WebhookDelivery",
    "columns_of",
]
