"""Steps of reading: the calendar, a link, all day, the place."""

from __future__ import annotations

import re

from scheduling.core.language import pgettext
from scheduling.core.quickadd.line import TAKEN, Line
from scheduling.core.quickadd.values import Token
from scheduling.core.quickadd.vocabulary import NOT_A_PLACE


def read_calendar(line: Line) -> None:
    for match in re.finditer(r"(?<!\w)#([\w-]+)", line.rest):
        wanted = match[1].casefold().replace("-", "")
        for name in line.calendars:
            if re.sub(r"[\s_-]", "", name).casefold().startswith(wanted):
                line.calendar = name
                return line.take(match.start(), match.end(), "calendar", pgettext("understood", "calendar"))


def read_link(line: Line) -> None:
    if match := line.find(r"(?:\b(?:at|on|via)\s+)?(https?://\S+)"):
        line.location = line.text[match.start(1) : match.end(1)]
        line.take(match.start(), match.end(), "place", pgettext("understood", "place"))


def read_whole_day(line: Line) -> None:
    if match := line.find(r"\ball[\s-]?day\b"):
        line.all_day = True
        line.take(match.start(), match.end(), "time", pgettext("understood", "no time"))


def read_place(line: Line) -> None:
    if line.location:
        return
    stop = rf"(?=\s*(?:[{TAKEN};]|$|\b(?:with|for|about|to|until|re)\b))"
    patterns = (
        rf"(?:\bat\s+|(?<!\w)@\s*)((?:the\s+)?[^\s{TAKEN};][^{TAKEN};]*?){stop}",
        rf"\bin\s+((?-i:[A-Z])[^{TAKEN};]*?|(?:the\s+)?room\s+\w+){stop}",
    )
    for pattern in patterns:
        for match in re.finditer(pattern, line.rest, re.I):
            if NOT_A_PLACE.search(line.rest[: match.start()]):
                continue
            line.location = line.text[match.start(1) : match.end(1)].strip(' ,.“”"')
            joint = line.text[match.start() : match.start(1)].strip()
            if joint != "@":
                line.tokens.append(Token(joint, "", "", match.start()))
            line.strike(match.start(), match.end())
            line.tokens.append(Token(line.location, "place", pgettext("understood", "place"), match.start(1)))
            return
