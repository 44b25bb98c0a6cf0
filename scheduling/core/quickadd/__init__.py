"""One line of text to one event: "lunch with Ana tomorrow 13:00 at Roma for 45m".

Steps take out of the line, in a fixed order, what each knows: calendar, repeat, length, days,
times, place. What is left is the title. The same text, clock and zone always give the same answer; where two
readings are likely, the answer is a `Question`, never a guess.

Invariants:
- each character of the line belongs to one token at most
- an answer without a question has a title, a start and an end that is after it
- text in quotes is never read as anything but title
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from scheduling.core.quickadd.answer import answer
from scheduling.core.quickadd.days import read_days
from scheduling.core.quickadd.line import Line
from scheduling.core.quickadd.places import read_calendar, read_link, read_place, read_whole_day
from scheduling.core.quickadd.repeating import read_repeat
from scheduling.core.quickadd.times import read_day_part, read_distance, read_length, read_times
from scheduling.core.quickadd.values import Option, Question, QuickAdd, Token

__all__ = ["Option", "Question", "QuickAdd", "Token", "parse"]

# In this order: what is taken by one is no longer there for those that follow.
STEPS = (
    read_calendar,
    read_link,
    read_whole_day,
    read_repeat,
    read_distance,
    read_length,
    read_days,
    read_times,
    read_day_part,
    read_place,
)


def parse(
    text: str,
    now: datetime,
    zone: ZoneInfo,
    locale_order: Literal["dmy", "mdy", ""] = "dmy",
    default_minutes: int = 60,
    calendars: Sequence[str] = (),
) -> QuickAdd:
    """Read one line at the aware moment `now`. `locale_order` "" asks what 3/4 means."""
    line = Line(text, now, zone, locale_order, default_minutes, calendars)
    for read in STEPS:
        read(line)
    return answer(line)
