"""What the sandbox remembers. No table of the product is referenced, and no token is stored in the clear."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.db import models

OWNER, WRITER, READER = "owner", "writer", "reader"
WRITER_NO_PRIVATE, FREE_BUSY = "writerWithoutPrivateAccess", "freeBusyReader"
ROLES = (FREE_BUSY, READER, WRITER_NO_PRIVATE, WRITER, OWNER)  # weakest first


def digest(secret: str) -> str:
    """How a token or code is stored: its SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Account(models.Model):
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=32, unique=True)
    time_zone = models.CharField(max_length=64, default="Europe/Berlin")
    change = models.PositiveBigIntegerField(default=0)  # of its calendar list
    token_generation = models.PositiveIntegerField(default=0)  # raised: list sync tokens expire

    def __str__(self) -> str:
        return self.email


class Calendar(models.Model):
    google_id = models.CharField(max_length=255, unique=True)
    summary = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    time_zone = models.CharField(max_length=64, default="Europe/Berlin")
    change = models.PositiveBigIntegerField(default=0)  # of its events
    token_generation = models.PositiveIntegerField(default=0)  # raised: sync tokens expire
    created = models.DateTimeField()

    def __str__(self) -> str:
        return self.summary


class ListEntry(models.Model):
    """A calendar as one account sees it: its line in the calendar list and its role."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="entries")
    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="entries")
    access_role = models.CharField(max_length=32, default=OWNER)
    is_primary = models.BooleanField(default=False)
    color_id = models.CharField(max_length=4, default="14")
    is_selected = models.BooleanField(default=True)
    is_hidden = models.BooleanField(default=False)
    is_deleted = models.BooleanField(default=False)
    change = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-is_primary", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "calendar"], name="google_sandbox_one_entry_per_calendar"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.calendar}"

    @property
    def can_write(self) -> bool:
        return ROLES.index(self.access_role) >= ROLES.index(WRITER_NO_PRIVATE)


class Event(models.Model):
    """One events resource: a single event, a master, or an exception of a master.

    `body` holds the fields that clients write, with `start` and `end` normalized (`events.normalize`).
    `recurring_event_id` and `original_start` (an id stamp, `recurrence.stamp`) are set on exceptions only.
    An instance that was never touched has no row; `store.find` makes an unsaved one.
    """

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="events")
    event_id = models.CharField(max_length=1100)
    body = models.JSONField(default=dict)
    status = models.CharField(max_length=16, default="confirmed")
    organizer = models.JSONField(default=dict)
    creator = models.JSONField(default=dict)
    ical_uid = models.CharField(max_length=1100, db_index=True)
    recurring_event_id = models.CharField(max_length=1100, blank=True)
    original_start = models.CharField(max_length=16, blank=True)
    is_recurring = models.BooleanField(default=False)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    raw = models.JSONField(null=True)  # a test's odd resource, answered as it is
    is_gone = models.BooleanField(default=False)  # moved away: only the id is left
    etag = models.CharField(max_length=40)
    sequence = models.PositiveIntegerField(default=0)
    created = models.DateTimeField()
    updated = models.DateTimeField()
    change = models.PositiveBigIntegerField()
    order_key = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["calendar", "event_id"], name="google_sandbox_unique_event_id")
        ]
        indexes = [
            models.Index(fields=["calendar", "order_key"], name="google_sandbox_event_order"),
            models.Index(fields=["calendar", "change"], name="google_sandbox_event_change"),
            models.Index(fields=["calendar", "recurring_event_id"], name="google_sandbox_event_series"),
        ]

    def __str__(self) -> str:
        return self.body.get("summary") or self.event_id

    @property
    def is_cancelled(self) -> bool:
        return self.status == "cancelled"

    @property
    def is_exception(self) -> bool:
        return bool(self.recurring_event_id)


class Grant(models.Model):
    """What a person has granted to one client."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="grants")
    client_id = models.CharField(max_length=255)
    scopes = models.JSONField(default=list)
    has_refresh_token = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "client_id"], name="google_sandbox_one_grant_per_client"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} to {self.client_id}"


class Token(models.Model):
    """An authorization code, access token or refresh token; only its digest is kept."""

    CODE, ACCESS, REFRESH = "code", "access", "refresh"

    grant = models.ForeignKey(Grant, models.CASCADE, related_name="tokens")
    kind = models.CharField(max_length=8)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    details = models.JSONField(
        default=dict
    )  # of a code: redirect_uri, challenge, offline, nonce, authenticated_at
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.kind} token {self.pk}"

    @classmethod
    def issue(
        cls,
        grant: Grant,
        kind: str,
        scopes: list[str],
        *,
        expires_at: datetime | None = None,
        **details: object,
    ) -> str:
        """Store a new token and return its secret, which is shown this once."""
        secret = {cls.CODE: "4/0", cls.ACCESS: "ya29.", cls.REFRESH: "1//0"}[kind] + secrets.token_urlsafe(40)
        cls.objects.create(
            grant=grant,
            kind=kind,
            digest=digest(secret),
            scopes=scopes,
            expires_at=expires_at,
            details=details,
        )
        return secret


class Channel(models.Model):
    """A push channel; `calendar` is null for a channel on the calendar list."""

    channel_id = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(Account, models.CASCADE, related_name="channels")
    calendar = models.ForeignKey(Calendar, models.CASCADE, null=True, related_name="channels")
    resource_id = models.CharField(max_length=64)
    resource_uri = models.CharField(max_length=1000)
    address = models.CharField(max_length=1000)
    token = models.CharField(max_length=256, blank=True)
    expires_at = models.DateTimeField()
    message_number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return self.channel_id


class Fault(models.Model):
    """Something that shall go wrong: what it applies to, how often, and what happens (see `faults`)."""

    label = models.CharField(max_length=64, blank=True)
    match = models.JSONField(default=dict)
    action = models.JSONField(default=dict)
    times = models.PositiveIntegerField(null=True)  # null: until removed
    seen = models.PositiveIntegerField(default=0)
    fired = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.label or f"fault {self.pk}"


class LogEntry(models.Model):
    """One call that was made to the sandbox, or one notice it sent. Never holds a token."""

    at = models.DateTimeField(db_index=True)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=1500)
    query = models.CharField(max_length=4000, blank=True)
    account = models.CharField(max_length=254, blank=True)
    status = models.PositiveSmallIntegerField()  # 0: the connection was dropped
    if_match = models.CharField(max_length=64, blank=True)
    body_keys = models.JSONField(default=list)
    fault = models.CharField(max_length=64, blank=True)
    cost = models.PositiveSmallIntegerField(default=1)

    class Meta:
        verbose_name_plural = "log entries"

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"
