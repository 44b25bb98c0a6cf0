"""The agenda: a plain list of days, the equal of the grids for those who listen."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _

from scheduling.core import grid, wording
from scheduling.core.spans import Span, clip, subtract
from scheduling.core.zones import DAY, day_bounds, instant, wall_time
from scheduling.presentation.items import DAY_LIMIT, Item, Row, row_of
from scheduling.presentation.summary import busy_spans, day_summary
from scheduling.presentation.viewer import AGENDA_DAYS, Viewer, new_address, view_address

LIST_LIMIT = 100  # lines of the list that "+N more" opens


@dataclass(frozen=True, slots=True)
class Gap:
    """A free stretch of today, offered between two events."""

    length: str
    start: str
    href: str


@dataclass(frozen=True, slots=True)
class Line:
    """An event, with what stands before it: the now line, a free stretch."""

    row: Row
    is_after_now: bool
    gap: Gap | None


@dataclass(frozen=True)
class AgendaDay:
    day: date
    name: str
    detail: str
    is_today: bool
    rail: list[
        tuple[int, str, str]
    ]  # (colour, x, width) of 220; as words, lest a decimal comma gets into them
    rail_label: str
    summary: list[str]
    lines: list[Line]
    more: int  # events without a line here; the agenda that begins on this day has them
    href: str
    is_over: bool  # now stands after the last event


def agenda(day: date, items: list[Item], viewer: Viewer) -> list[AgendaDay]:
    """The days with events, and today even without."""
    days = Span(day, day + timedelta(days=AGENDA_DAYS))
    on: dict[date, list[Item]] = defaultdict(list)
    for item in items:
        if shown := clip(item.entry.days(viewer.place), days):
            for n in range((shown.end - shown.start).days):
                on[shown.start + timedelta(days=n)].append(item)
    if days.contains(viewer.today):
        on.setdefault(viewer.today, [])
    return [_agenda_day(d, on[d], viewer, limit=len(on[d]) if d == day else DAY_LIMIT) for d in sorted(on)]


def day_list(day: date, items: list[Item], viewer: Viewer) -> dict[str, Any]:
    """Everything of one day in the order of the month, at most `LIST_LIMIT` lines of it."""
    (lanes,) = grid.month_grid([item.entry for item in items], [[day]], viewer.place)
    by_key = {item.key: item for item in items}
    keys = lanes.keys[0]
    return {
        "day_name": viewer.long_day(day),
        "rows": [row_of(by_key[key], day, viewer, "li") for key in keys[:LIST_LIMIT]],
        "more": max(0, len(keys) - LIST_LIMIT),
        "agenda": view_address("agenda", day),
    }


def _agenda_day(day: date, items: list[Item], viewer: Viewer, limit: int) -> AgendaDay:
    is_today = day == viewer.today
    names = {viewer.today: _("Today"), viewer.today + DAY: _("Tomorrow")}
    midnight = datetime.combine(day, time.min)
    items = sorted(
        items, key=lambda item: (item.starts is not None, max(item.starts or midnight, midnight), item.title)
    )
    after_now = next((i for i in items if is_today and i.starts and i.starts > viewer.now_wall), None)
    before, gap = _next_gap(day, items, viewer) if is_today else (None, None)
    return AgendaDay(
        day=day,
        name=names.get(day) or wording.capital(wording.weekday(day)),
        detail=wording.weekday(day) if day in names else wording.month_name(day),
        is_today=is_today,
        rail=_rail(day, items, viewer),
        rail_label=_("Booked between %(start)s and %(end)s")
        % {"start": viewer.time(viewer.work_start), "end": viewer.time(viewer.work_end)},
        summary=day_summary(day, items, viewer).split(" · "),
        lines=[
            Line(row_of(i, day, viewer), i is after_now, gap if i is before else None) for i in items[:limit]
        ],
        more=max(0, len(items) - limit),
        href=view_address("agenda", day),
        is_over=is_today and bool(items) and after_now is None,
    )


def _next_gap(day: date, items: list[Item], viewer: Viewer) -> tuple[Item | None, Gap | None]:
    """(the event it comes before, the first free half hour or more between now and that event)."""
    work = viewer.work_hours(day)
    free = subtract([work], busy_spans(items, day_bounds(day, viewer.place))) if work else []
    found = next(
        (g for g in free if g.start >= viewer.now and g.end - g.start >= timedelta(minutes=30)), None
    )
    if found is None:
        return None, None
    start, end = (wall_time(moment, viewer.place) for moment in (found.start, found.end))
    before = next((item for item in items if item.starts and item.starts >= end), None)
    return before, Gap(
        wording.hours_words(end - start), viewer.time(start), new_address(f"start={start:%Y-%m-%dT%H:%M}")
    )


def _rail(day: date, items: list[Item], viewer: Viewer) -> list[tuple[int, str, str]]:
    """Busy stretches as rectangles on a line of 220 units, an hour around working hours included."""
    window = Span(
        instant(datetime.combine(day, viewer.work_start), viewer.place) - timedelta(hours=1),
        instant(datetime.combine(day, viewer.work_end), viewer.place) + timedelta(hours=1),
    )
    unit = 220 / max((window.end - window.start).total_seconds(), 1)
    found = []
    for item in items:
        part = clip(item.entry.span(), window) if item.busy and not item.entry.all_day else None
        if part and not part.is_empty:
            x = (part.start - window.start).total_seconds() * unit
            width = (part.end - part.start).total_seconds() * unit - 1
            found.append((item.color, f"{x:.1f}", f"{width:.1f}"))
    return found
