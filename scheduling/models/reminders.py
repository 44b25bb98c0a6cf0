"""What people have been reminded of."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SentReminder(models.Model):
    """The claim on one reminder: whoever inserts it sends it, and it is never sent again."""

    class Channel(models.TextChoices):
        MAIL = "mail", _("Mail")
        PAGE = "page", _("Page")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    subject = models.UUIDField(help_text="The event, or the series of the occurrence.")
    start = models.DateTimeField(help_text="A moved occurrence is reminded of anew.")
    minutes = models.PositiveIntegerField()
    channel = models.CharField(max_length=4, choices=Channel)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "subject", "start", "minutes", "channel"], name="reminder_sent_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} at {self.start:%Y-%m-%d %H:%M}Z, {self.minutes} min before, by {self.channel}"
