"""What a view shows, how it is called, and where its neighbours are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from scheduling.core import wording
from scheduling.core.zones import DAY, add_months, month_weeks
from scheduling.presentation.viewer import AGENDA_DAYS, Viewer, view_address

VIEWS = ("month", "week", "day", "agenda")


@dataclass(frozen=True)
class Period:
    """What a view shows, how it is called and where its neighbours are."""

    view: str
    day: date
    days: list[date]
    iso: str
    title: str  # of the document
    heading: str
    year: str  # what goes first where there is no room
    short: str  # and what then stands in its place
    week: int | None
    previous_name: str
    next_name: str
    address: str
    previous: str
    next: str
    today: str
    links: list[tuple[str, str, str]]  # (view, name, address)


def period_of(view: str, day: date, viewer: Viewer) -> Period:
    week: int | None = None
    short = ""
    if view == "month":
        days = [d for w in month_weeks(day, viewer.first_day) for d in w]
        heading, year, title = wording.month_name(day), _year(day), wording.month_year(day)
        before, after = add_months(day.replace(day=1), -1), add_months(day.replace(day=1), 1)
    elif view == "week":
        days = viewer.week(day)
        heading, year = wording.day_range(days[0], days[-1]), _year(days[-1])
        title = f"{heading} {year}"
        week = next((d for d in days if d.isoweekday() == 4), days[0]).isocalendar().week
        before, after = day - timedelta(days=7), day + timedelta(days=7)
    elif view == "day":
        days = [day]
        heading, year, short = _day_name(day), _month_and_year(day), wording.short_month(day)
        title = f"{heading} {year}"
        before, after = day - DAY, day + DAY
    else:
        days = [day + timedelta(days=n) for n in range(AGENDA_DAYS)]
        heading, year = wording.day_range(days[0], days[-1], short=True), _year(days[-1])
        title = _("Agenda from %(day)s") % {"day": wording.date_words(day)}
        before, after = day - timedelta(days=AGENDA_DAYS), day + timedelta(days=AGENDA_DAYS)
    return Period(
        view=view,
        day=day,
        days=days,
        iso=day.isoformat(),
        title=wording.capital(title),
        heading=wording.capital(heading),
        year=year,
        short=short,
        week=week,
        previous_name=_previous_names()[view],
        next_name=_next_names()[view],
        address=view_address(view, day),
        previous=view_address(view, before),
        next=view_address(view, after),
        today=view_address(view, viewer.today),
        links=[(name, label, view_address(name, day)) for name, label in view_names().items()],
    )


def view_names() -> dict[str, str]:
    return {
        "month": pgettext("view", "Month"),
        "week": pgettext("view", "Week"),
        "day": pgettext("view", "Day"),
        "agenda": pgettext("view", "Agenda"),
    }


def _previous_names() -> dict[str, str]:
    return {
        "month": _("Previous month"),
        "week": _("Previous week"),
        "day": _("Previous day"),
        "agenda": _("Previous two weeks"),
    }


def _next_names() -> dict[str, str]:
    return {
        "month": _("Next month"),
        "week": _("Next week"),
        "day": _("Next day"),
        "agenda": _("Next two weeks"),
    }


def _year(day: date) -> str:
    return pgettext("after a month", "%(year)d") % {"year": day.year}


def _month_and_year(day: date) -> str:
    return pgettext("after a day", "%(month)s %(year)d") % {
        "month": wording.month_name(day),
        "year": day.year,
    }


def _day_name(day: date) -> str:
    return pgettext("heading", "%(weekday)s %(day)s") % {
        "weekday": wording.weekday(day),
        "day": wording.day_number(day),
    }
