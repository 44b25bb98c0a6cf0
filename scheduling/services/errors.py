"""What a service refuses, each with the words to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduling.core.event import InvalidEvent

if TYPE_CHECKING:
    from scheduling.core.slots import Slot
    from scheduling.models import CalendarEvent

__all__ = [
    "BookingOver",
    "InvalidBooking",
    "InvalidEvent",
    "KeyReused",
    "ReadOnly",
    "SlotTaken",
    "StaleEvent",
    "TooMany",
    "UnknownOccurrence",
]


class StaleEvent(Exception):
    """The event has changed since the caller read it. `event` is what stands there now."""

    def __init__(self, event: CalendarEvent) -> None:
        super().__init__(_("The event was changed elsewhere in the meantime."))
        self.event = event


class ReadOnly(Exception):
    """The event or its calendar may not be changed here; the text says why."""


class UnknownOccurrence(Exception):
    """The series has no occurrence with that original start."""

    def __init__(self, series: CalendarEvent) -> None:
        super().__init__(_("The series has no event with this original start."))
        self.series = series


class InvalidBooking(ValueError):
    """What a guest sent cannot be a booking. `fields` maps a field's name to a sentence for people."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = dict(fields)


class SlotTaken(Exception):
    """Somebody else was faster. `alternatives` are free times, the nearest first."""

    def __init__(self, alternatives: Sequence[Slot] = ()) -> None:
        super().__init__(_("This time has just been taken. Choose another one."))
        self.alternatives = list(alternatives)


class BookingOver(Exception):
    """The booking is in a state in which this can no longer be done; the text says which."""


class KeyReused(Exception):
    """The request's key was used for another request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request.")


class TooMany(Exception):
    """A limit against abuse is reached; try again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        minutes = max(1, round(seconds / 60))
        words = ngettext(
            "Too many attempts. Try again in %(count)d minute.",
            "Too many attempts. Try again in %(count)d minutes.",
            minutes,
        )
        super().__init__(words % {"count": minutes})
        self.seconds = seconds
