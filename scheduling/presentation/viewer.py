"""How one person looks at time, and the addresses of days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from scheduling.core import language, wording
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
    language: str  # for words that are kept
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
            language=language.spoken(),
            now=now,
        )

    @cached_property
    def now_wall(self) -> datetime:
        return wall_time(self.now, self.place)

    @property
    def today(self) -> date:
        return self.now_wall.date()

    @cached_property
    def twelve(self) -> bool:
        return self.clock == UserProfile.Clock.HOURS_12

    def time(self, moment: datetime | time) -> str:
        return wording.short_clock(moment, self.twelve, self.language)

    def long_day(self, day: date) -> str:
        return wording.long_day(day, self.language)

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


def place_in(number: int, count: int, viewer: Viewer) -> str:
    """`, 2 of 5`: where an event stands in its day, for those who listen; nothing where it is alone."""
    return _place_in(number, count, viewer.language) if count > 1 else ""


@lru_cache(maxsize=4096)
def _place_in(number: int, count: int, language: str) -> str:
    return _(", %(number)d of %(count)d") % {"number": number, "count": count}


# A page has hundreds of addresses; each `reverse` costs as much as drawing an event.
@lru_cache(maxsize=4096)
def view_address(view: str, day: date) -> str:
    return reverse("calendar-view", args=[view, day.isoformat()])


@lru_cache(maxsize=512)
def list_address(day: date) -> str:
    return reverse("day-list", args=[day.isoformat()])


def event_address(event_id: UUID | str) -> str:
    return _event_pattern().replace(_NO_EVENT, str(event_id))


_NO_EVENT = str(UUID(int=0))


@cache
def _event_pattern() -> str:
    return reverse("event", args=[_NO_EVENT])


def new_address(start: str) -> str:
    return f"{_new_event()}?{start}"


@cache
def _new_event() -> str:
    return reverse("event-new")


def offset_name(moment: datetime, place: ZoneInfo) -> str:
    """`GMT+1`, `GMT−3:30`, `GMT`."""
    minutes = int((moment.astimezone(place).utcoffset() or timedelta()).total_seconds() // 60)
    if not minutes:
        return "GMT"
    hours, rest = divmod(abs(minutes), 60)
    return f"GMT{'+' if minutes > 0 else '−'}{hours}{f':{rest:02}' if rest else ''}"
