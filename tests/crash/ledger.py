"""What people were told: for each thing they made, the states it may be in, given the answers they got.

A request that was answered leaves one state, one whose answer was lost leaves both.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

Title = str | None  # None: it is not there


@dataclass
class Item:
    """One event. `name` stands in its description, which nobody edits; `wanted` is the title it may have."""

    name: str
    possible: set[Title] = field(default_factory=lambda: {None})
    location: str = ""  # the last one that Google took from a person there
    reminder: str = ""  # whether there is one

    SURE: ClassVar[str] = "sure"
    PERHAPS: ClassVar[str] = "perhaps"

    def ask(self, title: Title) -> None:
        """A request leaves that would make it so."""
        self.possible = self.possible | {title}

    def confirm(self, title: Title) -> None:
        self.possible = {title}


@dataclass(frozen=True)
class Sale:
    """A guest was told that they are booked."""

    email: str
    start: str


class Ledger:
    """Shared by every actor; each item is written by one of them alone."""

    def __init__(self) -> None:
        self.here: dict[str, Item] = {}
        self.there: dict[str, Item] = {}
        self.sales: list[Sale] = []
        self.answers: Counter[str] = Counter()
        self._lock = threading.Lock()

    def make(self, name: str, *, there: bool = False) -> Item:
        item = Item(name)
        (self.there if there else self.here)[name] = item
        return item

    def count(self, answer: int | str) -> None:
        with self._lock:
            self.answers[str(answer)] += 1

    def all(self) -> Iterable[Item]:
        return [*self.here.values(), *self.there.values()]
