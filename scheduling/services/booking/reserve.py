"""Spans that are sold once: who waits for whom, what is written, and what the database's refusals mean.

Every sale locks the profiles of the hosts, in one order, before it looks; so rivals, and every other write of the
hosts' calendars (each takes their next revision), come one after the other and each sees what the one before did.
The database's own guard (`Reservation`) stands behind that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, TypeVar
from uuid import UUID, uuid4, uuid5

from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from scheduling import availability
from scheduling.core.slots import Reason, Slot, nearest
from scheduling.core.slots.values import OCCUPIED
from scheduling.models import AppointmentType, Booking, Hold, Reservation, UserProfile
from scheduling.services.errors import InvalidBooking, SlotTaken

T = TypeVar("T")

_turns = Lock()
ATTEMPTS = 4
DEADLOCK, SERIALIZATION = "40P01", "40001"
# How far around the wanted time to look for others, one after the other until there are some.
AROUND = (timedelta(days=1), timedelta(days=7), timedelta(days=60))
REFUSALS = {
    Reason.PAST: gettext_lazy("This time has passed."),
    Reason.TOO_SOON: gettext_lazy("This is too soon. Choose a later time."),
    Reason.TOO_FAR: gettext_lazy("This day cannot be booked."),
    Reason.SWITCHED_OFF: gettext_lazy("No appointments can be booked here at present."),
}


def sell_once(
    sale: Callable[[], T], *, others: Callable[[], list[Slot]], look: Callable[[], object] | None = None
) -> T:
    """Run `sale` in a transaction. What the database refuses becomes `SlotTaken`, a deadlock is tried again.

    `look` raises when the time is gone already; it goes first, so that the many who come too late need not queue for
    the lock to hear it. `others` finds alternatives, after the lock, unless whoever raised has some.
    """
    try:
        if look is not None:
            look()
        for _ in range(ATTEMPTS):
            try:
                with _turn(), transaction.atomic():
                    return sale()
            except DatabaseError as error:
                code = getattr(error.__cause__, "sqlstate", "")
                if code in (DEADLOCK, SERIALIZATION):
                    continue
                if "reservation_" in str(error) or "scheduling_reservation" in str(error):
                    raise SlotTaken from error
                raise
        raise SlotTaken
    except SlotTaken as taken:
        taken.alternatives = taken.alternatives or others()
        raise


@contextmanager
def _turn() -> Iterator[None]:
    """SQLite lets waiting writers poll and is not fair: of many threads one could wait until its time-out. So the
    threads of a process queue here. Inside a transaction there is no queueing: it holds what the first in line needs.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with _turns:
        yield


def alternatives(
    appointment_type: AppointmentType,
    wanted: datetime,
    duration: int | None = None,
    *,
    hosts: Sequence[User] | None = None,
    moving: Booking | None = None,
) -> list[Slot]:
    """Free times now, of that length, the nearest to `wanted` first; of these `hosts`, past the booking that moves."""
    now = timezone.now()
    for reach in AROUND:
        start = max(wanted - reach, now)
        slots = availability.slots_of(
            appointment_type,
            start=start,
            end=max(wanted, start) + reach,
            now=now,
            duration=duration,
            hosts=hosts,
            moving=moving,
        )
        if slots:
            return nearest(slots, wanted)
    return []


def lock_hosts(hosts: Sequence[User]) -> None:
    """Hold every other write of these people's calendars until the transaction ends."""
    profiles = UserProfile.objects.select_for_update().filter(user__in=[host.pk for host in hosts])
    list(profiles.order_by("pk").values_list("pk", flat=True))


def forget_expired_holds(hosts: Sequence[User], now: datetime) -> None:
    expired = Reservation.objects.filter(host__in=[host.pk for host in hosts], held_until__lte=now)
    if holds := set(expired.values_list("hold_id", flat=True)):
        Hold.objects.filter(pk__in=holds).delete()


def require_free(offers: dict[Any, Any], start: datetime, *, everyone: bool) -> list[Any]:
    """The hosts who are free at `start`; all of them, or nobody, when `everyone` is needed.

    The grid is that of each host, of a collective type that of the first. Raises `SlotTaken`, or `InvalidBooking` for
    what the rules never offer.
    """
    if not offers:
        raise SlotTaken  # a team that nobody has joined
    reasons = {
        host: offer.reasons(start, on_grid=not everyone or number == 0)
        for number, (host, offer) in enumerate(offers.items())
    }
    free = [host for host, against in reasons.items() if not against]
    if free and (not everyone or len(free) == len(reasons)):
        return free
    unfree = [against for against in reasons.values() if against]
    if unfree and (all if everyone else any)(OCCUPIED.issuperset(against) for against in unfree):
        raise SlotTaken
    named = next((r for against in unfree for r in against if r in REFUSALS), None)
    text = REFUSALS[named] if named else gettext_lazy("No appointment begins at this time.")
    raise InvalidBooking({"start": str(text)})


def session_of(appointment_type: AppointmentType, host: User, start: datetime, end: datetime) -> UUID:
    """Its own for a booking that shares with nobody; the same for all guests of a group."""
    if appointment_type.seats == 1:
        return uuid4()
    return uuid5(appointment_type.pk, f"{host.pk} {start.isoformat()} {end.isoformat()}")


def reserve(
    *,
    appointment_type: AppointmentType,
    hosts: Sequence[User],
    session: UUID,
    start: datetime,
    end: datetime,
    booking: Booking | None = None,
    hold: Hold | None = None,
) -> None:
    """Take the span of every host, and a seat in its session; the database refuses what is too close."""
    before = timedelta(minutes=appointment_type.buffer_before)
    after = timedelta(minutes=appointment_type.buffer_after)
    taken = set(Reservation.objects.filter(session=session).values_list("seat", flat=True))
    seat = next(number for number in range(1, len(taken) + 2) if number not in taken)
    if seat > appointment_type.seats:
        raise SlotTaken
    Reservation.objects.bulk_create(
        Reservation(
            host=host,
            type=appointment_type,
            booking=booking,
            hold=hold,
            held_until=hold.expires_at if hold is not None else None,
            kind=kind,
            session=session,
            seat=seat,
            seats=appointment_type.seats,
            start=first,
            end=last,
            buffer_before=appointment_type.buffer_before,
            buffer_after=appointment_type.buffer_after,
        )
        for host in hosts
        for kind, first, last in (
            (Reservation.Kind.CORE, start, end),
            (Reservation.Kind.BUFFERED, start - before, end + after),
        )
    )
