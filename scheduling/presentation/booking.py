"""What a guest sees of free time: five weeks of days with counts, and the times of the chosen day, by their clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from scheduling.core import wording
from scheduling.core.slots import Slot
from scheduling.core.zones import week_start
from scheduling.models import AppointmentType, Booking, UserProfile

DAYS_SHOWN = 35
FEW = 2
FARTHEST = timedelta(days=800)  # beyond every booking window


@dataclass(frozen=True)
class Reader:
    """How a guest reads time, and what they look at: everything a link of the page has to keep."""

    place: ZoneInfo
    twelve: bool
    now: datetime
    kept: tuple[tuple[str, str], ...] = ()  # what the address says already, for links

    @classmethod
    def of(cls, profile: UserProfile, now: datetime) -> Reader:
        """As the host reads time."""
        return cls(ZoneInfo(profile.timezone), profile.clock == UserProfile.Clock.HOURS_12, now)

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(self.place).date()

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.place).date()

    def clock(self, moment: datetime) -> str:
        return wording.clock(moment.astimezone(self.place), self.twelve)

    def words(self, start: datetime, end: datetime) -> tuple[str, str]:
        """(`Monday 23 November`, `14:30–15:30`)."""
        return wording.span_words(start, end, self.place, self.today, self.twelve)

    def short(self, moment: datetime) -> str:
        """`Wed 25 Nov, 14:45`."""
        day = self.day_of(moment)
        return f"{wording.short_day(day, day)}, {self.clock(moment)}"

    def link(self, **over: str) -> str:
        return "?" + urlencode({**dict(self.kept), **over})


@dataclass(frozen=True)
class Day:
    day: date
    name: str  # Monday
    month: str
    count: int
    href: str
    is_chosen: bool
    is_today: bool
    shows_month: bool
    is_few: bool


@dataclass(frozen=True)
class Time:
    label: str
    href: str
    seats: int
    value: str


@dataclass(frozen=True)
class Picker:
    title: str
    weekdays: list[tuple[str, str]]  # (Mo, Monday)
    weeks: list[list[Day]]
    chosen: str
    parts: list[tuple[str, list[Time]]]
    earlier: str
    later: str
    is_empty: bool


def first_shown(reader: Reader, wanted: date | None, first_day: int) -> date:
    """The beginning of the week of `wanted`, never before this week and never out of sight."""
    latest = reader.today + FARTHEST
    return week_start(min(max(wanted or reader.today, reader.today), latest), first_day)


def picker(
    slots: Sequence[Slot],
    reader: Reader,
    *,
    first: date,
    chosen: date | None,
    last_day: date,
    is_group: bool,
) -> Picker:
    """`slots` are those of the days from `first` on; without `chosen` the first day that has some is chosen."""
    counts = Counter(reader.day_of(slot.start) for slot in slots)
    days = [first + timedelta(days=n) for n in range(DAYS_SHOWN)]
    chosen = chosen if chosen in days else min(counts, default=None)
    shown = [_day(day, counts[day], reader, chosen, first) for day in days]
    after = days[-1] + timedelta(days=1)
    before = max(first - timedelta(days=DAYS_SHOWN), week_start(reader.today, (first.isoweekday()) % 7))
    return Picker(
        title=wording.capital(wording.listed(list(dict.fromkeys(map(wording.month_name, days))))),
        weekdays=[(name[:2].capitalize(), name) for name in map(wording.weekday, days[:7])],
        weeks=[shown[n : n + 7] for n in range(0, DAYS_SHOWN, 7)],
        chosen=wording.full_day(chosen, reader.today) if chosen else "",
        parts=_parts([s for s in slots if reader.day_of(s.start) == chosen], reader, is_group),
        earlier=reader.link(**{"from": before.isoformat()}) if first > reader.today else "",
        later=reader.link(**{"from": after.isoformat()}) if after <= last_day else "",
        is_empty=not counts,
    )


def times(slots: Iterable[Slot], reader: Reader, is_group: bool = False) -> list[Time]:
    """With their days, for times of several."""
    return [_time(slot, reader, reader.short(slot.start), is_group) for slot in slots]


def start_value(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def last_bookable_day(appointment_type: AppointmentType, reader: Reader) -> date:
    """After this day a page need not be offered."""
    kind = AppointmentType.WindowKind
    if appointment_type.window_kind == kind.DATES and appointment_type.window_end:
        return appointment_type.window_end
    if appointment_type.window_kind == kind.DAYS:
        return reader.today + timedelta(days=appointment_type.window_days)
    return reader.today + FARTHEST - timedelta(days=DAYS_SHOWN)


def status_words(booking: Booking, now: datetime) -> str:
    """What has become of it, for the guest."""
    if booking.status == Booking.Status.PENDING:
        return _("Waiting for an answer")
    if not booking.is_active:
        return booking.get_status_display()
    if booking.awaits_guest:
        return _("Another time is proposed")
    return pgettext("appointment", "Over") if booking.end <= now else pgettext("appointment", "Confirmed")


def _day(day: date, count: int, reader: Reader, chosen: date | None, first: date) -> Day:
    return Day(
        day=day,
        name=wording.weekday(day),
        month=wording.month_name(day),
        count=count,
        href=reader.link(day=day.isoformat(), **{"from": first.isoformat()}) if count else "",
        is_chosen=day == chosen,
        is_today=day == reader.today,
        shows_month=day.day == 1,
        is_few=0 < count <= FEW,
    )


def _parts(slots: list[Slot], reader: Reader, is_group: bool) -> list[tuple[str, list[Time]]]:
    found = []
    parts = (
        (pgettext("part of the day", "Night"), 0, 5),
        (pgettext("part of the day", "Morning"), 5, 12),
        (pgettext("part of the day", "Afternoon"), 12, 17),
        (pgettext("part of the day", "Evening"), 17, 24),
    )
    for name, first, end in parts:
        within = [s for s in slots if first <= s.start.astimezone(reader.place).hour < end]
        if within:
            found.append((name, [_time(s, reader, reader.clock(s.start), is_group) for s in within]))
    return found


def _time(slot: Slot, reader: Reader, label: str, is_group: bool) -> Time:
    value = start_value(slot.start)
    return Time(label, reader.link(start=value), slot.seats_left if is_group else 0, value)
