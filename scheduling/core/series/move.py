"""A whole series moved by what one of its occurrences is given: "all my Monday meetings on Tuesday".

The difference is one of wall-clock time in the series' zone. Another time of day moves every occurrence alike.
Another day moves the days that the rule names: the one weekday of a weekly rule turns; of several weekdays only
the one that was moved is replaced; the 15th becomes the 16th, the second Tuesday the second Wednesday.

Invariants:
- the moved occurrence is an occurrence of the new series, at its new time
- excluded and added dates move along with what they stand for
- a rule that cannot say the new days is refused, never bent
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from scheduling.core.event import EventValues, format_moment, parse_moment
from scheduling.core.language import gettext as _
from scheduling.core.recurrence import RecurrenceError, expand
from scheduling.core.series.lines import (
    CODES,
    DAY,
    YEAR,
    Line,
    dates_line,
    moment_of,
    occurrence_at,
    read_line,
    rule_line,
    until_wall,
    wall_length,
    wall_of_token,
    with_parts,
)
from scheduling.core.series.split import implied_parts, names_start
from scheduling.core.zones import instant_of, wall_of

CANNOT_MOVE = _(
    "The rule of this series cannot be moved to another day. Change its rule, or move only this event."
)
TIME_FIELDS = ("start", "end", "is_all_day", "time_zone", "end_time_zone")
NEAR = 20 * DAY  # within which a monthly date is found again

Place = Callable[[datetime], datetime]


@dataclass(frozen=True)
class Moved:
    """The series as it is now; `new_key` gives the name that an occurrence's old name has become."""

    values: EventValues
    new_key: Callable[[str], str]


def moved(values: EventValues, key: str, old: EventValues, new: EventValues) -> Moved:
    """The series `values` when its occurrence `key`, which showed as `old`, is to show as `new`.

    Only the fields that say when are read of `old` and `new`. Raises `RecurrenceError`.
    """
    if all(getattr(old, name) == getattr(new, name) for name in TIME_FIELDS):
        return Moved(values, lambda name: name)
    shift = _Shift.between(old, new)
    slot = wall_of(parse_moment(key), values.time_zone)
    place: Place = lambda wall: shift.clock(wall + shift.days * DAY)  # noqa: E731
    rules = [read_line(text) for text in values.recurrence if read_line(text).name == "RRULE"]
    lines: dict[str, str] = {}
    if shift.changes_clock and any({"BYHOUR", "BYMINUTE", "BYSECOND"} & rule.parts.keys() for rule in rules):
        raise RecurrenceError(_("The rule of this series names its own times. Change the rule."))
    target = _with_time(values, old, new, place(wall_of(values.start, values.time_zone)))
    if shift.days:
        turned = [_turned(rule.parts, shift.days, names_start(values, rule)) for rule in rules]
        if all(turned):
            lines = {str(rule): rule_line(parts) for rule, parts in zip(rules, turned, strict=True) if parts}
        elif len(rules) == 1:
            parts, moves = _replaced(rules[0].parts, slot.date(), slot.date() + shift.days * DAY)
            lines = {str(rules[0]): rule_line(parts)}
            target, place = _replaced_place(values, target, slot, shift, parts, moves)
        else:
            raise RecurrenceError(CANNOT_MOVE)
    recurrence: list[str] = []
    for text in values.recurrence:
        line = read_line(text)
        if line.name == "RRULE":
            recurrence.append(_with_until(values, target, read_line(lines.get(text, text)), line, place))
        elif line.name in ("RDATE", "EXDATE"):
            walls = [place(wall_of_token(token, line, values)) for token in line.content.split(",")]
            recurrence.append(dates_line(line.name, walls, target))
        else:
            recurrence.append(text)
    result = replace(target, recurrence=tuple(recurrence))

    def new_key(name: str) -> str:
        return format_moment(
            moment_of(place(wall_of(parse_moment(name), values.time_zone)), target.time_zone)
        )

    arrived = place(slot) == shift.clock(slot + shift.days * DAY) and occurrence_at(result, new_key(key))
    if shift.days and not arrived:
        raise RecurrenceError(CANNOT_MOVE)
    return Moved(result, new_key)


@dataclass(frozen=True)
class _Shift:
    """By how many days, and what becomes of the time of day: moved by `clock_delta`, or `at`."""

    days: int
    clock_delta: timedelta
    at: time | None

    @classmethod
    def between(cls, old: EventValues, new: EventValues) -> _Shift:
        before, after = wall_of(old.start, old.time_zone), wall_of(new.start, new.time_zone)
        days = (after.date() - before.date()).days
        if old.is_all_day != new.is_all_day:
            return cls(days, timedelta(0), after.time())
        return cls(days, after - before - days * DAY, None)

    @property
    def changes_clock(self) -> bool:
        return bool(self.clock_delta) or self.at is not None

    def clock(self, wall: datetime) -> datetime:
        return wall + self.clock_delta if self.at is None else datetime.combine(wall, self.at)


def _with_time(values: EventValues, old: EventValues, new: EventValues, start: datetime) -> EventValues:
    """The series at its new first start, as much longer or shorter as the occurrence has become."""
    length = wall_length(new)
    if old.is_all_day == new.is_all_day:
        grown = wall_length(values) + wall_length(new) - wall_length(old)
        length = grown if grown > timedelta(0) else length
    end_zone = new.end_time_zone or new.time_zone
    return replace(
        values,
        start=moment_of(start, new.time_zone),
        end=moment_of(start + length, end_zone),
        is_all_day=new.is_all_day,
        time_zone=new.time_zone,
        end_time_zone=new.end_time_zone,
        recurrence=(),
    )


# --- other days --------------------------------------------------------------------------------
def _turned(parts: dict[str, str], days: int, names_start: bool) -> dict[str, str] | None:
    """The rule when all of its days move alike; None when it cannot say that, or people mean one day only."""
    if parts.keys() & {"BYSETPOS", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"}:
        return None
    codes = parts["BYDAY"].split(",") if "BYDAY" in parts else []
    match parts.get("FREQ"):
        case "DAILY" | "WEEKLY" if days % 7 == 0 or not codes:
            return parts
        case "DAILY" | "WEEKLY" if len(codes) == 1 and codes[0] in CODES:
            turned = parts | {"BYDAY": _turned_code(codes[0], days)}
            if int(parts.get("INTERVAL", "1")) > 1 and not names_start:
                # Every other week counts from the week of the start, so that has to begin on another day too.
                turned["WKST"] = _turned_code(parts.get("WKST", "MO"), days)
            return turned
    return None


def _turned_code(code: str, days: int) -> str:
    return CODES[(CODES.index(code) + days) % 7]


def _replaced(
    parts: dict[str, str], slot: date, target: date
) -> tuple[dict[str, str], Callable[[date], bool]]:
    """The rule with the one day that was moved replaced; and which of its days that is."""
    if parts.keys() & {"BYSETPOS", "BYYEARDAY", "BYWEEKNO"} or {"BYDAY", "BYMONTHDAY"} <= parts.keys():
        raise RecurrenceError(CANNOT_MOVE)
    changed = dict(parts)
    if parts["FREQ"] in ("DAILY", "WEEKLY"):
        changed["BYDAY"] = _swap(parts.get("BYDAY", ""), CODES[slot.weekday()], CODES[target.weekday()])
        if int(parts.get("INTERVAL", "1")) > 1:
            _require_same_week(parts, slot, target)
        return changed, lambda day: day.weekday() == slot.weekday()
    if "BYMONTH" in parts:
        if target.month != slot.month:
            changed["BYMONTH"] = _swap(parts["BYMONTH"], str(slot.month), str(target.month))
    elif parts["FREQ"] == "YEARLY" and "BYDAY" in parts:
        raise RecurrenceError(CANNOT_MOVE)
    if "BYMONTHDAY" in parts:
        old, new = str(slot.day), str(target.day)
        if old not in parts["BYMONTHDAY"].split(","):
            old = str(_from_end(slot))
            new = str(_from_end(target)) if slot.month == target.month else new
        changed["BYMONTHDAY"] = _swap(parts["BYMONTHDAY"], old, new)
    elif "BYDAY" in parts:
        changed["BYDAY"] = _swap_ordinal(parts["BYDAY"], slot, target)
    return changed, lambda day: True


def _swap(listed: str, old: str, new: str) -> str:
    items = listed.split(",")
    if old not in items:
        raise RecurrenceError(CANNOT_MOVE)
    return ",".join(dict.fromkeys(new if item == old else item for item in items))


def _swap_ordinal(listed: str, slot: date, target: date) -> str:
    code = CODES[slot.weekday()]
    for item in listed.split(","):
        number = item[:-2].lstrip("+")
        if item[-2:] != code or number not in (str(_nth(slot)), str(_nth_from_end(slot))):
            continue
        from_end = number.startswith("-") and target.month == slot.month
        place = _nth_from_end(target) if from_end else _nth(target)
        return _swap(listed, item, f"{place}{CODES[target.weekday()]}")
    raise RecurrenceError(CANNOT_MOVE)


def _nth(day: date) -> int:
    return (day.day - 1) // 7 + 1


def _from_end(day: date) -> int:
    return day.day - monthrange(day.year, day.month)[1] - 1


def _nth_from_end(day: date) -> int:
    return -((-_from_end(day) - 1) // 7 + 1)


def _require_same_week(parts: dict[str, str], slot: date, target: date) -> None:
    # A rule of every other week cannot say that one of its days belongs to the week beside.
    first = CODES.index(parts.get("WKST", "MO"))
    if (slot.weekday() - first) % 7 + (target - slot).days not in range(7):
        raise RecurrenceError(CANNOT_MOVE)


def _replaced_place(
    values: EventValues,
    target: EventValues,
    slot: datetime,
    shift: _Shift,
    parts: dict[str, str],
    moves: Callable[[date], bool],
) -> tuple[EventValues, Place]:
    """The new first start, and where every old wall goes: for itself in a week, else to the nearest new date."""
    if parts["FREQ"] in ("DAILY", "WEEKLY"):

        def place(wall: datetime) -> datetime:
            return shift.clock(wall + shift.days * DAY if moves(wall.date()) else wall)

        first = instant_of(values.start)
        cycle = 7 * DAY * int(parts.get("INTERVAL", "1"))
        spans = expand(values, start=first, end=first + cycle)
        walls = [place(wall_of(span.start, values.time_zone)) for span in spans]
        start = min(walls, default=place(wall_of(values.start, values.time_zone)))
        return _starting(target, start), place

    start = wall_of(target.start, target.time_zone)
    days = {**parts, **implied_parts(parts, slot.date() + shift.days * DAY)}
    endless = {name: str(value) for name, value in days.items() if name not in ("INTERVAL", "COUNT", "UNTIL")}
    is_named = any(
        names_start(values, line) for line in map(read_line, values.recurrence) if line.name == "RRULE"
    )
    if is_named and wall_of(values.start, values.time_zone).date() != slot.date():
        start = _nearest_named(target, endless, start)
    target = _starting(target, start)
    repeating = replace(
        target, recurrence=(rule_line({k: v for k, v in parts.items() if k not in ("COUNT", "UNTIL")}),)
    )

    def nearest(wall: datetime) -> datetime:
        wish = shift.clock(wall + shift.days * DAY)
        around = instant_of(moment_of(wish, target.time_zone))
        spans = expand(repeating, start=around - NEAR, end=around + NEAR)
        walls = [wall_of(span.start, target.time_zone) for span in spans]
        return min(walls, key=lambda found: abs(found - wish), default=wish)

    return target, nearest


def _nearest_named(target: EventValues, parts: dict[str, str], start: datetime) -> datetime:
    """The start that the rule names next to `start`, which would else be an occurrence outside of it."""
    line = read_line(rule_line(parts))
    for offset in sorted(range(-NEAR.days, NEAR.days + 1), key=abs):
        if names_start(_starting(target, start + offset * DAY), line):
            return start + offset * DAY
    return start


def _starting(values: EventValues, start: datetime) -> EventValues:
    length = wall_length(values)
    end_zone = values.end_time_zone or values.time_zone
    return replace(values, start=moment_of(start, values.time_zone), end=moment_of(start + length, end_zone))


def _with_until(values: EventValues, target: EventValues, line: Line, old: Line, place: Place) -> str:
    """The rule with its end moved so that the same occurrences are the last ones."""
    until = until_wall(old, values)
    if until is None or until.year >= 2199:
        return str(line)
    end = instant_of(moment_of(until, values.time_zone)) + timedelta(seconds=1)
    last = [wall_of(s.start, values.time_zone) for s in expand(values, start=end - YEAR, end=end)][-8:]
    wall = max([place(found) for found in last], default=until)
    moment = moment_of(wall, target.time_zone)
    text = f"{moment:%Y%m%dT%H%M%SZ}" if isinstance(moment, datetime) else f"{moment:%Y%m%d}"
    return with_parts(line, UNTIL=text)
