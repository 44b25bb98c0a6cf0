"""Steps of reading: lengths, clock times, parts of a day."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from scheduling.core.language import gettext as _
from scheduling.core.quickadd.clock import Clock
from scheduling.core.quickadd.days import found_day
from scheduling.core.quickadd.line import TAKEN, Line
from scheduling.core.quickadd.values import Option
from scheduling.core.quickadd.vocabulary import (
    AFTERNOON,
    CLOCK,
    EVENING,
    MORNING,
    PARTS,
    TO,
    number_of,
    part_name,
    short,
)
from scheduling.core.wording import (
    clock,
    length_words,
)
from scheduling.core.zones import DAY, add_months


def read_distance(line: Line) -> None:
    match = line.find(
        r"\bin\s+(\d{1,3}|an?|half\s+an)\s*(min(?:ute)?s?|m|hours?|h|days?|weeks?|months?|years?)\b"
    )
    if not match:
        return
    number, unit = number_of(match[1]), match[2].lower()
    if unit.startswith("mo"):
        found_day(line, add_months(line.today, int(number)), match.start(), match.end())
    elif unit[0] in "dwy":
        span = {"d": 1, "w": 7}.get(unit[0], 0) * int(number) * DAY
        day = line.today + span if span else add_months(line.today, 12 * int(number))
        found_day(line, day, match.start(), match.end())
    else:
        line.start_at = line.local.replace(second=0, microsecond=0) + timedelta(
            minutes=number * (60 if unit[0] == "h" else 1)
        )
        meaning = f"{clock(line.start_at)}, {short(line.start_at.date())}"
        line.take(match.start(), match.end(), "time", meaning)


def read_length(line: Line) -> None:
    number = r"(\d{1,3}(?:[.,]\d+)?|an?|half\s+an)"
    for pattern, read in (
        (
            rf"\bfor\s+{number}\s*(days?|weeks?)\b",
            lambda m: number_of(m[1]) * (7 if m[2][0] in "wW" else 1) * DAY,
        ),
        (
            r"\bfor\s+(\d{1,2})\s*h(?:ours?|rs?)?\s*(?:and\s+)?(\d{1,2})\s*(?:m(?:in(?:ute)?s?)?)?\b",
            lambda m: timedelta(hours=int(m[1]), minutes=int(m[2])),
        ),
        (
            r"\b(\d{1,2})\s*h(?:ours?|rs?)?\s*(?:and\s+)?(\d{1,2})\s*m(?:in(?:ute)?s?)?\b",
            lambda m: timedelta(hours=int(m[1]), minutes=int(m[2])),
        ),
        (rf"\bfor\s+{number}\s*h(?:ours?|rs?)?\b", lambda m: timedelta(hours=number_of(m[1]))),
        (r"\bfor\s+(\d{1,3})\s*(?:m|min(?:ute)?s?)\b", lambda m: timedelta(minutes=int(m[1]))),
        (
            r"(?<!at )\b(\d{1,2}(?:[.,]\d+)?)\s?h(?:ours?|rs?)?\b",
            lambda m: timedelta(hours=number_of(m[1])),
        ),
        (r"\b(\d{1,3})\s?(?:m|min(?:ute)?s?)\b", lambda m: timedelta(minutes=int(m[1]))),
    ):
        if match := line.find(pattern):
            line.length = read(match)
            if not line.length:
                line.ask(_("An event needs a length of at least one minute."))
            return line.take(match.start(), match.end(), "length", length_words(line.length))


def read_times(line: Line) -> None:
    lead = r"(?:\b(?:from|at|@|around|by|between)\s*)?"
    patterns = (
        rf"{lead}(?<![\w.:/-])({CLOCK}|\d{{1,2}})(?:{TO}|\s+and\s+)({CLOCK}|\d{{1,2}})(?![\w:/]|\.\d|\s?%)",
        rf"{lead}(?<![\w.:/-])({CLOCK})(?![\w:/]|\.\d)",
        r"\b(?:at|from|by|around)\s+(half\s+past|quarter\s+past|quarter\s+to)\s+(\d{1,2})\b",
        r"(?:\b(?:at|from|by|around)|@)\s*(\d{1,2})(?:h\b|(?![\w:/.-]|\s*(?:st|nd|rd|th|%)))(?!\s+[A-Z])",
    )
    for index, pattern in enumerate(patterns):
        for match in re.finditer(pattern, line.rest, re.I if index < 3 else 0):
            if take_times(line, match, index):
                return


def take_times(line: Line, match: re.Match[str], index: int) -> bool:
    if index == 2:
        minute = {"h": 30, "p": 15, "t": 45}["h" if match[1][0] in "hH" else match[1].split()[1][0].lower()]
        hour = int(match[2]) - (minute == 45)
        return set_times(line, match, f"{hour}:{minute:02}", None, group=0)
    second = match[2] if index == 0 else None
    is_bare = second is not None and match[1].isdigit() and second.isdigit()
    if second and is_bare and (max(int(match[1]), int(second)) > 24 or match[1] == second):
        return False  # two bare numbers are hours only when they can be
    return set_times(line, match, match[1], second)


def set_times(line: Line, match: re.Match[str], first: str, second: str | None, group: int = 1) -> bool:
    end = Clock.read(second) if second else None
    start = Clock.read(first)
    for written, found in ((first, start), (second, end)):
        if written and found is None:
            line.ask(_("%(text)s is not a time. Write 0:00 to 23:59.") % {"text": written})
            return False
    assert start is not None
    if end and end.meridiem and not start.meridiem and start.hour <= 12 and not start.is_24:
        halves = [start.at("pm" if end.meridiem == "pm" else "am"), start.at("am")]
        start_time = next((t for t in halves if t < end.value), halves[0])
    elif start.is_bare and start.hour < 12 and EVENING.search(line.text):
        start_time = start.at("pm")
    elif start.is_vague:
        start_time = clear_up(line, match, start, end, group)
    else:
        start_time = start.value
    line.start_time = start_time
    if end:
        value = end.value
        if not end.meridiem and not end.is_24 and value <= start_time and end.hour < 12:
            value = end.at("pm") if end.at("pm") > start_time else value
        line.end_time = value
    shown = clock(start_time)
    if line.end_time:
        day = datetime.combine(line.today, start_time)
        shown = length_words((datetime.combine(line.today, line.end_time) - day) % DAY)
    line.take(match.start(), match.end(), "time", shown)
    return True


def clear_up(line: Line, match: re.Match[str], start: Clock, end: Clock | None, group: int) -> time:
    """Morning or afternoon? By the words around, else by asking."""
    if MORNING.search(line.text):
        return start.at("am")
    if AFTERNOON.search(line.text) or EVENING.search(line.text):
        return start.at("pm")
    options = []
    for half in ("am", "pm"):
        said = clock(start.at(half))
        if end:
            later = end.at("pm") if half == "pm" else end.value
            said += f"-{clock(later)}"
        lead = "at " if group == 0 else ""
        options.append(
            Option(said.replace("-", "–"), line.rewrite(match, lead + said, group if not end else 0))
        )
    line.ask(
        _("Is that %(first)s or %(second)s?") % {"first": options[0].label, "second": options[1].label},
        *options,
    )
    return start.value


def read_day_part(line: Line) -> None:
    """ "tomorrow morning", "this evening", "tonight": a time of day when no clock time is said."""
    match = line.find(rf"{TAKEN}\s*(?:in\s+the\s+)?(morning|afternoon|evening|night)\b") or line.find(
        r"\bin\s+the\s+(morning|afternoon|evening)\b"
    )
    tonight = any(token.text.lower() == "tonight" for token in line.tokens)
    if match:
        part = match[1].lower()
        start = match.start() + (1 if line.rest[match.start()] == TAKEN else 0)
        start += len(line.rest[start : match.end()]) - len(line.rest[start : match.end()].lstrip())
        if line.start_time is None and not line.all_day:
            line.start_time = PARTS[part]
        line.take(start, match.end(), "time", clock(line.start_time) if line.start_time else part_name(part))
        if not line.days and line.start_at is None and not line.rule:
            line.days.append(
                (line.today if line.is_ahead(line.today) else line.today + DAY, start, match.end())
            )
    elif tonight and line.start_time is None and not line.all_day:
        line.start_time = PARTS["night"]
