"""Reads for the slot engine: from rows to an `Offer` per host. Five queries for one host, whatever there is.

Pages, the API, "why not?" and the submit all ask here:

- `slots_of(type, …)`: what a guest can book, over all hosts of the type
- `reasons_for_starts(type, …)`: the host's grid with the reasons against each cell
- `offers(type, …)`: the same per host; `offer_of(user, …)`: of a person without a type
- `unknown_calendars(user)`: which broken connections keep which of the person's types from being booked
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import CharField, DateField, Exists, F, OuterRef, Q, QuerySet, SmallIntegerField, Value
from django.db.models.functions import Cast

from scheduling import queries
from scheduling.busy import with_unknown
from scheduling.core.slots import (
    Caps,
    Grid,
    Hours,
    HoursRange,
    Offer,
    Override,
    Reason,
    Rules,
    Slot,
    Taken,
    Window,
)
from scheduling.core.slots.values import MINUTES_A_DAY
from scheduling.models import (
    AppointmentType,
    AppointmentTypeHost,
    AvailableTimeSlot,
    Booking,
    BookingParticipation,
    Calendar,
    DateOverride,
    Hold,
    Occurrence,
    Reservation,
    UserProfile,
)

WORKDAYS = range(5)
CAP_MARGIN = timedelta(days=33)  # caps look at whole months
BUFFER_MARGIN = timedelta(days=1)  # the longest buffer


@dataclass
class Obstacles:
    """What stands in one host's way."""

    busy: list[tuple[datetime, datetime]] = field(default_factory=list)
    all_day: list[tuple[date, date]] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    is_unknown: bool = False


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


def offers(
    appointment_type: AppointmentType,
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    duration: int | None = None,
    hosts: Sequence[Any] | None = None,
    moving: Booking | None = None,
    hold: Hold | None = None,
) -> dict[Any, Offer]:
    """Host → what can be booked of them in `[start, end)`, in the team's order.

    `moving` and `hold` are whose own place does not stand in the way.
    """
    people = hosts_of(appointment_type) if hosts is None else list(hosts)
    hours = hours_of(people)
    obstacles = _obstacles(people, start, end, now, appointment_type, moving, hold)
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
    user: Any, *, start: datetime, end: datetime, now: datetime, duration: int, increment: int | None = None
) -> Offer:
    """The free time of a person within their hours, by no type's rules."""
    obstacles = _obstacles([user], start, end, now, None, None, None)[user.pk]
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
    hosts: Sequence[Any] | None = None,
    moving: Booking | None = None,
    hold: Hold | None = None,
) -> list[Slot]:
    """What a guest can book in `[start, end)`: any host's slots, or of a collective type those that suit all."""
    per_host = list(
        offers(
            appointment_type,
            start=start,
            end=end,
            now=now,
            duration=duration,
            hosts=hosts,
            moving=moving,
            hold=hold,
        ).values()
    )
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
    appointment_type: AppointmentType, user: Any, starts: Iterable[datetime], *, now: datetime
) -> dict[datetime, tuple[Reason, ...]]:
    """ "Why not?" for the cells of a host's grid: no reasons means that the start is offered."""
    wanted = sorted(starts)
    if not wanted:
        return {}
    end = wanted[-1] + timedelta(minutes=1)
    [offer] = offers(appointment_type, start=wanted[0], end=end, now=now, hosts=[user]).values()
    return {moment: offer.reasons(moment) for moment in wanted}


def unknown_calendars(user: Any) -> list[Calendar]:
    """The person's calendars whose busy times are not known now; types that check one cannot be booked."""
    return [c for c in with_unknown(queries.calendars_of(user)) if c.busy_is_unknown]


def is_unknown_for(appointment_type: AppointmentType) -> bool:
    """Whether nobody can be booked because calendars cannot be read: what a guest is told softly."""
    hosts = hosts_of(appointment_type)
    _, unknown = _calendars_to_check(hosts, appointment_type)
    everyone = appointment_type.assignment == AppointmentType.Assignment.COLLECTIVE
    broken = [host.pk in unknown for host in hosts]
    return bool(broken) and (any(broken) if everyone else all(broken))


# --- hours -------------------------------------------------------------------------------------
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


def weekly_hours_of(user: Any) -> list[AvailableTimeSlot]:
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


# --- what stands in the way --------------------------------------------------------------------
def _obstacles(
    people: Sequence[Any],
    start: datetime,
    end: datetime,
    now: datetime,
    appointment_type: AppointmentType | None,
    moving: Booking | None,
    hold: Hold | None,
) -> dict[Any, Obstacles]:
    found: dict[Any, Obstacles] = defaultdict(Obstacles)
    calendars, unknown = _calendars_to_check(people, appointment_type)
    for user_id in unknown:
        found[user_id].is_unknown = True
    margin = BUFFER_MARGIN + timedelta(days=1)
    for calendar_id, first, last, is_all_day in _busy(
        list(calendars), start - margin, end + margin, _own_events(appointment_type, moving)
    ):
        mine = found[calendars[calendar_id]]
        if is_all_day:
            mine.all_day.append((first.date(), last.date()))
        else:
            mine.busy.append((first, last))
    is_capped = appointment_type is not None and any(
        (appointment_type.daily_cap, appointment_type.weekly_cap, appointment_type.monthly_cap)
    )
    margin = CAP_MARGIN if is_capped else margin
    for user_id, taken in _taken(
        [person.pk for person in people],
        start - margin,
        end + margin,
        now,
        appointment_type.pk if appointment_type is not None else None,
        moving,
        hold,
    ):
        found[user_id].taken.append(taken)
    return found


def _calendars_to_check(
    people: Sequence[Any], appointment_type: AppointmentType | None
) -> tuple[dict[UUID, Any], set[Any]]:
    """(calendar id → its owner, the owners of whose calendars one cannot be read)."""
    calendars = Calendar.objects.filter(user__in=[person.pk for person in people])
    if appointment_type is not None:
        chosen = AppointmentType.calendars_to_check.through.objects.filter(
            appointmenttype=appointment_type, calendar=OuterRef("pk")
        )
        calendars = calendars.annotate(is_chosen=Exists(chosen))
    else:
        calendars = calendars.annotate(is_chosen=Value(False))
    rows = list(with_unknown(calendars).values_list("pk", "user_id", "is_chosen", "busy_is_unknown"))
    choosy = {user_id for _, user_id, is_chosen, _ in rows if is_chosen}
    rows = [row for row in rows if row[2] or row[1] not in choosy]
    return {row[0]: row[1] for row in rows}, {row[1] for row in rows if row[3]}


def _own_events(
    appointment_type: AppointmentType | None, moving: Booking | None
) -> QuerySet[BookingParticipation] | None:
    """Events that stand in nobody's way because the reservation beside them says it better."""
    own = Q()
    if moving is not None:
        own |= Q(booking__session=moving.session)
    if appointment_type is not None and appointment_type.seats > 1:
        own |= Q(
            booking__type=appointment_type,
            booking__status__in=Booking.ACTIVE,
            booking__proposed_start=None,
            event__start_time=F("booking__start"),
            event__end_time=F("booking__end"),
        )
    return BookingParticipation.objects.filter(own, event__isnull=False) if own else None


def _busy(
    calendar_ids: list[UUID],
    start: datetime,
    end: datetime,
    own: QuerySet[BookingParticipation] | None,
) -> Iterable[tuple[UUID, datetime, datetime, bool]]:
    """(calendar, start, end, is all-day) of what blocks: busy, tentative too; not what its owner declined."""
    rows = Occurrence.objects.touching(calendar_ids, start, end).filter(event__availability="busy")
    if own is not None:
        rows = rows.exclude(event__in=own.values("event"))
    ids: dict[str, UUID] = {}  # few calendars, many rows: each id is made once
    for text, first, last, is_all_day, attendees in rows.order_by().values_list(
        Cast("calendar_id", CharField()), "start", "end", "is_all_day", "event__attendees"
    ):
        if not attendees or not is_declined(attendees):
            yield ids.get(text) or ids.setdefault(text, UUID(text)), first, last, is_all_day
    # What is stored and computed alike is only said twice.
    for instance in queries.beyond_horizon(calendar_ids, start, end):
        event = instance.event
        if event.availability == "busy" and not is_declined(event.attendees):
            yield instance.calendar_id, instance.start, instance.end, instance.is_all_day


def is_declined(attendees: list[dict[str, Any]]) -> bool:
    """Whether the owner of the calendar is among the guests and said no."""
    return any(guest.get("self") and guest.get("responseStatus") == "declined" for guest in attendees)


def _taken(
    user_ids: list[Any],
    start: datetime,
    end: datetime,
    now: datetime,
    type_id: UUID | None,
    moving: Booking | None,
    hold: Hold | None,
) -> Iterable[tuple[Any, Taken]]:
    """(user id, what is booked or held of them)."""
    rows = (
        Reservation.objects.filter(host__in=user_ids, kind=Reservation.Kind.CORE)
        .filter(Q(held_until=None) | Q(held_until__gt=now), start__lt=end, end__gt=start)
        .order_by()
    )
    if moving is not None:
        rows = rows.exclude(booking=moving)
    if hold is not None:
        rows = rows.exclude(hold=hold)
    for host_id, first, last, session, before, after, held_until, its_type in rows.values_list(
        "host_id", "start", "end", "session", "buffer_before", "buffer_after", "held_until", "type_id"
    ):
        is_same_type = its_type == type_id
        yield host_id, Taken(first, last, session, before, after, held_until is not None, is_same_type)
