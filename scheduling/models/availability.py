"""When a person takes appointments."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class AvailableTimeSlot(models.Model):
    """A weekly range in which a person takes appointments (day 0 is Monday); several a day are allowed."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="available_slots"
    )
    day_of_week = models.PositiveSmallIntegerField(
        choices=enumerate(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"])
    )
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
