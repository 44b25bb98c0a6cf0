"""The side panel: the mini month with its load, and the list of calendars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from math import ceil
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from scheduling.core import wording
from scheduling.core.crowd import Crowd
from scheduling.core.zones import add_months, month_weeks
from scheduling.models import Calendar
from scheduling.presentation.viewer import Viewer, view_address


class MiniDay(NamedTuple):
    number: str
    rest: str
    href: str
    load: str  # empty when there is none
    is_out: bool
    is_today: bool


@dataclass(frozen=True)
class Mini:
    name: str
    previous: str
    next: str
    names: list[tuple[str, str]]
    weeks: list[tuple[bool, list[MiniDay]]]  # (chosen, days)


def mini_month(view: str, day: date, crowd: Crowd, viewer: Viewer) -> Mini:
    weeks = month_weeks(day, viewer.first_day)
    loads = _loads(crowd, viewer)
    target = "day" if view == "month" else view
    return Mini(
        name=wording.capital(wording.month_year(day)),
        previous=view_address(view, add_months(day, -1)),
        next=view_address(view, add_months(day, 1)),
        names=[(name[0].upper(), name) for name in map(wording.weekday, weeks[0])],
        weeks=[
            (
                view == "week" and day in week,
                [
                    MiniDay(
                        number=str(d.day),
                        rest=_rest(d.month, loads[d], d == viewer.today, viewer.language),
                        href=view_address(target, d),
                        load=str(loads[d] or ""),
                        is_out=d.month != day.month,
                        is_today=d == viewer.today,
                    )
                    for d in week
                ],
            )
            for week in weeks
        ],
    )


@lru_cache(maxsize=512)
def _rest(month: int, load: int, is_today: bool, language: str) -> str:
    """` November, today, half booked`: what follows the number when a day is read out."""
    loads = (
        pgettext("day", "free"),
        pgettext("day", "lightly booked"),
        pgettext("day", "half booked"),
        pgettext("day", "mostly booked"),
        pgettext("day", "full"),
    )
    today = _(", today") if is_today else ""
    return f" {wording.month_name(date(2000, month, 1), language)}{today}, {loads[load]}"


def _loads(crowd: Crowd, viewer: Viewer) -> dict[date, int]:
    """How booked each day is, from 0 (free) to 4 (as long as a working day)."""
    working_day = datetime.combine(date.min, viewer.work_end) - datetime.combine(date.min, viewer.work_start)
    quarter = working_day.total_seconds() / 4
    return {
        day: min(4, ceil(booked / quarter)) if booked else int(day in crowd.lightly)
        for day, booked in crowd.booked.items()
    }


@dataclass(frozen=True)
class Account:
    """A group of the calendar list."""

    name: str
    calendars: list[Calendar]


def accounts_of(calendars: Iterable[Calendar]) -> list[Account]:
    """Calendars by account, then those of this server, then what is subscribed to; else in the order given."""
    ordered = sorted(calendars, key=lambda c: (c.is_subscribed, c.account_name == "", c.account_name))
    groups = groupby(ordered, key=lambda c: c.account_name)
    return [Account(name or _("On this server"), list(found)) for name, found in groups]
