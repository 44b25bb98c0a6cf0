"""Giving an event another time, as a hand does it: to another day or hour, longer or shorter, all day or not.

All arithmetic is on the wall clock of the person who moves, so that "a day later" keeps the hour over a clock
change.

Invariants:
- a move keeps the length, a change of one edge keeps the other edge
- a timed event that becomes all-day takes the days it touched; the way back takes a given length
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling.core.zones import DAY, instant, wall_time

Moment = datetime | date


@dataclass(frozen=True, slots=True)
class Move:
    """What a hand did. `start` and `end` are naive wall times, instants or dates; None keeps what is there.

    With `start` alone the event moves; with `keeps_end` its beginning moves and the end stays; with `end` alone the
    end moves. `delta` shifts the whole event, `longer` its end.
    """

    start: Moment | None = None
    end: Moment | None = None
    keeps_end: bool = False
    delta: timedelta = timedelta()
    longer: timedelta = timedelta()
    is_all_day: bool | None = None

    @classmethod
    def read(cls, said: Mapping[str, str]) -> Move:
        """From the fields of a form: `start`, `end`, `edge=start`, `delta_days`, `delta_minutes`, `longer_minutes`,
        `all_day=0|1`. Raises `ValueError` for what is no time, and when nothing is said."""
        move = cls(
            start=_read(said.get("start", "")),
            end=_read(said.get("end", "")),
            keeps_end=said.get("edge") == "start",
            delta=timedelta(
                days=int(said.get("delta_days") or 0), minutes=int(said.get("delta_minutes") or 0)
            ),
            longer=timedelta(minutes=int(said.get("longer_minutes") or 0)),
            is_all_day={"1": True, "0": False}.get(said.get("all_day", "")),
        )
        if move == cls():
            raise ValueError("a move to nowhere")
        return move


def moved_span(
    start: Moment, end: Moment, move: Move, place: ZoneInfo, new_length: timedelta
) -> tuple[Moment, Moment]:
    """Where the move takes `[start, end)`: instants, or dates with an exclusive end.

    `new_length` is for what was all-day and gets an hour. Raises `ValueError` when dates and times do not fit.
    """
    was_all_day = not isinstance(start, datetime)
    is_all_day = was_all_day if move.is_all_day is None else move.is_all_day
    if is_all_day:
        return _moved_dates(*_days(start, end, place), move, place)
    length = new_length if was_all_day else _between(start, end)
    begins = start if move.start is None else _instant(move.start, place)
    if not isinstance(begins, datetime):
        raise ValueError("an event with a time needs an hour")
    begins = _shifted(begins, move.delta, place)
    if move.end is not None:
        ends = _instant(move.end, place)
    elif move.keeps_end and isinstance(end, datetime):
        ends = end
    else:
        ends = begins + length
    return begins, _shifted(ends, move.longer, place)


def _day(moment: Moment, place: ZoneInfo) -> date:
    if not isinstance(moment, datetime):
        return moment
    return (wall_time(moment, place) if moment.tzinfo else moment).date()


def _moved_dates(first: date, after: date, move: Move, place: ZoneInfo) -> tuple[date, date]:
    starts = first if move.start is None else _day(move.start, place)
    starts += timedelta(days=move.delta // DAY)
    if move.end is not None:
        ends = _day(move.end, place)
    else:
        ends = after if move.keeps_end else starts + (after - first)
    return starts, ends + timedelta(days=move.longer // DAY)


def _read(text: str) -> Moment | None:
    if not text:
        return None
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def _instant(moment: Moment, place: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        raise ValueError("an event with a time needs an hour")
    return moment if moment.tzinfo else instant(moment, place)


def _shifted(moment: datetime, delta: timedelta, place: ZoneInfo) -> datetime:
    return instant(wall_time(moment, place) + delta, place) if delta else moment


def _days(start: Moment, end: Moment, place: ZoneInfo) -> tuple[date, date]:
    """The days that are touched, the end exclusive."""
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return start, end
    first, last = wall_time(start, place).date(), wall_time(end - timedelta(microseconds=1), place).date()
    return first, max(first, last) + DAY


def _between(start: Moment, end: Moment) -> timedelta:
    return end - start  # type: ignore[operator]
