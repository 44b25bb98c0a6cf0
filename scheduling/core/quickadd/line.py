"""A line while it is read: pieces are taken out of it until the title is left."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.core.quickadd.values import Option, Question, Token
from scheduling.core.zones import wall_time

TAKEN = "\x00"


@dataclass
class Line:
    """The text, what of it is not understood yet (`rest`, what was taken is `TAKEN`), and what is known so far."""

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

    def __post_init__(self) -> None:
        self.text = " ".join(self.text.split())
        self.local = wall_time(self.now, self.zone)
        self.today = self.local.date()
        self.rest = re.sub(r"[“\"]([^”\"]*)[”\"]", lambda m: "\x01" * len(m[0]), self.text)

    def take(self, start: int, end: int, kind: str, meaning: str) -> None:
        self.tokens.append(Token(self.text[start:end].strip(), kind, meaning, start))
        self.strike(start, end)

    def strike(self, start: int, end: int) -> None:
        """It is understood, or joins what is."""
        self.rest = self.rest[:start] + TAKEN * (end - start) + self.rest[end:]

    def find(self, pattern: str) -> re.Match[str] | None:
        return re.search(pattern, self.rest, re.I)

    def ask(self, text: str, *options: Option) -> None:
        self.question = self.question or Question(text, options)

    def rewrite(self, match: re.Match[str], replacement: str, group: int = 0) -> str:
        """The line with a piece of it said in other words."""
        return self.text[: match.start(group)] + replacement + self.text[match.end(group) :]

    def is_ahead(self, day: date) -> bool:
        return self.start_time is None or datetime.combine(day, self.start_time) > self.local
