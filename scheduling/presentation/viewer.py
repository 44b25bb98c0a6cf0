"""How one person looks at time, and the words for days that follow from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property, lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse

from scheduling.core.spans import Span
from scheduling.core.zones import instant, is_weekend, wall_time, week_start, zone
from scheduling.models import UserProfile

AGENDA_DAYS = 14


@dataclass(frozen=True)
class Viewer:
    """How one person looks at time, and at which moment."""

    place: ZoneInfo
    second_place: ZoneInfo | None
    first_day: int
    show_weekends: bool
    work_start: time
    work_end: time
    clock: str
    compact: bool
    now: datetime

    @classmethod
    def of(cls, profile: UserProfile, now: datetime) -> Viewer:
        return cls(
            place=zone(profile.timezone),
            second_place=zone(profile.second_time_zone) if profile.second_time_zone else None,
            first_day=profile.first_day_of_week,
            show_weekends=profile.show_weekends,
            work_start=profile.working_hours_start,
            work_end=profile.working_hours_end,
            clock=profile.clock,
            compact=profile.density == UserProfile.Density.COMPACT,
            now=now,
        )

    @cached_property
    def now_wall(self) -> datetime:
        return wall_time(self.now, self.place)

    @property
    def today(self) -> date:
        return self.now_wall.date()

    def time(self, moment: datetime | time) -> str:
        return clock_time(moment, self.clock)

    def shown_days(self, days: Iterable[date]) -> list[date]:
        return [day for day in days if self.show_weekends or not is_weekend(day)]

    def week(self, day: date) -> list[date]:
        start = week_start(day, self.first_day)
        return self.shown_days(start + timedelta(days=n) for n in range(7))

    def work_hours(self, day: date) -> Span[datetime] | None:
        """The instants of working hours on a local day; none at the weekend."""
        if is_weekend(day):
            return None
        return Span(
            instant(datetime.combine(day, self.work_start), self.place),
            instant(datetime.combine(day, self.work_end), self.place),
        )


def clock_time(moment: datetime | time, clock: str) -> str:
    """`09:00`, or `9 am` and `9:30 am` on a 12-hour clock."""
    if clock == UserProfile.Clock.HOURS_24:
        return f"{moment.hour:02}:{moment.minute:02}"
    return f"{moment.hour % 12 or 12}{f':{moment:%M}' if moment.minute else ''} {moment:%p}".lower()


@lru_cache(maxsize=512)
def long_day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def place_in(number: int, count: int) -> str:
    """`, 2 of 5`: where an event stands in its day, for those who listen; nothing where it is alone."""
    return f", {number} of {count}" if count > 1 else ""


# A page has hundreds of addresses; each `reverse` costs as much as drawing an event.
@lru_cache(maxsize=4096)
def view_address(view: str, day: date) -> str:
    return reverse("calendar-view", args=[view, day.isoformat()])


@lru_cache(maxsize=512)
def list_address(day: date) -> str:
    return reverse("day-list", args=[day.isoformat()])


def event_address(event_id: UUID) -> str:
    return _event_pattern().replace(_NO_EVENT, str(event_id))


_NO_EVENT = str(UUID(int=0))


@cache
def _event_pattern() -> str:
    return reverse("event", args=[_NO_EVENT])


def new_address(start: str) -> str:
    return f"{reverse('event-new')}?{start}"


def offset_name(moment: datetime, place: ZoneInfo) -> str:
    """`GMT+1`, `GMT−3:30`, `GMT`."""
    minutes = int((moment.astimezone(place).utcoffset() or timedelta()).total_seconds() // 60)
    if not minutes:
        return "GMT"
    hours, rest = divmod(abs(minutes), 60)
    return f"GMT{'+' if minutes > 0 else '−'}{hours}{f':{rest:02}' if rest else ''}"


def duration(length: timedelta) -> str:
    hours, minutes = divmod(int(length.total_seconds() // 60), 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
    return " ".join(parts)


def split_name(day: date) -> tuple[str, str]:
    """(`Wed`, `nesday`): the short name, and what completes it for those who listen."""
    return f"{day:%A}"[:3], f"{day:%A}"[3:]
