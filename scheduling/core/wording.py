"""Days, times and repeats in words, as people read them on pages, in toasts and in mails.

Invariants:
- a range names each day once and the year only when it is not this one
- a rule that has no short wording is still said to repeat
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
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
def repeats(lines: tuple[str, ...] | list[str], today: date) -> str:
    """`Every week on Thursday and Friday, until 18 December`; empty when nothing repeats."""
    rules = [line.partition(":")[2] for line in lines if line.upper().startswith("RRULE")]
    if not rules:
        return "On several chosen dates" if any(line.upper().startswith("RDATE") for line in lines) else ""
    if len(rules) > 1:
        return "Repeats by several rules"
    parts = dict(part.split("=", 1) for part in rules[0].upper().split(";") if "=" in part)
    unit = UNITS.get(parts.get("FREQ", ""))
    if unit is None or parts.keys() - {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL", "WKST"}:
        return "Repeats by a rule of its own"
    return _how_often(unit, parts.get("INTERVAL", "1")) + _on_which(unit, parts) + _until(parts, today)


def _how_often(unit: str, interval: str) -> str:
    return f"Every {unit}" if interval == "1" else f"Every {interval} {unit}s"


def _on_which(unit: str, parts: dict[str, str]) -> str:
    codes = parts.get("BYDAY", "").split(",") if parts.get("BYDAY") else []
    if unit == "week" and codes == list(CODES[:5]):
        return " from Monday to Friday"
    if names := [_named_day(code) for code in codes]:
        return f" on {_listed(names)}"
    if day := parts.get("BYMONTHDAY"):
        return " on the last day" if day == "-1" else f" on day {_listed(day.split(','))}"
    return ""


def _named_day(code: str) -> str:
    name = WEEKDAYS[CODES.index(code[-2:])] if code[-2:] in CODES else code
    number = code[:-2].lstrip("+")
    return f"the {ORDINALS.get(int(number), number)} {name}" if number.lstrip("-").isdigit() else name


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _until(parts: dict[str, str], today: date) -> str:
    if count := parts.get("COUNT"):
        return f", {count} times"
    try:
        return f", until {day_month(datetime.strptime(parts['UNTIL'][:8], '%Y%m%d').date(), today)}"
    except (KeyError, ValueError):
        return ""
