"""Three-way merge of an event per field group: what both sides agreed on, ours, theirs.

Invariants:
- a group that only one side changed takes that side's value
- a group both sides changed alike is no conflict
- a group both sides changed differently takes theirs and is reported
- merging is deterministic and never mixes the parts of one group
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scheduling.core.event import EventValues

# Start, end, zones and rule belong together: mixing two sides' times makes an event nobody meant.
GROUPS: dict[str, tuple[str, ...]] = {
    "when": ("start", "end", "is_all_day", "time_zone", "end_time_zone", "recurrence"),
    "title": ("title",),
    "description": ("description",),
    "location": ("location",),
    "status": ("status",),
    "availability": ("availability",),
    "visibility": ("visibility",),
    "color": ("color",),
}


@dataclass(frozen=True)
class Merged:
    values: EventValues
    conflicts: tuple[str, ...]


def changed_groups(before: EventValues, after: EventValues) -> tuple[str, ...]:
    """Names of the groups in which the two differ."""
    return tuple(
        group
        for group, fields in GROUPS.items()
        if any(getattr(before, field) != getattr(after, field) for field in fields)
    )


def merge(base: EventValues, ours: EventValues, theirs: EventValues) -> Merged:
    by_us, by_them = set(changed_groups(base, ours)), set(changed_groups(base, theirs))
    differing = set(changed_groups(ours, theirs))
    conflicts = tuple(group for group in GROUPS if group in by_us & by_them & differing)
    taken = {
        field: getattr(ours, field) for group in by_us if group not in by_them for field in GROUPS[group]
    }
    return Merged(replace(theirs, **taken), conflicts)
