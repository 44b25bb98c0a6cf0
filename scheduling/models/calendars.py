"""Calendars.

Invariants:
- a user has at most one primary calendar
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _


class Calendar(models.Model):
    """A named list of events of one person. `revision` is the number of its last change."""

    SUBSCRIBED = "Subscribed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendars")
    name = models.CharField(max_length=200)
    color = models.PositiveSmallIntegerField(
        default=9, validators=[MinValueValidator(1), MaxValueValidator(11)]
    )
    time_zone = models.CharField(max_length=64, default="UTC")
    is_primary = models.BooleanField(default=False)
    is_visible = models.BooleanField(default=True)
    is_read_only = models.BooleanField(default=False)
    is_synced = models.BooleanField(default=False, help_text="A remote calendar mirrors this one.")
    account_name = models.CharField(
        max_length=255, blank=True, help_text="The remote account it belongs to; empty: on this server only."
    )
    position = models.PositiveSmallIntegerField(default=0)
    revision = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-is_primary", "position", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(is_primary=True), name="calendar_one_primary_per_user"
            ),
            models.CheckConstraint(
                condition=Q(color__gte=1) & Q(color__lte=11), name="calendar_color_in_palette"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_subscribed(self) -> bool:
        """It mirrors an address outside; its account stands for all of these."""
        return self.account_name == self.SUBSCRIBED

    @property
    def read_only_words(self) -> str:
        if self.is_subscribed:
            return _(
                "This calendar comes from outside and is read only here. You can copy the event to your own."
            )
        return _("This calendar is read only in Google. You can copy the event to your own.")
