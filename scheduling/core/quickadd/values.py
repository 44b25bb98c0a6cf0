"""What a line of text is read as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


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
