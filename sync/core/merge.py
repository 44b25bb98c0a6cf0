"""Three-way merge of an event per field group: what both sides agreed on, ours, theirs.

Invariants:
- a group that only one side changed takes that side's value
- a group both sides changed alike is no conflict
- a group both sides changed differently takes theirs and is reported
- merging is deterministic and never mixes the parts of one group
"""

from __future__ import annotations

from dataclasses import dataclass

from scheduling.core.changes import GROUPS, changed_groups, take_groups
from scheduling.core.event import EventValues


@dataclass(frozen=True)
class Merged:
    values: EventValues
    conflicts: tuple[str, ...]


def merge(base: EventValues, ours: EventValues, theirs: EventValues) -> Merged:
    by_us, by_them = set(changed_groups(base, ours)), set(changed_groups(base, theirs))
    differing = set(changed_groups(ours, theirs))
    conflicts = tuple(group for group in GROUPS if group in by_us & by_them & differing)
    return Merged(take_groups(theirs, ours, by_us - by_them), conflicts)
