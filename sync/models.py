"""What we know about Google: accounts, which calendars mirror which, and per event what both last agreed on.

Invariants:
- a Google account belongs to one person here
- a remote calendar is linked once per account, a local calendar once at all
- a remote event is linked once per remote calendar, a local event once at all
- tokens are encrypted at rest
"""

from __future__ import annotations

import uuid
from hashlib import sha256

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from scheduling.models import Calendar, CalendarEvent
from sync.core.remote import WRITING_ROLES, CalendarRef
from sync.encryption import EncryptedTextField


class GoogleAccount(models.Model):
    """A connected Google account with its credentials, its lease and its back-off."""

    class Status(models.TextChoices):
        ACTIVE = "active", pgettext_lazy("account", "Connected")
        NEEDS_REAUTH = "needs_reauth", pgettext_lazy("account", "Needs to be reconnected")
        INSUFFICIENT_SCOPE = "insufficient_scope", pgettext_lazy("account", "Calendar access was not granted")
        PAUSED = "paused", pgettext_lazy("account", "Paused")
        DISCONNECTED = "disconnected", pgettext_lazy("account", "Disconnected")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="google_accounts"
    )
    google_sub = models.CharField(max_length=255, unique=True, help_text="Google's own id of the account.")
    email = models.EmailField()
    status = models.CharField(max_length=18, choices=Status, default=Status.ACTIVE)
    granted_scopes = models.TextField(blank=True)
    access_token = EncryptedTextField(blank=True)
    refresh_token = EncryptedTextField(blank=True)
    token_expires_at = models.DateTimeField(null=True)
    connected_at = models.DateTimeField(default=timezone.now)
    calendar_list_sync_token = models.TextField(blank=True)
    calendar_list_due_at = models.DateTimeField(
        default=timezone.now, help_text="When the list of calendars is read again."
    )
    is_rehearsed = models.BooleanField(
        default=False, help_text="The owner agreed that events from before the connection are sent."
    )

    next_run_at = models.DateTimeField(null=True, default=timezone.now, db_index=True)
    queued_until = models.DateTimeField(
        default=timezone.now, help_text="A run is waiting in the queue till then."
    )
    backoff_level = models.PositiveSmallIntegerField(default=0)
    backoff_until = models.DateTimeField(null=True)
    is_backoff_binding = models.BooleanField(
        default=False, help_text="Google asked for the pause: nobody cuts it short."
    )
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(default=timezone.now)
    lease_generation = models.PositiveBigIntegerField(default=0)

    last_run_at = models.DateTimeField(null=True)
    last_ok_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)
    last_counts = models.JSONField(default=dict)
    notified_at = models.DateTimeField(
        null=True,
        help_text="When the owner was mailed of the present trouble; empty once they were mailed of its end.",
    )

    consented_at = models.DateTimeField(
        default=timezone.now, help_text="When the present refresh token was granted."
    )
    grant_expires_at = models.DateTimeField(
        null=True, help_text="When Google ends the grant, if it said so at the consent."
    )
    warned_at = models.DateTimeField(
        null=True, help_text="When the owner was mailed that the present grant is about to end."
    )

    class Meta:
        indexes = [
            models.Index(fields=["lease_until"], condition=~Q(lease_owner=""), name="account_held_lease")
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_newly_connected(self) -> bool:
        """Nothing has been read since the (latest) connection."""
        return self.last_ok_at is None or self.last_ok_at < self.connected_at

    @property
    def scopes(self) -> set[str]:
        return set(self.granted_scopes.split())


ROLES_IN_WORDS = {
    "owner": pgettext_lazy("calendar", "yours"),
    "writer": _("shared, you may change events"),
    "writerWithoutPrivateAccess": _("shared, you may change events; private ones show as busy"),
    "reader": _("shared, to look at"),
    "freeBusyReader": _("shared, busy times only"),
}


class CalendarLink(models.Model):
    """A remote calendar and the local one that mirrors it, with the cursor of the last complete pull."""

    class Direction(models.TextChoices):
        TWO_WAY = "two_way", pgettext_lazy("sync", "both ways")
        PULL_ONLY = "pull_only", pgettext_lazy("sync", "read only")

    account = models.ForeignKey(GoogleAccount, on_delete=models.CASCADE, related_name="calendar_links")
    google_id = models.CharField(max_length=255)
    calendar = models.OneToOneField(
        Calendar, on_delete=models.CASCADE, null=True, blank=True, related_name="google_link"
    )
    summary = models.CharField(max_length=255, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    access_role = models.CharField(max_length=32, blank=True)
    is_primary = models.BooleanField(default=False)
    is_enabled = models.BooleanField(default=False)
    is_unreachable = models.BooleanField(default=False)
    direction = models.CharField(max_length=9, choices=Direction, default=Direction.TWO_WAY)
    sync_token = models.TextField(blank=True)
    params_version = models.PositiveSmallIntegerField(default=0)
    full_generation = models.PositiveIntegerField(default=0)
    notify_sequence = models.PositiveBigIntegerField(default=0)
    pulled_sequence = models.PositiveBigIntegerField(default=0)
    quiet_until = models.DateTimeField(
        default=timezone.now, help_text="Notices from Google cause no pull before then: many came at once."
    )
    next_watch_at = models.DateTimeField(
        default=timezone.now, help_text="When the push channel is renewed, or asked for again."
    )
    next_poll_at = models.DateTimeField(default=timezone.now)
    last_ok_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)
    out_told_at = models.DateTimeField(
        null=True, help_text="When the owner was mailed that it is out of reach; empty once it is read again."
    )
    has_absent = models.BooleanField(
        default=False, help_text="A full listing ended; what it did not name is still to be asked for."
    )
    deletions_held = models.PositiveIntegerField(
        default=0, help_text="How many events a full listing did not contain when the brake stopped it."
    )
    are_deletions_agreed = models.BooleanField(
        default=False, help_text="The owner looked at them: the next full listing may delete what is gone."
    )

    class Meta:
        ordering = ["-is_primary", "summary", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["account", "google_id"], name="calendar_link_once_per_account"),
            models.CheckConstraint(
                condition=Q(is_enabled=False) | Q(calendar__isnull=False),
                name="calendar_link_enabled_has_calendar",
            ),
        ]

    def __str__(self) -> str:
        return self.summary or self.google_id

    @property
    def can_write(self) -> bool:
        return self.direction == self.Direction.TWO_WAY and self.access_role in WRITING_ROLES

    @property
    def role_in_words(self) -> str:
        return str(ROLES_IN_WORDS.get(self.access_role, self.access_role))

    @property
    def is_writable_there(self) -> bool:
        """Whether Google lets us write, whatever direction the owner chose."""
        return self.access_role in WRITING_ROLES

    @property
    def ref(self) -> CalendarRef:
        return CalendarRef(self.google_id, self.time_zone)


class EventLink(models.Model):
    """A remote event and its local twin. `base` is what both sides last agreed on (canonical fields)."""

    class State(models.TextChoices):
        CLEAN = "clean", _("In step")
        PARKED = "parked", _("Refused by Google")
        QUARANTINED = "quarantined", _("Not understood")

    link = models.ForeignKey(CalendarLink, on_delete=models.CASCADE, related_name="event_links")
    event = models.OneToOneField(
        CalendarEvent, on_delete=models.CASCADE, null=True, blank=True, related_name="google_link"
    )
    google_id = models.CharField(max_length=1024)
    id_generation = models.PositiveSmallIntegerField(default=0)
    google_series_id = models.CharField(
        max_length=1024, blank=True, help_text="recurringEventId, of an exception."
    )
    is_standalone = models.BooleanField(
        default=False, help_text="An exception whose series is out of reach: an event of its own."
    )
    original_start = models.CharField(
        max_length=20,
        blank=True,
        help_text="Of an exception: which occurrence of its series it is in Google.",
    )
    etag = models.CharField(max_length=255, blank=True)
    base = models.JSONField(null=True, help_text="None: never agreed yet (the first send is under way).")
    raw = models.JSONField(default=dict, help_text="Google's last full resource.")
    seen_generation = models.PositiveIntegerField(default=0)
    is_deleted_remotely = models.BooleanField(default=False)
    state = models.CharField(max_length=11, choices=State, default=State.CLEAN)
    error = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link", "google_id"], name="event_link_once_per_calendar"),
        ]
        indexes = [models.Index(fields=["link", "google_series_id"])]

    def __str__(self) -> str:
        return self.google_id


class WatchChannel(models.Model):
    """A push channel of Google for one calendar; only the digest of its secret is kept."""

    class State(models.TextChoices):
        PENDING = "pending", _("Nothing has arrived by it yet")
        ACTIVE = "active", _("Messages arrive")
        RETIRING = "retiring", _("To be stopped")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    link = models.ForeignKey(CalendarLink, on_delete=models.CASCADE, related_name="watch_channels")
    secret_digest = models.CharField(max_length=64)
    address = models.CharField(max_length=500, default="")
    resource_id = models.CharField(max_length=255, blank=True)
    expires_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    message_number = models.PositiveBigIntegerField(default=0, help_text="That of the latest message.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["link", "state"])]

    def __str__(self) -> str:
        return f"{self.id} ({self.state})"

    @staticmethod
    def digest_of(secret: str) -> str:
        return sha256(secret.encode()).hexdigest()


class ApiUsage(models.Model):
    """How often an account called Google within a minute, and how often Google asked to slow down."""

    account = models.ForeignKey(GoogleAccount, on_delete=models.CASCADE, related_name="usage")
    minute = models.DateTimeField()
    calls = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "minute"], name="usage_once_per_account_and_minute")
        ]
        indexes = [models.Index(fields=["minute"])]

    def __str__(self) -> str:
        return f"{self.account_id} {self.minute:%Y-%m-%d %H:%M}Z: {self.calls}"


class EndedGrant(models.Model):
    """A consent that Google ended: how long it lived tells whether this client's grants all die after a week."""

    client_id = models.CharField(max_length=255)
    consented_at = models.DateTimeField()
    ended_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.client_id}: {self.ended_at - self.consented_at}"


class Conflict(models.Model):
    """Both sides changed the same group of fields. Google's value stands, ours is kept until someone chooses."""

    event_link = models.ForeignKey(EventLink, on_delete=models.CASCADE, related_name="conflicts")
    groups = models.JSONField(help_text="Names of the field groups that differ.")
    ours = models.JSONField()
    theirs = models.JSONField()
    found_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True)
    kept = models.CharField(max_length=6, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event_link"], condition=Q(resolved_at=None), name="one_open_conflict_per_event"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_link}: {', '.join(self.groups)}"


class JournalEntry(models.Model):
    """One thing that sync did, for people to read. No titles of other people's events, no tokens."""

    class Direction(models.TextChoices):
        IN = "in", pgettext_lazy("sync", "From Google")
        OUT = "out", pgettext_lazy("sync", "To Google")
        NOTE = "note", pgettext_lazy("sync", "Note")

    account = models.ForeignKey(GoogleAccount, on_delete=models.CASCADE, related_name="journal")
    event = models.ForeignKey(CalendarEvent, on_delete=models.SET_NULL, null=True, related_name="+")
    direction = models.CharField(max_length=4, choices=Direction)
    action = models.CharField(max_length=40)
    text = models.CharField(max_length=500)
    before = models.JSONField(
        default=dict, help_text="What changed, as it was: fields of the event's values."
    )
    after = models.JSONField(default=dict, help_text="The same fields, as they became.")
    seconds = models.FloatField(
        null=True,
        help_text="Of what was sent: from the change here until Google had it, where that tells something.",
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["account", "-at"])]

    def __str__(self) -> str:
        return self.text
