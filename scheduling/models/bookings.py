"""What was booked, what is held, and the spans that nobody else can have.

A booking takes two rows of `Reservation` per host: its core, and its core with the buffers around it. Two sessions
are too close exactly when the core of one meets the buffered span of the other, which is the rule "between two
appointments the larger buffer is kept". The database refuses such rows (migration `booking`: a trigger on SQLite,
an exclusion constraint on PostgreSQL). Guests of one group share a `session` and take numbered seats in it.

Invariants:
- a booking that is pending or confirmed has its reservations, any other has none
- no two sessions of a host come closer than the larger of the buffers between them
- a seat is taken once, and there are no more than the type has
"""

from __future__ import annotations

import uuid
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from scheduling.models.appointments import AppointmentType
from scheduling.models.events import CalendarEvent


class Booking(models.Model):
    """An appointment of a guest. It keeps its row, its `uid` and its links however often it moves.

    `host` is who organises it; `participations` are all hosts with the events in their calendars. When a host moved
    the event, `proposed_start` and `proposed_end` are where to, until the guest answers; `start` and `end` stay taken.
    """

    class Status(models.TextChoices):
        PENDING = "pending", pgettext_lazy("appointment", "Waiting for approval")
        CONFIRMED = "confirmed", pgettext_lazy("appointment", "Confirmed")
        DECLINED = "declined", pgettext_lazy("appointment", "Declined")
        CANCELLED = "cancelled", pgettext_lazy("appointment", "Cancelled")

    class By(models.TextChoices):
        NOBODY = "", ""
        GUEST = "guest", _("The guest")
        HOST = "host", _("The host")

    ACTIVE = (Status.PENDING, Status.CONFIRMED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.ForeignKey(AppointmentType, on_delete=models.CASCADE, related_name="bookings")
    host = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bookings")
    status = models.CharField(max_length=9, choices=Status, default=Status.CONFIRMED)
    start = models.DateTimeField()
    end = models.DateTimeField()
    session = models.UUIDField()
    proposed_start = models.DateTimeField(null=True)
    proposed_end = models.DateTimeField(null=True)
    guest_name = models.CharField(max_length=100)
    guest_email = models.EmailField(max_length=254)
    guest_zone = models.CharField(max_length=64, default="UTC")
    guest_language = models.CharField(
        max_length=8, default="en", help_text="Of the pages and mails for the guest."
    )
    notes = models.TextField(blank=True)
    answers = models.JSONField(default=dict, blank=True, help_text="By the key of the question.")
    uid = models.CharField(max_length=255, unique=True)
    sequence = models.PositiveIntegerField(default=0)
    ended_by = models.CharField(max_length=5, choices=By, blank=True, default=By.NOBODY)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was declined or cancelled.")
    is_no_show = models.BooleanField(default=False)
    request_key = models.CharField(max_length=255, null=True, editable=False)
    request_digest = models.CharField(max_length=64, blank=True, editable=False)
    rescheduled_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["start", "created_at", "id"]
        indexes = [
            models.Index(fields=["host", "start"]),
            models.Index(fields=["type", "start"]),
            models.Index(fields=["guest_email", "created_at"]),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="booking_end_after_start"),
            models.CheckConstraint(
                condition=Q(proposed_start=None, proposed_end=None)
                | Q(proposed_start__isnull=False, proposed_end__gt=F("proposed_start")),
                name="booking_proposal_has_both_ends",
            ),
            models.UniqueConstraint(fields=["type", "request_key"], name="booking_request_once_per_type"),
        ]

    def __str__(self) -> str:
        return f"{self.type_id} {self.start:%Y-%m-%d %H:%M}Z"

    @property
    def is_active(self) -> bool:
        return self.status in self.ACTIVE

    @property
    def awaits_guest(self) -> bool:
        """The host moved it and the guest has not answered yet."""
        return self.is_active and self.proposed_start is not None

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds() // 60)

    @property
    def event(self) -> CalendarEvent | None:
        """The event in the organising host's calendar."""
        mine = (p for p in self.participations.all() if p.user_id == self.host_id)
        return next((p.event for p in mine), None)


class BookingParticipation(models.Model):
    """A host of a booking and the event that stands for it in their calendar; guests of a group share the event."""

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="participations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    event = models.ForeignKey(CalendarEvent, on_delete=models.SET_NULL, null=True, related_name="bookings")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["booking", "user"], name="booking_host_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.booking_id}"


class Hold(models.Model):
    """A time kept for someone who is filling in the form. Only the digest of its token is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.ForeignKey(AppointmentType, on_delete=models.CASCADE, related_name="holds")
    start = models.DateTimeField()
    end = models.DateTimeField()
    digest = models.CharField(max_length=64, unique=True)
    holder = models.CharField(max_length=64, help_text="Digest of the address that asked, for the limit.")
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["holder", "expires_at"])]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M}Z until {self.expires_at:%H:%M:%S}"


class Reservation(models.Model):
    """A span of one host that a booking or a hold has. See the module's docstring for the two kinds."""

    class Kind(models.IntegerChoices):
        CORE = 0, _("The appointment")
        BUFFERED = 1, _("With its buffers")

    host = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    type = models.ForeignKey(AppointmentType, on_delete=models.CASCADE, related_name="+")
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, null=True, related_name="reservations")
    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, null=True, related_name="reservations")
    kind = models.PositiveSmallIntegerField(choices=Kind)
    session = models.UUIDField()
    seat = models.PositiveSmallIntegerField(default=1)
    seats = models.PositiveSmallIntegerField(default=1)
    start = models.DateTimeField()
    end = models.DateTimeField()
    buffer_before = models.PositiveIntegerField(default=0)
    buffer_after = models.PositiveIntegerField(default=0)
    held_until = models.DateTimeField(null=True, help_text="Of a hold.")

    class Meta:
        indexes = [models.Index(fields=["host", "start"])]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="reservation_end_after_start"),
            models.CheckConstraint(
                condition=Q(seat__gte=1, seat__lte=F("seats")), name="reservation_seat_exists"
            ),
            models.CheckConstraint(
                condition=Q(booking__isnull=False, hold=None) | Q(booking=None, hold__isnull=False),
                name="reservation_has_one_owner",
            ),
            models.UniqueConstraint(fields=["host", "session", "seat", "kind"], name="reservation_seat_once"),
        ]

    def __str__(self) -> str:
        return f"{self.host_id} {self.start:%Y-%m-%d %H:%M}Z ({self.get_kind_display()})"


class BookingLink(models.Model):
    """A capability: whoever has the token may do this one thing with this one booking. Only its digest is kept."""

    class Action(models.TextChoices):
        VIEW = "view", _("See it")
        CANCEL = "cancel", _("Cancel it")
        RESCHEDULE = "reschedule", _("Move it")
        ANSWER = "answer", _("Answer a move")

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="links")
    action = models.CharField(max_length=10, choices=Action)
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.action} {self.booking_id}"

    @staticmethod
    def digest_of(token: str) -> str:
        return sha256(token.encode()).hexdigest()

    def is_valid_at(self, now: datetime) -> bool:
        return now < self.expires_at


class Assignment(models.Model):
    """The ledger of a team: who got which booking, and why."""

    type = models.ForeignKey(AppointmentType, on_delete=models.CASCADE, related_name="assignments")
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="assignments")
    host = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=200)
    free_hosts = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["type", "-at"])]

    def __str__(self) -> str:
        return f"{self.host_id}: {self.reason}"
