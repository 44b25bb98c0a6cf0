""" "Why is this not free?" in words: every check of the slot engine, and what it said."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from scheduling.core.slots import Reason
from scheduling.models import AppointmentType


@dataclass(frozen=True)
class Check:
    name: str
    detail: str
    passes: bool


def checks(reasons: Collection[Reason], appointment_type: AppointmentType) -> list[Check]:
    """In the order of the engine; those that never apply to the type are left out."""
    notice, before, after = (
        appointment_type.minimum_notice,
        appointment_type.buffer_before,
        appointment_type.buffer_after,
    )
    caps = {
        Reason.DAY_CAP: ("day", appointment_type.daily_cap),
        Reason.WEEK_CAP: ("week", appointment_type.weekly_cap),
        Reason.MONTH_CAP: ("month", appointment_type.monthly_cap),
    }
    rows: list[tuple[str, dict[Reason, str], str]] = [
        ("Switched on", {Reason.SWITCHED_OFF: "This appointment type takes no bookings."}, ""),
        (
            "Calendars can be read",
            {Reason.UNKNOWN: "A connected calendar cannot be read, so nobody knows whether you are free."},
            "",
        ),
        (
            "Early enough",
            {
                Reason.PAST: "This time has passed.",
                Reason.TOO_SOON: f"Less than the notice of {notice} minutes ahead.",
            },
            f"Notice of {notice} minutes" if notice else "",
        ),
        ("Within the booking window", {Reason.TOO_FAR: "Too far ahead, or outside the fixed dates."}, ""),
        (
            "Within your hours",
            {
                Reason.CLOSED: "A date that differs, or time off, closes it.",
                Reason.OUTSIDE_HOURS: "Outside the weekly hours, or it would end after them.",
                Reason.REPEATED: "The second pass of the hour that clocks repeat.",
            },
            "",
        ),
        (
            "Where a slot begins",
            {Reason.OFF_GRID: "Free, but slots begin at other times."},
            f"Every {appointment_type.increment or appointment_type.duration} minutes",
        ),
        (
            "Nothing else then",
            {
                Reason.BUSY: "An event in your calendars is in the way.",
                Reason.BOOKED: "A booking is in the way.",
                Reason.HELD: "Somebody is filling in the form for this time.",
                Reason.FULL: "Every place of the group is taken.",
            },
            "",
        ),
        (
            "Buffers are kept",
            {Reason.BUFFER: "Too close to another event or booking."},
            f"{before} minutes before, {after} after" if before or after else "",
        ),
        *(
            (f"Limit of the {name}", {reason: f"{most} of {most} booked."}, f"At most {most}")
            for reason, (name, most) in caps.items()
            if most
        ),
    ]
    found = []
    for name, against, detail in rows:
        said = [words for reason, words in against.items() if reason in reasons]
        found.append(Check(name, " ".join(said) or detail, not said))
    return found
