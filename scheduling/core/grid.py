"""Where events stand in the month, week and day grids, as plain numbers for class names.

An `Entry` is an event as the grid sees it: instants (aware datetimes) when it has a time, dates with an
exclusive end when it is all day. Days are the local days of a zone, rows are five minutes of wall clock
(1 = 00:00), columns and lanes count from 1. Two shapes result: *lanes* (bars over several days, chips of one
day) and *boxes* (a day's events side by side).

A timed event of 24 hours or more is drawn as a bar, not as boxes from top to bottom of every day.

Invariants:
- every event has one place on each day it touches, or is listed there under "more"
- a short event that passes midnight stands on its first day of the month only
- boxes that share a row never share a column
- a box never reaches beyond its group's columns
- the same entries in any order give the same layout
- bars and chips on one day never share a lane
- rows follow the wall clock, also on days of 23 and 25 hours
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scheduling.core.spans import Span, clip, overlap
from scheduling.core.zones import DAY, day_bounds, wall_time

ROW_MINUTES = 5
ROWS = 24 * 60 // ROW_MINUTES
LEAST_ROWS = 6  # 24 px at the usual density: the smallest target
MOST_COLUMNS = 8  # more side by side would be too narrow to read
MONTH_LANES = 4
ALL_DAY_LANES = 6


class Entry(NamedTuple):
    """An event for the grid: instants, or dates with an exclusive end. `key` is unique within one grid."""

    key: str
    start: datetime | date
    end: datetime | date
    title: str = ""
    local: Span[date] | None = None  # its local days, where they are known already

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)

    @property
    def is_bar(self) -> bool:
        return self.all_day or self.end - self.start >= DAY  # type: ignore[operator]

    def span(self) -> Span[datetime]:
        """The instants of a timed entry."""
        assert isinstance(self.start, datetime) and isinstance(self.end, datetime)
        return Span(self.start, self.end)

    def days(self, place: ZoneInfo) -> Span[date]:
        """The local days it touches, with an exclusive end; never empty."""
        if self.local is not None:
            return self.local
        if not isinstance(self.start, datetime) or not isinstance(self.end, datetime):
            return Span(self.start, max(self.end, self.start + DAY))
        return local_days(self.start, self.end, place)


def local_days(start: datetime, end: datetime, place: ZoneInfo) -> Span[date]:
    """The local days between two instants, with an exclusive end; never empty."""
    first = wall_time(start, place).date()
    last = wall_time(end - timedelta(microseconds=1), place).date()
    return Span(first, max(first, last) + DAY)


class Bar(NamedTuple):
    """A piece of an event across days: `column` (d-N), `width` (w-N), `lane` (l-N)."""

    key: str
    column: int
    width: int
    lane: int
    before: bool = False  # began before this piece
    after: bool = False  # goes on after it


class Chip(NamedTuple):
    """A timed event on one day of the month."""

    key: str
    column: int
    lane: int


@dataclass(frozen=True, slots=True)
class Lanes:
    """One row of days.

    `keys[i]` are all events of column i + 1 in reading order, `hidden[i]` those of them without a place.
    """

    days: tuple[date, ...]
    bars: tuple[Bar, ...]
    chips: tuple[Chip, ...]
    keys: tuple[tuple[str, ...], ...]
    hidden: tuple[tuple[str, ...], ...]
    height: int  # lanes in use, the one of "+N more" included


class Box(NamedTuple):
    """An event on one day: `row` (r-N), `rows` (s-N), `column` of `columns` (c-IofN), `span` (x-K)."""

    key: str
    row: int
    rows: int
    column: int = 1
    columns: int = 1
    span: int = 1
    before: bool = False  # began on an earlier day
    after: bool = False  # goes on on the next day


class More(NamedTuple):
    """A place for "+N more" where more events stand side by side than there are columns."""

    keys: tuple[str, ...]
    row: int
    rows: int
    column: int = MOST_COLUMNS
    columns: int = MOST_COLUMNS


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    boxes: tuple[Box, ...]
    more: tuple[More, ...]


@dataclass(frozen=True, slots=True)
class TimeGrid:
    lanes: Lanes
    days: tuple[Day, ...]


def month_grid(
    entries: Iterable[Entry], weeks: Sequence[Sequence[date]], place: ZoneInfo, lanes: int = MONTH_LANES
) -> list[Lanes]:
    """Bars and chips of each week; the days of a week follow each other without a gap."""
    return [
        lane_grid(week, days, place, lanes)
        for days, week in zip(weeks, _by_week(entries, weeks, place), strict=True)
    ]


def time_grid(
    entries: Iterable[Entry], days: Sequence[date], place: ZoneInfo, lanes: int = ALL_DAY_LANES
) -> TimeGrid:
    """Bars above and boxes below for the given days, which follow each other without a gap."""
    bars: list[Entry] = []
    boxes: list[list[Entry]] = [[] for _ in days]
    shown = Span(days[0], days[-1] + DAY)
    for entry in entries:
        if entry.is_bar:
            bars.append(entry)
            continue
        if touched := clip(entry.days(place), shown):
            for of_day in boxes[(touched.start - days[0]).days : (touched.end - days[0]).days]:
                of_day.append(entry)
    return TimeGrid(
        lanes=lane_grid(bars, days, place, lanes),
        days=tuple(day_grid(of_day, day, place) for of_day, day in zip(boxes, days, strict=True)),
    )


# --- lanes -------------------------------------------------------------------------------------
def lane_grid(entries: Iterable[Entry], days: Sequence[date], place: ZoneInfo, limit: int) -> Lanes:
    """Give every entry the first lane that is free on all its days; bars first, so that they stand on top.

    Where a day needs more than `limit` lanes, its last one is left to "+N more" and bars are cut there.
    """
    row = Span(days[0], days[-1] + DAY)
    placed: list[tuple[Entry, range, int, bool, bool]] = []
    taken: list[int] = []  # one bit set of columns per lane
    for entry, touched, shown in sorted(_shown(entries, row, place), key=_reading_order):
        columns = range((shown.start - row.start).days, (shown.end - row.start).days)
        bits = sum(1 << column for column in columns)
        lane = next((n for n, used in enumerate(taken) if not used & bits), len(taken))
        if lane == len(taken):
            taken.append(0)
        taken[lane] |= bits
        placed.append((entry, columns, lane + 1, touched.start < shown.start, shown.end < touched.end))

    crowded = [any(used >> column & 1 for used in taken[limit:]) for column in range(len(days))]
    bars: list[Bar] = []
    chips: list[Chip] = []
    keys: list[list[str]] = [[] for _ in days]
    hidden: list[list[str]] = [[] for _ in days]
    for entry, columns, lane, before, after in placed:
        visible = [lane < limit or (lane == limit and not crowded[column]) for column in columns]
        for column, is_visible in zip(columns, visible, strict=True):
            keys[column].append(entry.key)
            if not is_visible:
                hidden[column].append(entry.key)
        if not entry.is_bar:
            chips += [Chip(entry.key, columns[0] + 1, lane)] if visible[0] else []
            continue
        for piece in _runs(columns, visible):
            bars.append(
                Bar(
                    entry.key,
                    column=piece.start + 1,
                    width=len(piece),
                    lane=lane,
                    before=before or piece.start > columns.start,
                    after=after or piece.stop < columns.stop,
                )
            )
    return Lanes(
        days=tuple(days),
        bars=tuple(bars),
        chips=tuple(chips),
        keys=tuple(map(tuple, keys)),
        hidden=tuple(map(tuple, hidden)),
        height=min(len(taken), limit),
    )


def _shown(
    entries: Iterable[Entry], row: Span[date], place: ZoneInfo
) -> Iterable[tuple[Entry, Span[date], Span[date]]]:
    """(entry, the days it touches, the days it is drawn on): a short night event stands on its first day."""
    for entry in entries:
        touched = entry.days(place)
        shown = clip(touched, row)
        if shown and not entry.is_bar:
            shown = Span(shown.start, shown.start + DAY)
        if shown:
            yield entry, touched, shown


def _by_week(entries: Iterable[Entry], weeks: Sequence[Sequence[date]], place: ZoneInfo) -> list[list[Entry]]:
    """The entries of each week; a short event in the night between two weeks belongs to the first one."""
    starts, ends = [days[0] for days in weeks], [days[-1] + DAY for days in weeks]
    sorted_in: list[list[Entry]] = [[] for _ in weeks]
    for entry in entries:
        touched = entry.days(place)
        for number in range(bisect_right(ends, touched.start), bisect_left(starts, touched.end)):
            sorted_in[number].append(entry)
            if not entry.is_bar:
                break
    return sorted_in


def _reading_order(item: tuple[Entry, Span[date], Span[date]]) -> tuple[object, ...]:
    entry, _, shown = item
    moment = entry.start.timestamp() if isinstance(entry.start, datetime) else 0.0
    return (
        not entry.is_bar,
        shown.start,
        -(shown.end - shown.start).days,
        not entry.all_day,
        moment,
        entry.title,
        entry.key,
    )


def _runs(columns: range, visible: Sequence[bool]) -> Iterable[range]:
    """The stretches of `columns` whose flag is set."""
    start = None
    for column, is_visible in zip([*columns, columns.stop], [*visible, False], strict=True):
        if is_visible and start is None:
            start = column
        elif not is_visible and start is not None:
            yield range(start, column)
            start = None


# --- boxes -------------------------------------------------------------------------------------
class _Piece(NamedTuple):
    """The part of an event on one day; `taken` are the wall-clock minutes it needs on the screen."""

    entry: Entry
    row: int
    rows: int
    taken: Span[float]
    before: bool
    after: bool


def day_grid(entries: Iterable[Entry], day: date, place: ZoneInfo) -> Day:
    """The boxes of one local day: sorted, grouped by transitive overlap, each in the first free column of its
    group, then widened to the right."""
    bounds = day_bounds(day, place)
    pieces = sorted(
        (piece for entry in entries if (piece := _piece(entry, day, bounds, place))),
        key=lambda p: (
            p.taken.start,
            -(p.taken.end - p.taken.start),
            p.entry.start,
            p.entry.title,
            p.entry.key,
        ),
    )
    boxes: list[Box] = []
    more: list[More] = []
    for group in _groups(pieces):
        group_boxes, group_more = _pack(group)
        boxes += group_boxes
        more += group_more
    return Day(day, tuple(boxes), tuple(more))


def _piece(entry: Entry, day: date, bounds: Span[datetime], place: ZoneInfo) -> _Piece | None:
    whole = entry.span()
    part = None if bounds.is_empty else clip(whole, bounds)  # a change of the date line skips a day
    if part is None:
        return None
    midnight = datetime.combine(day, time.min)

    def minute(moment: datetime) -> float:
        if moment >= bounds.end:
            return 24 * 60
        return min(max((wall_time(moment, place) - midnight).total_seconds() / 60, 0), 24 * 60)

    start = minute(part.start)
    # In the hour that a clock change repeats, an end may show an earlier time than its start.
    end = max(minute(part.end), start)
    rows = max(LEAST_ROWS, int(end - start) // ROW_MINUTES)
    own_row = int(start) // ROW_MINUTES
    row = min(own_row, ROWS - rows)  # the least height must not leave the day at its end
    drawn = _minutes(row + 1, rows)
    # Exact minutes where the rows allow it: 9:00-9:33 and 9:33-10:00 touch and stay below each other.
    taken = Span(start if row == own_row else drawn.start, max(end, drawn.end))
    return _Piece(entry, row + 1, rows, taken, whole.start < part.start, part.end < whole.end)


def _groups(pieces: Iterable[_Piece]) -> Iterable[list[_Piece]]:
    group: list[_Piece] = []
    end = 0.0
    for piece in pieces:
        if group and piece.taken.start >= end:
            yield group
            group, end = [], 0.0
        group.append(piece)
        end = max(end, piece.taken.end)
    if group:
        yield group


def _pack(group: list[_Piece]) -> tuple[list[Box], list[More]]:
    columns: list[list[_Piece]] = []
    for piece in group:
        column = next((c for c in columns if c[-1].taken.end <= piece.taken.start), None)
        if column is None:
            columns.append(column := [])
        column.append(piece)

    more: list[More] = []
    if len(columns) > MOST_COLUMNS:
        columns = columns[: MOST_COLUMNS - 1]
        with_place = {piece.entry.key for column in columns for piece in column}
        without_place = [piece for piece in group if piece.entry.key not in with_place]
        for cluster in _groups(without_place):
            first = min(piece.row for piece in cluster)
            last = max(piece.row + piece.rows for piece in cluster)
            more.append(More(tuple(piece.entry.key for piece in cluster), first, last - first))

    width = MOST_COLUMNS if more else len(columns)
    blocked: dict[int, list[Span[float]]] = defaultdict(list)
    for number, column in enumerate(columns):
        blocked[number] = [piece.taken for piece in column]
    for place in more:
        blocked[width - 1].append(_minutes(place.row, place.rows))
    boxes = []
    for number, column in enumerate(columns):
        for piece in column:
            end = number + 1
            while end < width and not any(overlap(piece.taken, other) for other in blocked[end]):
                end += 1
            boxes.append(
                Box(
                    piece.entry.key,
                    piece.row,
                    piece.rows,
                    column=number + 1,
                    columns=width,
                    span=end - number,
                    before=piece.before,
                    after=piece.after,
                )
            )
    boxes.sort(key=lambda box: (box.row, box.column))
    return boxes, more


def _minutes(row: int, rows: int) -> Span[float]:
    return Span((row - 1) * ROW_MINUTES * 1.0, (row - 1 + rows) * ROW_MINUTES * 1.0)
