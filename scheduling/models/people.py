"""What a person chose, and what lets programs act for them."""

from __future__ import annotations

import secrets
from datetime import time
from hashlib import sha256

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class UserProfile(models.Model):
    """What a person chose. `revision` counts every change of any of the person's calendars."""

    class FirstDay(models.IntegerChoices):
        SUNDAY = 0, _("Sunday")
        MONDAY = 1, _("Monday")
        SATURDAY = 6, _("Saturday")

    class Theme(models.TextChoices):
        SYSTEM = "system", pgettext_lazy("theme", "Like the system")
        LIGHT = "light", pgettext_lazy("theme", "Light")
        DARK = "dark", pgettext_lazy("theme", "Dark")

    class Density(models.TextChoices):
        COMPACT = "compact", pgettext_lazy("density", "Compact")
        COMFORTABLE = "comfortable", pgettext_lazy("density", "Comfortable")
        ROOMY = "roomy", pgettext_lazy("density", "Roomy")

    class Clock(models.TextChoices):
        HOURS_24 = "24", _("24 hours")
        HOURS_12 = "12", _("12 hours")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="profile"
    )
    google_calendar_id = models.CharField(max_length=255, blank=True)
    google_calendar_connected = models.BooleanField(default=False)
    google_calendar_sync_enabled = models.BooleanField(default=True)
    default_event_duration = models.PositiveSmallIntegerField(
        _("default duration (minutes)"),
        default=60,
        validators=[MinValueValidator(5), MaxValueValidator(1440)],
    )
    working_hours_start = models.TimeField(default=time(9))
    working_hours_end = models.TimeField(default=time(17))
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC")
    second_time_zone = models.CharField(
        max_length=64, blank=True, help_text=_("A second column of hours beside the week and day.")
    )
    show_weekends = models.BooleanField(default=True)
    first_day_of_week = models.PositiveSmallIntegerField(choices=FirstDay, default=FirstDay.MONDAY)
    email_notifications = models.BooleanField(default=True)
    reminder_minutes = models.PositiveIntegerField(default=15, validators=[MaxValueValidator(40320)])
    page_notifications = models.BooleanField(_("reminders on the page"), default=True)
    agenda_time = models.TimeField(_("daily agenda by mail at"), null=True, blank=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    notified_until = models.DateTimeField(
        default=now, editable=False, help_text=_("Reminders up to here are dealt with.")
    )
    notify_at = models.DateTimeField(
        default=now, editable=False, db_index=True, help_text=_("When to look at reminders next.")
    )
    theme = models.CharField(max_length=8, choices=Theme, default=Theme.SYSTEM)
    density = models.CharField(max_length=12, choices=Density, default=Density.COMFORTABLE)
    clock = models.CharField(max_length=2, choices=Clock, default=Clock.HOURS_24)
    shortcuts_enabled = models.BooleanField(_("single-key shortcuts"), default=True)
    language = models.CharField(max_length=8, blank=True, help_text=_("Empty: as the browser asks."))
    browser_language = models.CharField(
        max_length=8, blank=True, editable=False, help_text=_("What the browser asked for last, for mails.")
    )
    handle = models.SlugField(max_length=40, unique=True, null=True, blank=True)
    public_page = models.BooleanField(_("public booking page"), default=False)
    embed_origins = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text=_("Sites that may show the booking pages in a frame."),
    )
    hours_are_set = models.BooleanField(
        default=False,
        editable=False,
        help_text=_("The weekly hours are the person's own, even when there are none."),
    )
    revision = models.BigIntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(working_hours_end__gt=F("working_hours_start")),
                name="profile_working_hours_end_after_start",
            ),
            models.CheckConstraint(
                condition=Q(first_day_of_week__in=[0, 1, 6]), name="profile_first_day_is_known"
            ),
            models.CheckConstraint(
                condition=Q(default_event_duration__gt=0), name="profile_duration_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="profile_quiet_hours_have_both_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"Profile of {self.user}"


class ApiToken(models.Model):
    """A key to the REST API. Only its SHA-256 is kept; the token itself is shown once, when it is made."""

    class Scope(models.TextChoices):
        READ = "read", pgettext_lazy("token", "Read")
        WRITE = "write", pgettext_lazy("token", "Read and write")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=5, choices=Scope, default=Scope.WRITE)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def digest_of(token: str) -> str:
        return sha256(token.encode()).hexdigest()

    @staticmethod
    def generate() -> str:
        return f"apt_{secrets.token_urlsafe(32)}"


class IdempotentAnswer(models.Model):
    """The answer once given to a request with an `Idempotency-Key`, so that a repeat gets the same."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_per_user")]

    def __str__(self) -> str:
        return self.key
