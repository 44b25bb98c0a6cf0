"""How a story is told and remembered, so that one that fails can be told again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ClassVar, TypeVar

Item = TypeVar("Item")


def pick(items: Sequence[Item], at: int) -> Item | None:
    """Drawn without regard to what there is: Hypothesis wants to draw the same again."""
    return items[at % len(items)] if items else None


def told(step: Callable[..., None]) -> Callable[..., None]:
    """Keep what was done, and what did not hold: times and ids differ in each telling, so Hypothesis may be unable to
    tell a failing story twice."""

    @wraps(step)
    def telling(self: Any, **arguments: Any) -> None:
        words = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        self.story_told.append(f"{step.__name__}({words})")
        try:
            step(self, **arguments)
        except Exception as error:
            self.is_failing = True
            told_so_far = "\n".join(self.story_told)
            raise StoryFailed(f"{type(error).__name__}: {error}\n{told_so_far}") from error

    return telling


class StoryFailed(AssertionError):
    last: ClassVar[StoryFailed | None] = None

    def __init__(self, text: str) -> None:
        super().__init__(text)
        StoryFailed.last = StoryFailed.last or self


@dataclass
class Story:
    """What people did to one event since both sides were last equal. Moves do not count: two may cancel out."""

    here: dict[str, str] = field(default_factory=dict)
    there: dict[str, str] = field(default_factory=dict)
    deleted_here: bool = False
    deleted_there: bool = False
    was_synced_meanwhile: bool = False
    is_divided: bool = False
