"""Appointment types and people as the slot engine sees them, and what it says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q

from scheduling import queries
from scheduling.availability.hours import hours_of
from scheduling.availability.obstacles import calendars_to_check, obstacles_of
from scheduling.busy import with_unknown
from scheduling.core.slots import Caps, Grid, Offer, Reason, Rules, Slot, Window
from scheduling.models import AppointmentType, AppointmentTypeHost, Booking, Calendar, Hold, UserProfile


def hosts_of(appointment_type: AppointmentType) -> list[Any]:
    """The people who take its appointments, in the team's order, profiles loaded."""
    if appointment_type.assignment == AppointmentType.Assignment.OWNER:
        return [appointment_type.user]
    accepted = AppointmentTypeHost.objects.filter(
        type=appointment_type, accepted_at__isnull=False, user__is_active=True
    )
    return [member.user for member in accepted.select_related("user__profile")]


def rules_of(appointment_type: AppointmentType, profile: UserProfile, duration: int | None = None) -> Rules:
    """The type's rules for a host; `duration` is one of the type's (the usual one when None)."""
    kind = AppointmentType.WindowKind
    by_dates = appointment_type.window_kind == kind.DATES
    length = duration or appointment_type.duration
    return Rules(
        duration=length,
        increment=appointment_type.increment or length,
        buffer_before=appointment_type.buffer_before,
        buffer_after=appointment_type.buffer_after,
        minimum_notice=appointment_type.minimum_notice,
        window=Window(
            days=None if by_dates else appointment_type.window_days,
            bookable_only=appointment_type.window_kind == kind.BOOKABLE_DAYS,
            first=appointment_type.window_start if by_dates else None,
            last=appointment_type.window_end if by_dates else None,
        ),
        caps=Caps(appointment_type.daily_cap, appointment_type.weekly_cap, appointment_type.monthly_cap),
        seats=appointment_type.seats,
        grid=Grid(appointment_type.grid),
        first_day_of_week=profile.first_day_of_week,
        is_on=appointment_type.is_active and appointment_type.deleted_at is None,
    )


def offers_of(
    appointment_type: AppointmentType,
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    duration: int | None = None,
    hosts: Sequence[User] | None = None,
    moving: Booking | None = None,
    hold: Hold | None = None,
) -> dict[Any, Offer]:
    """Host → what can be booked of them in `[start, end)`, in the team's order.

    `moving` and `hold` are whose own place does not stand in the way.
    """
    people = hosts_of(appointment_type) if hosts is None else list(hosts)
    hours = hours_of(people)
    obstacles = obstacles_of(people, start, end, now, appointment_type, moving, hold)
    return {
        person: Offer(
            hours=hours[person.pk],
            rules=rules_of(appointment_type, person.profile, duration),
            start=start,
            end=end,
            now=now,
            busy=obstacles[person.pk].busy,
            all_day=obstacles[person.pk].all_day,
            taken=obstacles[person.pk].taken,
            is_unknown=obstacles[person.pk].is_unknown,
        )
        for person in people
    }


def offer_of(
    user: User, *, start: datetime, end: datetime, now: datetime, duration: int, increment: int | None = None
) -> Offer:
    """The free time of a person within their hours, by no type's rules."""
    obstacles = obstacles_of([user], start, end, now, None, None, None)[user.pk]
    return Offer(
        hours=hours_of([user])[user.pk],
        rules=Rules(duration=duration, increment=increment or duration),
        start=start,
        end=end,
        now=now,
        busy=obstacles.busy,
        all_day=obstacles.all_day,
        taken=obstacles.taken,
        is_unknown=obstacles.is_unknown,
    )


def slots_of(
    appointment_type: AppointmentType,
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    duration: int | None = None,
    hosts: Sequence[User] | None = None,
    moving: Booking | None = None,
    hold: Hold | None = None,
) -> list[Slot]:
    """What a guest can book in `[start, end)`."""
    offers = offers_of(
        appointment_type,
        start=start,
        end=end,
        now=now,
        duration=duration,
        hosts=hosts,
        moving=moving,
        hold=hold,
    )
    return slots_in(offers, appointment_type)


def slots_in(offers: Mapping[Any, Offer], appointment_type: AppointmentType) -> list[Slot]:
    """The slots of any of the hosts, or of a collective type those that suit all."""
    per_host = list(offers.values())
    if not per_host:
        return []
    if appointment_type.assignment == AppointmentType.Assignment.COLLECTIVE:
        first, others = per_host[0], per_host[1:]
        return [
            slot
            for slot in first.slots()
            if not any(other.reasons(slot.start, on_grid=False) for other in others)
        ]
    best: dict[datetime, Slot] = {}
    for offer in per_host:
        for slot in offer.slots():
            if slot.start not in best or slot.seats_left > best[slot.start].seats_left:
                best[slot.start] = slot
    return [best[moment] for moment in sorted(best)]


def reasons_for_starts(
    appointment_type: AppointmentType, user: User, starts: Iterable[datetime], *, now: datetime
) -> dict[datetime, tuple[Reason, ...]]:
    """ "Why not?" for the cells of a host's grid: no reasons means that the start is offered."""
    wanted = sorted(starts)
    if not wanted:
        return {}
    end = wanted[-1] + timedelta(minutes=1)
    [offer] = offers_of(appointment_type, start=wanted[0], end=end, now=now, hosts=[user]).values()
    return {moment: offer.reasons(moment) for moment in wanted}


def unknown_calendars(user: User) -> list[Calendar]:
    """The person's calendars whose busy times are not known now; types that check one cannot be booked."""
    return [c for c in with_unknown(queries.calendars_of(user)) if c.busy_is_unknown]


def unbookable_types(user: User) -> list[AppointmentType]:
    """Types, their own and those of their teams, that cannot be booked because calendars cannot be read."""
    hosted = AppointmentType.objects.filter(
        Q(user=user) | Q(hosts__user=user, hosts__accepted_at__isnull=False), is_active=True, deleted_at=None
    )
    return [found for found in hosted.select_related("user__profile").distinct() if is_unknown_for(found)]


def is_unknown_for(appointment_type: AppointmentType) -> bool:
    """Whether nobody can be booked because calendars cannot be read: what a guest is told softly."""
    hosts = hosts_of(appointment_type)
    _, unknown = calendars_to_check(hosts, appointment_type)
    everyone = appointment_type.assignment == AppointmentType.Assignment.COLLECTIVE
    broken = [host.pk in unknown for host in hosts]
    return bool(broken) and (any(broken) if everyone else all(broken))
