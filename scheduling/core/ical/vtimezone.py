"""VTIMEZONE for an IANA zone: rules instead of lists, complete from 1970 on (RFC 5545 3.6.5).

The changes of the zone are read off its own data, gathered into runs that follow one yearly rule, and the run
that has not ended becomes a rule without end.

Invariants:
- what is written gives the zone's own offset at every instant from 1970 on
- a zone without changes has one STANDARD and no rule
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from scheduling.core.ical.lines import fold

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
STEP = timedelta(days=4)  # shorter than any time between two changes
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class Change:
    """`wall` is the naive time that clocks show when they are changed, by the offset before."""

    wall: datetime
    before: timedelta
    after: timedelta
    name: str
    is_daylight: bool

    @property
    def kind(self) -> tuple[object, ...]:
        """What changes of one rule have in common, but the day."""
        return (self.wall.month, self.wall.time(), self.before, self.after, self.name, self.is_daylight)


@lru_cache(maxsize=500)
def vtimezone(name: str) -> str:
    """`BEGIN:VTIMEZONE … END:VTIMEZONE` as folded lines for the zone of that name."""
    place = ZoneInfo(name)
    start = FIRST.astimezone(place)
    changes = list(_changes(place))
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    offset = start.utcoffset() or timedelta()
    lines += _observance(
        Change(datetime(1970, 1, 1), offset, offset, start.tzname() or name, bool(start.dst())), ""
    )
    for run in _runs(changes):
        is_endless = len(run) > 1 and run[-1].wall.year == LAST.year - 1
        # A day later than the last: some readers take UNTIL as local time and would lose the last one.
        until = "" if is_endless else f";UNTIL={run[-1].wall + timedelta(days=1):%Y%m%dT%H%M%SZ}"
        lines += _observance(run[0], f"{_rule(run)}{until}" if len(run) > 1 else "")
    lines.append("END:VTIMEZONE")
    return "".join(map(fold, lines))


def _changes(place: ZoneInfo) -> Iterator[Change]:
    moment, state = FIRST, _state(FIRST, place)
    while moment < LAST:
        following = moment + STEP
        if _state(following, place) != state:
            low, high = moment, following
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                if _state(middle, place) == state:
                    low = middle
                else:
                    high = middle
            before, state = state, _state(high, place)
            yield Change(
                (high + before[0]).replace(tzinfo=None), before[0], state[0], state[1], bool(state[2])
            )
            following = high
        moment = following


def _state(moment: datetime, place: ZoneInfo) -> tuple[timedelta, str, timedelta | None]:
    local = moment.astimezone(place)
    return local.utcoffset() or timedelta(), local.tzname() or "", local.dst()


def _runs(changes: list[Change]) -> Iterator[list[Change]]:
    """Changes that one rule gives, each in the year after the one before, in order of their beginning."""
    runs: list[list[Change]] = []
    open_runs: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        run = open_runs.get(change.kind)
        if run and change.wall.year == run[-1].wall.year + 1 and _day_rule([*run, change]):
            run.append(change)
        else:
            run = open_runs[change.kind] = [change]
            runs.append(run)
    yield from runs


def _day_rule(run: list[Change]) -> str:
    """The shortest BY-parts that give the day in every year of the run, or nothing."""
    days = [change.wall for change in run]
    if len({day.weekday() for day in days}) == 1:
        weekday = DAYS[days[0].weekday()]
        ordinals = {(day.day - 1) // 7 + 1 for day in days}
        if all((day + timedelta(days=7)).month != day.month for day in days):
            return f"BYDAY=-1{weekday}"
        if len(ordinals) == 1 and ordinals <= {1, 2, 3, 4}:
            return f"BYDAY={ordinals.pop()}{weekday}"
        low, high = min(day.day for day in days), max(day.day for day in days)
        if high - low < 7:
            first = max(1, high - 6)  # such as the Friday before the last Sunday
            return f"BYDAY={weekday};BYMONTHDAY={','.join(str(first + n) for n in range(7))}"
    if len({day.day for day in days}) == 1:
        return f"BYMONTHDAY={days[0].day}"
    return ""


def _rule(run: list[Change]) -> str:
    return f"RRULE:FREQ=YEARLY;BYMONTH={run[0].wall.month};{_day_rule(run)}"


def _observance(change: Change, rule: str) -> list[str]:
    kind = "DAYLIGHT" if change.is_daylight else "STANDARD"
    return [
        f"BEGIN:{kind}",
        f"TZOFFSETFROM:{_offset(change.before)}",
        f"TZOFFSETTO:{_offset(change.after)}",
        f"TZNAME:{change.name}",
        f"DTSTART:{change.wall:%Y%m%dT%H%M%S}",
        *([rule] if rule else []),
        f"END:{kind}",
    ]


def _offset(offset: timedelta) -> str:
    seconds = int(offset.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    text = f"{sign}{seconds // 3600:02d}{seconds % 3600 // 60:02d}"
    return text + (f"{seconds % 60:02d}" if seconds % 60 else "")
