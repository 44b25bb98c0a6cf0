"""Week and day: columns of boxes on a grid of five minutes, bars above them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import gettext as _

from scheduling.core import grid, wording
from scheduling.core.zones import instant, is_weekend, wall_time
from scheduling.presentation.items import Item, More, more_of
from scheduling.presentation.pieces import Piece, bar_piece
from scheduling.presentation.summary import day_summary
from scheduling.presentation.viewer import (
    Viewer,
    new_address,
    offset_name,
    place_in,
    view_address,
)


class BoxPiece(NamedTuple):
    """A box of the time grid; `label` is its whole name and begins with the words that show."""

    item: Item
    id: str
    place: str
    time: str
    till: str
    where: str
    label: str


class Slot(NamedTuple):
    """An empty stretch of the time grid, to add an event at."""

    id: str
    place: str
    time: str
    label: str
    href: str
    tabindex: int


@dataclass(frozen=True, slots=True)
class Slots:
    """Those of one day. They depend on nothing else, so that what is drawn of them can be kept."""

    day: date
    rows: int  # the height of each
    twelve: bool
    language: str
    tab_stop: int | None  # the row that Tab reaches

    def __iter__(self) -> Iterator[Slot]:
        name, words = wording.long_day(self.day, self.language), _("%(day)s, %(time)s, add an event")
        for row in range(1, grid.ROWS, self.rows):
            clock = time(*divmod((row - 1) * grid.ROW_MINUTES, 60))
            shown = wording.short_clock(clock, self.twelve, self.language)
            yield Slot(
                id=f"slot-{self.day:%Y%m%d}-{clock:%H%M}",
                place=f"r-{row} s-{self.rows}",
                time=shown,
                label=words % {"day": name, "time": shown},
                href=new_address(f"start={self.day.isoformat()}T{clock:%H:%M}"),
                tabindex=0 if row == self.tab_stop else -1,
            )


@dataclass(frozen=True)
class Column:
    day: date
    iso: str
    number: str  # d-N
    name: tuple[str, str]  # what shows of the weekday, and the rest
    rest: str  # what follows the number when read out
    label: str
    is_today: bool
    is_off: bool
    href: str
    off: list[str]
    slots: Slots
    boxes: list[BoxPiece]
    more: list[More]
    summary: str
    now: str  # its place, faint on the other days


@dataclass(frozen=True)
class Times:
    columns: list[Column]
    hours: tuple[tuple[str, str, str], ...]  # (place, time, time in the second zone)
    first: str  # the place of the hour to scroll to
    offset: str
    second_offset: str
    bars: list[Piece]
    bar_more: list[More]
    lanes: list[int]
    now: tuple[str, str] | None  # (place, time)


def times(days: list[date], items: list[Item], viewer: Viewer) -> Times:
    by_key = {item.key: item for item in items}
    laid_out = grid.time_grid([item.entry for item in items], days, viewer.place)
    lanes = laid_out.lanes
    now_row = f"r-{(viewer.now_wall.hour * 60 + viewer.now_wall.minute) // grid.ROW_MINUTES + 1}"
    has_today = viewer.today in days
    first_hour = max(0, viewer.work_start.hour - 1)  # working hours, and what is just before them
    focus_day = viewer.today if has_today else days[0]
    noon = instant(datetime.combine(focus_day, time(12)), viewer.place)
    return Times(
        columns=[
            _column(
                number,
                column,
                by_key,
                viewer,
                now_row=now_row if has_today else "",
                has_focus=column.day == focus_day,
                is_alone=len(days) == 1,
                summary=day_summary(column.day, items, viewer) if len(days) == 1 else "",
            )
            for number, column in enumerate(laid_out.days, start=1)
        ],
        hours=tuple(
            (f"r-{hour * 12 + 1} s-6", viewer.time(time(hour)), _second_time(focus_day, hour, viewer))
            for hour in range(1, 24)
        ),
        first=f"r-{first_hour * 12 + 1}",
        offset=offset_name(noon, viewer.place),
        second_offset=offset_name(noon, viewer.second_place) if viewer.second_place else "",
        bars=[bar_piece(by_key[bar.key], bar, days, viewer, with_column=True) for bar in lanes.bars],
        bar_more=[
            more_of(len(hidden), days[n], f"d-{n + 1} l-{grid.ALL_DAY_LANES}", viewer, with_id=True)
            for n, hidden in enumerate(lanes.hidden)
            if hidden
        ],
        lanes=list(range(1, lanes.height + 1)),
        now=(f"{now_row} s-6", viewer.time(viewer.now_wall)) if has_today else None,
    )


def _second_time(day: date, hour: int, viewer: Viewer) -> str:
    """What clocks in the second zone show when it is that hour of the day here."""
    if viewer.second_place is None:
        return ""
    moment = instant(datetime.combine(day, time(hour)), viewer.place)
    return viewer.time(wall_time(moment, viewer.second_place))


def _column(
    number: int,
    laid_out: grid.Day,
    by_key: dict[str, Item],
    viewer: Viewer,
    *,
    now_row: str,
    has_focus: bool,
    is_alone: bool,
    summary: str,
) -> Column:
    day = laid_out.day
    is_today = day == viewer.today
    hours = 12 if viewer.compact else 6
    tab_stop = _tab_stop(laid_out, hours, viewer) if has_focus else None
    count = len(laid_out.boxes) + sum(len(place.keys) for place in laid_out.more)
    today = _(", today") if is_today else ""
    return Column(
        day=day,
        iso=day.isoformat(),
        number=str(number),
        name=(wording.weekday(day), "") if is_alone else wording.split_weekday(day),
        rest=f" {wording.month_name(day)}{today}",
        label=viewer.long_day(day) + today,
        is_today=is_today,
        is_off=is_weekend(day),
        href=view_address("day", day),
        off=_off_hours(day, viewer),
        slots=Slots(day, hours, viewer.twelve, viewer.language, tab_stop),
        boxes=[
            _box_piece(by_key[box.key], box, day, viewer, place_in(n, count, viewer))
            for n, box in enumerate(laid_out.boxes, start=1)
        ],
        more=[
            more_of(
                len(place.keys),
                day,
                f"r-{place.row} s-{place.rows} c-{place.column}of{place.columns}",
                viewer,
                with_id=True,
            )
            for place in laid_out.more
        ],
        summary=summary,
        now=f"now {now_row}{'' if is_today else ' faint'}" if now_row else "",
    )


def _tab_stop(laid_out: grid.Day, hours: int, viewer: Viewer) -> int:
    """The row of the first half hour of work that no event covers: the one that Tab reaches."""
    covered = [(box.row, box.row + box.rows) for box in laid_out.boxes]
    covered += [(more.row, more.row + more.rows) for more in laid_out.more]
    rows = range(1, grid.ROWS, hours)
    free = [row for row in rows if not any(row < end and start < row + hours for start, end in covered)]
    start = viewer.work_start.hour * 12 + 1
    return next((row for row in free if row >= start), free[-1] if free else start)


def _off_hours(day: date, viewer: Viewer) -> list[str]:
    """The places of the hours outside work."""
    if is_weekend(day):
        return [f"r-1 s-{grid.ROWS}"]
    start, end = (
        (clock.hour * 60 + clock.minute) // grid.ROW_MINUTES for clock in (viewer.work_start, viewer.work_end)
    )
    return [f"r-1 s-{start}"] * (start > 0) + [f"r-{end + 1} s-{grid.ROWS - end}"] * (end < grid.ROWS)


def _box_piece(item: Item, box: grid.Box, day: date, viewer: Viewer, number: str) -> BoxPiece:
    assert item.starts and item.ends
    place = f"r-{box.row} s-{box.rows}"
    if box.columns > 1:
        place += f" c-{box.column}of{box.columns}"
    if box.span > 1:
        place += f" x-{box.span}"
    place += " from" * box.before + " to" * box.after
    starts = viewer.time(time.min if box.before else item.starts)
    till = f"–{viewer.time(item.ends)}"
    where = f" · {item.location}" if item.location else ""
    night = _night(box.before, box.after, viewer.language)
    return BoxPiece(
        item,
        id=f"ev-{item.key}-{day:%Y%m%d}",
        place=place,
        time=starts,
        till=till,
        where=where,
        label=f"{item.title} {starts}{till}{where}, {viewer.long_day(day)}{night}, {item.calendar}{item.spoken}{number}",
    )


@lru_cache(maxsize=64)
def _night(before: bool, after: bool, language: str) -> str:
    return (_(" until the next day") if after else "") + (_(" from the day before") if before else "")
