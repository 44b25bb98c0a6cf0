"""Steps of reading: how an event repeats, and until when."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from scheduling.core.language import gettext as _
from scheduling.core.language import pgettext
from scheduling.core.quickadd.days import day_at
from scheduling.core.quickadd.line import Line
from scheduling.core.quickadd.values import Option
from scheduling.core.quickadd.vocabulary import (
    ADVERBS,
    DAYS,
    ORDINALS,
    UNITS,
    WEEKDAY,
    WEEKDAY_NAMES,
    codes_in,
    times_words,
)
from scheduling.core.wording import (
    CODES,
    repeats,
    short_date,
    weekday_names,
)
from scheduling.core.zones import DAY, add_months


def read_repeat(line: Line) -> None:
    readers: list[tuple[str, Callable[[re.Match[str]], dict[str, str]]]] = [
        (
            rf"\b(?:every|each)\s+({'|'.join(ORDINALS)})\s+({WEEKDAY})\b(\s+of\s+(?:the|each|every)\s+month)?",
            partial(nth_weekday, line),
        ),
        (
            rf"\b(?:every|each)\s+(?:(other|\d+)\s+)?({WEEKDAY}(?:(?:\s*,\s*|\s+and\s+|\s*&\s*|\s*/\s*){WEEKDAY})*)\b",
            lambda m: {
                "FREQ": "WEEKLY",
                **interval(m[1]),
                "BYDAY": ",".join(sorted(codes_in(m[2]), key=CODES.index)),
            },
        ),
        (
            r"\b(?:(?:every|each)\s+weekday|(?:on\s+)?weekdays)\b",
            lambda m: {"FREQ": "WEEKLY", "BYDAY": ",".join(CODES[:5])},
        ),
        (r"\b(?:every|each)\s+weekend\b", lambda m: {"FREQ": "WEEKLY", "BYDAY": "SA,SU"}),
        (
            r"\b(?:every|each)\s+(?:(other|second|third|\d+)\s+)?(day|week|month|year)s?\b",
            lambda m: {"FREQ": UNITS[m[2].lower()], **interval(m[1])},
        ),
        (
            rf"\b(?:on\s+)?({DAYS}\w*days(?:(?:\s*,\s*|\s+and\s+){DAYS}\w*days)*)\b",
            lambda m: {"FREQ": "WEEKLY", "BYDAY": ",".join(sorted(codes_in(m[1]), key=CODES.index))},
        ),
        (r"\b(daily|weekly|monthly|yearly|annually)\b", lambda m: {"FREQ": ADVERBS[m[1].lower()]}),
    ]
    for pattern, rule in readers:
        if match := line.find(pattern):
            line.rule = rule(match)
            lines = [f"RRULE:{';'.join(f'{k}={v}' for k, v in line.rule.items())}"]
            line.take(
                match.start(),
                match.end(),
                "repeat",
                repeats(lines, line.today) or pgettext("understood", "repeat"),
            )
            return read_repeat_end(line)


def nth_weekday(line: Line, match: re.Match[str]) -> dict[str, str]:
    number, code = ORDINALS[match[1].lower()], codes_in(match[2])[0]
    if match[1].lower() == "second" and not match[3]:
        index = CODES.index(code)
        name, shown = WEEKDAY_NAMES[index], {"weekday": weekday_names()[index]}
        line.ask(
            _("Which %(weekday)s is that?") % shown,
            Option(_("Every other %(weekday)s") % shown, line.rewrite(match, f"every other {name}")),
            Option(
                _("The second %(weekday)s of each month") % shown,
                line.rewrite(match, f"every second {name} of the month"),
            ),
        )
    return {"FREQ": "MONTHLY", "BYDAY": f"{number}{code}"}


def interval(word: str | None) -> dict[str, str]:
    number = {"other": "2", "second": "2", "third": "3"}.get((word or "").lower(), word)
    return {"INTERVAL": number} if number and number != "1" else {}


def read_repeat_end(line: Line) -> None:
    if match := line.find(r"\b(\d{1,3})\s*(?:times|x)\b"):
        line.rule["COUNT"] = match[1]
        return line.take(match.start(), match.end(), "repeat", times_words(int(match[1])))
    if match := line.find(r"\bfor\s+(?:the\s+next\s+)?(\d{1,3})\s+(weeks|months|years)\b"):
        number, unit = int(match[1]), match[2].lower()
        until = (
            line.today + number * 7 * DAY
            if unit == "weeks"
            else add_months(line.today, number * (12 if unit == "years" else 1))
        )
    elif match := line.find(r"\b(?:until|till?)\s+"):
        found = day_at(line, match.end())
        if found is None:
            return
        until, end = found
        match = re.compile(re.escape(line.rest[match.start() : end])).search(line.rest, match.start())
        assert match is not None
    else:
        return
    line.rule["UNTIL"] = until.strftime("%Y%m%d")
    line.take(match.start(), match.end(), "repeat", _("until %(day)s") % {"day": short_date(until)})
