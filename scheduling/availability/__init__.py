"""Reads for the slot engine: from rows to an `Offer` per host. Five queries for one host, whatever there is.

Pages, the API, "why not?" and the submit all ask here:

- `slots_of(type, …)`: what a guest can book, over all hosts of the type
- `reasons_for_starts(type, …)`: the host's grid with the reasons against each cell
- `offers_of(type, …)`: the same per host; `offer_of(user, …)`: of a person without a type
- `unknown_calendars(user)`, `unbookable_types(user)`: which calendars cannot be read, and what cannot be booked for it
"""

from scheduling.availability.hours import hours_of, weekly_hours_of
from scheduling.availability.offers import (
    hosts_of,
    is_unknown_for,
    offer_of,
    offers_of,
    reasons_for_starts,
    rules_of,
    slots_in,
    slots_of,
    unbookable_types,
    unknown_calendars,
)

__all__ = [
    "hosts_of",
    "hours_of",
    "is_unknown_for",
    "offer_of",
    "offers_of",
    "reasons_for_starts",
    "rules_of",
    "slots_in",
    "slots_of",
    "unbookable_types",
    "unknown_calendars",
    "weekly_hours_of",
]
