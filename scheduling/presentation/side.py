"""The side panel: the mini month with its load, and the list of calendars."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from scheduling.core.spans import Span, clip, union
from scheduling.core.zones import DAY, add_months, day_bounds, month_weeks
from scheduling.models import Calendar
from scheduling.presentation.items import Item
from scheduling.presentation.viewer import Viewer, view_address

LOADS = ("free", "lightly booked", "half booked", "mostly booked", "full")


@dataclass(frozen=True, slots=True)
class MiniDay:
    number: int
    rest: str
    href: str
    load: int
    is_out: bool
    is_today: bool
    id: str


@dataclass(frozen=True)
class Mini:
    name: str
    previous: str
    next: str
    names: list[tuple[str, str]]
    weeks: list[tuple[bool, list[MiniDay]]]  # (chosen, days)


def mini_month(view: str, day: date, items: list[Item], viewer: Viewer) -> Mini:
    weeks = month_weeks(day, viewer.first_day)
    loads = _loads(items, Span(weeks[0][0], weeks[-1][-1] + DAY), viewer)
    target = "day" if view == "month" else view
    return Mini(
        name=f"{day:%B %Y}",
        previous=view_address(view, add_months(day, -1)),
        next=view_address(view, add_months(day, 1)),
        names=[(f"{d:%A}"[0], f"{d:%A}") for d in weeks[0]],
        weeks=[
            (
                view == "week" and day in week,
                [
                    MiniDay(
                        number=d.day,
                        rest=f" {d:%B}{', today' if d == viewer.today else ''}, {LOADS[loads[d]]}",
                        href=view_address(target, d),
                        load=loads[d],
                        is_out=d.month != day.month,
                        is_today=d == viewer.today,
                        id=f"mini-{d:%Y%m%d}",
                    )
                    for d in week
                ],
            )
            for week in weeks
        ],
    )


def _loads(items: Iterable[Item], days: Span[date], viewer: Viewer) -> dict[date, int]:
    """How booked each day is, from 0 (free) to 4 (as long as a working day)."""
    spans: dict[date, list[Span[datetime]]] = defaultdict(list)
    lightly: set[date] = set()
    for item in items:
        shown = clip(item.entry.days(viewer.place), days) if item.busy else None
        for n in range((shown.end - shown.start).days if shown else 0):
            day = shown.start + timedelta(days=n)  # type: ignore[union-attr]
            if item.entry.all_day:
                lightly.add(day)
            elif part := clip(item.entry.span(), day_bounds(day, viewer.place)):
                spans[day].append(part)
    working_day = datetime.combine(date.min, viewer.work_end) - datetime.combine(date.min, viewer.work_start)
    loads: dict[date, int] = {}
    for n in range((days.end - days.start).days):
        day = days.start + timedelta(days=n)
        booked = sum((span.end - span.start for span in union(spans[day])), timedelta())
        loads[day] = (
            min(4, -int(-booked / working_day * 4 // 1))
            if booked
            else int(day in lightly or bool(spans[day]))
        )
    return loads


@dataclass(frozen=True)
class Account:
    """A group of the calendar list."""

    name: str
    calendars: list[Calendar]


def accounts_of(calendars: Iterable[Calendar]) -> list[Account]:
    """Calendars by account, then those of this server, then what is subscribed to; else in the order given."""
    ordered = sorted(calendars, key=lambda c: (c.is_subscribed, c.account_name == "", c.account_name))
    groups = groupby(ordered, key=lambda c: c.account_name)
    return [Account(name or "On this server", list(found)) for name, found in groups]
