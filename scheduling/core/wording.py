"""Days, times and repeats in words, as people read them on pages, in toasts and in mails.

Invariants:
- a range names each day once and the year only when it is not this one
- a rule that has no short wording is still said to repeat
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.core.zones import wall_time

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
COLORS = {
    1: "Iris",
    2: "Mint",
    3: "Plum",
    4: "Coral",
    5: "Honey",
    6: "Apricot",
    7: "Lagoon",
    8: "Slate",
    9: "Indigo",
    10: "Moss",
    11: "Brick",
}
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}


def clock(moment: time | datetime, twelve: bool = False) -> str:
    """`14:05`, or `2:05 pm`."""
    if not twelve:
        return f"{moment:%H:%M}"
    return f"{moment.hour % 12 or 12}:{moment:%M} {'am' if moment.hour < 12 else 'pm'}"


def weekday(day: date) -> str:
    return WEEKDAYS[day.weekday()]


def day_month(day: date, today: date) -> str:
    """`18 November`, with the year when it is another than today's."""
    return f"{day.day} {MONTHS[day.month - 1]}{f' {day.year}' if day.year != today.year else ''}"


def full_day(day: date, today: date) -> str:
    """`Wednesday 18 November`."""
    return f"{weekday(day)} {day_month(day, today)}"


def span_words(
    start: datetime | date, end: datetime | date, place: ZoneInfo, today: date, twelve: bool = False
) -> tuple[str, str]:
    """(days, times) of an event as clocks in `place` show it; dates have an exclusive end and no times."""
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return _days(start, end - timedelta(days=1), today), ""
    first, last = wall_time(start, place), wall_time(end, place)
    if first.date() == last.date():
        return full_day(first, today), f"{clock(first, twelve)}–{clock(last, twelve)}"
    if last - first < timedelta(days=1):
        return full_day(first, today), f"{clock(first, twelve)}–{clock(last, twelve)} ({weekday(last)})"
    return (
        f"{full_day(first, today)}, {clock(first, twelve)}",
        f"{full_day(last, today)}, {clock(last, twelve)}",
    )


def length_words(length: timedelta) -> str:
    """`45 min`, `1 h 30 min`, `2 days`."""
    minutes = int(length.total_seconds()) // 60
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = [f"{days} day{'s' if days > 1 else ''}" if days else "", f"{hours} h" if hours else ""]
    if not days and not hours:
        return f"{minutes} min"
    return " ".join(filter(None, [*parts, f"{minutes} min" if minutes else ""]))


def _days(first: date, last: date, today: date) -> str:
    return full_day(first, today) if first == last else f"{full_day(first, today)} to {full_day(last, today)}"


# --- repeats -----------------------------------------------------------------------------------
NAMED_PARTS = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "COUNT", "UNTIL", "WKST"}
MOST_NAMED_DATES = 3
WORKDAYS, WEEKEND = CODES[:5], CODES[5:]


def repeats(lines: tuple[str, ...] | list[str], today: date, zone: str = "") -> str:
    """`Every week on Thursday and Friday, until 18 December`; empty when nothing repeats.

    An end that is given as an instant has its date in `zone`, that of the series.
    """
    rules = [_rule(line.partition(":")[2], today, zone) for line in lines if _is(line, "RRULE")]
    added = _dates([line for line in lines if _is(line, "RDATE")], today)
    excluded = _dates([line for line in lines if _is(line, "EXDATE")], today)
    if not rules and not added:
        return ""
    if not all(rules):
        return "Repeats by a rule of its own" if len(rules) == 1 else "Repeats by several rules"
    first, *others = rules or ["On the start"]
    words = "; also ".join([first, *(rule[0].lower() + rule[1:] for rule in others)])
    words += f", and on {added}" if added else ""
    return words + (f", except {excluded}" if excluded else "")


def _is(line: str, name: str) -> bool:
    return line.upper().startswith((f"{name}:", f"{name};"))


def _rule(content: str, today: date, zone: str) -> str:
    """One rule in words, empty when they would not say all of it."""
    parts = dict(part.split("=", 1) for part in content.upper().split(";") if "=" in part)
    unit = UNITS.get(parts.get("FREQ", ""))
    if unit is None or parts.keys() - NAMED_PARTS:
        return ""
    try:
        often = _how_often(unit, parts.get("INTERVAL", "1"))
        return often + _on_which(unit, parts) + _until(parts, today, zone)
    except (ValueError, IndexError, KeyError):
        return ""


def _how_often(unit: str, interval: str) -> str:
    return f"Every {unit}" if interval == "1" else f"Every {int(interval)} {unit}s"


def _on_which(unit: str, parts: dict[str, str]) -> str:
    """Raises `ValueError` and `KeyError` for what has no words."""
    codes = parts["BYDAY"].split(",") if "BYDAY" in parts else []
    days = [int(text) for text in parts.get("BYMONTHDAY", "").split(",") if text]
    months = [MONTHS[_index(text)] for text in parts.get("BYMONTH", "").split(",") if text]
    if codes and days:
        raise ValueError("days of the week and of the month at once")
    if position := parts.get("BYSETPOS"):
        if not codes or unit not in ("month", "year") or (unit == "year" and not months):
            raise ValueError("a position among other things than weekdays")
        which = " on " + _positioned(position.split(","), codes)
    elif days:
        which = _month_days(days, months if len(months) == 1 else [])
        if len(months) == 1 and unit == "year":
            return which
    else:
        which = _weekdays(unit, codes)
    if not months:
        return which
    return f"{which} {'of' if which and unit == 'year' else 'in'} {_listed(months)}"


def _index(month: str) -> int:
    number = int(month)
    if not 1 <= number <= 12:
        raise ValueError(month)
    return number - 1


def _weekdays(unit: str, codes: list[str]) -> str:
    if unit in ("week", "day") and tuple(codes) == WORKDAYS:
        return " from Monday to Friday"
    return f" on {_listed([_named_day(code) for code in codes])}" if codes else ""


def _month_days(days: list[int], months: list[str]) -> str:
    if months and all(day > 0 for day in days):
        return f" on {_listed([str(day) for day in days])} {months[0]}"
    of = f" of {months[0]}" if months else ""
    if all(day > 0 for day in days):
        return f" on day{'s' if len(days) > 1 else ''} {_listed([str(day) for day in days])}"
    return f" on {_listed([_month_day(day) for day in days])}{of}"


def _month_day(day: int) -> str:
    if day > 0:
        return f"day {day}"
    return "the last day" if day == -1 else f"the {_ordinal(-day)} to last day"


def _ordinal(number: int) -> str:
    if number in ORDINALS:
        return ORDINALS[number]
    if number < 0:
        return f"{_ordinal(-number)} to last"
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _positioned(positions: list[str], codes: list[str]) -> str:
    chosen = tuple(sorted(codes, key=CODES.index))
    kinds = {CODES: "day", WORKDAYS: "weekday", WEEKEND: "day of the weekend"}
    name = kinds.get(chosen) or _listed([_named_day(code) for code in chosen], "or")
    return f"the {_listed([_ordinal(int(position)) for position in positions])} {name}"


def _named_day(code: str) -> str:
    name = WEEKDAYS[CODES.index(code[-2:])]
    number = code[:-2]
    return f"the {_ordinal(int(number))} {name}" if number else name


def _listed(words: list[str], joint: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}"


def _dates(lines: list[str], today: date) -> str:
    """`24 and 26 December` of RDATE or EXDATE lines, their number when there are many."""
    texts = [text.strip() for line in lines for text in line.partition(":")[2].split(",") if text.strip()]
    if len(texts) > MOST_NAMED_DATES:
        return f"{len(texts)} dates"
    try:
        days = sorted({datetime.strptime(text[:8], "%Y%m%d").date() for text in texts})
    except ValueError:
        return f"{len(texts)} dates"
    return _listed([day_month(day, today) for day in days]) if days else ""


def _until(parts: dict[str, str], today: date, zone: str) -> str:
    if count := parts.get("COUNT"):
        return f", {count} times" if count != "1" else ", once"
    if "UNTIL" not in parts:
        return ""
    return f", until {day_month(until_day(parts['UNTIL'], zone), today)}"


def until_day(text: str, zone: str) -> date:
    """The last day that an UNTIL lets pass, on the clock of `zone` (empty for all-day). Raises `ValueError`."""
    if len(text) == 8 or not zone or not text.endswith("Z"):
        return datetime.strptime(text[:8], "%Y%m%d").date()
    return wall_time(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), ZoneInfo(zone)).date()
