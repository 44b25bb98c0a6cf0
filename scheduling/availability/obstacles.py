"""What stands in people's way: events of the calendars that are checked, bookings, holds, and what is not known."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)

from scheduling import queries
from scheduling.busy import with_unknown
from scheduling.core.event import owner_declined
from scheduling.core.slots import Taken
from scheduling.models import (
    AppointmentType,
    Booking,
    BookingParticipation,
    Calendar,
    Hold,
    Occurrence,
    Reservation,
)
from scheduling.models.fields import read_uuid

EPOCH_DAY = date(1970, 1, 1).toordinal()
CAP_MARGIN = timedelta(days=33)  # caps look at whole months
LONGEST_BUFFER = timedelta(days=1)
ZONE_MARGIN = timedelta(days=1)  # of all-day events, whose midnight is the zone's


@dataclass
class Obstacles:
    """What stands in one host's way."""

    busy: list[tuple[int, int]] = field(default_factory=list)
    all_day: list[tuple[date, date]] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    is_unknown: bool = False


def obstacles_of(
    people: Sequence[Any],
    start: datetime,
    end: datetime,
    now: datetime,
    appointment_type: AppointmentType | None,
    moving: Booking | None,
    hold: Hold | None,
) -> dict[Any, Obstacles]:
    found: dict[Any, Obstacles] = defaultdict(Obstacles)
    calendars, unknown = calendars_to_check(people, appointment_type)
    for user_id in unknown:
        found[user_id].is_unknown = True
    buffers = (0, 0)
    if appointment_type is not None:
        buffers = (appointment_type.buffer_before, appointment_type.buffer_after)
    margin = ZONE_MARGIN + timedelta(minutes=max(buffers))
    _add_busy(found, calendars, start - margin, end + margin, _own_events(appointment_type, moving))
    is_capped = appointment_type is not None and any(
        (appointment_type.daily_cap, appointment_type.weekly_cap, appointment_type.monthly_cap)
    )
    # Neighbours' buffers may be longer than the type's own.
    margin = CAP_MARGIN if is_capped else margin + LONGEST_BUFFER
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


def _day(seconds: int) -> date:
    """The date whose midnight UTC this is."""
    return date.fromordinal(EPOCH_DAY + seconds // 86400)


def calendars_to_check(
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
    rows = list(
        with_unknown(calendars).order_by().values_list("pk", "user_id", "is_chosen", "busy_is_unknown")
    )
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


def _add_busy(
    found: dict[Any, Obstacles],
    calendars: dict[UUID, Any],
    start: datetime,
    end: datetime,
    own: QuerySet[BookingParticipation] | None,
) -> None:
    """Add what blocks to its owner: busy events, tentative ones too; not what the owner declined.

    Thousands of rows are read for one answer, so times stay the seconds they are stored as.
    """
    condition, parameters = "e.availability = 'busy'", ()
    if own is not None:
        its_events, parameters = own.values("event").query.sql_with_params()
        condition += f" AND e.id NOT IN ({its_events})"
    owners: dict[Any, Obstacles] = {}
    for calendar_id, first, last, is_all_day, attendees in Occurrence.objects.rows_touching(
        calendars,
        start,
        end,
        'o.calendar_id, o.start, o."end", o.is_all_day, e.attendees',
        joined=True,
        of_events=condition,
        parameters=parameters,
    ):
        if attendees != "[]" and owner_declined(json.loads(attendees)):
            continue
        if calendar_id not in owners:
            owners[calendar_id] = found[calendars[read_uuid(calendar_id)]]
        if is_all_day:
            owners[calendar_id].all_day.append((_day(first), _day(last)))
        else:
            owners[calendar_id].busy.append((first, last))
    # What is stored and computed alike is only said twice.
    for instance in queries.beyond_horizon(list(calendars), start, end):
        if instance.event.availability == "busy" and not owner_declined(instance.event.attendees):
            mine = found[calendars[instance.calendar_id]]
            if instance.is_all_day:
                mine.all_day.append((instance.start_date, instance.end_date))
            else:
                mine.busy.append((int(instance.start.timestamp()), int(instance.end.timestamp())))


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
