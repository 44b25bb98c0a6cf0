"""People's weekly hours and date overrides, as the engine takes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db.models import DateField, SmallIntegerField, Value
from django.db.models.functions import Cast

from scheduling.core.slots import Hours, HoursRange, Override
from scheduling.core.slots.values import MINUTES_A_DAY
from scheduling.models import AvailableTimeSlot, DateOverride, UserProfile

WORKDAYS = range(5)


def hours_of(people: Sequence[Any]) -> dict[Any, Hours]:
    """User id → their hours; weekly ranges and overrides come in one query."""
    ids = [person.pk for person in people]
    no_date = Value(None, output_field=DateField())
    weekly = AvailableTimeSlot.objects.filter(user__in=ids).order_by()
    overrides = DateOverride.objects.filter(user__in=ids).order_by()
    rows = weekly.annotate(first=Cast(no_date, DateField()), last=Cast(no_date, DateField())).values_list(
        "user_id", "start_time", "end_time", "is_available", "day_of_week", "first", "last"
    )
    days = overrides.annotate(day=Value(0, output_field=SmallIntegerField())).values_list(
        "user_id", "start_time", "end_time", "is_available", "day", "date", "last_date"
    )
    own_weekly: dict[Any, list[tuple[int, HoursRange]]] = defaultdict(list)
    own_overrides: dict[Any, list[Override]] = defaultdict(list)
    for user_id, start, end, is_available, day, first, last in rows.union(days, all=True):
        hours = _range(start, end, is_available) if start is not None else None
        if first is None:
            assert hours is not None
            own_weekly[user_id].append((day, hours))
        else:
            own_overrides[user_id].append(Override(first, last, hours))
    return {
        person.pk: Hours(
            ZoneInfo(person.profile.timezone),
            tuple(own_weekly[person.pk] if person.profile.hours_are_set else _working_hours(person.profile)),
            tuple(own_overrides[person.pk]),
        )
        for person in people
    }


def weekly_hours_of(user: User) -> list[AvailableTimeSlot]:
    """The weekly hours that count, in order: the person's own, or what their working hours make (not stored)."""
    profile = user.profile
    if profile.hours_are_set:
        return list(user.available_slots.all())
    start, end = profile.working_hours_start, profile.working_hours_end
    return [AvailableTimeSlot(user=user, day_of_week=day, start_time=start, end_time=end) for day in WORKDAYS]


def _working_hours(profile: UserProfile) -> list[tuple[int, HoursRange]]:
    hours = _range(profile.working_hours_start, profile.working_hours_end, True)
    return [(day, hours) for day in WORKDAYS]


def _range(start: time, end: time, is_available: bool) -> HoursRange:
    """An end at or before the start lies in the following day."""
    first, last = (moment.hour * 60 + moment.minute for moment in (start, end))
    return HoursRange(first, last if last > first else last + MINUTES_A_DAY, is_available)
