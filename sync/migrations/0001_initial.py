import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("scheduling", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="EndedGrant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("client_id", models.CharField(max_length=255)),
                ("consented_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="GoogleAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "google_sub",
                    models.CharField(
                        help_text="Google's own id of the account.", max_length=255, unique=True
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Connected"),
                            ("needs_reauth", "Needs to be reconnected"),
                            ("insufficient_scope", "Calendar access was not granted"),
                            ("paused", "Paused"),
                            ("disconnected", "Disconnected"),
                        ],
                        default="active",
                        max_length=18,
                    ),
                ),
                ("granted_scopes", models.TextField(blank=True)),
                ("access_token", models.TextField(blank=True)),
                ("refresh_token", models.TextField(blank=True)),
                ("token_expires_at", models.DateTimeField(null=True)),
                ("connected_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("calendar_list_sync_token", models.TextField(blank=True)),
                (
                    "calendar_list_due_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        help_text="When the list of calendars is read again.",
                    ),
                ),
                (
                    "is_rehearsed",
                    models.BooleanField(
                        default=False,
                        help_text="The owner agreed that events from before the connection are sent.",
                    ),
                ),
                (
                    "next_run_at",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, null=True),
                ),
                (
                    "queued_until",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        help_text="A run is waiting in the queue till then.",
                    ),
                ),
                ("backoff_level", models.PositiveSmallIntegerField(default=0)),
                ("backoff_until", models.DateTimeField(null=True)),
                (
                    "is_backoff_binding",
                    models.BooleanField(
                        default=False, help_text="Google asked for the pause: nobody cuts it short."
                    ),
                ),
                ("lease_owner", models.CharField(blank=True, max_length=64)),
                ("lease_until", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_generation", models.PositiveBigIntegerField(default=0)),
                ("last_run_at", models.DateTimeField(null=True)),
                ("last_ok_at", models.DateTimeField(null=True)),
                ("last_error", models.CharField(blank=True, max_length=500)),
                ("last_counts", models.JSONField(default=dict)),
                (
                    "notified_at",
                    models.DateTimeField(
                        help_text="When the owner was mailed of the present trouble; empty once they were mailed of its end.",
                        null=True,
                    ),
                ),
                (
                    "consented_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        help_text="When the present refresh token was granted.",
                    ),
                ),
                (
                    "grant_expires_at",
                    models.DateTimeField(
                        help_text="When Google ends the grant, if it said so at the consent.", null=True
                    ),
                ),
                (
                    "warned_at",
                    models.DateTimeField(
                        help_text="When the owner was mailed that the present grant is about to end.",
                        null=True,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="google_accounts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("lease_owner", ""), _negated=True),
                        fields=["lease_until"],
                        name="account_held_lease",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CalendarLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("google_id", models.CharField(max_length=255)),
                ("summary", models.CharField(blank=True, max_length=255)),
                ("time_zone", models.CharField(blank=True, max_length=64)),
                ("access_role", models.CharField(blank=True, max_length=32)),
                ("is_primary", models.BooleanField(default=False)),
                ("is_enabled", models.BooleanField(default=False)),
                ("is_unreachable", models.BooleanField(default=False)),
                (
                    "direction",
                    models.CharField(
                        choices=[("two_way", "both ways"), ("pull_only", "read only")],
                        default="two_way",
                        max_length=9,
                    ),
                ),
                ("sync_token", models.TextField(blank=True)),
                ("params_version", models.PositiveSmallIntegerField(default=0)),
                ("full_generation", models.PositiveIntegerField(default=0)),
                ("notify_sequence", models.PositiveBigIntegerField(default=0)),
                ("pulled_sequence", models.PositiveBigIntegerField(default=0)),
                (
                    "quiet_until",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        help_text="Notices from Google cause no pull before then: many came at once.",
                    ),
                ),
                (
                    "next_watch_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        help_text="When the push channel is renewed, or asked for again.",
                    ),
                ),
                ("next_poll_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_ok_at", models.DateTimeField(null=True)),
                ("last_error", models.CharField(blank=True, max_length=500)),
                (
                    "out_told_at",
                    models.DateTimeField(
                        help_text="When the owner was mailed that it is out of reach; empty once it is read again.",
                        null=True,
                    ),
                ),
                (
                    "has_absent",
                    models.BooleanField(
                        default=False,
                        help_text="A full listing ended; what it did not name is still to be asked for.",
                    ),
                ),
                (
                    "deletions_held",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="How many events a full listing did not contain when the brake stopped it.",
                    ),
                ),
                (
                    "are_deletions_agreed",
                    models.BooleanField(
                        default=False,
                        help_text="The owner looked at them: the next full listing may delete what is gone.",
                    ),
                ),
                (
                    "calendar",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="google_link",
                        to="scheduling.calendar",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calendar_links",
                        to="sync.googleaccount",
                    ),
                ),
            ],
            options={
                "ordering": ["-is_primary", "summary", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "google_id"), name="calendar_link_once_per_account"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_enabled", False), ("calendar__isnull", False), _connector="OR"
                        ),
                        name="calendar_link_enabled_has_calendar",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EventLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("google_id", models.CharField(max_length=1024)),
                ("id_generation", models.PositiveSmallIntegerField(default=0)),
                (
                    "google_series_id",
                    models.CharField(
                        blank=True, help_text="recurringEventId, of an exception.", max_length=1024
                    ),
                ),
                (
                    "is_standalone",
                    models.BooleanField(
                        default=False,
                        help_text="An exception whose series is out of reach: an event of its own.",
                    ),
                ),
                (
                    "original_start",
                    models.CharField(
                        blank=True,
                        help_text="Of an exception: which occurrence of its series it is in Google.",
                        max_length=20,
                    ),
                ),
                ("etag", models.CharField(blank=True, max_length=255)),
                (
                    "base",
                    models.JSONField(
                        help_text="None: never agreed yet (the first send is under way).", null=True
                    ),
                ),
                ("raw", models.JSONField(default=dict, help_text="Google's last full resource.")),
                ("seen_generation", models.PositiveIntegerField(default=0)),
                ("is_deleted_remotely", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("clean", "In step"),
                            ("parked", "Refused by Google"),
                            ("quarantined", "Not understood"),
                        ],
                        default="clean",
                        max_length=11,
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=500)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("synced_at", models.DateTimeField(null=True)),
                (
                    "event",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="google_link",
                        to="scheduling.calendarevent",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="event_links",
                        to="sync.calendarlink",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["link", "google_series_id"], name="sync_eventl_link_id_6bec83_idx")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("link", "google_id"), name="event_link_once_per_calendar")
                ],
            },
        ),
        migrations.CreateModel(
            name="Conflict",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("groups", models.JSONField(help_text="Names of the field groups that differ.")),
                ("ours", models.JSONField()),
                ("theirs", models.JSONField()),
                ("found_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("kept", models.CharField(blank=True, max_length=6)),
                (
                    "event_link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="conflicts",
                        to="sync.eventlink",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("resolved_at", None)),
                        fields=("event_link",),
                        name="one_open_conflict_per_event",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiUsage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("minute", models.DateTimeField()),
                ("calls", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="usage",
                        to="sync.googleaccount",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["minute"], name="sync_apiusa_minute_26ad71_idx")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "minute"), name="usage_once_per_account_and_minute"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="JournalEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[("in", "From Google"), ("out", "To Google"), ("note", "Note")], max_length=4
                    ),
                ),
                ("action", models.CharField(max_length=40)),
                ("text", models.CharField(max_length=500)),
                (
                    "before",
                    models.JSONField(
                        default=dict, help_text="What changed, as it was: fields of the event's values."
                    ),
                ),
                ("after", models.JSONField(default=dict, help_text="The same fields, as they became.")),
                (
                    "seconds",
                    models.FloatField(
                        help_text="Of what was sent: from the change here until Google had it, where that tells something.",
                        null=True,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="journal",
                        to="sync.googleaccount",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="scheduling.calendarevent",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["account", "-at"], name="sync_journa_account_9b3d11_idx")],
            },
        ),
        migrations.CreateModel(
            name="WatchChannel",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("secret_digest", models.CharField(max_length=64)),
                ("address", models.CharField(default="", max_length=500)),
                ("resource_id", models.CharField(blank=True, max_length=255)),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Nothing has arrived by it yet"),
                            ("active", "Messages arrive"),
                            ("retiring", "To be stopped"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                (
                    "message_number",
                    models.PositiveBigIntegerField(default=0, help_text="That of the latest message."),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="watch_channels",
                        to="sync.calendarlink",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["link", "state"], name="sync_watchc_link_id_d5bde1_idx")],
            },
        ),
    ]
