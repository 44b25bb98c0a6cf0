"""Which times can be booked, and why each other one cannot.

One engine answers pages, API, submit and "why not?": a start is offered exactly when it has no reason against it.
Everything it needs comes in as values, the present moment too.
"""

from scheduling.core.slots.offer import Offer, Slot, nearest
from scheduling.core.slots.rotation import Share, choose, preview
from scheduling.core.slots.values import (
    Caps,
    Grid,
    Hours,
    HoursRange,
    Override,
    Reason,
    Rules,
    Taken,
    Window,
)

__all__ = [
    "Caps",
    "Grid",
    "Hours",
    "HoursRange",
    "Offer",
    "Override",
    "Reason",
    "Rules",
    "Share",
    "Slot",
    "Taken",
    "Window",
    "choose",
    "nearest",
    "preview",
]
