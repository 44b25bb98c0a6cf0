"""What leaves and enters as iCalendar: secret feeds, subscriptions to outside calendars, imports of files.

Invariants:
- a feed's secret is not in the database: it is made from a nonce there and the key of this site
- a calendar has at most one feed of each kind, and at most one subscription
"""

from __future__ import annotations

import hmac
import uuid
from base64 import urlsafe_b64encode
from hashlib import sha256

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from scheduling.models.calendars import Calendar


def _nonce() -> str:
    return get_random_string(32)


class CalendarFeed(models.Model):
    """A secret address at which anyone who has it may read one calendar.

    Requests are looked up by `digest`; the address can be shown again because its secret follows from `nonce` and
    SECRET_KEY. After a change of SECRET_KEY (without a fallback) old addresses go on working but are not shown.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="feeds")
    is_busy_only = models.BooleanField(_("busy times only"), default=False)
    nonce = models.CharField(max_length=32, default=_nonce, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_read_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["calendar", "is_busy_only"], name="feed_one_of_each_kind"),
        ]

    def __str__(self) -> str:
        return f"Feed of {self.calendar_id}"

    @staticmethod
    def digest_of(secret: str) -> str:
        return sha256(secret.encode()).hexdigest()

    def make_secret(self, key: str | None = None) -> str:
        """43 characters of the alphabet that addresses allow."""
        made = salted_hmac("scheduling.feed", f"{self.pk}:{self.nonce}", secret=key, algorithm="sha256")
        return urlsafe_b64encode(made.digest()).decode().rstrip("=")

    @property
    def secret(self) -> str:
        """The secret of the address, or nothing when the key it was made with is gone."""
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            secret = self.make_secret(key)
            if hmac.compare_digest(self.digest_of(secret), self.digest):
                return secret
        return ""


class CalendarSubscription(models.Model):
    """A calendar that mirrors an address outside. Its calendar is read only."""

    calendar = models.OneToOneField(
        Calendar, on_delete=models.CASCADE, primary_key=True, related_name="subscription"
    )
    url = models.CharField(_("address"), max_length=2000)
    etag = models.CharField(max_length=500, blank=True, editable=False)
    last_modified = models.CharField(max_length=100, blank=True, editable=False)
    content_digest = models.CharField(max_length=64, blank=True, editable=False)
    next_poll_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)
    queued_until = models.DateTimeField(default=timezone.now, editable=False)
    last_tried_at = models.DateTimeField(null=True, editable=False)
    last_ok_at = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveSmallIntegerField(default=0, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    problems = models.JSONField(default=list, editable=False)

    def __str__(self) -> str:
        return f"Subscription of {self.calendar_id}"


class CalendarImport(models.Model):
    """One file that is being brought into a calendar: looked at first, then written after a yes."""

    class State(models.TextChoices):
        READING = "reading", pgettext_lazy("import", "Being read")
        READY = "ready", pgettext_lazy("import", "Waits for a yes")
        WRITING = "writing", pgettext_lazy("import", "Being written")
        DONE = "done", pgettext_lazy("import", "Done")
        FAILED = "failed", pgettext_lazy("import", "Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="imports")
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="imports")
    file_name = models.CharField(max_length=200)
    content = models.BinaryField(null=True, editable=False)  # compressed; gone once it is written
    time_zone = models.CharField(max_length=64)  # for times that name none
    state = models.CharField(max_length=7, choices=State, default=State.READING)
    is_confirmed = models.BooleanField(default=False)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    rows = models.JSONField(default=list)  # the first of the steps, to show
    problems = models.JSONField(default=list)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.file_name
