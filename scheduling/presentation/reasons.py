""" "Why is this not free?" in words: every check of the slot engine, and what it said."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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
    caps = (
        (Reason.DAY_CAP, _("Limit of the day"), appointment_type.daily_cap),
        (Reason.WEEK_CAP, _("Limit of the week"), appointment_type.weekly_cap),
        (Reason.MONTH_CAP, _("Limit of the month"), appointment_type.monthly_cap),
    )
    every = appointment_type.increment or appointment_type.duration
    rows: list[tuple[str, dict[Reason, str], str]] = [
        (_("Switched on"), {Reason.SWITCHED_OFF: _("This appointment type takes no bookings.")}, ""),
        (
            _("Calendars can be read"),
            {Reason.UNKNOWN: _("A connected calendar cannot be read, so nobody knows whether you are free.")},
            "",
        ),
        (
            _("Early enough"),
            {
                Reason.PAST: _("This time has passed."),
                Reason.TOO_SOON: ngettext(
                    "Less than the notice of %(count)d minute ahead.",
                    "Less than the notice of %(count)d minutes ahead.",
                    notice,
                )
                % {"count": notice},
            },
            ngettext("Notice of %(count)d minute", "Notice of %(count)d minutes", notice) % {"count": notice}
            if notice
            else "",
        ),
        (
            _("Within the booking window"),
            {Reason.TOO_FAR: _("Too far ahead, or outside the fixed dates.")},
            "",
        ),
        (
            _("Within your hours"),
            {
                Reason.CLOSED: _("A date that differs, or time off, closes it."),
                Reason.OUTSIDE_HOURS: _("Outside the weekly hours, or it would end after them."),
                Reason.REPEATED: _("The second pass of the hour that clocks repeat."),
            },
            "",
        ),
        (
            _("Where a slot begins"),
            {Reason.OFF_GRID: _("Free, but slots begin at other times.")},
            ngettext("Every %(count)d minute", "Every %(count)d minutes", every) % {"count": every},
        ),
        (
            _("Nothing else then"),
            {
                Reason.BUSY: _("An event in your calendars is in the way."),
                Reason.BOOKED: _("A booking is in the way."),
                Reason.HELD: _("Somebody is filling in the form for this time."),
                Reason.FULL: _("Every place of the group is taken."),
            },
            "",
        ),
        (
            _("Buffers are kept"),
            {Reason.BUFFER: _("Too close to another event or booking.")},
            _("%(before)d minutes before, %(after)d after") % {"before": before, "after": after}
            if before or after
            else "",
        ),
        *(
            (
                name,
                {reason: _("%(most)d of %(most)d booked.") % {"most": most}},
                _("At most %(most)d") % {"most": most},
            )
            for reason, name, most in caps
            if most
        ),
    ]
    found = []
    for name, against, detail in rows:
        said = [words for reason, words in against.items() if reason in reasons]
        found.append(Check(name, " ".join(said) or detail, not said))
    return found
