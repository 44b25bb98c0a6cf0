"""The dashboard: numbers, each with the address of the list behind it, and charts of the same numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from scheduling.core import wording
from scheduling.core.spans import Span, overlap, total
from scheduling.core.statistics import Cell, Week, busy_in, by_hour, by_week, weeks_before
from scheduling.core.zones import DAY, add_months, week_start, window
from scheduling.presentation.charts import Plot, columns, heat
from scheduling.presentation.viewer import Viewer
from scheduling.statistics import AHEAD, Seen, is_ahead

SPANS = (4, 8, 52)  # weeks
MOST_LABELS = 13
MONDAY = date(2001, 1, 1)  # some Monday, for the names of weekdays


@dataclass(frozen=True)
class Tile:
    name: str
    value: str
    note: str
    href: str


@dataclass(frozen=True)
class WeekRow:
    """A week of the tables: the addresses lead to what was counted."""

    name: str
    week: Week
    own_href: str
    booked_href: str
    time: str
    time_href: str


@dataclass(frozen=True)
class HourRow:
    name: str
    time: str
    share: str
    href: str


@dataclass(frozen=True)
class TypeRow:
    name: str
    color: int
    percent: int
    counts: tuple[tuple[int, str, str], ...]  # number, its words, its list


@dataclass(frozen=True)
class Insights:
    tiles: tuple[Tile, ...]
    booked_today: str
    weeks: tuple[WeekRow, ...]
    per_week: Plot
    hours_per_week: Plot
    busiest: tuple[HourRow, ...]
    when: Plot | None
    types: tuple[TypeRow, ...]
    bookings: int


@dataclass(frozen=True)
class Periods:
    """The local days that the dashboard is about."""

    today: Span[date]
    week: Span[date]
    month: Span[date]
    ahead: Span[date]
    weeks: tuple[Span[date], ...]

    @classmethod
    def of(cls, viewer: Viewer, count: int) -> Periods:
        today = viewer.today
        week, month = week_start(today, viewer.first_day), today.replace(day=1)
        return cls(
            Span(today, today + DAY),
            Span(week, week + 7 * DAY),
            Span(month, add_months(month, 1)),
            Span(today, today + AHEAD),
            tuple(weeks_before(week, count)),
        )

    @property
    def shown(self) -> Span[date]:
        """The weeks of the charts."""
        return Span(self.weeks[0].start, self.weeks[-1].end)

    @property
    def all(self) -> Span[date]:
        return Span(
            min(self.shown.start, self.month.start), max(self.shown.end, self.month.end, self.ahead.end)
        )


def events_address(days: Span[date], kind: str = "", cell: Cell | None = None) -> str:
    query: dict[str, Any] = {"since": days.start, "until": days.end - DAY}
    if kind:
        query["kind"] = kind
    if cell:
        query |= {"weekday": cell[0], "hour": cell[1]}
    return f"{reverse('dashboard-events')}?{urlencode(query)}"


def bookings_address(days: Span[date], kind: str, type_id: Any = None) -> str:
    query = {"kind": kind, "since": days.start, "until": days.end - DAY}
    if type_id:
        query["type"] = type_id
    return f"{reverse('dashboard-bookings')}?{urlencode(query)}"


def insights(
    seen: Sequence[Seen], by_type: Sequence[dict[str, Any]], periods: Periods, viewer: Viewer
) -> Insights:
    appearances = [one.appearance for one in seen]
    weeks = by_week(appearances, periods.weeks, viewer.place)
    shown = window(periods.shown.start, periods.shown.end, viewer.place)
    hours = by_hour(busy_in(appearances, shown), viewer.place)
    today = window(periods.today.start, periods.today.end, viewer.place)
    return Insights(
        tiles=_tiles(seen, weeks[-1], by_type, periods, viewer),
        booked_today=wording.hours_words(total(busy_in(appearances, today))),
        weeks=tuple(_week_row(week) for week in weeks),
        per_week=columns(
            [(week.own, week.booked) for week in weeks],
            ("b1", "b2"),
            label=_("Events of one’s own and booked ones per week. The numbers are in the table below."),
            acrosses=_week_labels(weeks),
        ),
        hours_per_week=columns(
            [(week.time / timedelta(hours=1),) for week in weeks],
            ("b1",),
            label=_("Hours booked per week. The numbers are in the table below."),
            acrosses=_week_labels(weeks),
            unit=" h",
        ),
        busiest=_busiest(hours, periods),
        when=_when(hours, periods, viewer),
        types=_type_rows(by_type, periods),
        bookings=sum(row["made"] for row in by_type),
    )


def _tiles(
    seen: Sequence[Seen],
    week: Week,
    by_type: Sequence[dict[str, Any]],
    periods: Periods,
    viewer: Viewer,
) -> tuple[Tile, ...]:
    def on(days: Span[date]) -> str:
        return str(sum(overlap(one.appearance.days, days) for one in seen))

    ahead = sum(
        overlap(one.appearance.days, periods.ahead) and is_ahead(one, viewer.place, viewer.now)
        for one in seen
    )
    count = len(periods.weeks)
    shown = ngettext("in %(count)d week", "in %(count)d weeks", count) % {"count": count}
    guests = _("%(own)d own, %(booked)d booked by guests") % {"own": week.own, "booked": week.booked}
    bookings = [
        Tile(
            name,
            str(sum(row[key] for row in by_type)),
            shown,
            bookings_address(periods.shown, key.replace("_", "-")),
        )
        for name, key in (
            (_("Bookings made"), "made"),
            (_("Bookings cancelled"), "cancelled"),
            (_("Guests who did not come"), "no_show"),
        )
    ]
    return (
        Tile(_("Events today"), on(periods.today), "", events_address(periods.today)),
        Tile(_("Events this week"), on(periods.week), guests, events_address(periods.week)),
        Tile(
            _("Events this month"),
            on(periods.month),
            wording.month_name(viewer.today),
            events_address(periods.month),
        ),
        Tile(
            _("To come"),
            str(ahead),
            ngettext("in %(count)d day", "in %(count)d days", AHEAD.days) % {"count": AHEAD.days},
            events_address(periods.ahead, "ahead"),
        ),
        Tile(
            _("Booked this week"),
            wording.hours_words(week.time),
            _("what overlaps counts once"),
            events_address(periods.week, "busy"),
        ),
        *bookings,
    )


def _week_row(week: Week) -> WeekRow:
    first = week.days.start
    return WeekRow(
        wording.short_date(first),
        week,
        events_address(week.days, "own"),
        events_address(week.days, "booked"),
        wording.hours_words(week.time),
        events_address(week.days, "busy"),
    )


def _week_labels(weeks: Sequence[Week]) -> tuple[str, ...]:
    """The first days of the weeks; of many weeks the months that begin in them."""
    starts = [week.days.start for week in weeks]
    if len(starts) <= MOST_LABELS:
        return tuple(wording.short_date(start) for start in starts)
    firsts = {start.month: start for start in reversed(starts)}
    return tuple(wording.short_month(start) for start in starts if firsts[start.month] == start)


def _busiest(hours: Counter[Cell], periods: Periods) -> tuple[HourRow, ...]:
    whole, names = len(periods.weeks) * 3600, wording.weekday_names()
    return tuple(
        HourRow(
            f"{wording.capital(names[cell[0]])} {cell[1]:02}:00",
            wording.hours_words(timedelta(seconds=seconds)),
            f"{100 * seconds / whole:.0f} %",
            events_address(periods.shown, cell=cell),
        )
        for cell, seconds in sorted(hours.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
    )


def _when(hours: Counter[Cell], periods: Periods, viewer: Viewer) -> Plot | None:
    """A heat map of the working hours and whatever else was taken; None when nothing was."""
    if not hours:
        return None
    taken = {hour for _, hour in hours}
    shown = range(
        min(viewer.work_start.hour, *taken),
        max(viewer.work_end.hour - (not viewer.work_end.minute), *taken) + 1,
    )
    first = (viewer.first_day - 1) % 7  # of a week that counts from Monday
    days = [(first + n) % 7 for n in range(7)]
    days = [day for day in days if day < 5 or any((day, hour) in hours for hour in shown)]
    whole = len(periods.weeks) * 3600
    busiest, names = max(hours, key=lambda cell: hours[cell]), wording.weekday_names()
    return heat(
        [[hours[day, hour] / whole for hour in shown] for day in days],
        label=_(
            "How much of each hour of the week is booked. Most of all %(weekday)s from %(hour)d:00. "
            "The busiest are in the table below."
        )
        % {"weekday": names[busiest[0]], "hour": busiest[1]},
        ups=[wording.capital(wording.short_weekday(MONDAY + timedelta(days=day))) for day in days],
        acrosses=[str(hour) if len(shown) <= MOST_LABELS or hour % 3 == 0 else "" for hour in shown],
    )


def _type_rows(by_type: Sequence[dict[str, Any]], periods: Periods) -> tuple[TypeRow, ...]:
    most = max((row["made"] for row in by_type), default=0) or 1
    words_of = {
        "made": pgettext("bookings", "booked"),
        "cancelled": pgettext("bookings", "cancelled"),
        "no_show": pgettext("bookings", "did not come"),
    }
    rows = []
    for row in by_type:
        counts = [
            (row[key], words, bookings_address(periods.shown, key.replace("_", "-"), row["type_id"]))
            for key, words in words_of.items()
            if row[key]
        ]
        rows.append(
            TypeRow(row["type__name"], row["type__color"], round(100 * row["made"] / most), tuple(counts))
        )
    return tuple(rows)
