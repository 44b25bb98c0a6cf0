"""Whose turn it is in a team, from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Max

from scheduling.core.slots import Share, choose, preview
from scheduling.core.slots.rotation import NEVER
from scheduling.models import AppointmentType, AppointmentTypeHost, Assignment, Booking


def whose_turn(appointment_type: AppointmentType, free: Sequence[Any]) -> tuple[Any, str]:
    """(the host among the free ones, why). Cancelled and declined bookings do not count as had."""
    chosen, why = choose(shares(appointment_type, free))
    return chosen.host, why


def preview_turns(
    appointment_type: AppointmentType, hosts: Sequence[User], now: datetime, turns: int = 10
) -> list[tuple[Any, str]]:
    """Who gets the next bookings if everybody is free, with the reasons."""
    return preview(shares(appointment_type, hosts), turns, now)


def shares(appointment_type: AppointmentType, hosts: Sequence[User]) -> list[Share]:
    """What each of these hosts has had."""
    given = Assignment.objects.filter(
        type=appointment_type,
        host__in=[host.pk for host in hosts],
        booking__status__in=Booking.ACTIVE,
    )
    had = {
        row["host"]: (row["count"], row["last"])
        for row in given.order_by().values("host").annotate(count=Count("pk"), last=Max("at"))
    }
    baselines = dict(
        AppointmentTypeHost.objects.filter(type=appointment_type).values_list("user_id", "baseline")
    )
    return [
        Share(
            host, had.get(host.pk, (0, NEVER))[0] + baselines.get(host.pk, 0), had.get(host.pk, (0, NEVER))[1]
        )
        for host in hosts
    ]
