"""A clock time as it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True)
class Clock:
    """A clock time as written: `3`, `3pm`, `15:00`, `noon`."""

    hour: int
    minute: int
    meridiem: str
    has_minutes: bool
    padded: bool

    @classmethod
    def read(cls, text: str) -> Clock | None:
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
