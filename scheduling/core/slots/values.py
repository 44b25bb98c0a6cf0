"""What the slot engine is given: hours, rules and what is taken. Durations are minutes, instants aware datetimes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

MINUTES_A_DAY = 24 * 60


class Reason(StrEnum):
    """Why a start is no slot; the value is what the API says."""

    SWITCHED_OFF = "switched_off"  # the appointment type takes no bookings
    UNKNOWN = "unknown"  # a calendar that has to be checked cannot be read
    PAST = "past"
    TOO_SOON = "too_soon"  # within the minimum notice
    TOO_FAR = "too_far"  # outside the booking window
    REPEATED = "repeated"  # the second pass of an hour that clocks repeat
    CLOSED = "closed"  # an override or time off says so
    OUTSIDE_HOURS = "outside_hours"
    OFF_GRID = "off_grid"  # within the hours, but not where a slot begins
    BUSY = "busy"
    BOOKED = "booked"
    HELD = "held"  # somebody is filling in the form for it
    BUFFER = "buffer"  # free, but too close to something
    FULL = "full"  # every seat is taken
    DAY_CAP = "day_cap"
    WEEK_CAP = "week_cap"
    MONTH_CAP = "month_cap"


# What others took, as opposed to what the rules never offered.
OCCUPIED = frozenset(
    {
        Reason.UNKNOWN,
        Reason.BUSY,
        Reason.BOOKED,
        Reason.HELD,
        Reason.BUFFER,
        Reason.FULL,
        Reason.DAY_CAP,
        Reason.WEEK_CAP,
        Reason.MONTH_CAP,
    }
)


class Grid(StrEnum):
    """Where starts lie: counted from the beginning of each range of hours, or from midnight."""

    RANGE = "range"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class HoursRange:
    """Minutes from a day's midnight; an end beyond 1440 lies in the following day. A break when not available."""

    start: int
    end: int
    is_available: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.start < MINUTES_A_DAY or not self.start < self.end <= self.start + MINUTES_A_DAY:
            raise ValueError("hours begin within their day and last at most 24 hours")


@dataclass(frozen=True, slots=True)
class Override:
    """Other rules for the days `first` to `last` (inclusive).

    Without `hours` the days are closed. With available hours these replace the weekly ones; hours that are not
    available are taken out of what the day has otherwise.
    """

    first: date
    last: date
    hours: HoursRange | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody takes appointments, by the clocks of `zone`. `weekly`: (weekday from 0 = Monday, range)."""

    zone: ZoneInfo
    weekly: tuple[tuple[int, HoursRange], ...] = ()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """How far ahead can be booked, by local days: `days` from today on, counting only days that have hours when
    `bookable_only`; or the fixed days `first` to `last`. Nothing set: without limit."""

    days: int | None = None
    bookable_only: bool = False
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Caps:
    """At most so many appointments of the type in a local day, week and month; None: without limit."""

    day: int | None = None
    week: int | None = None
    month: int | None = None

    def __bool__(self) -> bool:
        return not (self.day is self.week is self.month is None)


@dataclass(frozen=True, slots=True)
class Rules:
    """What an appointment type asks for."""

    duration: int
    increment: int
    buffer_before: int = 0
    buffer_after: int = 0
    minimum_notice: int = 0
    window: Window = field(default_factory=Window)
    caps: Caps = field(default_factory=Caps)
    seats: int = 1
    grid: Grid = Grid.RANGE
    first_day_of_week: int = 1  # 0 Sunday … 6 Saturday
    is_on: bool = True

    def __post_init__(self) -> None:
        if self.duration < 1 or self.increment < 1 or self.seats < 1:
            raise ValueError("duration, increment and seats are at least 1")


@dataclass(frozen=True, slots=True)
class Taken:
    """A booking, or a hold, with the buffers of its own type. Places of one group share a `session`."""

    start: datetime
    end: datetime
    session: UUID
    buffer_before: int = 0
    buffer_after: int = 0
    is_hold: bool = False
    is_same_type: bool = False  # counts against the caps; its session can be joined
