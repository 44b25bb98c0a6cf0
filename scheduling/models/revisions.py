"""What events were: the history of each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from scheduling.models.calendars import Calendar
from scheduling.models.events import CalendarEvent


class EventRevision(models.Model):
    """What an event was before a change: who, when, from where. Undo, history and restore are views of it."""

    class Origin(models.TextChoices):
        WEB = "web", pgettext_lazy("origin", "Calendar")
        API = "api", pgettext_lazy("origin", "API")
        GOOGLE = "google", pgettext_lazy("origin", "Google")
        ADMIN = "admin", pgettext_lazy("origin", "Administration")
        IMPORT = "import", pgettext_lazy("origin", "Import")
        SYSTEM = "system", pgettext_lazy("origin", "System")

    class Action(models.TextChoices):
        CREATE = "create", pgettext_lazy("event", "Created")
        EDIT = "edit", pgettext_lazy("event", "Changed")
        DELETE = "delete", pgettext_lazy("event", "Deleted")
        RESTORE = "restore", pgettext_lazy("event", "Restored")
        DROP = "drop", pgettext_lazy("event", "Dropped by a change of its series")
        DISPLACED = "displaced", pgettext_lazy("event", "Displaced by a merge")

    event = models.ForeignKey(CalendarEvent, on_delete=models.CASCADE, related_name="revisions")
    revision = models.BigIntegerField(help_text="The revision that this change produced.")
    action = models.CharField(max_length=9, choices=Action)
    origin = models.CharField(max_length=6, choices=Origin)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    before = models.JSONField(
        null=True, help_text="The event's values before the change; none for a creation."
    )
    calendar_before = models.ForeignKey(Calendar, on_delete=models.SET_NULL, null=True, related_name="+")
    place_before = models.JSONField(
        default=dict, help_text="series, original_start, former_series and deleted, before the change."
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["event", "revision"])]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.at:%Y-%m-%d %H:%M}"
