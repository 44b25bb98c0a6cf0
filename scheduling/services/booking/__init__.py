"""Bookings: every change of one, whoever makes it. Each function is one transaction; mails leave by the queue.

| who | what |
| --- | --- |
| guest | `hold_time`, `extend_hold`, `release_hold`, `book`, `reschedule_booking`, `cancel_booking`, `answer_move` |
| host | `approve_booking`, `decline_booking`, `cancel_booking`, `reschedule_booking`, `mark_no_show` |
| anyone who writes the event | `follow_event` (called inside the event's own transaction) |
| the worker | `settle_bookings` |

They raise `SlotTaken` (with alternatives), `InvalidBooking` (by field), `BookingOver`, `KeyReused`.
"""

from scheduling.services.booking.book import book
from scheduling.services.booking.change import (
    answer_move,
    approve_booking,
    cancel_booking,
    decline_booking,
    mark_no_show,
    reschedule_booking,
    settle_bookings,
)
from scheduling.services.booking.follow import follow_event
from scheduling.services.booking.guests import Guest
from scheduling.services.booking.holds import extend_hold, hold_time, release_hold
from scheduling.services.booking.links import link_address, link_path, open_link
from scheduling.services.booking.reserve import alternatives
from scheduling.services.booking.rotation import preview_turns
from scheduling.services.booking.rotation import shares as team_shares

__all__ = [
    "Guest",
    "alternatives",
    "answer_move",
    "approve_booking",
    "book",
    "cancel_booking",
    "decline_booking",
    "extend_hold",
    "follow_event",
    "hold_time",
    "link_address",
    "link_path",
    "mark_no_show",
    "open_link",
    "preview_turns",
    "release_hold",
    "reschedule_booking",
    "settle_bookings",
    "team_shares",
]
