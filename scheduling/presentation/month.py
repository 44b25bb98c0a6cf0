"""The month: weeks of cells with bars, chips and "+N more"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduling.core import grid, wording
from scheduling.core.zones import is_weekend, month_weeks, week_start
from scheduling.presentation.items import DAY_LIMIT, Item, More, Row, more_of, row_of
from scheduling.presentation.pieces import Piece, bar_piece
from scheduling.presentation.viewer import (
    Viewer,
    list_address,
    new_address,
    place_in,
    view_address,
)

DOTS = 4


@dataclass
class MonthDay:
    day: date
    iso: str
    number: str
    weekday: str
    rest: str  # what follows the number when read out
    new_label: str
    classes: str
    is_today: bool
    tabindex: str
    day_href: str
    new_href: str
    dots: list[tuple[int, bool]] = field(default_factory=list)
    bars: list[Piece] = field(default_factory=list)
    chips: list[Piece] = field(default_factory=list)
    more: More | None = None


@dataclass(frozen=True)
class MonthWeek:
    number: str
    href: str
    days: list[MonthDay]


@dataclass(frozen=True)
class Month:
    weeks: list[MonthWeek]
    names: list[tuple[str, str]]
    columns: int
    chosen: date
    chosen_name: str
    rows: list[Row]
    more: int  # events of the chosen day without a row
    day_href: str
    list_href: str


def month_limits(day: date, viewer: Viewer) -> dict[date, int]:
    """How many events of each day are worth reading: one more than there are lanes, a list's worth of the chosen day."""
    weeks = _weeks(day, viewer)
    chosen = _chosen(day, weeks)
    return {d: DAY_LIMIT if d == chosen else grid.MONTH_LANES + 1 for week in weeks for d in week}


def month(day: date, items: list[Item], left_out: Mapping[date, int], viewer: Viewer) -> Month:
    """`left_out` are how many events of each day are not among the items."""
    by_key = {item.key: item for item in items}
    weeks = _weeks(day, viewer)
    chosen = _chosen(day, weeks)
    laid_out = grid.month_grid([item.entry for item in items], weeks, viewer.place)
    chosen_keys = next(lanes.keys[lanes.days.index(chosen)] for lanes in laid_out if chosen in lanes.days)
    return Month(
        weeks=[_month_week(lanes, chosen, by_key, left_out, viewer) for lanes in laid_out],
        names=[wording.split_weekday(d) for d in weeks[0]],
        columns=len(weeks[0]),
        chosen=chosen,
        chosen_name=_chosen_name(chosen, viewer),
        rows=[row_of(by_key[key], chosen, viewer, "row") for key in chosen_keys[:DAY_LIMIT]],
        more=max(0, len(chosen_keys) + left_out.get(chosen, 0) - DAY_LIMIT),
        day_href=view_address("agenda", chosen),
        list_href=list_address(chosen),
    )


def _chosen_name(chosen: date, viewer: Viewer) -> str:
    return viewer.long_day(chosen) + (_(" · today") if chosen == viewer.today else "")


def _weeks(day: date, viewer: Viewer) -> list[list[date]]:
    """The shown days of each week that has some of this month."""
    weeks = [viewer.shown_days(week) for week in month_weeks(day, viewer.first_day)]
    return [week for week in weeks if any(d.month == day.month for d in week)]


def _chosen(day: date, weeks: list[list[date]]) -> date:
    """The day whose events are listed: the one asked for, or the first where weekends are hidden."""
    visible = [d for week in weeks for d in week if d.month == day.month]
    return day if day in visible else visible[0]


def _month_week(
    lanes: grid.Lanes, chosen: date, items: dict[str, Item], left_out: Mapping[date, int], viewer: Viewer
) -> MonthWeek:
    counts = [len(keys) + left_out.get(d, 0) for d, keys in zip(lanes.days, lanes.keys, strict=True)]
    days = [
        _month_day(d, chosen, [items[k] for k in keys[:DOTS]], count, viewer)
        for d, keys, count in zip(lanes.days, lanes.keys, counts, strict=True)
    ]
    for bar in lanes.bars:
        days[bar.column - 1].bars.append(
            bar_piece(items[bar.key], bar, lanes.days, viewer, with_column=False)
        )
    for chip in lanes.chips:
        item, cell, keys = items[chip.key], days[chip.column - 1], lanes.keys[chip.column - 1]
        clock = viewer.time(item.starts) if item.starts else ""
        if item.starts and item.starts.date() < cell.day and item.ends:
            clock = f"–{viewer.time(item.ends)}"
        cell.chips.append(
            Piece(
                item,
                id="",
                place=f"l-{chip.lane}",
                time=clock,
                label=f", {viewer.long_day(cell.day)}, {item.calendar}{item.spoken}"
                + place_in(keys.index(chip.key) + 1, counts[chip.column - 1], viewer),
            )
        )
    for column, hidden in enumerate(lanes.hidden):
        if hidden:
            cell = days[column]
            count = len(hidden) + left_out.get(cell.day, 0)
            cell.more = more_of(count, cell.day, f"l-{grid.MONTH_LANES}", viewer, with_id=False)
    # ISO numbers weeks by their Thursday, wherever the week begins for this person.
    thursday = next((d for d in lanes.days if d.isoweekday() == 4), lanes.days[0])
    return MonthWeek(str(thursday.isocalendar().week), view_address("week", lanes.days[0]), days)


def _month_day(day: date, chosen: date, items: list[Item], count: int, viewer: Viewer) -> MonthDay:
    is_today = day == viewer.today
    states = {
        "is-out": day.month != chosen.month,
        "is-off": is_weekend(day) and day.month == chosen.month,
        "is-today": is_today,
        "is-sel": day == chosen,
    }
    edge = day.day == 1 or (
        day.month != chosen.month and day == week_start(day, viewer.first_day) and day < chosen
    )
    return MonthDay(
        day=day,
        iso=day.isoformat(),
        number=wording.short_date(day, viewer.language) if edge else str(day.day),
        weekday=wording.weekday(day, viewer.language),
        rest=("" if edge else f" {wording.month_name(day, viewer.language)}")
        + _state_words(count, is_today, viewer.language),
        new_label=_new_label(day, viewer.language),
        classes=" ".join(name for name, is_set in states.items() if is_set),
        is_today=is_today,
        tabindex="0" if day == chosen else "-1",
        day_href=view_address("day", day),
        new_href=new_address(f"date={day.isoformat()}&all_day=1"),
        dots=[(item.color, item.entry.is_bar) for item in items],
    )


@lru_cache(maxsize=1024)
def _state_words(count: int, is_today: bool, language: str) -> str:
    """`, today, 3 events`."""
    events = ngettext(", %(count)d event", ", %(count)d events", count) % {"count": count}
    return (_(", today") if is_today else "") + events


@lru_cache(maxsize=1024)
def _new_label(day: date, language: str) -> str:
    return _("Add an event on %(day)s") % {"day": wording.long_day(day, language)}
