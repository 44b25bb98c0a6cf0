"""All that is kept of a person, as one zip: a calendar file each, and JSON of the rest. No secret is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from scheduling import queries
from scheduling.exporting import calendar_text, file_name
from scheduling.models import (
    ApiToken,
    AppointmentType,
    AppointmentTypeHost,
    AuditEntry,
    AvailableTimeSlot,
    Booking,
    CalendarFeed,
    CalendarSubscription,
    DateOverride,
    Webhook,
)

IN_MEMORY = 4 * 1024 * 1024


def takeout_of(user: User) -> IO[bytes]:
    """A file to read from its beginning; on disk when it is large."""
    target: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  (who sends it closes it)
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _readme())
        for number, calendar in enumerate(queries.calendars_of(user), start=1):
            name = f"calendars/{number:02}-{file_name(calendar.name)}"
            with archive.open(name, "w") as file:
                for piece in calendar_text(calendar):
                    file.write(piece.encode())
        for name, content in _documents(user):
            text = json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
            archive.writestr(f"{name}.json", text)
    target.seek(0)
    return target


def _readme() -> str:
    return _(
        "Everything that Appointment keeps of you.\n"
        "\n"
        "calendars/*.ics   your calendars, each with all its events; any calendar program reads them\n"
        "*.json            your settings, hours, appointment types, bookings and the rest\n"
        "\n"
        "Passwords, tokens and secret addresses are not in here, nor what lies in the trash or in the history of an event.\n"
    )


def _documents(user: User) -> Iterator[tuple[str, Any]]:
    profile = queries.profile_of(user)
    account: dict[str, Any] = {
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
    }
    account |= {"joined": user.date_joined, "last_sign_in": user.last_login}
    yield "account", account
    left_out = {"user", "revision", "notified_until", "notify_at", "hours_are_set"}
    yield "settings", _values(profile, left_out)
    yield "calendars", [_values(c, {"user"}) for c in queries.calendars_of(user)]
    yield "hours", _rows(AvailableTimeSlot.objects.filter(user=user), {"id", "user"})
    yield "dates", _rows(DateOverride.objects.filter(user=user), {"id", "user"})
    types = AppointmentType.objects.filter(user=user, deleted_at=None)
    yield "appointment_types", _rows(types, {"user", "secret", "deleted_at"})
    bookings = Booking.objects.filter(participations__user=user).order_by("start")
    yield "bookings", _rows(bookings, {"session", "request_key", "request_digest"})
    feeds = CalendarFeed.objects.filter(calendar__user=user)
    yield "shared_addresses", _rows(feeds, {"id", "nonce", "digest"})
    subscriptions = CalendarSubscription.objects.filter(calendar__user=user)
    yield "subscriptions", _rows(subscriptions, {"etag", "content_digest", "queued_until"})
    yield "api_tokens", _rows(ApiToken.objects.filter(user=user), {"id", "user", "digest"})
    yield "webhooks", _rows(Webhook.objects.filter(user=user), {"user", "nonce"})
    teams = AppointmentTypeHost.objects.filter(user=user).values_list("type__name", "accepted_at")
    yield "teams", [{"appointment_type": name, "accepted_at": accepted} for name, accepted in teams]
    yield "activity", _rows(AuditEntry.objects.filter(user=user), {"id", "user", "actor"})


def _rows(rows: QuerySet[Any], left_out: set[str]) -> list[dict[str, Any]]:
    return [_values(row, left_out) for row in rows.iterator(chunk_size=500)]


def _values(row: Any, left_out: set[str]) -> dict[str, Any]:
    return {
        re.sub("_id$", "", field.attname): getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in left_out
    }
