"""What the repeat editor can say of a series, and the recurrence lines for it.

Invariants:
- lines that were written from a `Repeat` are read back as the same
- lines that mean more than a `Repeat` can say are not read (None): they stay as they are
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from scheduling.core.wording import CODES, until_day
from scheduling.core.zones import instant

DAILY, WEEKLY, MONTHLY, YEARLY = FREQUENCIES = ("daily", "weekly", "monthly", "yearly")
MOST_EVERY, MOST_COUNT = 999, 9999
ORDINALS = (1, 2, 3, 4, 5, -1)
MONTH_DAYS = (*range(1, 32), -1)
_PARTS = {
    DAILY: set[str](),
    WEEKLY: {"BYDAY"},
    MONTHLY: {"BYDAY", "BYMONTHDAY", "BYSETPOS"},
    YEARLY: {"BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS"},
}
_COMMON = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}


@dataclass(frozen=True)
class Repeat:
    """The values of the editor; `frequency` is empty when nothing repeats.

    What says no day takes it from the start of the series. `until` is the last day, included. `week_start` and `kept`
    (EXDATE lines) are carried along unseen.
    """

    frequency: str = ""
    every: int = 1
    weekdays: tuple[str, ...] = ()  # weekly, in the order of CODES
    month_day: int | None = None  # monthly, -1 for the last day
    ordinal: int | None = (
        None  # monthly, or yearly in the month of the start, with `weekday`; -1 for the last
    )
    weekday: str = ""
    count: int | None = None
    until: date | None = None
    week_start: str = ""
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where the series lives: its first day, and the zone of its clock (empty when all-day)."""

    start: date
    zone: str = ""


def read_repeat(lines: tuple[str, ...] | list[str], place: Place) -> Repeat | None:
    """The editor's values for these lines; None when it cannot say them."""
    rules = [line for line in lines if _name(line) == "RRULE"]
    kept = tuple(line for line in lines if _name(line) == "EXDATE")
    if not lines:
        return Repeat()
    if len(rules) != 1 or len(rules) + len(kept) != len(lines):
        return None
    try:
        found = _read_rule(rules[0].partition(":")[2], place)
    except (KeyError, ValueError, OverflowError):
        return None
    return replace(found, kept=kept) if found else None


def repeat_lines(repeat: Repeat, place: Place) -> tuple[str, ...]:
    """The recurrence lines that say this, none for no repeat."""
    if not repeat.frequency:
        return ()
    parts = [f"FREQ={repeat.frequency.upper()}"]
    if repeat.every > 1:
        parts.append(f"INTERVAL={repeat.every}")
    if repeat.frequency == WEEKLY and repeat.weekdays:
        parts.append(f"BYDAY={','.join(repeat.weekdays)}")
    elif repeat.frequency in (MONTHLY, YEARLY) and repeat.ordinal is not None:
        parts += [f"BYMONTH={place.start.month}"] * (repeat.frequency == YEARLY)
        parts.append(f"BYDAY={repeat.ordinal}{repeat.weekday}")
    elif repeat.frequency == MONTHLY and repeat.month_day is not None:
        parts.append(f"BYMONTHDAY={repeat.month_day}")
    if repeat.count is not None:
        parts.append(f"COUNT={repeat.count}")
    elif repeat.until is not None:
        parts.append(f"UNTIL={_until_text(repeat.until, place)}")
    if repeat.week_start:
        parts.append(f"WKST={repeat.week_start}")
    return (f"RRULE:{';'.join(parts)}", *repeat.kept)


def _name(line: str) -> str:
    return re.split(r"[:;]", line, maxsplit=1)[0].strip().upper()


def _read_rule(content: str, place: Place) -> Repeat | None:
    pairs = [part.split("=", 1) for part in content.strip().upper().split(";") if part]
    parts = {name.strip(): value.strip() for name, value in pairs}
    frequency = parts.get("FREQ", "").lower()
    if frequency not in FREQUENCIES or len(parts) != len(pairs):
        return None
    if parts.keys() - _COMMON - _PARTS[frequency] or ("COUNT" in parts and "UNTIL" in parts):
        return None
    repeat = Repeat(frequency, every=_number(parts.get("INTERVAL", "1"), MOST_EVERY))
    if "COUNT" in parts:
        repeat = replace(repeat, count=_number(parts["COUNT"], MOST_COUNT))
    if "UNTIL" in parts:
        repeat = replace(repeat, until=until_day(parts["UNTIL"], place.zone))
    # Another start of the week says nothing else unless weeks are left out between chosen days.
    if frequency == WEEKLY and parts.get("WKST", "MO") != "MO":
        repeat = replace(repeat, week_start=CODES[CODES.index(parts["WKST"])])
    if frequency == WEEKLY and "BYDAY" in parts:
        chosen = {CODES.index(code) for code in parts["BYDAY"].split(",")}
        return replace(repeat, weekdays=tuple(CODES[number] for number in sorted(chosen)))
    if frequency == MONTHLY:
        return _read_month(repeat, parts)
    if frequency == YEARLY and "BYDAY" in parts:  # without a month it would be a weekday of the year
        return _read_month(repeat, parts) if parts.get("BYMONTH") == str(place.start.month) else None
    if frequency == YEARLY and ("BYSETPOS" in parts or not _says_start(parts, place.start)):
        return None
    return repeat


def _read_month(repeat: Repeat, parts: dict[str, str]) -> Repeat | None:
    if "BYDAY" in parts:
        number, code = parts["BYDAY"][:-2], CODES[CODES.index(parts["BYDAY"][-2:])]
        if "BYMONTHDAY" in parts or bool(number) == ("BYSETPOS" in parts):
            return None
        ordinal = int(number or parts["BYSETPOS"])
        return replace(repeat, ordinal=ordinal, weekday=code) if ordinal in ORDINALS else None
    if "BYSETPOS" in parts:
        return None
    if "BYMONTHDAY" in parts:
        day = int(parts["BYMONTHDAY"])
        return replace(repeat, month_day=day) if day in MONTH_DAYS else None
    return repeat


def _says_start(parts: dict[str, str], start: date) -> bool:
    """Whether a yearly rule names no other day than the one it starts on."""
    if "BYMONTHDAY" in parts and "BYMONTH" not in parts:
        return False
    return int(parts.get("BYMONTH", start.month)) == start.month and (
        int(parts.get("BYMONTHDAY", start.day)) == start.day
    )


def _number(text: str, most: int) -> int:
    number = int(text)
    if not 1 <= number <= most:
        raise ValueError(text)
    return number


def _until_text(day: date, place: Place) -> str:
    if not place.zone:
        return f"{day:%Y%m%d}"
    # The last second of that day on the clock of the series, as an instant (RFC 5545 3.3.10).
    last = instant(datetime.combine(day, time(23, 59, 59)), ZoneInfo(place.zone))
    return f"{last.astimezone(UTC):%Y%m%dT%H%M%SZ}"
