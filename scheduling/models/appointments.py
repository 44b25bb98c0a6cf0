"""What can be booked of whom: appointment types and their hosts."""

from __future__ import annotations

import secrets
import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from scheduling.models.calendars import Calendar

LONGEST_MINUTES = 24 * 60
LONGEST_NOTICE_MINUTES = 366 * LONGEST_MINUTES


def new_secret() -> str:
    return secrets.token_urlsafe(16)


def _minutes(default: int | None, least: int, most: int = LONGEST_MINUTES) -> models.PositiveIntegerField:
    return models.PositiveIntegerField(
        default=default, validators=[MinValueValidator(least), MaxValueValidator(most)]
    )


def _cap() -> models.PositiveIntegerField:
    return models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(10000)]
    )


class AppointmentType(models.Model):
    """A kind of appointment that guests can book. Minutes and days throughout; deleted ones keep their row.

    Its owner is the host. With `assignment` round robin or collective the hosts are those in `hosts` who accepted.
    """

    class Place(models.TextChoices):
        IN_PERSON = "in_person", _("In person")
        PHONE = "phone", _("By phone")
        LINK = "link", _("Video link")

    class WindowKind(models.TextChoices):
        DAYS = "days", _("Days from today")
        BOOKABLE_DAYS = "bookable_days", _("Days with hours from today")
        DATES = "dates", _("Fixed dates")

    class Assignment(models.TextChoices):
        OWNER = "owner", _("The owner")
        ROUND_ROBIN = "round_robin", _("One of the team in turn")
        COLLECTIVE = "collective", _("The whole team together")

    class Grid(models.TextChoices):
        RANGE = "range", _("From the beginning of each range of hours")
        CLOCK = "clock", _("By the clock")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="appointment_types"
    )
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True, max_length=4000)
    duration = _minutes(30, 5)
    other_durations = models.JSONField(
        default=list, blank=True, help_text=_("Minutes a guest may choose instead.")
    )
    increment = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(5), MaxValueValidator(LONGEST_MINUTES)],
        help_text=_("Minutes from one start to the next; empty: the duration."),
    )
    grid = models.CharField(max_length=5, choices=Grid, default=Grid.RANGE)
    buffer_before = _minutes(0, 0)
    buffer_after = _minutes(0, 0)
    minimum_notice = _minutes(60, 0, LONGEST_NOTICE_MINUTES)
    window_kind = models.CharField(max_length=13, choices=WindowKind, default=WindowKind.DAYS)
    window_days = models.PositiveIntegerField(
        default=60, validators=[MinValueValidator(1), MaxValueValidator(730)]
    )
    window_start = models.DateField(null=True, blank=True)
    window_end = models.DateField(null=True, blank=True, help_text=_("Inclusive."))
    daily_cap = _cap()
    weekly_cap = _cap()
    monthly_cap = _cap()
    seats = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    requires_approval = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    place_kind = models.CharField(max_length=9, choices=Place, default=Place.IN_PERSON)
    place = models.CharField(
        max_length=200, blank=True, help_text=_("Address, link, or who calls which number.")
    )
    color = models.PositiveSmallIntegerField(
        default=9, validators=[MinValueValidator(1), MaxValueValidator(11)]
    )
    questions = models.JSONField(
        default=list, blank=True, help_text=_("Of {key, label, kind (text or choice), choices, is_required}.")
    )
    calendars_to_check = models.ManyToManyField(
        Calendar, blank=True, related_name="+", help_text=_("Empty: all calendars of the host.")
    )
    calendar = models.ForeignKey(
        Calendar,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Where its events are written; empty: the host's primary calendar."),
    )
    is_secret = models.BooleanField(default=False, help_text=_("Bookable only by its secret link."))
    secret = models.CharField(max_length=32, default=new_secret, editable=False)
    assignment = models.CharField(max_length=11, choices=Assignment, default=Assignment.OWNER)
    position = models.PositiveSmallIntegerField(default=0)
    deleted_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position", "created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "slug"], condition=Q(deleted_at=None), name="type_slug_once_per_user"
            ),
            models.CheckConstraint(
                condition=Q(duration__gt=0, seats__gt=0), name="type_duration_and_seats_are_positive"
            ),
            models.CheckConstraint(
                condition=~Q(window_kind="dates")
                | Q(window_start__isnull=False, window_end__gte=F("window_start")),
                name="type_fixed_window_has_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def durations(self) -> list[int]:
        """Every duration that can be chosen, the usual one first."""
        return [self.duration, *(d for d in self.other_durations if d != self.duration)]

    @property
    def public_name(self) -> str:
        """What stands for it in its address."""
        return self.secret if self.is_secret else self.slug


class AppointmentTypeHost(models.Model):
    """A member of a type's team. Whoever is asked to join takes no appointments before they accepted."""

    type = models.ForeignKey(AppointmentType, on_delete=models.CASCADE, related_name="hosts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)
    accepted_at = models.DateTimeField(null=True)
    baseline = models.PositiveIntegerField(
        default=0,
        help_text=_("What a newcomer counts as having had, so that nobody has to be caught up with."),
    )

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["type", "user"], name="type_host_once")]

    def __str__(self) -> str:
        return f"{self.user} for {self.type}"
