"""When a person takes appointments, by the clocks of the zone in their profile."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from scheduling.core.wording import weekday_names


def weekdays() -> list[tuple[int, str]]:
    return list(enumerate(weekday_names()))


class AvailableTimeSlot(models.Model):
    """A weekly range in which a person takes appointments (day 0 is Monday); several a day are allowed.

    An end at or before the start lies in the following day: 22:00 to 02:00, or 00:00 for the midnight that ends the
    day. A range that is not available is a break in the others. Until someone sets their hours
    (`UserProfile.hours_are_set`) the working hours of the profile count, from Monday to Friday.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="available_slots"
    )
    day_of_week = models.PositiveSmallIntegerField(choices=weekdays)
    start_time = models.TimeField()
    end_time = models.TimeField()
    is_available = models.BooleanField(default=True)

    class Meta:
        ordering = ["day_of_week", "start_time"]
        constraints = [
            models.CheckConstraint(condition=Q(day_of_week__lte=6), name="slot_day_of_week_0_to_6"),
            models.UniqueConstraint(fields=["user", "day_of_week", "start_time"], name="slot_starts_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_day_of_week_display()} {self.start_time:%H:%M}–{self.end_time:%H:%M}"


class DateOverride(models.Model):
    """Other hours, or none, on the days `date` to `last_date` (inclusive).

    Without times the days are closed (time off). With times and `is_available` these hours replace the weekly ones
    of those days, several rows together; with times and not available they are taken out of what the days have.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="date_overrides"
    )
    date = models.DateField()
    last_date = models.DateField()
    start_time = models.TimeField(null=True, blank=True)
    end_time = models.TimeField(null=True, blank=True)
    is_available = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True, help_text="For its owner only.")

    class Meta:
        ordering = ["date", "start_time", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_date__gte=F("date")), name="override_last_date_not_before_first"
            ),
            models.CheckConstraint(
                condition=Q(start_time=None, end_time=None, is_available=False)
                | Q(start_time__isnull=False, end_time__isnull=False),
                name="override_has_both_times_or_is_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {'open' if self.is_available else 'closed'}"
