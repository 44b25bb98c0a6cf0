"""Steps of reading: the days that a line names."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from scheduling.core.language import gettext as _
from scheduling.core.quickadd.line import TAKEN, Line
from scheduling.core.quickadd.values import Option
from scheduling.core.quickadd.vocabulary import (
    AMPM,
    MONTH,
    MONTH_NAMES,
    TO,
    WEEKDAY,
    codes_in,
    month_number,
    named_month,
    short,
)
from scheduling.core.wording import (
    CODES,
    day_month,
    full_day,
    weekday_names,
)
from scheduling.core.zones import DAY, add_months


def read_days(line: Line) -> None:
    position = 0
    while position < len(line.rest) and len(line.days) < 4:
        found = day_at(line, position, anchored=False)
        if found is None:
            break
        position = found[1]
    if len(line.days) == 2:
        (first, *between), (second, *after) = line.days
        end, start = between[1], after[0]
        if second < first and (second - first).days > -8:
            second += 7 * DAY
        if re.fullmatch(TO, line.rest[end:start], re.I) or not line.rest[end:start].strip(f" {TAKEN}-–"):
            line.last_day = second
            line.strike(end, start)
            return
    if len(line.days) > 1:
        line.ask(
            _("The line names several days. Which one?"),
            *(
                Option(full_day(day, line.today), with_one_day(line, start, end))
                for day, start, end in line.days
            ),
        )


def with_one_day(line: Line, start: int, end: int) -> str:
    """The line with this day in place of all that are named."""
    first, last = min(day[1] for day in line.days), max(day[2] for day in line.days)
    return line.text[:first] + line.text[start:end].strip() + line.text[last:]


def found_day(line: Line, day: date, start: int, end: int) -> None:
    line.days.append((day, start, end))
    line.take(start, end, "day", short(day))


def day_at(line: Line, position: int, anchored: bool = True) -> tuple[date, int] | None:
    """The first day named from `position` on (`anchored`: exactly there): the day and where it ends."""
    best: tuple[re.Match[str], Callable[[re.Match[str]], date | None]] | None = None
    for pattern, read in day_readers(line):
        compiled = re.compile(pattern, re.I)
        match = compiled.match(line.rest, position) if anchored else compiled.search(line.rest, position)
        if match and (best is None or match.start() < best[0].start()):
            best = match, read
    if best is None:
        return None
    match, read = best
    day = read(match)
    if day is None:
        return None if anchored else day_at(line, match.end(), anchored)
    if not anchored:
        found_day(line, day, match.start(), match.end())
    return day, match.end()


def day_readers(line: Line) -> list[tuple[str, Callable[[re.Match[str]], date | None]]]:
    on = r"(?:\b(?:on|from)\s+)?"
    nth = r"(\d{1,2})(?:st|nd|rd|th)?"
    comma = rf"(?:{WEEKDAY},?\s+)?(?:the\s+)?"
    return [
        (
            rf"{on}\b(\d{{4}})-(\d{{2}})-(\d{{2}})\b",
            lambda m: dated(line, int(m[1]), int(m[2]), int(m[3])),
        ),
        (
            rf"{on}\b{comma}{nth}{TO}{nth}\.?\s+(?:of\s+)?({MONTH})\b\.?(?:,?\s+(\d{{4}})\b)?",
            lambda m: month_range(line, m, m[1], m[2], m[3], m[4]),
        ),
        (
            rf"{on}\b({MONTH})\.?\s+{nth}{TO}{nth}\b(?![:.h]\d|\s?{AMPM}|\s+{MONTH})(?:,?\s+(\d{{4}})\b)?",
            lambda m: month_range(line, m, m[2], m[3], m[1], m[4]),
        ),
        (
            rf"{on}\b{comma}{nth}\.?\s+(?:of\s+)?({MONTH})\b\.?(?:,?\s+(\d{{4}})\b)?",
            lambda m: named_date(line, m[1], m[2], m[3]),
        ),
        (
            rf"{on}\b(?:{WEEKDAY},?\s+)?({MONTH})\.?\s+(?:the\s+)?{nth}\b(?![:.h]\d|\s?{AMPM})(?:,?\s+(\d{{4}})\b)?",
            lambda m: named_date(line, m[2], m[1], m[3]),
        ),
        (
            rf"{on}\b(\d{{1,2}})\.(\d{{1,2}})\.(\d{{4}}|\d{{2}}\b)?",
            lambda m: date_of_numbers(line, m, m[1], m[2], m[3], "dmy"),
        ),
        (
            rf"{on}\b(\d{{1,2}})/(\d{{1,2}})(?:/(\d{{4}}|\d{{2}}))?\b",
            lambda m: date_of_numbers(line, m, m[1], m[2], m[3], line.order),
        ),
        (rf"{on}\bthe\s+(\d{{1,2}})(?:st|nd|rd|th)\b", lambda m: day_of_month(line, int(m[1]))),
        (r"\bthe\s+day\s+after\s+tomorrow\b|\bday\s+after\s+tomorrow\b", lambda m: line.today + 2 * DAY),
        (r"\b(?:tomorrow|tmrw|tmr|tomorow)\b", lambda m: line.today + DAY),
        (r"\btoday\b", lambda m: line.today),
        (r"\btonight\b", lambda m: line.today),
        (r"\bthis\s+(?=morning\b|afternoon\b|evening\b)", lambda m: line.today),
        (r"\byesterday\b", lambda m: line.today - DAY),
        (r"\bnext\s+week\b(?!\s+on\b)", lambda m: weekday_of(line, 0, weeks=1)),
        (r"\bnext\s+month\b", lambda m: add_months(line.today.replace(day=1), 1)),
        (r"\b(?:this|the)\s+weekend\b|\bon\s+the\s+weekend\b", partial(weekend, line)),
        (
            rf"{on}\b(?:(this|next|coming)\s+)?({WEEKDAY})\b(?!s)(?:\s+(next\s+week))?",
            partial(named_weekday, line),
        ),
    ]


def dated(line: Line, year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        line.ask(
            _("There is no %(day)d %(month)s %(year)d.")
            % {"day": day, "month": named_month(month), "year": year}
        )
        return None


def coming_date(line: Line, month: int, day: int) -> date | None:
    """That day of this year, or of the next when it is over. 29 February waits for a leap year."""
    for year in range(line.today.year, line.today.year + 9):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= line.today:
            return found
    line.ask(_("There is no %(day)d %(month)s.") % {"day": day, "month": named_month(month)})
    return None


def named_date(line: Line, day: str, month: str, year: str | None) -> date | None:
    number = month_number(month)
    return dated(line, int(year), number, int(day)) if year else coming_date(line, number, int(day))


def month_range(
    line: Line, match: re.Match[str], first: str, last: str, month: str, year: str | None
) -> date | None:
    start, end = named_date(line, first, month, year), named_date(line, last, month, year)
    if start is None or end is None:
        return None
    if end < start:
        start = dated(line, end.year, start.month, start.day) or start
    line.last_day = end
    return start


def date_of_numbers(
    line: Line, match: re.Match[str], first: str, second: str, year: str | None, order: str
) -> date | None:
    one, two = int(first), int(second)
    if one <= 12 and two <= 12 and one != two and not order:
        line.ask(
            _("What is %(date)s?") % {"date": f"{one}/{two}"},
            *(
                Option(
                    day_month(date(2000, m, d), date(2000, 1, 1)),
                    line.rewrite(match, f"{d} {MONTH_NAMES[m - 1]}"),
                )
                for d, m in ((one, two), (two, one))
            ),
        )
    day, month = (two, one) if (order == "mdy" and one <= 12) or two > 12 else (one, two)
    if year:
        return dated(line, int(year) + (2000 if len(year) == 2 else 0), month, day)
    return coming_date(line, month, day)


def day_of_month(line: Line, day: int) -> date | None:
    for months in range(13):
        month = add_months(line.today.replace(day=1), months)
        try:
            found = month.replace(day=day)
        except ValueError:
            continue
        if found >= line.today:
            return found
    line.ask(_("No month has a day %(day)d.") % {"day": day})
    return None


def weekday_of(line: Line, index: int, weeks: int = 0) -> date:
    """That weekday of this week (Monday to Sunday) or a later one."""
    return line.today + timedelta(days=index - line.today.weekday() + 7 * weeks)


def weekend(line: Line, match: re.Match[str]) -> date:
    saturday = weekday_of(line, 5) if line.today.weekday() < 6 else line.today - DAY
    line.last_day = saturday + DAY
    return saturday


def named_weekday(line: Line, match: re.Match[str]) -> date:
    index = CODES.index(codes_in(match[2])[0])
    if match[3]:
        return weekday_of(line, index, weeks=1)
    ahead = (index - line.today.weekday()) % 7
    coming = line.today + ahead * DAY
    if (match[1] or "").lower() == "next":
        if index > line.today.weekday():
            later = coming + 7 * DAY
            line.ask(
                _("Which %(weekday)s?") % {"weekday": weekday_names()[index]},
                *(
                    Option(full_day(day, line.today), line.rewrite(match, f"on {day.isoformat()}"))
                    for day in (coming, later)
                ),
            )
            return coming
        return coming if ahead else coming + 7 * DAY
    return coming
