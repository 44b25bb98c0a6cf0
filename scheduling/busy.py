"""Whether what is known of a calendar is enough to sell its free time.

An app that mirrors calendars says with `register_unknown` when a mirror cannot be trusted. Such a calendar is neither
free nor busy: appointment types that check it are not bookable.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, Q, QuerySet, Value

from scheduling.models import Calendar

Condition = Callable[[], Exists | Q]
_conditions: list[Condition] = []


def register_unknown(condition: Condition) -> None:
    """`condition()` is an expression over `Calendar` that holds when its busy times are not known."""
    _conditions.append(condition)


def with_unknown(calendars: QuerySet[Calendar]) -> QuerySet[Any]:
    """The calendars with `busy_is_unknown`, without a further query."""
    conditions: list[Any] = [condition() for condition in _conditions] or [Value(False)]
    return calendars.annotate(busy_is_unknown=reduce(or_, conditions))
