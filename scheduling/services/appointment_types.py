"""Appointment types, their teams, and the days on which other hours count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, time
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling.live import announce_free_time
from scheduling.models import (
    AppointmentType,
    Calendar,
    DateOverride,
)
from scheduling.models.appointments import new_secret

MOST_DURATIONS, MOST_QUESTIONS, MOST_CHOICES, MOST_OVERRIDES = 8, 20, 50, 1000
LABEL_LIMIT = 200


@transaction.atomic
def create_type(*, user: User, calendars_to_check: Iterable[Calendar] = (), **fields: Any) -> AppointmentType:
    """A new appointment type. Raises Django's `ValidationError` by field."""
    made = AppointmentType(user=user, **fields)
    made.position = (
        AppointmentType.objects.filter(user=user).aggregate(last=Max("position"))["last"] or 0
    ) + 1
    _check(made)
    made.save(force_insert=True)
    made.calendars_to_check.set(_own(user, calendars_to_check))
    announce_free_time([user.pk])
    return made


@transaction.atomic
def update_type(
    *,
    appointment_type: AppointmentType,
    calendars_to_check: Iterable[Calendar] | None = None,
    **changes: Any,
) -> AppointmentType:
    """Change named fields, and no others: somebody may be changing those at the same time. Bookings that were made keep
    their times. Raises Django's `ValidationError` by field, `ValueError` for a field that there is not."""
    for name, value in changes.items():
        setattr(appointment_type, name, value)
    _check(appointment_type)
    appointment_type.save(update_fields=[*changes, "updated_at"])
    if calendars_to_check is not None:
        appointment_type.calendars_to_check.set(_own(appointment_type.user, calendars_to_check))
    announce_free_time([appointment_type.user.pk])
    return appointment_type


@transaction.atomic
def delete_type(*, appointment_type: AppointmentType) -> None:
    """Take it away: nobody can book it any more, its bookings stay, its address is free for another."""
    appointment_type.deleted_at, appointment_type.is_active = timezone.now(), False
    appointment_type.save(update_fields=["deleted_at", "is_active", "updated_at"])
    announce_free_time([appointment_type.user.pk])


def renew_secret(*, appointment_type: AppointmentType) -> AppointmentType:
    """A new secret link; the old one leads nowhere from now on."""
    appointment_type.secret = new_secret()
    appointment_type.save(update_fields=["secret", "updated_at"])
    return appointment_type


@transaction.atomic
def add_override(
    *,
    user: User,
    date: date,
    last_date: date | None = None,
    start_time: time | None = None,
    end_time: time | None = None,
    is_available: bool = False,
    note: str = "",
) -> DateOverride:
    """Other hours, or none, on these days (see `DateOverride`). Raises Django's `ValidationError` by field."""
    faults: dict[str, str] = {}
    if last_date is not None and last_date < date:
        faults["last_date"] = _("The last day is before the first.")
    if (start_time is None) != (end_time is None):
        faults["end_time"] = _("Give both times, or none.")
    elif is_available and start_time is None:
        faults["start_time"] = _("Give the hours of these days.")
    elif start_time is not None and start_time == end_time and start_time != time(0):
        faults["end_time"] = _("The end is the same as the start.")
    if user.date_overrides.count() >= MOST_OVERRIDES:
        faults["date"] = _("At most %(count)d can be kept. Delete old ones.") % {"count": MOST_OVERRIDES}
    if faults:
        raise ValidationError(faults)
    override = DateOverride(
        user=user,
        date=date,
        last_date=last_date or date,
        start_time=start_time,
        end_time=end_time,
        is_available=is_available,
        note=note,
    )
    override.full_clean(exclude=["user"])
    override.save(force_insert=True)
    return override


def delete_override(*, override: DateOverride) -> None:
    override.delete()
    announce_free_time([override.user_id])


# --- checks ------------------------------------------------------------------------------------
def _check(appointment_type: AppointmentType) -> None:
    faults: dict[str, str] = {}
    durations = appointment_type.other_durations
    if len(durations) > MOST_DURATIONS or not all(_is_duration(minutes) for minutes in durations):
        faults["other_durations"] = _("At most %(count)d lengths, each from 5 to 1440 minutes.") % {
            "count": MOST_DURATIONS
        }
    if fault := _question_fault(appointment_type.questions):
        faults["questions"] = fault
    if (
        appointment_type.calendar_id
        and not Calendar.objects.filter(
            pk=appointment_type.calendar_id, user=appointment_type.user_id, is_read_only=False
        ).exists()
    ):
        faults["calendar"] = _("Choose one of your own calendars that can be written to.")
    if appointment_type.window_kind == AppointmentType.WindowKind.DATES and not (
        appointment_type.window_start
        and appointment_type.window_end
        and appointment_type.window_start <= appointment_type.window_end
    ):
        faults["window_end"] = _("Give the first and the last day, in this order.")
    others = AppointmentType.objects.filter(
        user=appointment_type.user_id, slug=appointment_type.slug, deleted_at=None
    )
    if others.exclude(pk=appointment_type.pk).exists():
        faults["slug"] = _("Another of your appointment types has this address.")
    if faults:
        raise ValidationError(faults)
    appointment_type.full_clean(
        exclude=["user", "calendar"], validate_unique=False, validate_constraints=False
    )


def _is_duration(minutes: Any) -> bool:
    return isinstance(minutes, int) and not isinstance(minutes, bool) and 5 <= minutes <= 1440


def _question_fault(questions: Any) -> str:
    if not isinstance(questions, list) or len(questions) > MOST_QUESTIONS:
        return _("At most %(count)d questions.") % {"count": MOST_QUESTIONS}
    keys = [question.get("key") for question in questions if isinstance(question, dict)]
    if len(keys) != len(questions) or len(set(keys)) != len(keys):
        return _("Each question has a key of its own.")
    for question in questions:
        label, choices = question.get("label"), question.get("choices", [])
        if not isinstance(question["key"], str) or not 0 < len(question["key"]) <= 40:
            return _("Each question has a key of at most 40 characters.")
        if not isinstance(label, str) or not 0 < len(label.strip()) <= LABEL_LIMIT:
            return _("Each question has a text of at most %(count)d characters.") % {"count": LABEL_LIMIT}
        if question.get("kind") not in ("text", "choice"):
            return _("A question is answered by text or by a choice.")
        if question["kind"] == "choice" and not _are_choices(choices):
            return _("A choice has 1 to %(count)d different answers.") % {"count": MOST_CHOICES}
    return ""


def _are_choices(choices: Any) -> bool:
    return (
        isinstance(choices, list)
        and 0 < len(choices) <= MOST_CHOICES
        and all(isinstance(choice, str) and 0 < len(choice.strip()) <= LABEL_LIMIT for choice in choices)
        and len(set(choices)) == len(choices)
    )


def _own(user: User, calendars: Iterable[Calendar]) -> Sequence[Calendar]:
    chosen = list(calendars)
    if any(calendar.user_id != user.pk for calendar in chosen):
        raise ValidationError({"calendars_to_check": _("Choose your own calendars.")})
    return chosen
