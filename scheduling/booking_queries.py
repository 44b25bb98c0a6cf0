"""Reads about appointment types and bookings, for pages and the API. Each starts from the person, or a public page."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import F, Q, QuerySet

from scheduling.models import (
    AppointmentType,
    AppointmentTypeHost,
    Assignment,
    Booking,
    CalendarEvent,
    UserProfile,
)


def types_of(user: User) -> QuerySet[AppointmentType]:
    """A person's appointment types in their order, switched-off ones too, with what representing them reads."""
    return (
        AppointmentType.objects.filter(user=user, deleted_at=None)
        .select_related("user__profile")
        .prefetch_related("calendars_to_check")
    )


def bookings_of(user: User, start: datetime | None = None, end: datetime | None = None) -> QuerySet[Booking]:
    """Bookings of which the person is a host, ended ones too, that touch `[start, end)`; by start."""
    found = Booking.objects.filter(participations__user=user)
    if start is not None:
        found = found.filter(end__gt=start)
    if end is not None:
        found = found.filter(start__lt=end)
    return found.select_related("type", "host__profile").prefetch_related("participations__event")


def ended_with(event: CalendarEvent) -> QuerySet[Booking]:
    """The bookings that ended when this event was deleted."""
    ended = Booking.objects.filter(participations__event=event, ended_by=Booking.By.HOST)
    return ended.exclude(status__in=Booking.ACTIVE)


def public_page(handle: str) -> UserProfile | None:
    """The profile behind `/book/<handle>/`; None (a 404) unless its owner switched the page on."""
    shown = UserProfile.objects.filter(handle=handle, public_page=True, user__is_active=True)
    return shown.select_related("user").first()


def public_types(profile: UserProfile) -> QuerySet[AppointmentType]:
    """What stands on the page: types that are on and not secret."""
    return types_of(profile.user).filter(is_active=True, is_secret=False)


def public_type(handle: str, name: str) -> AppointmentType | None:
    """The type behind `/book/<handle>/<name>/`: by its slug, or a secret one by its secret alone; None is a 404."""
    return (
        AppointmentType.objects.filter(
            Q(slug=name, is_secret=False) | Q(secret=name, is_secret=True),
            user__profile__handle=handle,
            user__profile__public_page=True,
            user__is_active=True,
            is_active=True,
            deleted_at=None,
        )
        .select_related("user__profile")
        .first()
    )


def team_of(appointment_type: AppointmentType) -> QuerySet[AppointmentTypeHost]:
    """Members. Who was asked and has not agreed is left out: that would tell who has an account here."""
    return appointment_type.hosts.exclude(accepted_at=None).select_related("user__profile")


def memberships_of(user: User) -> QuerySet[AppointmentTypeHost]:
    """Other people's teams that the person is in, or was asked to join (`accepted_at` is None); those first."""
    found = AppointmentTypeHost.objects.filter(user=user, type__deleted_at=None).exclude(type__user=user)
    return found.select_related("type__user").order_by(F("accepted_at").asc(nulls_first=True), "pk")


def ledger_of(appointment_type: AppointmentType) -> QuerySet[Assignment]:
    """Who got which booking and why, the latest first. (Who is next: `services.preview_turns`.)"""
    return appointment_type.assignments.select_related("host", "booking")
