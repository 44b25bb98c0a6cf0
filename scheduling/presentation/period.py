"""What a view shows, how it is called, and where its neighbours are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from scheduling.core.zones import DAY, add_months, month_weeks
from scheduling.presentation.viewer import AGENDA_DAYS, Viewer, view_address

VIEWS = ("month", "week", "day", "agenda")


@dataclass(frozen=True)
class Period:
    """What a view shows, how it is called and where its neighbours are."""

    view: str
    day: date
    days: list[date]
    title: str  # of the document
    heading: str
    year: str  # what goes first where there is no room
    short: str  # and what then stands in its place
    week: int | None
    unit: str
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
        heading, year, title = f"{day:%B}", f"{day.year}", f"{day:%B %Y}"
        before, after = add_months(day.replace(day=1), -1), add_months(day.replace(day=1), 1)
    elif view == "week":
        days = viewer.week(day)
        heading, year = _range_name(days[0], days[-1])
        title = f"{heading} {year}"
        week = next((d for d in days if d.isoweekday() == 4), days[0]).isocalendar().week
        before, after = day - timedelta(days=7), day + timedelta(days=7)
    elif view == "day":
        days = [day]
        heading, year, short = f"{day:%A} {day.day}", f"{day:%B %Y}", f"{day:%b}"
        title = f"{heading} {year}"
        before, after = day - DAY, day + DAY
    else:
        days = [day + timedelta(days=n) for n in range(AGENDA_DAYS)]
        heading, year = _range_name(days[0], days[-1], "%b")
        title = f"Agenda from {day.day} {day:%B %Y}"
        before, after = day - timedelta(days=AGENDA_DAYS), day + timedelta(days=AGENDA_DAYS)
    return Period(
        view=view,
        day=day,
        days=days,
        title=title,
        heading=heading,
        year=year,
        short=short,
        week=week,
        unit="two weeks" if view == "agenda" else view,
        address=view_address(view, day),
        previous=view_address(view, before),
        next=view_address(view, after),
        today=view_address(view, viewer.today),
        links=[(name, name.capitalize(), view_address(name, day)) for name in VIEWS],
    )


def _range_name(first: date, last: date, month_format: str = "%B") -> tuple[str, str]:
    """(`16–22 November`, `2026`), with as much of the first date as differs."""
    start = f"{first.day}"
    if first.year != last.year:
        start += f" {first:{month_format}} {first.year} – "
    elif first.month != last.month:
        start += f" {first:{month_format}} – "
    else:
        start += "–"
    return f"{start}{last.day} {last:{month_format}}", f"{last.year}"
