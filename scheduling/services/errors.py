"""What a service refuses, each with the words to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scheduling.core.event import InvalidEvent

if TYPE_CHECKING:
    from scheduling.models import CalendarEvent

__all__ = ["InvalidEvent", "ReadOnly", "StaleEvent", "UnknownOccurrence"]


class StaleEvent(Exception):
    """The event has changed since the caller read it. `event` is what stands there now."""

    def __init__(self, event: CalendarEvent) -> None:
        super().__init__("The event was changed elsewhere in the meantime.")
        self.event = event


class ReadOnly(Exception):
    """The event or its calendar may not be changed here; the text says why."""


class UnknownOccurrence(Exception):
    """The series has no occurrence with that original start."""

    def __init__(self, series: CalendarEvent) -> None:
        super().__init__("The series has no event with this original start.")
        self.series = series
