"""The words of a line, English whatever language is spoken, and what they stand for."""

from __future__ import annotations

import re
from datetime import date, time

from scheduling.core.language import gettext as _
from scheduling.core.language import ngettext, pgettext
from scheduling.core.wording import (
    month_name,
    short_day,
)

DAYS = r"(?:mon|tue|wed|thu|fri|sat|sun)"
WEEKDAY = (
    r"(?:mon(?:days?)?|tue(?:s(?:days?)?)?|wed(?:nesdays?)?|thu(?:r(?:s(?:days?)?)?)?|fri(?:days?)?"
    r"|sat(?:urdays?)?|sun(?:days?)?)"
)
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
TO = r"\s*(?:-|–|—|\bto\b|\btill?\b|\buntil\b|\bthrough\b)\s*"
AMPM = r"(?:am|pm|a\.m\.|p\.m\.)"
CLOCK = (
    rf"(?:\d{{1,2}}[:.h]\d{{2}}(?:\s?{AMPM})?|\d{{1,2}}\s?{AMPM}|\d{{1,2}}\s?o[’']?clock"
    r"|noon|midday|midnight)"
)
ORDINALS = {
    "first": 1,
    "1st": 1,
    "2nd": 2,
    "second": 2,
    "third": 3,
    "3rd": 3,
    "fourth": 4,
    "4th": 4,
    "last": -1,
}
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAMES = (
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
UNITS = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}
ADVERBS = {
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "yearly": "YEARLY",
    "annually": "YEARLY",
}
PARTS = {"morning": time(9), "afternoon": time(14), "evening": time(19), "night": time(20)}
MORNING = re.compile(r"\b(?:breakfast|morning|sunrise)\b", re.I)
AFTERNOON = re.compile(r"\b(?:lunch|afternoon|tea)\b", re.I)
EVENING = re.compile(r"\b(?:evening|dinner|supper|drinks|party|tonight|cinema|concert)\b", re.I)
EDGES = re.compile(
    r"^(?:\s|[,;:.–—-]|\b(?:on|at|in|from|by|for|the|and)\b(?![’']))+|(?:\s|[,;:–—-]|\b(?:on|at|in|from|by|for|the|and)\b)+$",
    re.I,
)
NOT_A_PLACE = re.compile(r"\b(?:look|looking|good|aim|laugh|work)\s*$", re.I)


def codes_in(words: str) -> list[str]:
    return list(dict.fromkeys(match[0][:2].upper() for match in re.finditer(DAYS, words, re.I)))


def month_number(word: str) -> int:
    return next(n for n, name in enumerate(MONTH_NAMES, 1) if name.lower().startswith(word.lower()[:3]))


def number_of(word: str) -> float:
    word = word.lower()
    if word.startswith("half"):
        return 0.5
    return 1 if word in ("a", "an") else float(word.replace(",", "."))


def short(day: date) -> str:
    return short_day(day, day)


def named_month(number: int) -> str:
    if 1 <= number <= 12:
        return month_name(date(2000, number, 1))
    return _("month %(number)d") % {"number": number}


def part_name(part: str) -> str:
    return {
        "morning": pgettext("understood", "morning"),
        "afternoon": pgettext("understood", "afternoon"),
        "evening": pgettext("understood", "evening"),
        "night": pgettext("understood", "night"),
    }[part]


def times_words(number: int) -> str:
    return ngettext("%(count)d time", "%(count)d times", number) % {"count": number}
