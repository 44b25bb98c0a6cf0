"""What differs between two versions of an event, by the groups in which people think, as data and in words.

Invariants:
- every field of `EventValues` belongs to exactly one group
- taking a group over from another version takes all of its fields
- two versions that differ in a group never read the same in it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from scheduling.core import wording
from scheduling.core.event import EventValues, from_json, to_json
from scheduling.core.language import gettext as _
from scheduling.core.language import pgettext
from scheduling.core.reminders import lead_words

# Start, end, zones and rule belong together: mixing two versions' times makes an event nobody meant.
GROUPS: dict[str, tuple[str, ...]] = {
    "when": ("start", "end", "is_all_day", "time_zone", "end_time_zone", "recurrence"),
    "title": ("title",),
    "description": ("description",),
    "location": ("location",),
    "status": ("status",),
    "availability": ("availability",),
    "visibility": ("visibility",),
    "color": ("color",),
    "reminders": ("reminders",),
}


@dataclass(frozen=True)
class Reader:
    """Who reads: the zone of their clock, their today, and whether it counts to twelve."""

    place: ZoneInfo
    today: date
    twelve: bool = False


@dataclass(frozen=True)
class Difference:
    """One group in which two versions differ; `label` is for people and, of a moved time, names the day."""

    group: str
    label: str
    before: str
    after: str


def changed_groups(before: EventValues, after: EventValues) -> tuple[str, ...]:
    """Names of the groups in which the two differ."""
    return tuple(
        group
        for group, fields in GROUPS.items()
        if any(getattr(before, field) != getattr(after, field) for field in fields)
    )


def take_groups(values: EventValues, other: EventValues, groups: Iterable[str]) -> EventValues:
    """`values` with these groups as `other` has them."""
    fields = [field for group in groups for field in GROUPS[group]]
    return replace(values, **{field: getattr(other, field) for field in fields})


def part_of(values: EventValues, groups: Iterable[str]) -> dict[str, Any]:
    """JSON that says only these groups; the inverse is `with_part`."""
    content = to_json(values)
    return {field: content[field] for group in groups for field in GROUPS[group]}


def with_part(values: EventValues, part: Mapping[str, Any]) -> EventValues:
    """`values` with what `part` says."""
    return from_json({**to_json(values), **part})


def differences(before: EventValues, after: EventValues, reader: Reader) -> tuple[Difference, ...]:
    """Where the two differ, in words: `Place`, `Room Havel`, `Video`."""
    found = []
    for group in changed_groups(before, after):
        label, old, new = label_of(group), words(before, group, reader), words(after, group, reader)
        if group == "when":
            label, old, new = _times(before, after, reader)
        if old == new:
            old, new = _in_full(before, group), _in_full(after, group)
        found.append(Difference(group, label, old, new))
    return tuple(found)


def label_of(group: str) -> str:
    return {
        "when": _("When"),
        "title": _("Title"),
        "description": _("Description"),
        "location": _("Place"),
        "status": _("Status"),
        "availability": _("Shown as"),
        "visibility": _("Visibility"),
        "color": _("Colour"),
        "reminders": _("Reminder"),
    }[group]


def named_in_sentence(groups: Iterable[str]) -> str:
    """`title and place`."""
    names = {
        "when": pgettext("part of an event", "when"),
        "title": pgettext("part of an event", "title"),
        "description": pgettext("part of an event", "description"),
        "location": pgettext("part of an event", "place"),
        "status": pgettext("part of an event", "status"),
        "availability": pgettext("part of an event", "shown as"),
        "visibility": pgettext("part of an event", "visibility"),
        "color": pgettext("part of an event", "colour"),
        "reminders": pgettext("part of an event", "reminder"),
    }
    return wording.listed([names[group] for group in groups])


def words(values: EventValues, group: str, reader: Reader) -> str:
    """One group of one version as people read it."""
    match group:
        case "when":
            days, times = _span(values, reader)
            repeats = wording.repeats(values.recurrence, reader.today)
            return ", ".join(filter(None, (days, times))) + (f" · {repeats}" if repeats else "")
        case "title":
            return values.title or _("no title")
        case "availability":
            return {"busy": pgettext("shown as", "busy"), "free": pgettext("shown as", "free")}.get(
                values.availability, values.availability
            )
        case "visibility":
            return {
                "default": _("as the calendar"),
                "public": pgettext("visibility", "public"),
                "private": pgettext("visibility", "private"),
                "confidential": pgettext("visibility", "confidential"),
            }.get(values.visibility, values.visibility)
        case "status":
            return {
                "confirmed": pgettext("event", "confirmed"),
                "tentative": pgettext("event", "tentative"),
                "cancelled": pgettext("event", "cancelled"),
            }.get(values.status, values.status)
        case "reminders":
            if values.reminders is None:
                return _("as usual")
            return ", ".join(wording.small(lead_words(minutes)) for minutes in values.reminders) or pgettext(
                "reminders", "none"
            )
        case "color":
            return (
                wording.small(wording.color_names()[values.color]) if values.color else _("as the calendar")
            )
    return getattr(values, group) or _("nothing")


def _times(before: EventValues, after: EventValues, reader: Reader) -> tuple[str, str, str]:
    """(label, before, after): of a move within one day only the clock."""
    old, new = _span(before, reader), _span(after, reader)
    if before.recurrence == after.recurrence and old[0] == new[0] and old[1] and new[1] and old != new:
        return old[0], old[1], new[1]
    return label_of("when"), words(before, "when", reader), words(after, "when", reader)


def _span(values: EventValues, reader: Reader) -> tuple[str, str]:
    return wording.span_words(values.start, values.end, reader.place, reader.today, reader.twelve)


def _in_full(values: EventValues, group: str) -> str:
    """What tells versions apart that read alike: the zone, the rule as it is written."""
    if group != "when":
        return str(getattr(values, group))
    zone = (
        _("in %(zone)s") % {"zone": values.time_zone} if isinstance(values.start, datetime) else _("all day")
    )
    rules = [line.partition(":")[2] or line for line in values.recurrence]
    ends = _("to %(zone)s") % {"zone": values.end_time_zone} if values.end_time_zone else ""
    return ", ".join(filter(None, (zone, ends, *rules)))
