"""Round robin: who takes the next appointment of a team, and why.

Invariants:
- whoever has had the fewest of the free hosts is chosen
- among equals, whoever has waited longest; then the order of the team
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scheduling.core.language import gettext as _

NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Share:
    """What a host has had: how many (a newcomer starts with the fewest of the others) and when the last was given."""

    host: Any
    count: int
    last_given: datetime = NEVER


def choose(shares: Sequence[Share]) -> tuple[Share, str]:
    """The share of the host whose turn it is, of the free ones in the team's order, and the reason in words."""
    if not shares:
        raise ValueError("nobody is free")
    chosen = min(enumerate(shares), key=lambda pair: (pair[1].count, pair[1].last_given, pair[0]))[1]
    if len(shares) == 1:
        return chosen, _("the only one free")
    fewest = [share for share in shares if share.count == chosen.count]
    if len(fewest) == 1:
        return chosen, _("fewest so far (%(count)d)") % {"count": chosen.count}
    if sum(share.last_given == chosen.last_given for share in fewest) == 1:
        return chosen, _("as few as others (%(count)d), waited longest") % {"count": chosen.count}
    return chosen, _("as few as others (%(count)d), first in the team's order") % {"count": chosen.count}


def preview(shares: Sequence[Share], turns: int, now: datetime) -> list[tuple[Any, str]]:
    """Who would get the next `turns` appointments if everybody were free, with the reasons."""
    order: list[tuple[Any, str]] = []
    current = list(shares)
    for turn in range(turns if current else 0):
        chosen, reason = choose(current)
        order.append((chosen.host, reason))
        given = replace(chosen, count=chosen.count + 1, last_given=now + timedelta(seconds=turn))
        current[current.index(chosen)] = given
    return order
