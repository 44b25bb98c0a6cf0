"""Whether what is known of a calendar is enough to sell its free time.

An app that mirrors calendars says with `register_unknown` when a mirror cannot be trusted. Such a calendar is neither
free nor busy: appointment types that check it are not bookable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, Q, QuerySet

from scheduling.models import Calendar

Condition = Callable[[], Exists | Q]
_conditions: list[Condition] = []


def register_unknown(condition: Condition) -> None:
    """`condition()` is an expression over `Calendar` that holds when its busy times are not known."""
    _conditions.append(condition)


def with_unknown(calendars: QuerySet[Calendar]) -> QuerySet[Any]:
    """The calendars with `busy_is_unknown`, without a further query."""
    unknown = Q(pk__in=[])
    for condition in _conditions:
        unknown |= Q(condition())
    return calendars.annotate(busy_is_unknown=unknown)
