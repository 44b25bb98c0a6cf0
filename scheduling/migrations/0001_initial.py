import datetime
import uuid

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import scheduling.models.appointments
import scheduling.models.availability
import scheduling.models.feeds
import scheduling.models.fields
import scheduling.models.webhooks
from scheduling.migrations._no_double_booking import guard, unguard


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Calendar",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "color",
                    models.PositiveSmallIntegerField(
                        default=9,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(11),
                        ],
                    ),
                ),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                ("is_primary", models.BooleanField(default=False)),
                ("is_visible", models.BooleanField(default=True)),
                ("is_read_only", models.BooleanField(default=False)),
                (
                    "is_synced",
                    models.BooleanField(default=False, help_text="A remote calendar mirrors this one."),
                ),
                (
                    "account_name",
                    models.CharField(
                        blank=True,
                        help_text="The remote account it belongs to; empty: on this server only.",
                        max_length=255,
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("revision", models.BigIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calendars",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-is_primary", "position", "name", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_primary", True)),
                        fields=("user",),
                        name="calendar_one_primary_per_user",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("color__gte", 1), ("color__lte", 11)),
                        name="calendar_color_in_palette",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "scope",
                    models.CharField(
                        choices=[("read", "Read"), ("write", "Read and write")], default="write", max_length=5
                    ),
                ),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("last_used_at", models.DateTimeField(editable=False, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AppointmentType",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.SlugField(max_length=60)),
                ("name", models.CharField(max_length=100)),
                ("description", models.TextField(blank=True, max_length=4000)),
                (
                    "duration",
                    models.PositiveIntegerField(
                        default=30,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                (
                    "other_durations",
                    models.JSONField(
                        blank=True, default=list, help_text="Minutes a guest may choose instead."
                    ),
                ),
                (
                    "increment",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Minutes from one start to the next; empty: the duration.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                (
                    "grid",
                    models.CharField(
                        choices=[
                            ("range", "From the beginning of each range of hours"),
                            ("clock", "By the clock"),
                        ],
                        default="range",
                        max_length=5,
                    ),
                ),
                (
                    "buffer_before",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                (
                    "buffer_after",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                (
                    "minimum_notice",
                    models.PositiveIntegerField(
                        default=60,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(527040),
                        ],
                    ),
                ),
                (
                    "window_kind",
                    models.CharField(
                        choices=[
                            ("days", "Days from today"),
                            ("bookable_days", "Days with hours from today"),
                            ("dates", "Fixed dates"),
                        ],
                        default="days",
                        max_length=13,
                    ),
                ),
                (
                    "window_days",
                    models.PositiveIntegerField(
                        default=60,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(730),
                        ],
                    ),
                ),
                ("window_start", models.DateField(blank=True, null=True)),
                ("window_end", models.DateField(blank=True, help_text="Inclusive.", null=True)),
                (
                    "daily_cap",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000),
                        ],
                    ),
                ),
                (
                    "weekly_cap",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000),
                        ],
                    ),
                ),
                (
                    "monthly_cap",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000),
                        ],
                    ),
                ),
                (
                    "seats",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                    ),
                ),
                ("requires_approval", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "place_kind",
                    models.CharField(
                        choices=[("in_person", "In person"), ("phone", "By phone"), ("link", "Video link")],
                        default="in_person",
                        max_length=9,
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        blank=True, help_text="Address, link, or who calls which number.", max_length=200
                    ),
                ),
                (
                    "color",
                    models.PositiveSmallIntegerField(
                        default=9,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(11),
                        ],
                    ),
                ),
                (
                    "questions",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Of {key, label, kind (text or choice), choices, is_required}.",
                    ),
                ),
                (
                    "is_secret",
                    models.BooleanField(default=False, help_text="Bookable only by its secret link."),
                ),
                (
                    "secret",
                    models.CharField(
                        default=scheduling.models.appointments.new_secret, editable=False, max_length=32
                    ),
                ),
                (
                    "assignment",
                    models.CharField(
                        choices=[
                            ("owner", "The owner"),
                            ("round_robin", "One of the team in turn"),
                            ("collective", "The whole team together"),
                        ],
                        default="owner",
                        max_length=11,
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("deleted_at", models.DateTimeField(editable=False, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="appointment_types",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "calendar",
                    models.ForeignKey(
                        blank=True,
                        help_text="Where its events are written; empty: the host's primary calendar.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="scheduling.calendar",
                    ),
                ),
                (
                    "calendars_to_check",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Empty: all calendars of the host.",
                        related_name="+",
                        to="scheduling.calendar",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "created_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("deleted_at", None)),
                        fields=("user", "slug"),
                        name="type_slug_once_per_user",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("duration__gt", 0), ("seats__gt", 0)),
                        name="type_duration_and_seats_are_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("window_kind", "dates"), _negated=True),
                            models.Q(
                                ("window_end__gte", models.F("window_start")), ("window_start__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="type_fixed_window_has_dates",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Booking",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting for approval"),
                            ("confirmed", "Confirmed"),
                            ("declined", "Declined"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="confirmed",
                        max_length=9,
                    ),
                ),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField()),
                ("session", models.UUIDField()),
                ("proposed_start", models.DateTimeField(null=True)),
                ("proposed_end", models.DateTimeField(null=True)),
                ("guest_name", models.CharField(max_length=100)),
                ("guest_email", models.EmailField(max_length=254)),
                ("guest_zone", models.CharField(default="UTC", max_length=64)),
                (
                    "guest_language",
                    models.CharField(
                        default="en", help_text="Of the pages and mails for the guest.", max_length=8
                    ),
                ),
                ("notes", models.TextField(blank=True)),
                (
                    "answers",
                    models.JSONField(blank=True, default=dict, help_text="By the key of the question."),
                ),
                ("uid", models.CharField(max_length=255, unique=True)),
                ("sequence", models.PositiveIntegerField(default=0)),
                (
                    "ended_by",
                    models.CharField(
                        blank=True,
                        choices=[("", ""), ("guest", "The guest"), ("host", "The host")],
                        default="",
                        max_length=5,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Why it was declined or cancelled.", max_length=500
                    ),
                ),
                ("is_no_show", models.BooleanField(default=False)),
                ("request_key", models.CharField(editable=False, max_length=255, null=True)),
                ("request_digest", models.CharField(blank=True, editable=False, max_length=64)),
                ("rescheduled_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bookings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bookings",
                        to="scheduling.appointmenttype",
                    ),
                ),
            ],
            options={
                "ordering": ["start", "created_at", "id"],
                "indexes": [
                    models.Index(fields=["host", "start"], name="scheduling__host_id_fe2822_idx"),
                    models.Index(fields=["type", "start"], name="scheduling__type_id_132c0e_idx"),
                    models.Index(fields=["guest_email", "created_at"], name="scheduling__guest_e_c7080d_idx"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end__gt", models.F("start"))), name="booking_end_after_start"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("proposed_end", None), ("proposed_start", None)),
                            models.Q(
                                ("proposed_end__gt", models.F("proposed_start")),
                                ("proposed_start__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="booking_proposal_has_both_ends",
                    ),
                    models.UniqueConstraint(
                        fields=("type", "request_key"), name="booking_request_once_per_type"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                ("free_hosts", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assignments",
                        to="scheduling.appointmenttype",
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assignments",
                        to="scheduling.booking",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["type", "-at"], name="scheduling__type_id_1c1947_idx")],
            },
        ),
        migrations.CreateModel(
            name="BookingLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("view", "See it"),
                            ("cancel", "Cancel it"),
                            ("reschedule", "Move it"),
                            ("answer", "Answer a move"),
                        ],
                        max_length=10,
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="scheduling.booking",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CalendarSubscription",
            fields=[
                (
                    "calendar",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="subscription",
                        serialize=False,
                        to="scheduling.calendar",
                    ),
                ),
                ("url", models.CharField(max_length=2000, verbose_name="address")),
                ("etag", models.CharField(blank=True, editable=False, max_length=500)),
                ("last_modified", models.CharField(blank=True, editable=False, max_length=100)),
                ("content_digest", models.CharField(blank=True, editable=False, max_length=64)),
                (
                    "next_poll_at",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False),
                ),
                ("queued_until", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("last_tried_at", models.DateTimeField(editable=False, null=True)),
                ("last_ok_at", models.DateTimeField(editable=False, null=True)),
                ("failures", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("last_error", models.CharField(blank=True, editable=False, max_length=300)),
                ("problems", models.JSONField(default=list, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name="CalendarEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                ("location", models.CharField(blank=True, max_length=200)),
                ("is_all_day", models.BooleanField(default=False, verbose_name="all day")),
                ("start_time", models.DateTimeField(blank=True, null=True)),
                ("end_time", models.DateTimeField(blank=True, null=True)),
                ("start_date", models.DateField(blank=True, null=True)),
                (
                    "end_date",
                    models.DateField(
                        blank=True, help_text="Exclusive: the day after the last one.", null=True
                    ),
                ),
                ("time_zone", models.CharField(blank=True, max_length=64)),
                ("end_time_zone", models.CharField(blank=True, max_length=64)),
                (
                    "recurrence",
                    models.JSONField(
                        blank=True, default=list, help_text="RRULE, RDATE and EXDATE lines, verbatim."
                    ),
                ),
                ("original_start", models.CharField(blank=True, max_length=20)),
                ("expanded_from", models.DateTimeField(editable=False, null=True)),
                ("expanded_until", models.DateTimeField(editable=False, null=True)),
                (
                    "expanded_with",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="The rules of time its occurrences were made with.",
                        max_length=40,
                    ),
                ),
                ("recurrence_error", models.CharField(blank=True, editable=False, max_length=300)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("confirmed", "Confirmed"),
                            ("tentative", "Tentative"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="confirmed",
                        max_length=9,
                    ),
                ),
                (
                    "availability",
                    models.CharField(
                        choices=[("busy", "Busy"), ("free", "Free")], default="busy", max_length=4
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[
                            ("default", "As the calendar"),
                            ("public", "Public"),
                            ("private", "Private"),
                            ("confidential", "Confidential"),
                        ],
                        default="default",
                        max_length=12,
                    ),
                ),
                ("color", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "reminders",
                    models.JSONField(
                        blank=True,
                        help_text="Minutes before the start; null: as its owner chose for all.",
                        null=True,
                    ),
                ),
                ("ical_uid", models.CharField(blank=True, max_length=1024)),
                ("sequence", models.PositiveIntegerField(default=0)),
                ("event_type", models.CharField(default="default", max_length=40)),
                ("organizer", models.JSONField(blank=True, default=dict)),
                ("attendees", models.JSONField(blank=True, default=list)),
                ("conference_url", models.URLField(blank=True, max_length=2000)),
                ("is_read_only", models.BooleanField(default=False)),
                ("read_only_reason", models.CharField(blank=True, max_length=200)),
                ("google_event_id", models.CharField(blank=True, max_length=1024)),
                ("revision", models.BigIntegerField(editable=False)),
                (
                    "synced_revision",
                    models.BigIntegerField(
                        default=0,
                        editable=False,
                        help_text="The revision that the remote side is known to agree with.",
                    ),
                ),
                (
                    "sync_state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "In step"),
                            ("conflict", "Changed in two places"),
                            ("refused", "The other side refused the change"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                (
                    "is_local_only",
                    models.BooleanField(
                        default=False,
                        help_text="Its owner keeps it on this server: no other calendar gets it.",
                    ),
                ),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="scheduling.calendar",
                    ),
                ),
                (
                    "former_series",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        help_text="Of what was an override until its series had no such occurrence any more.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former_overrides",
                        to="scheduling.calendarevent",
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="overrides",
                        to="scheduling.calendarevent",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["start_time", "start_date", "id"],
                "indexes": [
                    models.Index(fields=["calendar", "revision"], name="scheduling__calenda_f2e4bc_idx"),
                    models.Index(fields=["user", "revision"], name="scheduling__user_id_60ac46_idx"),
                    models.Index(fields=["calendar", "ical_uid"], name="scheduling__calenda_2a30db_idx"),
                    models.Index(
                        condition=models.Q(("expanded_until__isnull", False)),
                        fields=["calendar", "expanded_until"],
                        name="event_expanded_until",
                    ),
                    models.Index(
                        condition=models.Q(("expanded_from__isnull", False)),
                        fields=["calendar", "expanded_from"],
                        name="event_expanded_from",
                    ),
                    models.Index(
                        condition=models.Q(("revision__gt", models.F("synced_revision"))),
                        fields=["calendar"],
                        name="event_not_sent",
                    ),
                    models.Index(
                        condition=models.Q(("series__isnull", False)),
                        fields=["series"],
                        name="event_override_of",
                    ),
                    models.Index(
                        condition=models.Q(("former_series__isnull", False)),
                        fields=["former_series"],
                        name="event_former_override_of",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("end_date__isnull", False),
                                ("end_time", None),
                                ("is_all_day", True),
                                ("start_date__isnull", False),
                                ("start_time", None),
                                ("time_zone", ""),
                            ),
                            models.Q(
                                ("end_date", None),
                                ("end_time__isnull", False),
                                ("is_all_day", False),
                                ("start_date", None),
                                ("start_time__isnull", False),
                                models.Q(("time_zone", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="event_all_day_has_dates_timed_has_instants",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("end_date__gt", models.F("start_date")), ("is_all_day", True)),
                            models.Q(("end_time__gte", models.F("start_time")), ("is_all_day", False)),
                            _connector="OR",
                        ),
                        name="event_end_not_before_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("title__length__lte", 200)), name="event_title_at_most_200"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("location__length__lte", 200)), name="event_location_at_most_200"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("color", None), models.Q(("color__gte", 1), ("color__lte", 11)), _connector="OR"
                        ),
                        name="event_color_in_palette",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["confirmed", "tentative", "cancelled"])),
                        name="event_status_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("availability__in", ["busy", "free"])),
                        name="event_availability_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("deleted_at__isnull", False), ("status", "cancelled")),
                            models.Q(models.Q(("status", "cancelled"), _negated=True), ("deleted_at", None)),
                            _connector="OR",
                        ),
                        name="event_cancelled_knows_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("original_start", ""), ("series", None)),
                            models.Q(
                                ("series__isnull", False), models.Q(("original_start", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="event_override_has_original_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("former_series", None),
                            models.Q(("series", None), ("status", "cancelled")),
                            _connector="OR",
                        ),
                        name="event_former_override_is_gone",
                    ),
                    models.UniqueConstraint(
                        fields=("series", "original_start"), name="event_one_override_per_start"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("google_event_id", ""), _negated=True),
                        fields=("calendar", "google_event_id"),
                        name="event_google_id_once_per_calendar",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BookingParticipation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="participations",
                        to="scheduling.booking",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="bookings",
                        to="scheduling.calendarevent",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("booking", "user"), name="booking_host_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("is_busy_only", models.BooleanField(default=False, verbose_name="busy times only")),
                (
                    "nonce",
                    models.CharField(default=scheduling.models.feeds._nonce, editable=False, max_length=32),
                ),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("last_read_at", models.DateTimeField(editable=False, null=True)),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feeds",
                        to="scheduling.calendar",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("calendar", "is_busy_only"), name="feed_one_of_each_kind")
                ],
            },
        ),
        migrations.CreateModel(
            name="CalendarImport",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("content", models.BinaryField(null=True)),
                ("time_zone", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reading", "Being read"),
                            ("ready", "Waits for a yes"),
                            ("writing", "Being written"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="reading",
                        max_length=7,
                    ),
                ),
                ("is_confirmed", models.BooleanField(default=False)),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("rows", models.JSONField(default=list)),
                ("problems", models.JSONField(default=list)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imports",
                        to="scheduling.calendar",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="DateOverride",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("date", models.DateField()),
                ("last_date", models.DateField()),
                ("start_time", models.TimeField(blank=True, null=True)),
                ("end_time", models.TimeField(blank=True, null=True)),
                ("is_available", models.BooleanField(default=False)),
                ("note", models.CharField(blank=True, help_text="For its owner only.", max_length=200)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="date_overrides",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["date", "start_time", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_date__gte", models.F("date"))),
                        name="override_last_date_not_before_first",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("end_time", None), ("is_available", False), ("start_time", None)),
                            models.Q(("end_time__isnull", False), ("start_time__isnull", False)),
                            _connector="OR",
                        ),
                        name="override_has_both_times_or_is_closed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EventRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("revision", models.BigIntegerField(help_text="The revision that this change produced.")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("create", "Created"),
                            ("edit", "Changed"),
                            ("delete", "Deleted"),
                            ("restore", "Restored"),
                            ("drop", "Dropped by a change of its series"),
                            ("displaced", "Displaced by a merge"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("web", "Calendar"),
                            ("api", "API"),
                            ("google", "Google"),
                            ("admin", "Administration"),
                            ("import", "Import"),
                            ("system", "System"),
                        ],
                        max_length=6,
                    ),
                ),
                (
                    "before",
                    models.JSONField(
                        help_text="The event's values before the change; none for a creation.", null=True
                    ),
                ),
                (
                    "place_before",
                    models.JSONField(
                        default=dict,
                        help_text="series, original_start, former_series and deleted, before the change.",
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "calendar_before",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="scheduling.calendar",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="revisions",
                        to="scheduling.calendarevent",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
                "indexes": [
                    models.Index(fields=["event", "revision"], name="scheduling__event_i_1a05b2_idx")
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField()),
                ("digest", models.CharField(max_length=64, unique=True)),
                (
                    "holder",
                    models.CharField(
                        help_text="Digest of the address that asked, for the limit.", max_length=64
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="holds",
                        to="scheduling.appointmenttype",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["holder", "expires_at"], name="scheduling__holder_6705b8_idx")
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotentAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=255)),
                ("request_digest", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField()),
                ("body", models.JSONField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "key"), name="idempotency_key_once_per_user")
                ],
            },
        ),
        migrations.CreateModel(
            name="Occurrence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("original_start", models.CharField(blank=True, max_length=20)),
                ("is_all_day", models.BooleanField()),
                ("start", scheduling.models.fields.InstantField()),
                ("end", scheduling.models.fields.InstantField()),
                (
                    "reach",
                    models.PositiveSmallIntegerField(
                        editable=False, help_text="Its class of length, see REACHES."
                    ),
                ),
                (
                    "calendar",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="occurrences",
                        to="scheduling.calendar",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="occurrences",
                        to="scheduling.calendarevent",
                    ),
                ),
                (
                    "master",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="series_occurrences",
                        to="scheduling.calendarevent",
                    ),
                ),
            ],
            options={
                "ordering": ["start", "-end", "event_id"],
                "indexes": [models.Index(fields=["calendar", "reach", "start"], name="occurrence_range")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end__gte", models.F("start"))),
                        name="occurrence_end_not_before_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingMail",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "key",
                    models.CharField(
                        help_text="What it is about; the same is never queued twice.",
                        max_length=200,
                        null=True,
                        unique=True,
                    ),
                ),
                ("template", models.CharField(max_length=60)),
                ("to", models.EmailField(max_length=254)),
                ("reply_to", models.EmailField(blank=True, max_length=254)),
                ("subject", models.CharField(max_length=300)),
                ("text", models.TextField()),
                ("html", models.TextField(blank=True)),
                ("headers", models.JSONField(default=dict)),
                (
                    "attachments",
                    models.JSONField(default=list, help_text="Lists of file name, text and media type."),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("sent", "Sent"), ("dropped", "Given up")],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "expires_at",
                    models.DateTimeField(help_text="After this it would only confuse.", null=True),
                ),
                ("queued_until", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "open_attempts",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Attempts of which nobody knows whether the mail went out."
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["due_at"],
                        name="mail_waiting_by_due",
                    ),
                    models.Index(
                        condition=models.Q(("state", "waiting"), _negated=True),
                        fields=["done_at"],
                        name="mail_done_by_when",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reservation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "The appointment"), (1, "With its buffers")]
                    ),
                ),
                ("session", models.UUIDField()),
                ("seat", models.PositiveSmallIntegerField(default=1)),
                ("seats", models.PositiveSmallIntegerField(default=1)),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField()),
                ("buffer_before", models.PositiveIntegerField(default=0)),
                ("buffer_after", models.PositiveIntegerField(default=0)),
                ("held_until", models.DateTimeField(help_text="Of a hold.", null=True)),
                (
                    "booking",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reservations",
                        to="scheduling.booking",
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reservations",
                        to="scheduling.hold",
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="scheduling.appointmenttype",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["host", "start"], name="scheduling__host_id_2f9bdc_idx")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end__gt", models.F("start"))), name="reservation_end_after_start"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("seat__gte", 1), ("seat__lte", models.F("seats"))),
                        name="reservation_seat_exists",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("booking__isnull", False), ("hold", None)),
                            models.Q(("booking", None), ("hold__isnull", False)),
                            _connector="OR",
                        ),
                        name="reservation_has_one_owner",
                    ),
                    models.UniqueConstraint(
                        fields=("host", "session", "seat", "kind"), name="reservation_seat_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "event",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="scheduling.calendarevent",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SentReminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.UUIDField(help_text="The event, or the series of the occurrence.")),
                ("start", models.DateTimeField(help_text="A moved occurrence is reminded of anew.")),
                ("minutes", models.PositiveIntegerField()),
                ("channel", models.CharField(choices=[("mail", "Mail"), ("page", "Page")], max_length=4)),
                ("at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "subject", "start", "minutes", "channel"), name="reminder_sent_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UserProfile",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="profile",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("google_calendar_id", models.CharField(blank=True, max_length=255)),
                ("google_calendar_connected", models.BooleanField(default=False)),
                ("google_calendar_sync_enabled", models.BooleanField(default=True)),
                (
                    "default_event_duration",
                    models.PositiveSmallIntegerField(
                        default=60,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                        verbose_name="default duration (minutes)",
                    ),
                ),
                ("working_hours_start", models.TimeField(default=datetime.time(9, 0))),
                ("working_hours_end", models.TimeField(default=datetime.time(17, 0))),
                ("timezone", models.CharField(default="UTC", max_length=64, verbose_name="time zone")),
                (
                    "second_time_zone",
                    models.CharField(
                        blank=True,
                        help_text="A second column of hours beside the week and day.",
                        max_length=64,
                    ),
                ),
                ("show_weekends", models.BooleanField(default=True)),
                (
                    "first_day_of_week",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "Sunday"), (1, "Monday"), (6, "Saturday")], default=1
                    ),
                ),
                ("email_notifications", models.BooleanField(default=True)),
                (
                    "reminder_minutes",
                    models.PositiveIntegerField(
                        default=15, validators=[django.core.validators.MaxValueValidator(40320)]
                    ),
                ),
                (
                    "page_notifications",
                    models.BooleanField(default=True, verbose_name="reminders on the page"),
                ),
                (
                    "agenda_time",
                    models.TimeField(blank=True, null=True, verbose_name="daily agenda by mail at"),
                ),
                ("quiet_from", models.TimeField(blank=True, null=True)),
                ("quiet_until", models.TimeField(blank=True, null=True)),
                (
                    "notified_until",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        editable=False,
                        help_text="Reminders up to here are dealt with.",
                    ),
                ),
                (
                    "notify_at",
                    models.DateTimeField(
                        db_index=True,
                        default=django.utils.timezone.now,
                        editable=False,
                        help_text="When to look at reminders next.",
                    ),
                ),
                (
                    "theme",
                    models.CharField(
                        choices=[("system", "Like the system"), ("light", "Light"), ("dark", "Dark")],
                        default="system",
                        max_length=8,
                    ),
                ),
                (
                    "density",
                    models.CharField(
                        choices=[("compact", "Compact"), ("comfortable", "Comfortable"), ("roomy", "Roomy")],
                        default="comfortable",
                        max_length=12,
                    ),
                ),
                (
                    "clock",
                    models.CharField(
                        choices=[("24", "24 hours"), ("12", "12 hours")], default="24", max_length=2
                    ),
                ),
                ("shortcuts_enabled", models.BooleanField(default=True, verbose_name="single-key shortcuts")),
                (
                    "language",
                    models.CharField(blank=True, help_text="Empty: as the browser asks.", max_length=8),
                ),
                (
                    "browser_language",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="What the browser asked for last, for mails.",
                        max_length=8,
                    ),
                ),
                ("handle", models.SlugField(blank=True, max_length=40, null=True, unique=True)),
                ("public_page", models.BooleanField(default=False, verbose_name="public booking page")),
                (
                    "embed_origins",
                    models.JSONField(
                        blank=True,
                        default=list,
                        editable=False,
                        help_text="Sites that may show the booking pages in a frame.",
                    ),
                ),
                (
                    "hours_are_set",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="The weekly hours are the person's own, even when there are none.",
                    ),
                ),
                ("revision", models.BigIntegerField(default=0, editable=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("working_hours_end__gt", models.F("working_hours_start"))),
                        name="profile_working_hours_end_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_day_of_week__in", [0, 1, 6])),
                        name="profile_first_day_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("default_event_duration__gt", 0)),
                        name="profile_duration_is_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("quiet_from", None), ("quiet_until", None)),
                            models.Q(("quiet_from__isnull", False), ("quiet_until__isnull", False)),
                            _connector="OR",
                        ),
                        name="profile_quiet_hours_have_both_ends",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("url", models.CharField(max_length=2000)),
                ("kinds", models.JSONField(default=list)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "nonce",
                    models.CharField(
                        default=scheduling.models.webhooks._nonce, editable=False, max_length=32
                    ),
                ),
                ("failures", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhooks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["created_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(max_length=20)),
                ("body", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("delivered", "Delivered"), ("failed", "Given up")],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("queued_until", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("status", models.PositiveSmallIntegerField(help_text="Of the latest answer.", null=True)),
                ("error", models.CharField(blank=True, max_length=200)),
                ("milliseconds", models.PositiveIntegerField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="scheduling.webhook",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["due_at"],
                        name="delivery_waiting_by_due",
                    ),
                    models.Index(fields=["webhook", "-created_at"], name="scheduling__webhook_95eb09_idx"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AppointmentTypeHost",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("accepted_at", models.DateTimeField(null=True)),
                (
                    "baseline",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="What a newcomer counts as having had, so that nobody has to be caught up with.",
                    ),
                ),
                (
                    "type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hosts",
                        to="scheduling.appointmenttype",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
                "constraints": [models.UniqueConstraint(fields=("type", "user"), name="type_host_once")],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("signed_in", "Signed in"),
                            ("sign_in_failed", "Tried to sign in, without success"),
                            ("signed_out", "Signed out"),
                            ("password", "Changed the password"),
                            ("email", "Changed e-mail addresses"),
                            ("factor_added", "Added a second factor or passkey"),
                            ("factor_removed", "Removed a second factor or passkey"),
                            ("settings", "Changed settings"),
                            ("token_made", "Made an API token"),
                            ("token_revoked", "Revoked an API token"),
                            ("token_refused", "An expired API token was used"),
                            ("shared", "Shared a calendar by a secret address"),
                            ("unshared", "Stopped sharing a calendar"),
                            ("webhook", "Changed webhooks"),
                            ("connected", "Connected Google Calendar"),
                            ("disconnected", "Disconnected Google Calendar"),
                            ("exported", "Exported all data"),
                            ("deleted", "Deleted the account"),
                            ("admin", "Administration"),
                        ],
                        max_length=14,
                    ),
                ),
                ("about", models.CharField(blank=True, max_length=200)),
                ("address", models.GenericIPAddressField(null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="audit_entries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["user", "-at"], name="scheduling__user_id_1901fc_idx")],
            },
        ),
        migrations.CreateModel(
            name="AvailableTimeSlot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "day_of_week",
                    models.PositiveSmallIntegerField(choices=scheduling.models.availability.weekdays),
                ),
                ("start_time", models.TimeField()),
                ("end_time", models.TimeField()),
                ("is_available", models.BooleanField(default=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="available_slots",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["day_of_week", "start_time"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("day_of_week__lte", 6)), name="slot_day_of_week_0_to_6"
                    ),
                    models.UniqueConstraint(
                        fields=("user", "day_of_week", "start_time"), name="slot_starts_once"
                    ),
                ],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
