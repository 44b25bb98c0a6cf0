"""One line of text to one event: "lunch with Ana tomorrow 13:00 at Roma for 45m".

A reader walks over the line and takes out, in a fixed order, what it knows: calendar, repeat, length, days,
times, place. What is left is the title. The same text, clock and zone always give the same answer; where two
readings are likely, the answer is a `Question`, never a guess.

Invariants:
- each character of the line belongs to one token at most
- an answer without a question has a title, a start and an end that is after it
- text in quotes is never read as anything but title
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from scheduling.core.language import gettext as _
from scheduling.core.language import ngettext, pgettext
from scheduling.core.wording import (
    CODES,
    clock,
    day_month,
    full_day,
    length_words,
    month_name,
    repeats,
    short_date,
    short_day,
    weekday_names,
)
from scheduling.core.zones import add_months, instant, wall_time

DAY = timedelta(days=1)
TAKEN = "\x00"


@dataclass(frozen=True)
class Token:
    """A piece of the line that was understood, and as what. `kind` "" is a joining word."""

    text: str
    kind: str
    meaning: str
    position: int


@dataclass(frozen=True)
class Option:
    """One answer to a question: the label to choose, and the line that says it without doubt."""

    label: str
    text: str


@dataclass(frozen=True)
class Question:
    text: str
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class QuickAdd:
    """`start` and `end` are UTC instants, or dates with an exclusive end when `all_day`; None: unknown."""

    title: str
    start: datetime | date | None
    end: datetime | date | None
    all_day: bool
    location: str
    recurrence: tuple[str, ...]
    calendar: str
    tokens: tuple[Token, ...]
    question: Question | None


def parse(
    text: str,
    now: datetime,
    zone: ZoneInfo,
    locale_order: Literal["dmy", "mdy", ""] = "dmy",
    default_minutes: int = 60,
    calendars: Sequence[str] = (),
) -> QuickAdd:
    """Read one line at the aware moment `now`. `locale_order` "" asks what 3/4 means."""
    return _Reader(text, now, zone, locale_order, default_minutes, calendars).read()


# --- vocabulary: English, whatever language is spoken --------------------------------------------
_DAYS = r"(?:mon|tue|wed|thu|fri|sat|sun)"
_WEEKDAY = (
    r"(?:mon(?:days?)?|tue(?:s(?:days?)?)?|wed(?:nesdays?)?|thu(?:r(?:s(?:days?)?)?)?|fri(?:days?)?"
    r"|sat(?:urdays?)?|sun(?:days?)?)"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_TO = r"\s*(?:-|–|—|\bto\b|\btill?\b|\buntil\b|\bthrough\b)\s*"
_AMPM = r"(?:am|pm|a\.m\.|p\.m\.)"
_CLOCK = (
    rf"(?:\d{{1,2}}[:.h]\d{{2}}(?:\s?{_AMPM})?|\d{{1,2}}\s?{_AMPM}|\d{{1,2}}\s?o[’']?clock"
    r"|noon|midday|midnight)"
)
_ORDINALS = {
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
_WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH_NAMES = tuple(
    [
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
    ]
)
_UNITS = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}
_ADVERBS = {
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "yearly": "YEARLY",
    "annually": "YEARLY",
}
_PARTS = {"morning": time(9), "afternoon": time(14), "evening": time(19), "night": time(20)}
_MORNING = re.compile(r"\b(?:breakfast|morning|sunrise)\b", re.I)
_AFTERNOON = re.compile(r"\b(?:lunch|afternoon|tea)\b", re.I)
_EVENING = re.compile(r"\b(?:evening|dinner|supper|drinks|party|tonight|cinema|concert)\b", re.I)
_EDGES = re.compile(
    r"^(?:\s|[,;:.–—-]|\b(?:on|at|in|from|by|for|the|and)\b(?![’']))+|(?:\s|[,;:–—-]|\b(?:on|at|in|from|by|for|the|and)\b)+$",
    re.I,
)
_NOT_A_PLACE = re.compile(r"\b(?:look|looking|good|aim|laugh|work)\s*$", re.I)


@dataclass
class _Reader:
    text: str
    now: datetime
    zone: ZoneInfo
    order: str
    default_minutes: int
    calendars: Sequence[str]
    rest: str = ""
    tokens: list[Token] = field(default_factory=list)
    question: Question | None = None
    rule: dict[str, str] = field(default_factory=dict)
    length: timedelta | None = None
    days: list[tuple[date, int, int]] = field(default_factory=list)
    last_day: date | None = None
    start_time: time | None = None
    end_time: time | None = None
    start_at: datetime | None = None  # said as a distance from now
    all_day: bool = False
    location: str = ""
    calendar: str = ""

    def read(self) -> QuickAdd:
        self.text = " ".join(self.text.split())
        self.local = wall_time(self.now, self.zone)
        self.today = self.local.date()
        self.rest = re.sub(r"[“\"]([^”\"]*)[”\"]", lambda m: "\x01" * len(m[0]), self.text)
        for step in (
            self._calendar,
            self._link,
            self._whole_day,
            self._repeat,
            self._distance,
            self._length,
            self._days,
            self._times,
            self._day_part,
            self._place,
        ):
            step()
        return self._answer()

    # --- taking pieces out ---
    def take(self, start: int, end: int, kind: str, meaning: str) -> None:
        self.tokens.append(Token(self.text[start:end].strip(), kind, meaning, start))
        self.rest = self.rest[:start] + TAKEN * (end - start) + self.rest[end:]

    def find(self, pattern: str) -> re.Match[str] | None:
        return re.search(pattern, self.rest, re.I)

    def ask(self, text: str, *options: Option) -> None:
        self.question = self.question or Question(text, options)

    def rewrite(self, match: re.Match[str], replacement: str, group: int = 0) -> str:
        """The line with a piece of it said in other words."""
        return self.text[: match.start(group)] + replacement + self.text[match.end(group) :]

    # --- steps ---
    def _calendar(self) -> None:
        for match in re.finditer(r"(?<!\w)#([\w-]+)", self.rest):
            wanted = match[1].casefold().replace("-", "")
            for name in self.calendars:
                if re.sub(r"[\s_-]", "", name).casefold().startswith(wanted):
                    self.calendar = name
                    return self.take(
                        match.start(), match.end(), "calendar", pgettext("understood", "calendar")
                    )

    def _link(self) -> None:
        if match := self.find(r"(?:\b(?:at|on|via)\s+)?(https?://\S+)"):
            self.location = self.text[match.start(1) : match.end(1)]
            self.take(match.start(), match.end(), "place", pgettext("understood", "place"))

    def _whole_day(self) -> None:
        if match := self.find(r"\ball[\s-]?day\b"):
            self.all_day = True
            self.take(match.start(), match.end(), "time", pgettext("understood", "no time"))

    def _repeat(self) -> None:
        readers: list[tuple[str, Callable[[re.Match[str]], dict[str, str]]]] = [
            (
                rf"\b(?:every|each)\s+({'|'.join(_ORDINALS)})\s+({_WEEKDAY})\b(\s+of\s+(?:the|each|every)\s+month)?",
                self._nth_weekday,
            ),
            (
                rf"\b(?:every|each)\s+(?:(other|\d+)\s+)?({_WEEKDAY}(?:(?:\s*,\s*|\s+and\s+|\s*&\s*|\s*/\s*){_WEEKDAY})*)\b",
                lambda m: {
                    "FREQ": "WEEKLY",
                    **self._interval(m[1]),
                    "BYDAY": ",".join(sorted(_codes(m[2]), key=CODES.index)),
                },
            ),
            (
                r"\b(?:(?:every|each)\s+weekday|(?:on\s+)?weekdays)\b",
                lambda m: {"FREQ": "WEEKLY", "BYDAY": ",".join(CODES[:5])},
            ),
            (r"\b(?:every|each)\s+weekend\b", lambda m: {"FREQ": "WEEKLY", "BYDAY": "SA,SU"}),
            (
                r"\b(?:every|each)\s+(?:(other|second|third|\d+)\s+)?(day|week|month|year)s?\b",
                lambda m: {"FREQ": _UNITS[m[2].lower()], **self._interval(m[1])},
            ),
            (
                rf"\b(?:on\s+)?({_DAYS}\w*days(?:(?:\s*,\s*|\s+and\s+){_DAYS}\w*days)*)\b",
                lambda m: {"FREQ": "WEEKLY", "BYDAY": ",".join(sorted(_codes(m[1]), key=CODES.index))},
            ),
            (r"\b(daily|weekly|monthly|yearly|annually)\b", lambda m: {"FREQ": _ADVERBS[m[1].lower()]}),
        ]
        for pattern, rule in readers:
            if match := self.find(pattern):
                self.rule = rule(match)
                line = f"RRULE:{';'.join(f'{k}={v}' for k, v in self.rule.items())}"
                self.take(
                    match.start(),
                    match.end(),
                    "repeat",
                    repeats([line], self.today) or pgettext("understood", "repeat"),
                )
                return self._repeat_end()

    def _nth_weekday(self, match: re.Match[str]) -> dict[str, str]:
        number, code = _ORDINALS[match[1].lower()], _codes(match[2])[0]
        if match[1].lower() == "second" and not match[3]:
            index = CODES.index(code)
            name, shown = _WEEKDAY_NAMES[index], {"weekday": weekday_names()[index]}
            self.ask(
                _("Which %(weekday)s is that?") % shown,
                Option(_("Every other %(weekday)s") % shown, self.rewrite(match, f"every other {name}")),
                Option(
                    _("The second %(weekday)s of each month") % shown,
                    self.rewrite(match, f"every second {name} of the month"),
                ),
            )
        return {"FREQ": "MONTHLY", "BYDAY": f"{number}{code}"}

    def _interval(self, word: str | None) -> dict[str, str]:
        number = {"other": "2", "second": "2", "third": "3"}.get((word or "").lower(), word)
        return {"INTERVAL": number} if number and number != "1" else {}

    def _repeat_end(self) -> None:
        if match := self.find(r"\b(\d{1,3})\s*(?:times|x)\b"):
            self.rule["COUNT"] = match[1]
            return self.take(match.start(), match.end(), "repeat", _times(int(match[1])))
        if match := self.find(r"\bfor\s+(?:the\s+next\s+)?(\d{1,3})\s+(weeks|months|years)\b"):
            number, unit = int(match[1]), match[2].lower()
            until = (
                self.today + number * 7 * DAY
                if unit == "weeks"
                else add_months(self.today, number * (12 if unit == "years" else 1))
            )
        elif match := self.find(r"\b(?:until|till?)\s+"):
            found = self._day_at(match.end())
            if found is None:
                return
            until, end = found
            match = re.compile(re.escape(self.rest[match.start() : end])).search(self.rest, match.start())
            assert match is not None
        else:
            return
        self.rule["UNTIL"] = until.strftime("%Y%m%d")
        self.take(match.start(), match.end(), "repeat", _("until %(day)s") % {"day": short_date(until)})

    def _distance(self) -> None:
        match = self.find(
            r"\bin\s+(\d{1,3}|an?|half\s+an)\s*(min(?:ute)?s?|m|hours?|h|days?|weeks?|months?|years?)\b"
        )
        if not match:
            return
        number, unit = _number(match[1]), match[2].lower()
        if unit.startswith("mo"):
            self._found_day(add_months(self.today, int(number)), match.start(), match.end())
        elif unit[0] in "dwy":
            span = {"d": 1, "w": 7}.get(unit[0], 0) * int(number) * DAY
            day = self.today + span if span else add_months(self.today, 12 * int(number))
            self._found_day(day, match.start(), match.end())
        else:
            self.start_at = self.local.replace(second=0, microsecond=0) + timedelta(
                minutes=number * (60 if unit[0] == "h" else 1)
            )
            meaning = f"{clock(self.start_at)}, {_short(self.start_at.date())}"
            self.take(match.start(), match.end(), "time", meaning)

    def _length(self) -> None:
        number = r"(\d{1,3}(?:[.,]\d+)?|an?|half\s+an)"
        for pattern, read in (
            (
                rf"\bfor\s+{number}\s*(days?|weeks?)\b",
                lambda m: _number(m[1]) * (7 if m[2][0] in "wW" else 1) * DAY,
            ),
            (
                r"\bfor\s+(\d{1,2})\s*h(?:ours?|rs?)?\s*(?:and\s+)?(\d{1,2})\s*(?:m(?:in(?:ute)?s?)?)?\b",
                lambda m: timedelta(hours=int(m[1]), minutes=int(m[2])),
            ),
            (
                r"\b(\d{1,2})\s*h(?:ours?|rs?)?\s*(?:and\s+)?(\d{1,2})\s*m(?:in(?:ute)?s?)?\b",
                lambda m: timedelta(hours=int(m[1]), minutes=int(m[2])),
            ),
            (rf"\bfor\s+{number}\s*h(?:ours?|rs?)?\b", lambda m: timedelta(hours=_number(m[1]))),
            (r"\bfor\s+(\d{1,3})\s*(?:m|min(?:ute)?s?)\b", lambda m: timedelta(minutes=int(m[1]))),
            (
                r"(?<!at )\b(\d{1,2}(?:[.,]\d+)?)\s?h(?:ours?|rs?)?\b",
                lambda m: timedelta(hours=_number(m[1])),
            ),
            (r"\b(\d{1,3})\s?(?:m|min(?:ute)?s?)\b", lambda m: timedelta(minutes=int(m[1]))),
        ):
            if match := self.find(pattern):
                self.length = read(match)
                if not self.length:
                    self.ask(_("An event needs a length of at least one minute."))
                return self.take(match.start(), match.end(), "length", length_words(self.length))

    # --- days ---
    def _days(self) -> None:
        position = 0
        while position < len(self.rest) and len(self.days) < 4:
            found = self._day_at(position, anchored=False)
            if found is None:
                break
            position = found[1]
        if len(self.days) == 2:
            (first, *between), (second, *after) = self.days
            end, start = between[1], after[0]
            if second < first and (second - first).days > -8:
                second += 7 * DAY
            if re.fullmatch(_TO, self.rest[end:start], re.I) or not self.rest[end:start].strip(f" {TAKEN}-–"):
                self.last_day = second
                self.rest = self.rest[:end] + TAKEN * (start - end) + self.rest[start:]
                return
        if len(self.days) > 1:
            self.ask(
                _("The line names several days. Which one?"),
                *(
                    Option(full_day(day, self.today), self._with_one_day(start, end))
                    for day, start, end in self.days
                ),
            )

    def _with_one_day(self, start: int, end: int) -> str:
        """The line with this day in place of all that are named."""
        first, last = min(day[1] for day in self.days), max(day[2] for day in self.days)
        return self.text[:first] + self.text[start:end].strip() + self.text[last:]

    def _found_day(self, day: date, start: int, end: int) -> None:
        self.days.append((day, start, end))
        self.take(start, end, "day", _short(day))

    def _day_at(self, position: int, anchored: bool = True) -> tuple[date, int] | None:
        """The first day named from `position` on (`anchored`: exactly there): the day and where it ends."""
        best: tuple[re.Match[str], Callable[[re.Match[str]], date | None]] | None = None
        for pattern, read in self._day_readers():
            compiled = re.compile(pattern, re.I)
            match = compiled.match(self.rest, position) if anchored else compiled.search(self.rest, position)
            if match and (best is None or match.start() < best[0].start()):
                best = match, read
        if best is None:
            return None
        match, read = best
        day = read(match)
        if day is None:
            return None if anchored else self._day_at(match.end(), anchored)
        if not anchored:
            self._found_day(day, match.start(), match.end())
        return day, match.end()

    def _day_readers(self) -> list[tuple[str, Callable[[re.Match[str]], date | None]]]:
        on = r"(?:\b(?:on|from)\s+)?"
        nth = r"(\d{1,2})(?:st|nd|rd|th)?"
        comma = rf"(?:{_WEEKDAY},?\s+)?(?:the\s+)?"
        return [
            (
                rf"{on}\b(\d{{4}})-(\d{{2}})-(\d{{2}})\b",
                lambda m: self._date(int(m[1]), int(m[2]), int(m[3])),
            ),
            (
                rf"{on}\b{comma}{nth}{_TO}{nth}\.?\s+(?:of\s+)?({_MONTH})\b\.?(?:,?\s+(\d{{4}})\b)?",
                lambda m: self._month_range(m, m[1], m[2], m[3], m[4]),
            ),
            (
                rf"{on}\b({_MONTH})\.?\s+{nth}{_TO}{nth}\b(?![:.h]\d|\s?{_AMPM}|\s+{_MONTH})(?:,?\s+(\d{{4}})\b)?",
                lambda m: self._month_range(m, m[2], m[3], m[1], m[4]),
            ),
            (
                rf"{on}\b{comma}{nth}\.?\s+(?:of\s+)?({_MONTH})\b\.?(?:,?\s+(\d{{4}})\b)?",
                lambda m: self._named(m[1], m[2], m[3]),
            ),
            (
                rf"{on}\b(?:{_WEEKDAY},?\s+)?({_MONTH})\.?\s+(?:the\s+)?{nth}\b(?![:.h]\d|\s?{_AMPM})(?:,?\s+(\d{{4}})\b)?",
                lambda m: self._named(m[2], m[1], m[3]),
            ),
            (
                rf"{on}\b(\d{{1,2}})\.(\d{{1,2}})\.(\d{{4}}|\d{{2}}\b)?",
                lambda m: self._numbers(m, m[1], m[2], m[3], "dmy"),
            ),
            (
                rf"{on}\b(\d{{1,2}})/(\d{{1,2}})(?:/(\d{{4}}|\d{{2}}))?\b",
                lambda m: self._numbers(m, m[1], m[2], m[3], self.order),
            ),
            (rf"{on}\bthe\s+(\d{{1,2}})(?:st|nd|rd|th)\b", lambda m: self._day_of_month(int(m[1]))),
            (r"\bthe\s+day\s+after\s+tomorrow\b|\bday\s+after\s+tomorrow\b", lambda m: self.today + 2 * DAY),
            (r"\b(?:tomorrow|tmrw|tmr|tomorow)\b", lambda m: self.today + DAY),
            (r"\btoday\b", lambda m: self.today),
            (r"\btonight\b", lambda m: self.today),
            (r"\bthis\s+(?=morning\b|afternoon\b|evening\b)", lambda m: self.today),
            (r"\byesterday\b", lambda m: self.today - DAY),
            (r"\bnext\s+week\b(?!\s+on\b)", lambda m: self._weekday(0, weeks=1)),
            (r"\bnext\s+month\b", lambda m: add_months(self.today.replace(day=1), 1)),
            (r"\b(?:this|the)\s+weekend\b|\bon\s+the\s+weekend\b", self._weekend),
            (
                rf"{on}\b(?:(this|next|coming)\s+)?({_WEEKDAY})\b(?!s)(?:\s+(next\s+week))?",
                self._named_weekday,
            ),
        ]

    def _date(self, year: int, month: int, day: int) -> date | None:
        try:
            return date(year, month, day)
        except ValueError:
            self.ask(
                _("There is no %(day)d %(month)s %(year)d.")
                % {"day": day, "month": _named_month(month), "year": year}
            )
            return None

    def _coming(self, month: int, day: int) -> date | None:
        """That day of this year, or of the next when it is over. 29 February waits for a leap year."""
        for year in range(self.today.year, self.today.year + 9):
            try:
                found = date(year, month, day)
            except ValueError:
                continue
            if found >= self.today:
                return found
        self.ask(_("There is no %(day)d %(month)s.") % {"day": day, "month": _named_month(month)})
        return None

    def _named(self, day: str, month: str, year: str | None) -> date | None:
        number = _month_number(month)
        return self._date(int(year), number, int(day)) if year else self._coming(number, int(day))

    def _month_range(
        self, match: re.Match[str], first: str, last: str, month: str, year: str | None
    ) -> date | None:
        start, end = self._named(first, month, year), self._named(last, month, year)
        if start is None or end is None:
            return None
        if end < start:
            start = self._date(end.year, start.month, start.day) or start
        self.last_day = end
        return start

    def _numbers(
        self, match: re.Match[str], first: str, second: str, year: str | None, order: str
    ) -> date | None:
        one, two = int(first), int(second)
        if one <= 12 and two <= 12 and one != two and not order:
            self.ask(
                _("What is %(date)s?") % {"date": f"{one}/{two}"},
                *(
                    Option(
                        day_month(date(2000, m, d), date(2000, 1, 1)),
                        self.rewrite(match, f"{d} {_MONTH_NAMES[m - 1]}"),
                    )
                    for d, m in ((one, two), (two, one))
                ),
            )
        day, month = (two, one) if (order == "mdy" and one <= 12) or two > 12 else (one, two)
        if year:
            return self._date(int(year) + (2000 if len(year) == 2 else 0), month, day)
        return self._coming(month, day)

    def _day_of_month(self, day: int) -> date | None:
        for months in range(13):
            month = add_months(self.today.replace(day=1), months)
            try:
                found = month.replace(day=day)
            except ValueError:
                continue
            if found >= self.today:
                return found
        self.ask(_("No month has a day %(day)d.") % {"day": day})
        return None

    def _weekday(self, index: int, weeks: int = 0) -> date:
        """That weekday of this week (Monday to Sunday) or a later one."""
        return self.today + timedelta(days=index - self.today.weekday() + 7 * weeks)

    def _weekend(self, match: re.Match[str]) -> date:
        saturday = self._weekday(5) if self.today.weekday() < 6 else self.today - DAY
        self.last_day = saturday + DAY
        return saturday

    def _named_weekday(self, match: re.Match[str]) -> date:
        index = CODES.index(_codes(match[2])[0])
        if match[3]:
            return self._weekday(index, weeks=1)
        ahead = (index - self.today.weekday()) % 7
        coming = self.today + ahead * DAY
        if (match[1] or "").lower() == "next":
            if index > self.today.weekday():
                later = coming + 7 * DAY
                self.ask(
                    _("Which %(weekday)s?") % {"weekday": weekday_names()[index]},
                    *(
                        Option(full_day(day, self.today), self.rewrite(match, f"on {day.isoformat()}"))
                        for day in (coming, later)
                    ),
                )
                return coming
            return coming if ahead else coming + 7 * DAY
        return coming

    # --- times ---
    def _times(self) -> None:
        lead = r"(?:\b(?:from|at|@|around|by|between)\s*)?"
        patterns = (
            rf"{lead}(?<![\w.:/-])({_CLOCK}|\d{{1,2}})(?:{_TO}|\s+and\s+)({_CLOCK}|\d{{1,2}})(?![\w:/]|\.\d|\s?%)",
            rf"{lead}(?<![\w.:/-])({_CLOCK})(?![\w:/]|\.\d)",
            r"\b(?:at|from|by|around)\s+(half\s+past|quarter\s+past|quarter\s+to)\s+(\d{1,2})\b",
            r"(?:\b(?:at|from|by|around)|@)\s*(\d{1,2})(?:h\b|(?![\w:/.-]|\s*(?:st|nd|rd|th|%)))(?!\s+[A-Z])",
        )
        for index, pattern in enumerate(patterns):
            for match in re.finditer(pattern, self.rest, re.I if index < 3 else 0):
                if self._read_times(match, index):
                    return

    def _read_times(self, match: re.Match[str], index: int) -> bool:
        if index == 2:
            minute = {"h": 30, "p": 15, "t": 45}[
                "h" if match[1][0] in "hH" else match[1].split()[1][0].lower()
            ]
            hour = int(match[2]) - (minute == 45)
            return self._set_times(match, f"{hour}:{minute:02}", None, group=0)
        second = match[2] if index == 0 else None
        is_bare = second is not None and match[1].isdigit() and second.isdigit()
        if second and is_bare and (max(int(match[1]), int(second)) > 24 or match[1] == second):
            return False  # two bare numbers are hours only when they can be
        return self._set_times(match, match[1], second)

    def _set_times(self, match: re.Match[str], first: str, second: str | None, group: int = 1) -> bool:
        end = _Clock.read(second) if second else None
        start = _Clock.read(first)
        for written, found in ((first, start), (second, end)):
            if written and found is None:
                self.ask(_("%(text)s is not a time. Write 0:00 to 23:59.") % {"text": written})
                return False
        assert start is not None
        if end and end.meridiem and not start.meridiem and start.hour <= 12 and not start.is_24:
            halves = [start.at("pm" if end.meridiem == "pm" else "am"), start.at("am")]
            start_time = next((t for t in halves if t < end.value), halves[0])
        elif start.is_bare and start.hour < 12 and _EVENING.search(self.text):
            start_time = start.at("pm")
        elif start.is_vague:
            start_time = self._clear_up(match, start, end, group)
        else:
            start_time = start.value
        self.start_time = start_time
        if end:
            value = end.value
            if not end.meridiem and not end.is_24 and value <= start_time and end.hour < 12:
                value = end.at("pm") if end.at("pm") > start_time else value
            self.end_time = value
        shown = clock(start_time)
        if self.end_time:
            day = datetime.combine(self.today, start_time)
            shown = length_words((datetime.combine(self.today, self.end_time) - day) % DAY)
        self.take(match.start(), match.end(), "time", shown)
        return True

    def _clear_up(self, match: re.Match[str], start: _Clock, end: _Clock | None, group: int) -> time:
        """Morning or afternoon? By the words around, else by asking."""
        if _MORNING.search(self.text):
            return start.at("am")
        if _AFTERNOON.search(self.text) or _EVENING.search(self.text):
            return start.at("pm")
        options = []
        for half in ("am", "pm"):
            said = clock(start.at(half))
            if end:
                later = end.at("pm") if half == "pm" else end.value
                said += f"-{clock(later)}"
            lead = "at " if group == 0 else ""
            options.append(
                Option(said.replace("-", "–"), self.rewrite(match, lead + said, group if not end else 0))
            )
        self.ask(
            _("Is that %(first)s or %(second)s?") % {"first": options[0].label, "second": options[1].label},
            *options,
        )
        return start.value

    def _day_part(self) -> None:
        """ "tomorrow morning", "this evening", "tonight": a time of day when no clock time is said."""
        match = self.find(rf"{TAKEN}\s*(?:in\s+the\s+)?(morning|afternoon|evening|night)\b") or self.find(
            r"\bin\s+the\s+(morning|afternoon|evening)\b"
        )
        tonight = any(token.text.lower() == "tonight" for token in self.tokens)
        if match:
            part = match[1].lower()
            start = match.start() + (1 if self.rest[match.start()] == TAKEN else 0)
            start += len(self.rest[start : match.end()]) - len(self.rest[start : match.end()].lstrip())
            if self.start_time is None and not self.all_day:
                self.start_time = _PARTS[part]
            self.take(
                start, match.end(), "time", clock(self.start_time) if self.start_time else _part_name(part)
            )
            if not self.days and self.start_at is None and not self.rule:
                self.days.append(
                    (self.today if self._is_ahead(self.today) else self.today + DAY, start, match.end())
                )
        elif tonight and self.start_time is None and not self.all_day:
            self.start_time = _PARTS["night"]

    def _place(self) -> None:
        if self.location:
            return
        stop = rf"(?=\s*(?:[{TAKEN};]|$|\b(?:with|for|about|to|until|re)\b))"
        patterns = (
            rf"(?:\bat\s+|(?<!\w)@\s*)((?:the\s+)?[^\s{TAKEN};][^{TAKEN};]*?){stop}",
            rf"\bin\s+((?-i:[A-Z])[^{TAKEN};]*?|(?:the\s+)?room\s+\w+){stop}",
        )
        for pattern in patterns:
            for match in re.finditer(pattern, self.rest, re.I):
                if _NOT_A_PLACE.search(self.rest[: match.start()]):
                    continue
                self.location = self.text[match.start(1) : match.end(1)].strip(' ,.“”"')
                joint = self.text[match.start() : match.start(1)].strip()
                if joint != "@":
                    self.tokens.append(Token(joint, "", "", match.start()))
                self.rest = (
                    self.rest[: match.start()]
                    + TAKEN * (match.end() - match.start())
                    + self.rest[match.end() :]
                )
                self.tokens.append(Token(self.location, "place", "place", match.start(1)))
                return

    # --- the answer ---
    def _title(self) -> str:
        """What is left over; its pieces become tokens as well."""
        pieces = []
        for match in re.finditer(rf"[^{TAKEN}]+", self.rest):
            start, end = match.span()
            piece = self.text[start:end]
            cleaned = piece
            while (shorter := _EDGES.sub("", cleaned)) != cleaned:
                cleaned = shorter
            if cleaned.strip('“”" ,.;:-–—'):
                cleaned = cleaned.strip(" ,;:-–—")
                pieces.append(cleaned)
                self.tokens.append(
                    Token(cleaned, "title", pgettext("understood", "title"), start + piece.index(cleaned))
                )
        return re.sub(r"[“”\"]", "", " ".join(pieces)).strip()

    def _answer(self) -> QuickAdd:
        title = self._title()
        span = self._span()
        if not title:
            self.question = Question(_("What is it called?"))
        elif span is None:
            self.ask(
                _("When is it?"),
                Option(_("Today"), f"{self.text} today"),
                Option(_("Tomorrow"), f"{self.text} tomorrow"),
            )
        start, end, all_day = span or (None, None, False)
        return QuickAdd(
            title=title,
            start=start,
            end=end,
            all_day=all_day,
            location=self.location,
            recurrence=self._recurrence(start),
            calendar=self.calendar,
            tokens=tuple(sorted(self.tokens, key=lambda token: token.position)),
            question=self.question,
        )

    def _recurrence(self, start: datetime | date | None) -> tuple[str, ...]:
        rule = dict(self.rule)
        if "UNTIL" in rule and isinstance(start, datetime):
            day = datetime.strptime(rule["UNTIL"], "%Y%m%d").replace(hour=23, minute=59, second=59)
            rule["UNTIL"] = instant(day, self.zone).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        return (f"RRULE:{';'.join(f'{key}={value}' for key, value in rule.items())}",) if rule else ()

    def _is_ahead(self, day: date) -> bool:
        return self.start_time is None or datetime.combine(day, self.start_time) > self.local

    def _first_day(self) -> date | None:
        if self.days:
            day = self.days[0][0]
            named_today = self.tokens and any(
                t.kind == "day" and t.text.lower() in ("today", "tonight") for t in self.tokens
            )
            by_weekday = re.search(rf"\b{_WEEKDAY}\b", self.text[self.days[0][1] : self.days[0][2]], re.I)
            if day == self.today and by_weekday and not named_today and not self._is_ahead(day):
                day += 7 * DAY
        elif self.start_time is not None or self.rule:
            day = self.today if self._is_ahead(self.today) else self.today + DAY
        else:
            return None
        return self._on_rule(day)

    def _on_rule(self, day: date) -> date:
        """The first day from `day` on that the rule names."""
        codes = self.rule.get("BYDAY", "")
        for ahead in range(63 if codes else 0):
            candidate = day + ahead * DAY
            if self.rule["FREQ"] == "WEEKLY" and CODES[candidate.weekday()] in codes.split(","):
                return candidate
            if self.rule["FREQ"] == "MONTHLY" and CODES[candidate.weekday()] == codes[-2:]:
                number = int(codes[:-2])
                is_last = (candidate + 7 * DAY).month != candidate.month
                if is_last if number < 0 else (candidate.day - 1) // 7 + 1 == number:
                    return candidate
        return day

    def _span(self) -> tuple[datetime | date, datetime | date, bool] | None:
        if self.start_at is not None:
            start = self.start_at
        else:
            day = self._first_day()
            if day is None and self.all_day:
                day = self.today
            if day is None:
                return None
            if self.all_day or self.start_time is None:
                return self._whole_days(day)
            start = datetime.combine(day, self.start_time)
        end = start + (self.length or timedelta(minutes=self.default_minutes))
        if self.end_time is not None:
            end = datetime.combine(self.last_day or start.date(), self.end_time)
            if end <= start:
                end += DAY
            if end - start > timedelta(hours=16) and self.last_day is None:
                self.ask(
                    _("%(end)s is before %(start)s. When does it end?")
                    % {"end": clock(self.end_time), "start": clock(start)}
                )
        elif self.last_day is not None and self.last_day > start.date():
            end = datetime.combine(self.last_day, end.time())
        begin, finish = instant(start, self.zone), instant(end, self.zone)
        return begin, max(finish, begin + timedelta(minutes=1)), False

    def _whole_days(self, day: date) -> tuple[date, date, bool]:
        if self.length and self.length >= DAY:
            return day, day + timedelta(days=self.length.days), True
        if self.length:
            self.ask(_("%(length)s from when on? Add a time.") % {"length": length_words(self.length)})
        last = self.last_day if self.last_day and self.last_day > day else day
        return day, last + DAY, True


@dataclass(frozen=True)
class _Clock:
    """A clock time as written: `3`, `3pm`, `15:00`, `noon`."""

    hour: int
    minute: int
    meridiem: str
    has_minutes: bool
    padded: bool

    @classmethod
    def read(cls, text: str) -> _Clock | None:
        word = text.lower().replace(".m.", "m").strip()
        if word in ("noon", "midday"):
            return cls(12, 0, "pm", True, True)
        if word == "midnight":
            return cls(0, 0, "", True, True)
        match = re.fullmatch(r"(\d{1,2})(?:[:.h](\d{2}))?\s?(am|pm)?(?:\s?o[’']?clock)?", word)
        if match is None:
            return None
        hour, minute, meridiem = int(match[1]), int(match[2] or 0), match[3] or ""
        if minute > 59 or hour > 24 or (hour == 24 and minute) or (meridiem and not 1 <= hour <= 12):
            return None
        return cls(hour % 24, minute, meridiem, match[2] is not None, len(match[1]) == 2)

    @property
    def value(self) -> time:
        return self.at(self.meridiem) if self.meridiem else time(self.hour, self.minute)

    @property
    def is_24(self) -> bool:
        return self.hour > 12 or (self.padded and self.has_minutes) or self.hour == 0

    @property
    def is_vague(self) -> bool:
        """Whether morning and afternoon are equally likely."""
        return not self.meridiem and not self.padded and 1 <= self.hour <= (6 if self.has_minutes else 7)

    @property
    def is_bare(self) -> bool:
        """A number alone, that only its context makes an hour."""
        return not self.meridiem and not self.has_minutes and 1 <= self.hour <= 12

    def at(self, half: str) -> time:
        hour = self.hour % 12 + (12 if half == "pm" else 0) if self.hour <= 12 else self.hour
        return time(hour, self.minute)


def _codes(words: str) -> list[str]:
    return list(dict.fromkeys(match[0][:2].upper() for match in re.finditer(_DAYS, words, re.I)))


def _month_number(word: str) -> int:
    return next(n for n, name in enumerate(_MONTH_NAMES, 1) if name.lower().startswith(word.lower()[:3]))


def _number(word: str) -> float:
    word = word.lower()
    if word.startswith("half"):
        return 0.5
    return 1 if word in ("a", "an") else float(word.replace(",", "."))


def _short(day: date) -> str:
    return short_day(day, day)


def _named_month(number: int) -> str:
    if 1 <= number <= 12:
        return month_name(date(2000, number, 1))
    return _("month %(number)d") % {"number": number}


def _part_name(part: str) -> str:
    return {
        "morning": pgettext("understood", "morning"),
        "afternoon": pgettext("understood", "afternoon"),
        "evening": pgettext("understood", "evening"),
        "night": pgettext("understood", "night"),
    }[part]


def _times(number: int) -> str:
    return ngettext("%(count)d time", "%(count)d times", number) % {"count": number}
